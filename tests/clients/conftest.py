"""The town, served on a real port to programs of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sdi.workspace import Workspace
from tests.serving import serving_apart
from tests.town import town

__all__ = ["town"]


@pytest.fixture(scope="session")
def address(town: Workspace) -> Iterator[str]:
    """Return the address of the served town's landing page."""
    with serving_apart(town) as root:
        yield f"{root}/ogc/"
