"""Case 8: valve number 17 is given to another valve ten years later."""

from __future__ import annotations

import pytest

from sdi.errors import ConflictError
from tests.model import add, point, retire, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]


@pytest.fixture
def valves(book):
    """One valve number 17 from 2010 to 2020, another one since 2021."""
    with writing(book) as tx:
        (first,) = add(book, "valve", tx, places=[point()], identifiers={"valve-number": ["17"]}, since="2010-01-01")
        retire(book, [first], tx, "2020-06-01")
        (second,) = add(book, "valve", tx, places=[point(9)], identifiers={"valve-number": ["17"]}, since="2021-01-01")
    return first, second


def test_with_a_date_the_right_valve_answers(book, valves):
    """Dated query right."""
    first, second = valves
    for day, expected in (("2015-01-01", first), ("2020-05-31", first), ("2021-01-01", second), ("2026-01-01", second)):
        assert [(one.eid, one.ambiguous) for one in book.resolve_code("valve-number", "17", day)] == [(expected, False)]
    assert book.resolve_code("valve-number", "17", "2020-06-01") == ()


def test_without_a_date_both_answer_with_their_dates_flagged(book, valves):
    """Undated returns ambiguous."""
    found = book.resolve_code("valve-number", "17")
    assert [(one.eid, one.valid_from[:10], one.valid_to[:10], one.ambiguous) for one in found] == [
        (valves[0], "2010-01-01", "2020-06-01", True),
        (valves[1], "2021-01-01", "9999-12-31", True),
    ]
    assert [one.ambiguous for one in book.resolve_code("valve-number", "18")] == []


def test_two_valves_never_carry_it_at_the_same_time(book, valves):
    """A code that is unique among live things is refused twice."""
    with pytest.raises(ConflictError, match="two things at the same time"), writing(book) as tx:
        add(book, "valve", tx, places=[point(20)], identifiers={"valve-number": ["17"]}, since="2025-01-01")
