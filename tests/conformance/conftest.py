"""The town on either store, a client of each, and the schemas of the standards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.workspace import Workspace
from tests.conformance.schemas import Check, checker
from tests.conftest import STORES
from tests.town import build, moved


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the town on the embedded store."""
    return build(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def second(first: Workspace, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the same town in PostGIS."""
    return moved(first, tmp_path_factory.mktemp("moved"), request.getfixturevalue("cluster").database())


@pytest.fixture(scope="session", params=STORES)
def town(request: pytest.FixtureRequest) -> Workspace:
    """Return the town on each store in turn: every test of this folder that asks the service runs on both."""
    found: Workspace = request.getfixturevalue("first" if request.param == "embedded" else "second")
    return found


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
