"""The OGC API of a city: it translates between HTTP and what is published, and computes nothing."""

from sdi.service.application import application

__all__ = ["application"]
