"""What the `dogansystem` command does, apart from its options: reading files, running, serving, showing, the tour."""
