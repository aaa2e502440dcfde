"""Spatial planning platform: what may be where, and the public map of it."""
