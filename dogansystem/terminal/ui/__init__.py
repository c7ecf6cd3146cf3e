"""`dogansystem ui`: the canvas, the runs and the approvals of a sandbox, in a browser on this machine."""
