"""Chains that run the domains: ingest, publish, flood, demo, serve; and the ``phusa`` command."""
