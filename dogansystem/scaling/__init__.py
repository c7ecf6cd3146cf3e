"""How much can be done: measuring it, advising, applying, comparing, simulating. A file for a thought; docs/architecture.md."""
