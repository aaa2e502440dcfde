"""A question that nobody waits for is ended from outside, and the connection that asked it goes on."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from sdi.errors import Abandoned
from sdi.publishing import projector
from sdi.store import halt
from sdi.store.halt import Halt
from tests.sdi.conftest import alone

ENDLESS = {
    "GeoPackage": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "PostgisPublication": "SELECT 1 FROM (SELECT pg_sleep(600)) AS slept",
}


@pytest.fixture
def database(tmp_path, store):
    """Return the tables of an empty publication."""
    workspace = alone(tmp_path, store)
    with closing(workspace.registry()) as registry:
        projector.refresh(workspace, registry)
    with closing(workspace.home("public").open()) as package:
        yield package.base


def one(database, sql):
    with database.reading():
        return list(database.rows(sql))


@pytest.mark.both_stores
def test_a_question_ends_when_another_thread_says_so_and_the_next_one_is_answered(database, figure):
    stop, ended = Halt(), []

    def work():
        began = time.monotonic()
        with pytest.raises(Exception, match=r"(?i)interrupt|cancel"):
            halt.run(stop, one, database, ENDLESS[type(database).__name__])
        ended.append(time.monotonic() - began)
        ended.append(one(database, "SELECT 7"))
        database.close()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    stop.ask()
    thread.join(10)
    assert ended[1:] == [[(7,)]]
    figure("time until a question ended that would have taken for ever", ended[0] - 0.3, "s", "soon")


@pytest.mark.both_stores
def test_work_that_was_stopped_asks_nothing_more(database):
    stop = Halt()
    stop.ask()
    with pytest.raises(Abandoned):
        halt.run(stop, one, database, "SELECT 1")
    assert one(database, "SELECT 2") == [(2,)]


def test_what_is_asked_after_the_work_is_not_ended():
    stop, ended = Halt(), []
    halt.run(stop, lambda: None)
    with halt.ended_by(lambda: ended.append(True)):
        stop.ask()
    assert not ended
