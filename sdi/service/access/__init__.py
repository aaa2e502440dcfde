"""Who asks, what is shown to him, and how much of it at a time."""
