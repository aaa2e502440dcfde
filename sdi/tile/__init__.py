"""Vector tiles: their grid, what a feature becomes in one, and the bytes that are sent."""
