"""The small workspace of the model's own tests, kept where a test says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sdi.history import Clock
from sdi.identity import Ids
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests.sdi.conftest import small


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    return small(tmp_path, store)


@pytest.fixture
def registry(workspace: Workspace) -> Iterator[Registry]:
    opened = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    yield opened
    opened.close()
