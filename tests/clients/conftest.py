"""The town, served on a real port to programs of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sdi.workspace import Workspace
from tests.clients.ear import Ear
from tests.serving import serving, serving_apart
from tests.town import town

__all__ = ["town"]


@pytest.fixture(scope="session")
def address(town: Workspace) -> Iterator[str]:
    """Return the address of the served town's landing page."""
    with serving_apart(town) as root:
        yield f"{root}/ogc/"


@pytest.fixture(scope="session")
def _overheard(town: Workspace) -> Iterator[tuple[str, Ear]]:
    ear = Ear()
    with serving(town, around=ear.before) as root:
        yield root, ear


@pytest.fixture
def overheard(_overheard: tuple[str, Ear]) -> tuple[str, Ear]:
    """Return the address of another served town, for programs in processes of their own, and what it is asked."""
    _overheard[1].heard.clear()
    return _overheard
