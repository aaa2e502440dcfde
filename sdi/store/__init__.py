"""Stores: where registries, publications and rasters are kept. All SQL about places stands here."""
