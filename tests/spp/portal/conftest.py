"""The hamlet of the browser tests, read without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from sdi.publishing.publication import Publication
from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages
from tests.browser.hamlet import build


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the workspace of the hamlet."""
    return build(tmp_path_factory.mktemp("hamlet"))


@pytest.fixture(scope="session")
def publication(hamlet: Workspace) -> Publication:
    """Return what the hamlet publishes."""
    return Publication.open(hamlet.publication_path("public"))


@pytest.fixture(scope="session")
def client(hamlet: Workspace) -> Iterator[TestClient]:
    """Return a client of the hamlet's service with its public pages."""
    with TestClient(application(hamlet, pages=pages(hamlet, Settings()))) as client:
        yield client
