"""Whole collections as files: built from publications by a job, and kept beside them."""
