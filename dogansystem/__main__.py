"""`python -m dogansystem` is the `dogansystem` command."""

from dogansystem.cli import main

main()
