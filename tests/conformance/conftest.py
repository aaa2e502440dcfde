"""The town, a client, and the schemas of the standards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.workspace import Workspace
from tests.conformance.schemas import Check, checker
from tests.town import town

__all__ = ["town"]


@pytest.fixture(scope="session")
def client(town: Workspace) -> Iterator[TestClient]:
    """Return a client of the town's service."""
    with TestClient(application(town), base_url="http://city.test") as asking:
        yield asking


@pytest.fixture(scope="session")
def shared_schemas(root, unavailable) -> Path:
    """Return the folder of the standards' schemas."""
    folder = Path(os.environ.get("PHUSA_SHARED") or root.parent / "shared") / "schemas"
    if not folder.is_dir():
        unavailable(f"schemas of the standards are not at {folder}; set PHUSA_SHARED to the folder that holds schemas/")
    return folder


@pytest.fixture(scope="session")
def check(shared_schemas: Path) -> Check:
    """Return ``check(file, document)``."""
    return checker(shared_schemas)
