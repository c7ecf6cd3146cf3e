"""The parts of the documentation that are written by the code itself; see docs/generate.py."""
