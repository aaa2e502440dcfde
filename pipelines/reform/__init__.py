"""A reform of administrative units: its file, what is delivered about it, and how it is recorded."""
