"""Real processes on a real MariaDB that are killed, stopped, cut off and starved; and large and odd input.

Each test counts what was lost and what was done twice. `--all` gives the long form.
"""
