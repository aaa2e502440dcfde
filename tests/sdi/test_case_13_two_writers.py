"""Acceptance case 13: two writers, the same thing, the same second. One wins, the other is told; never two versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from sdi.errors import ConflictError, InputError
from sdi.history import OPEN, Clock
from sdi.identity import Ids
from tests import model
from tests.model import add, opened, point, writing
from tests.stores import outside

pytestmark = pytest.mark.both_stores

SECOND = "2026-05-01T08:00:00.000Z"
OPEN_FACTS = (
    f"SELECT f_owner, valid_from, tx_from FROM register_post WHERE eid = ? AND tx_to = {OPEN} ORDER BY valid_from"
)


@pytest.fixture
def post(city) -> str:
    """Return a post of the city, recorded in transaction 2."""
    with closing(opened(city)) as book, writing(book) as tx:
        values = {"owner": ["Nobody"], "height": [8]}
        return add(book, "post", tx, places=[point()], values=values, identifiers={"light-tag": ["L1"]})[0]


def contend(city, post: str, *, look_first: bool) -> list[tuple[str, ConflictError | None]]:
    """Let two writers look at a post, and then change its owner in one and the same second."""
    ready = Barrier(2)

    def write(owner: str) -> tuple[str, ConflictError | None]:
        with closing(opened(city, clock=Clock.fixed(SECOND, 0))) as book:
            seen = book.last_tx
            ready.wait(timeout=30)
            try:
                with book.transaction(owner, "sold", seen=seen if look_first else None) as tx:
                    book.register("post").change(post, {"owner": owner}, tx, valid_from="2026-05-01")
            except ConflictError as error:
                return owner, error
            return owner, None

    with ThreadPoolExecutor(2) as writers:
        return list(writers.map(write, ("An", "Bình")))


@pytest.mark.shows("shared-model")
def test_of_two_writers_in_one_second_one_wins_and_the_other_is_told(city, post, figure):
    told = contend(city, post, look_first=True)
    (winner,) = [owner for owner, error in told if error is None]
    ((loser, error),) = [(owner, error) for owner, error in told if error is not None]
    assert {winner, loser} == {"An", "Bình"}
    assert error.code == "overtaken"
    assert str(error) == (
        f"post {post} is not what was seen in transaction 2: {winner} has changed it in transaction 3 at {SECOND} "
        "(sold); nothing was written: look at it again, and write what still holds"
    )
    with closing(opened(city)) as book:
        facts = book.store.select(OPEN_FACTS, (post,))
        assert facts == [("Nobody", "2020-01-01T00:00:00Z", 3), (winner, "2026-05-01T00:00:00Z", 3)]
        assert book.verify() == book.last_tx == 3
    figure("open versions of the post after two writers in one second", 1, "1", "one won, one was told by whom")


def test_whoever_was_told_looks_again_and_writes(city, post):
    (loser,) = [owner for owner, error in contend(city, post, look_first=True) if error is not None]
    with closing(opened(city)) as book:
        seen = book.last_tx
        with book.transaction(loser, "sold after all", seen=seen) as tx:
            book.register("post").change(post, {"owner": loser}, tx, valid_from="2026-05-02")
        assert book.register("post").find(post).values["owner"] == loser


@pytest.mark.shows("shared-model")
def test_two_who_never_looked_are_recorded_one_after_the_other(city, post):
    assert [error for _, error in contend(city, post, look_first=False)] == [None, None]
    with closing(opened(city)) as book:
        facts = book.store.select(OPEN_FACTS, (post,))
        assert [start for _, start, _ in facts] == ["2020-01-01T00:00:00Z", "2026-05-01T00:00:00Z"]
        owners = {book.register("post").find(post, recorded=tx).values["owner"] for tx in (3, 4)}
        assert owners == {"An", "Bình"}
        assert book.verify() == 4


def test_what_was_written_about_other_things_is_no_conflict(city, post):
    with closing(opened(city, ids=Ids.seeded(13))) as book:
        with writing(book) as tx:
            add(book, "post", tx, places=[point(50)])
        with book.transaction("An", "sold", seen=2) as tx:
            book.register("post").change(post, {"owner": "An"}, tx, valid_from="2026-05-01")
        assert book.register("post").find(post).values["owner"] == "An"


def test_a_place_that_was_moved_meanwhile_is_not_corrected_by_whoever_saw_the_old_one(city, post):
    with closing(opened(city)) as book:
        with writing(book) as tx:
            book.register("post").move(post, point(1), tx, valid_from="2026-05-01", accuracy=model.SURVEYED)
        with (
            pytest.raises(ConflictError, match="has moved it in transaction 3"),
            book.transaction("An", "x", seen=2) as tx,
        ):
            book.register("post").correct(post, tx, geometry=point(2), accuracy=model.SURVEYED)
        assert book.last_tx == 3


def test_nobody_has_seen_a_transaction_that_is_still_to_come(city, post):
    with closing(opened(city)) as book:
        told = pytest.raises(InputError, match="transaction 3 is none that could have been seen: the last one is 2")
        with told, book.transaction("An", "sold", seen=3) as tx:
            book.register("post").change(post, {"owner": "An"}, tx, valid_from="2026-05-01")
        assert book.last_tx == 2


def test_a_second_open_version_is_refused_by_the_store_itself(city, post):
    columns = "eid, status, f_height, f_owner, valid_from, valid_to, tx_from, tx_to"
    forged = f"INSERT INTO register_post (row, {columns}) SELECT 99, {columns} FROM register_post WHERE row = 1"
    with pytest.raises(outside.REFUSED):
        outside.run(city, forged)
