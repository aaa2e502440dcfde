"""Fixtures of all tests: where the shared data lie, and what a test does that lacks something of the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

pytest_plugins = ["tests.plugins.shows"]

ROOT = Path(__file__).resolve().parents[1]


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


def _program(*names: str, package: str) -> Path:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        unavailable(f"{names[0]} is not installed; apt-get install {package}")
    return Path(found)
