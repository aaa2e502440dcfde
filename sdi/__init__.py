"""Spatial data infrastructure: who and where things are, where data lie, what is published."""
