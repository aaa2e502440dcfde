"""The OGC API beside its peers: one machine, one run, the same features."""
