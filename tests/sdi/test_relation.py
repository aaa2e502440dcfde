"""Ties between things, and what becomes of them when one end is retired."""

from __future__ import annotations

import pytest

from sdi.errors import ConflictError
from sdi.history import OPEN
from tests.model import add, point, retire, writing

DAY = "2025-07-01"


def mounted(book, kind, count=1):
    """Things on a post."""
    with writing(book) as tx:
        (post,) = add(book, "post", tx, places=[point()])
        tied = add(book, kind, tx, count=count)
        for one in tied:
            book.register(kind).relate(one, "mounted_on", [post], tx, valid_from="2021-01-01")
    return post, tied


def ties(book):
    return book.store.select(f"SELECT eid, other, valid_to FROM relation WHERE tx_to = {OPEN} ORDER BY eid")


def test_a_post_that_carries_a_gauge_is_not_retired(book):
    post, (gauge, other) = mounted(book, "gauge", 2)
    with pytest.raises(ConflictError, match=r"gauge .* mounted_on it and lasts \(2 such things\)"), writing(book) as tx:
        retire(book, [post], tx, DAY)
    with writing(book) as tx:
        retire(book, [gauge, other], tx, DAY)
        retire(book, [post], tx, DAY)
    assert len(book.register("post")) == 0


def test_lamps_end_with_their_post_and_their_ties_with_them(book):
    post, lamps = mounted(book, "lamp", 2)
    with writing(book) as tx:
        retire(book, [post], tx, DAY)
    assert [book.register("lamp").find(one).status for one in lamps] == ["retired"] * 2
    assert {end[:10] for _, _, end in ties(book)} == {DAY}


def test_what_was_tied_only_before_does_not_hold_a_thing_back(book):
    post, (gauge,) = mounted(book, "gauge")
    with writing(book) as tx:
        retire(book, [gauge], tx, "2024-01-01")
    with writing(book) as tx:
        retire(book, [post], tx, DAY)
    assert book.register("post").find(post).status == "retired"


def test_a_thing_recorded_by_mistake_is_voided_only_when_nothing_hangs_on_it(book):
    post, lamps = mounted(book, "lamp")
    with pytest.raises(ConflictError, match="cannot end"), writing(book) as tx:
        book.register("post").void(post, tx)
    with writing(book) as tx:
        book.register("lamp").void(lamps[0], tx)
        book.register("post").void(post, tx)
    assert book.register("post").find(post, valid="2020-06-01").status == "voided"
    with pytest.raises(ConflictError, match="voided already"), writing(book) as tx:
        book.register("post").void(post, tx)
    assert book.verify() == book.last_tx
