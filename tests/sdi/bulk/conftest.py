"""The fair with its files, on each store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from sdi.bulk import building, shelf
from sdi.workspace import Workspace
from tests.conftest import STORES
from tests.fair import build

EMBEDDED = pytest.mark.parametrize("fair", ["embedded"], indirect=True)
"""For what does not depend on the store, since the files of both hold the same."""


def silent(step: str, share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Built:
    """The fair, its files, and what its API says of every feature."""

    workspace: Workspace

    def path(self, collection: str, ending: str, level: str = "public") -> Path:
        """Return a file."""
        files = shelf.holdings(self.workspace.bulk(level))[collection].files
        return next(one.path for one in files if one.form.ending == ending)

    def items(self, collection: str) -> list[dict[str, Any]]:
        """Return all features as the API gives them, by identifier."""
        page = self.workspace.publication("public").items(collection, limit=10_000)
        return sorted((orjson.loads(one) for one in page.features), key=lambda one: one["id"])


@pytest.fixture(scope="session", params=STORES)
def fair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the fair on one store with its files; a test that changes it builds one of its own."""
    store = None if request.param == "embedded" else request.getfixturevalue("cluster").database()
    workspace = build(tmp_path_factory.mktemp(request.param), store)
    for level in ("public", "restricted"):
        building.refresh(workspace, level, silent)
    return Built(workspace)


@pytest.fixture
def own(tmp_path: Path) -> Built:
    """Return a fair of a test's own, with its public files."""
    workspace = build(tmp_path)
    building.refresh(workspace, "public", silent)
    return Built(workspace)
