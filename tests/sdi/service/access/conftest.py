"""A street of which some things are for few, and keys that open them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sdi.access.keyring import Keyring
from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from tests.leaks import build

Asking = Callable[..., AbstractContextManager[TestClient]]
OUTSIDE = ("203.0.113.7", 40_000)
"""Address of a client that is not on this machine."""


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, str]]:
    """Return a street with restricted things, and the identifiers of its things."""
    return build(tmp_path_factory.mktemp("street"), few="restricted")


@pytest.fixture(scope="session")
def ring(street: tuple[Workspace, dict[str, str]]) -> Keyring:
    """Return the keys of the street."""
    return Keyring(street[0].folder)


@pytest.fixture(scope="session")
def make(ring: Keyring) -> Callable[..., str]:
    """Make a key and return it as it is sent."""

    def made(role: str = "restricted", collections: Sequence[str] = ()) -> str:
        return ring.add("Tester", role, collections=collections)[1]

    return made


@pytest.fixture
def asking(street: tuple[Workspace, dict[str, str]]) -> Asking:
    """Return what makes a client of the street's service, by default one of another machine."""

    @contextmanager
    def made(
        client: tuple[str, int] = OUTSIDE, *, tokens: Path | None = None, **settings: object
    ) -> Iterator[TestClient]:
        app = application(street[0], settings=Settings(tokens=tokens, **settings))
        with TestClient(app, base_url="http://city.test", client=client) as asked:
            yield asked

    return made
