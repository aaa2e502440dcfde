"""The two times: text that sorts, intervals that are cut without gap or overlap."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdi.errors import InputError
from sdi.history import (
    ALWAYS,
    FOREVER,
    LATEST,
    Clock,
    Interval,
    Moment,
    before,
    change_interval,
    cut,
    instant,
    utc,
)  # fmt: skip
from sdi.zone import GREENWICH, Zone

CITY = Zone.of("Asia/Ho_Chi_Minh")
CHICAGO = Zone.of("America/Chicago")
BERLIN = Zone.of("Europe/Berlin")
DAYS = [f"2025-01-{day:02}T00:00:00Z" for day in range(1, 29)]


@pytest.mark.parametrize("zone", [GREENWICH, CITY, CHICAGO, BERLIN])
@pytest.mark.parametrize("day", ["2025-07-01", "2025-03-30", "1880-05-04", "0001-01-01", "9999-12-31"])
def test_a_bare_date_is_the_civil_day_without_shift(zone, day):
    assert instant(day, zone) == f"{day}T00:00:00Z"
    assert instant(instant(day, zone), zone) == f"{day}T00:00:00Z"
    assert utc(instant(day, zone), zone) == utc(day, zone)


@pytest.mark.parametrize(
    ("zone", "said", "kept"),
    [
        (GREENWICH, "2025-07-01T06:30:00+07:00", "2025-06-30T23:30:00Z"),
        (CITY, "2025-07-01T00:30:00+07:00", "2025-07-01T00:30:00+07:00"),
        (CITY, "2025-06-30T17:30:00Z", "2025-07-01T00:30:00+07:00"),
        (CITY, "2025-06-30T17:30:00.900Z", "2025-07-01T00:30:00+07:00"),
        (CITY, "2025-06-30T12:30:00-05:00", "2025-07-01T00:30:00+07:00"),
        (CITY, "2025-06-30T23:59:59Z", "2025-07-01T06:59:59+07:00"),
        (CITY, "2025-07-01T00:00:00Z", "2025-07-01T07:00:00+07:00"),
        (CHICAGO, "2025-07-01T00:00:00Z", "2025-06-30T19:00:00-05:00"),
        (CITY, "2025-07-01T00:00:00+07:00", "2025-07-01T00:00:00Z"),
        (CITY, "1900-01-01T12:00:00Z", "1900-01-01T19:06:00+07:06"),  # 7 h 6 min 30 s: RFC 3339 has no seconds there
        (CHICAGO, "2025-07-01T02:00:00Z", "2025-06-30T21:00:00-05:00"),
        (BERLIN, "2025-03-30T01:00:00Z", "2025-03-30T03:00:00+02:00"),  # an hour that was skipped
        (BERLIN, "2025-01-01T11:00:00Z", "2025-01-01T12:00:00+01:00"),
    ],
)
def test_a_time_is_told_by_the_clock_of_the_city(zone, said, kept):
    assert instant(said, zone) == instant(Moment(kept), zone) == kept
    assert utc(Moment(kept), zone) == utc(said, zone)


def test_a_python_time_is_an_instant_and_a_python_date_a_day():
    assert instant(datetime(2025, 7, 1, tzinfo=UTC), CITY) == "2025-07-01T07:00:00+07:00"
    assert instant(date(2025, 7, 1), CITY) == "2025-07-01T00:00:00Z"
    with pytest.raises(InputError, match="not understood"):
        instant(datetime(2025, 7, 1, 12), CITY)  # noqa: DTZ001 - one that says no zone


def test_what_is_kept_stays_as_it_is():
    for kept in ("2025-06-30T17:30:00Z", "2025-07-01T00:00:00Z", "2025-07-01T00:30:00+07:00"):
        assert instant(Moment(kept), CITY) == kept
    for end in (ALWAYS, FOREVER, LATEST):
        assert instant(str(end), CITY) == instant(end, CHICAGO) == end


def test_what_is_nowhere_in_time_is_as_asked():
    assert (instant(None, CITY), instant(None, CITY, LATEST)) == (ALWAYS, LATEST)


INSTANTS = st.integers(-3_786_912_000, 4_102_444_800).map(lambda second: datetime.fromtimestamp(second, UTC))
"""From 1850 to 2100."""


@given(INSTANTS, st.sampled_from([CITY, CHICAGO, GREENWICH]))
def test_times_sort_with_the_days_of_the_city_and_come_back(moment, zone):
    kept, day = instant(moment, zone), zone.local(moment).date()
    assert instant(day, zone) <= kept < instant(day + timedelta(days=1), zone)
    assert utc(kept, zone) == utc(moment, zone)


@given(INSTANTS, INSTANTS)
def test_where_the_clock_is_never_put_back_all_times_sort_as_they_follow(one, other):
    first, last = sorted(max(moment, datetime(1976, 1, 1, tzinfo=UTC)) for moment in (one, other))
    assert instant(first, CITY) <= instant(last, CITY)


def test_a_day_begins_with_its_first_moment_where_midnight_is_skipped_or_comes_twice():
    paulo, havana = Zone.of("America/Sao_Paulo"), Zone.of("America/Havana")
    assert utc("2018-11-04", paulo) == "2018-11-04T03:00:00Z"
    assert instant("2018-11-04T01:00:00-02:00", paulo) == "2018-11-04T00:00:00Z"
    assert utc("2025-11-02", havana) == "2025-11-02T04:00:00Z"
    assert instant("2025-11-02T00:00:00-04:00", havana) == "2025-11-02T00:00:00Z"
    # The second midnight is an hour of the same day; its own text would sort before the day.
    assert instant("2025-11-02T00:00:00-05:00", havana) == "2025-11-02T00:00:01-05:00"
    assert utc(instant("2025-11-02T00:30:00-05:00", havana), havana) == "2025-11-02T05:30:00Z"


def test_before_is_the_last_second_of_what_ended():
    assert before("2025-07-01T00:00:00Z", CITY) == "2025-06-30T23:59:59+07:00"
    assert before("2025-03-31T00:00:00Z", BERLIN) == "2025-03-30T23:59:59+02:00"
    assert before("2025-07-01T00:30:00+07:00", CITY) == "2025-07-01T00:29:59+07:00"
    assert before(ALWAYS, CITY) == ALWAYS
    ended = before("2025-07-01T00:00:00Z", CITY)
    assert instant(ended, CITY) == ended


@pytest.mark.parametrize(
    "text",
    [
        "2025-13-01",
        "2025-02-30",
        "01/07/2025",
        "2025-07-01 06:30",
        "yesterday",
        "",
        "2025-07-01T06:30:00",
        "10000-01-01",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError):
        instant(text, CITY)
    with pytest.raises(InputError):
        utc(text, CITY)


def test_an_empty_interval_is_refused():
    with pytest.raises(InputError, match="empty or runs backwards"):
        Interval.of("2025-07-01", "2025-07-01", CITY)


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
