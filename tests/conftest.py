"""Fixtures of all tests: where the shared data lie, and what a test does that lacks something of the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path
from typing import NoReturn

import pytest
from starlette.testclient import TestClient

from tests.cluster import Cluster, private_cluster, programs
from tests.prepared import KINDS, Prepared

pytest_plugins = ["tests.plugins.shows"]

STORES = ("embedded", "postgis")
ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    # As on a socket of this machine: tests ask more often than a stranger may.
    TestClient.__init__ = partialmethod(TestClient.__init__, client=("", 50_000))  # type: ignore[method-assign,assignment]
    config.addinivalue_line("markers", "both_stores: runs on the embedded store and on PostGIS, where it uses a store")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_stores"):
        metafunc.parametrize("store", STORES, indirect=True)


def unavailable(reason: str) -> NoReturn:
    """Skip the test with a reason; fail it where ``CI=true`` promises that everything is there."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{reason} (CI=true: nothing may be missing)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", name="unavailable")
def _unavailable() -> Callable[[str], NoReturn]:
    return unavailable


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data, read in place: ``data`` in ``PHUSA_SHARED``, else in ``../shared`` beside the project."""
    folder = Path(os.environ.get("PHUSA_SHARED") or ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        unavailable(f"real data are not at {folder}; set PHUSA_SHARED to the folder that holds data/")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium of the system, for tests that look at pages."""
    return _program("chromium", "chromium-browser", "google-chrome", package="chromium")


@pytest.fixture(scope="session")
def ogrinfo() -> Path:
    """GDAL's own reader, for tests in which another program reads what we serve."""
    return _program("ogrinfo", package="gdal-bin")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL with PostGIS, of this test run's own."""
    if programs() is None:
        unavailable("PostgreSQL with PostGIS is not installed; apt-get install postgresql postgresql-postgis")
    with private_cluster() as made:
        yield made


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """Address of an empty PostGIS database of this test's own."""
    url = cluster.database()
    yield url
    cluster.drop(url)


@pytest.fixture(scope="session")
def prepared(cluster: Cluster) -> Prepared:
    """Databases that have the tables of a small registry already."""
    return Prepared(cluster)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where a test's registry is kept: ``None`` for the embedded store, or the address of a database of its own.

    A test that is marked ``both_stores`` runs on each; for a whole file: ``pytestmark = pytest.mark.both_stores``.
    """
    kind = next((name for name in KINDS if name in request.fixturenames), None)
    if getattr(request, "param", "embedded") == "embedded":
        yield None
    elif kind is None:
        yield request.getfixturevalue("database")
    else:
        lender: Prepared = request.getfixturevalue("prepared")
        yield (url := lender.lend(kind))
        lender.take_back(kind, url)


def _program(*names: str, package: str) -> Path:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        unavailable(f"{names[0]} is not installed; apt-get install {package}")
    return Path(found)
