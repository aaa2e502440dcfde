"""Filters in CQL2: read from text or JSON, held against the queryables of a collection, and written as SQL."""
