"""The town and a client that asks its service without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.workspace import Workspace
from tests.town import town

__all__ = ["town"]


@pytest.fixture(scope="session")
def client(town: Workspace) -> Iterator[TestClient]:
    """Return a client of the town's service."""
    with TestClient(application(town), base_url="http://city.test") as asking:
        yield asking
