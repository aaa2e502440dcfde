"""A small city that is served by two processes, for all tests of this folder that do not stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from sdi.workspace import Workspace
from tests.sdi.conftest import small
from tests.sdi.test_register import add
from tests.workers import Served, free_port, served

WORKERS = 2
BENCHES = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """A served city, and what its service writes beside."""

    city: Workspace
    service: Served
    log: Path
    """Access log."""
    metrics: str
    """Address of the metrics."""


@pytest.fixture(scope="package", params=["embedded", pytest.param("postgis", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Return a city of `BENCHES` benches, served by two processes, on each store."""
    folder = tmp_path_factory.mktemp("served")
    city = small(folder, request.getfixturevalue("cluster").database() if request.param == "postgis" else None)
    with closing(city.registry()) as registry:
        add(registry, BENCHES)
    log, port = folder / "access.log", free_port()
    settings = {"PHUSA_ACCESS_LOG": str(log), "PHUSA_METRICS": str(port)}
    with served(city.folder, folder / "errors.txt", workers=WORKERS, **settings) as service:
        yield Place(city, service, log, f"http://127.0.0.1:{port}/metrics")
