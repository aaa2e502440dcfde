"""Case 12: what was wrong years ago is corrected after something newer was recorded."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sdi.history import FOREVER, OPEN
from tests.model import SURVEYED, add, point, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]


def spans(book, table, columns, about, eid, known=OPEN - 1):
    """Facts known at a transaction: since when, until when, what."""
    found = book.store.select(
        f'SELECT valid_from, valid_to, {columns} FROM "{table}" WHERE {about} = ? AND tx_from <= ? AND ? < tx_to '
        "ORDER BY valid_from",
        (eid, known, known),
    )
    return [(start[:10], end[:10], *said) for start, end, *said in found]


def whole(found):
    """Neither overlap nor gap, from the first day to the end of time."""
    return all(one[1] == two[0] for one, two in pairwise(found)) and found[-1][1] == FOREVER[:10]


@pytest.fixture
def post(book):
    """A post of 8 m since 2020 that is 9 m high since 2025."""
    with writing(book) as tx:
        (eid,) = add(book, "post", tx, places=[point()], values={"height": [8], "owner": ["city"]})
    with writing(book) as tx:
        book.register("post").change(eid, {"height": 9}, tx, valid_from="2025-01-01")
    return eid


def test_a_correction_of_the_older_fact_leaves_the_newer_one_alone(book, post):
    """Both intervals cut correctly, no overlap, no gap."""
    with writing(book) as tx:
        book.register("post").correct(post, tx, values={"height": 7.5}, valid_at="2022-01-01")
    told = spans(book, "register_post", "f_height", "eid", post)
    assert told == [("2020-01-01", "2025-01-01", 7.5), ("2025-01-01", "9999-12-31", 9)]
    assert whole(told)
    before = spans(book, "register_post", "f_height", "eid", post, book.last_tx - 1)
    assert before == [("2020-01-01", "2025-01-01", 8), ("2025-01-01", "9999-12-31", 9)]


def test_a_change_that_came_to_light_late_is_cut_in_between(book, post):
    """Both intervals cut correctly: the late fact holds until the newer one that was known before it."""
    with writing(book) as tx:
        book.register("post").change(post, {"owner": "power"}, tx, valid_from="2022-06-01")
    told = spans(book, "register_post", "f_height, f_owner", "eid", post)
    assert told == [
        ("2020-01-01", "2022-06-01", 8, "city"),
        ("2022-06-01", "2025-01-01", 8, "power"),
        ("2025-01-01", "9999-12-31", 9, "city"),  # stated: a change holds until the next fact already recorded
    ]
    assert whole(told)


def test_a_resurvey_of_the_older_place_leaves_the_newer_one_alone(book, post):
    """The same for places."""
    posts = book.register("post")
    with writing(book) as tx:
        posts.move(post, point(2), tx, valid_from="2025-01-01", accuracy=SURVEYED)
    with writing(book) as tx:
        posts.correct(post, tx, geometry=point(0.4), accuracy=SURVEYED, valid_at="2022-01-01")
    lid = posts.find(post).location
    assert whole(spans(book, "location_version", "accuracy_method", "lid", lid))
    where = {day: posts.find(post, valid=day).geometry for day in ("2022-01-01", "2024-12-31", "2025-01-01")}
    assert list(where.values()) == [point(0.4), point(0.4), point(2)]
    assert posts.find(post, valid="2022-01-01", recorded=book.last_tx - 1).geometry == point()
    assert book.verify() == book.last_tx
    assert book.store.check() == []


def test_a_code_corrected_late_is_cut_like_any_other_fact(book, post):
    """The same for codes: the gap that is left is the one that was stated."""
    posts = book.register("post")
    with writing(book) as tx:
        posts.change(post, {}, tx, valid_from="2021-01-01", identifiers={"light-tag": "L17"})
        posts.change(post, {}, tx, valid_from="2025-01-01", identifiers={"light-tag": "L99"})
    with writing(book) as tx:
        posts.correct(post, tx, identifiers={"light-tag": "L71"}, valid_at="2022-01-01")
        posts.change(post, {}, tx, valid_from="2023-01-01", identifiers={"light-tag": None})
    told = spans(book, "identifier", "value", "eid", post)
    assert told == [("2021-01-01", "2023-01-01", "L71"), ("2025-01-01", "9999-12-31", "L99")]
