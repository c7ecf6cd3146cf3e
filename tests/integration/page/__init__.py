"""The page of `dogansystem ui` in a browser: needs Chromium, and Node to build it."""
