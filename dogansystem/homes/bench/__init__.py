"""What a bench runs under, and changing how many workers it has: files, supervisor, systemd. Nothing here needs Frappe."""
