"""OGC API Tiles: tiles of collections, what is said of them, and the grid they lie in."""
