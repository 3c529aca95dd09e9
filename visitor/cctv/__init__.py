"""Cameras: stills beside access events, and links to clips."""
