"""Places: where things are, how that is told, and in which unit they lie at a date."""
