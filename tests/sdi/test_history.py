"""The two times: text that sorts, intervals that are cut without gap or overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdi.errors import InputError
from sdi.history import ALWAYS, FOREVER, Clock, Interval, change_interval, cut, instant, query_interval

DAYS = [f"2025-01-{day:02}T00:00:00Z" for day in range(1, 29)]


def test_a_bare_date_is_the_civil_day_without_shift():
    assert instant("2025-07-01") == "2025-07-01T00:00:00Z"


def test_a_time_with_an_offset_is_brought_to_utc():
    assert instant("2025-07-01T06:30:00+07:00") == "2025-06-30T23:30:00Z"


@pytest.mark.parametrize(
    "text", ["2025-13-01", "2025-02-30", "01/07/2025", "2025-07-01 06:30", "yesterday", "", "2025-07-01T06:30:00"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError):
        instant(text)


def test_an_empty_interval_is_refused():
    with pytest.raises(InputError, match="empty or runs backwards"):
        Interval.of("2025-07-01", "2025-07-01")


def test_an_instant_of_a_query_is_its_whole_day():
    assert query_interval("2025-07-01") == Interval("2025-07-01T00:00:00Z", "2025-07-02T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../2025-07-01", Interval(ALWAYS, "2025-07-02T00:00:00Z")),
        ("2025-07-01/..", Interval("2025-07-01T00:00:00Z", FOREVER)),
        ("/2025-07-01", Interval(ALWAYS, "2025-07-02T00:00:00Z")),
        ("2025-07-01T00:00:00Z/2025-07-01T00:00:00Z", Interval("2025-07-01T00:00:00Z", "2025-07-01T00:00:01Z")),
    ],
)
def test_open_sides_of_a_query_are_open(text, expected):
    assert query_interval(text) == expected


@pytest.mark.parametrize("text", ["../..", "", "/", "2025-13-01", "2025-07-02/2025-07-01", "a/b/c", "2025-07-01/x"])
def test_a_query_that_is_no_interval_is_refused(text):
    with pytest.raises(InputError):
        query_interval(text)


def test_a_change_holds_until_the_next_fact_already_recorded():
    known = [Interval(DAYS[0], DAYS[10]), Interval(DAYS[10], FOREVER)]
    assert change_interval(known, DAYS[5]) == Interval(DAYS[5], DAYS[10])


def test_a_fixed_clock_tells_the_same_times_twice():
    assert [Clock.fixed().now() for _ in range(2)] == ["2026-01-01T00:00:00.000Z"] * 2


@st.composite
def written(draw):
    """Intervals over a few days, in the order in which facts are written."""
    spans = draw(st.lists(st.tuples(st.integers(0, 26), st.integers(1, 10)), min_size=1, max_size=12))
    return [Interval(DAYS[start], DAYS[min(start + length, 27)]) for start, length in spans]


@given(written())
def test_writing_over_intervals_leaves_the_last_word_on_every_day_and_no_overlap(spans):
    known: dict[int, tuple[Interval, int]] = {}
    number = 0
    truth: dict[str, int] = {}
    for value, span in enumerate(spans):
        for one in cut([(row, held) for row, (held, _) in known.items()], span):
            _, old = known.pop(one.row)
            for part in one.remainders:
                number += 1
                known[number] = (part, old)
        number += 1
        known[number] = (span, value)
        truth.update({day: value for day in DAYS if span.start <= day < span.end})
    for day in DAYS:
        holding = [value for held, value in known.values() if held.start <= day < held.end]
        assert holding == ([truth[day]] if day in truth else [])
