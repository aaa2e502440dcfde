"""The quarter, read as a lookup reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from sdi.publishing.publication import Publication
from sdi.workspace import Workspace
from spp.answer import Answer
from spp.lookup import lookup
from spp.place import Place
from tests.spp.quarter import build


@pytest.fixture(scope="session")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the workspace of the quarter."""
    return build(tmp_path_factory.mktemp("quarter"))


@pytest.fixture(scope="session")
def published(quarter: Workspace) -> Iterator[Publication]:
    """Return what the quarter publishes."""
    opened = Publication.open(quarter.publication_path("public"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ask(quarter: Workspace, published: Publication) -> Callable[[Place], Answer]:
    """Return a function that looks a place of the quarter up at noon."""

    def answer(place: Place) -> Answer:
        noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        return lookup(published, quarter.rasters, place, crs=quarter.crs, clock=lambda: noon)

    return answer
