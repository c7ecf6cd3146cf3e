"""Nodes of two releases on one database, and nodes whose clocks are wrong: each a process of its own."""
