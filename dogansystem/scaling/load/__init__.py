"""A load that people may put on a site of their own: made, watched, measured, and taken away again."""
