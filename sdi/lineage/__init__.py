"""Lineage: what became of things, from what they came, and what was in force at a date in their place."""
