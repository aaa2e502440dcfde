"""Publications in PostGIS that take each other's place while they are read: nobody waits for the other in a circle."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from functools import partial

import psycopg
import pytest

from sdi.publishing import projector
from sdi.workspace import Workspace
from tests.sdi.conftest import alone
from tests.sdi.test_register import add
from tests.workers import wait_until

BENCHES, REBUILDS, READERS = 500, 4, 4


@pytest.fixture
def city(tmp_path, database) -> Workspace:
    """Return a city of benches, published in PostGIS."""
    made = alone(tmp_path, database)
    with closing(made.registry()) as registry:
        add(registry, BENCHES)
        projector.refresh(made, registry)
    return made


@pytest.mark.slow
def test_pages_are_read_while_one_publication_after_the_other_is_built_anew(city):
    over, wrong, read = threading.Event(), [], [0] * READERS

    def reading(number: int) -> None:
        with closing(city.publication("public")) as publication:
            publication.collections()
            while not over.is_set():
                try:
                    publication.items("benches", limit=10) if number % 2 else publication.spread("benches", 5)
                    counted = publication.items("benches", limit=1, where={"seats": "4"}).number_matched
                    wrong.extend([counted] if counted != BENCHES else [])
                except Exception as error:  # noqa: BLE001 - whatever it is
                    wrong.append(error)
                read[number] += 1

    threads = [threading.Thread(target=reading, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        with closing(city.registry()) as registry:
            for _ in range(REBUILDS):
                before = list(read)
                projector.refresh(city, registry, rebuild=True)
                wait_until(partial(have_read_on, read, before))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def have_read_on(read: Sequence[int], before: Sequence[int]) -> bool:
    """Tell whether each of the readers has read once more."""
    return all(now > then for now, then in zip(read, before, strict=True))


def test_nothing_is_left_of_what_was_replaced(city):
    with closing(city.registry()) as registry:
        projector.refresh(city, registry, rebuild=True)
    with psycopg.connect(city.store) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'publication%' ORDER BY 1")
        assert [name for (name,) in found] == ["publication_public", "publication_restricted"]
