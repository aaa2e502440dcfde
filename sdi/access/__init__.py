"""Access levels: who may see what, and how what few may see leaves no trace in what all see."""
