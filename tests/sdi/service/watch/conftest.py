"""The town whose requests are noted."""

from tests.town import town

__all__ = ["town"]
