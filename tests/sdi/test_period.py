"""What requests mean by days, instants and intervals of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sdi.errors import InputError
from sdi.history import ALWAYS, FOREVER, Interval
from sdi.period import query_interval, query_period
from sdi.zone import GREENWICH, Zone

CITY = Zone.of("Asia/Ho_Chi_Minh")
BERLIN = Zone.of("Europe/Berlin")


def test_an_instant_of_a_query_is_its_whole_day():
    assert query_interval("2025-07-01", CITY) == Interval("2025-07-01T00:00:00Z", "2025-07-02T00:00:00Z")


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
    assert query_interval(text, GREENWICH) == expected


@pytest.mark.parametrize("text", ["../..", "", "/", "2025-13-01", "2025-07-02/2025-07-01", "a/b/c", "2025-07-01/x"])
def test_a_query_that_is_no_interval_is_refused(text):
    with pytest.raises(InputError):
        query_interval(text, CITY)
    with pytest.raises(InputError):
        query_period(text, CITY)


@pytest.mark.parametrize(
    ("text", "valid", "period"),
    [
        (
            "2025-07-01", ("2025-07-01T00:00:00Z", "2025-07-02T00:00:00Z"),
            ("2025-06-30T17:00:00Z", "2025-07-01T17:00:00Z"),
        ),
        (
            "2025-07-01T00:30:00+07:00", ("2025-07-01T00:30:00+07:00", "2025-07-01T00:30:01+07:00"),
            ("2025-06-30T17:30:00Z", "2025-06-30T17:30:01Z"),
        ),
        (
            "2025-06-30T23:59:59Z", ("2025-07-01T06:59:59+07:00", "2025-07-01T07:00:00+07:00"),
            ("2025-06-30T23:59:59Z", "2025-07-01T00:00:00Z"),
        ),
        ("../2025-06-30T17:00:00Z", (ALWAYS, "2025-07-01T00:00:01+07:00"), (ALWAYS, "2025-06-30T17:00:01Z")),
        ("2025-07-01/", ("2025-07-01T00:00:00Z", FOREVER), ("2025-06-30T17:00:00Z", FOREVER)),
        ("../9999-12-31", (ALWAYS, FOREVER), (ALWAYS, FOREVER)),
    ],
)  # fmt: skip
def test_a_query_means_the_days_of_the_city(text, valid, period):
    assert query_interval(text, CITY) == valid
    assert query_period(text, CITY) == period


@pytest.mark.parametrize(
    ("zone", "text", "end"),
    [
        ("America/New_York", "2025-11-02T01:59:59-04:00", "2025-11-02T02:00:00-04:00"),
        ("America/New_York", "2025-11-02T01:30:00-04:00/2025-11-02T01:59:59-04:00", "2025-11-02T02:00:00-04:00"),
        ("America/New_York", "2025-11-02T01:30:00-05:00", "2025-11-02T01:30:01-05:00"),
        ("America/Havana", "2025-11-02T00:59:59-04:00", "2025-11-02T01:00:00-04:00"),
        ("America/Havana", "2025-11-02T00:00:00-05:00", "2025-11-02T00:00:02-05:00"),
        ("America/Havana", "2025-11-02", "2025-11-03T00:00:00Z"),
    ],
)
def test_a_second_of_the_hour_that_a_night_has_twice_ends_after_it_began(zone, text, end):
    asked = query_interval(text, Zone.of(zone))
    assert asked.start < asked.end == end


@pytest.mark.parametrize(
    ("zone", "day", "hours"), [(BERLIN, "2025-03-30", 23), (BERLIN, "2025-10-26", 25), (CITY, "2025-03-30", 24)]
)
def test_a_day_has_as_many_hours_as_its_city_gives_it(zone, day, hours):
    start, end = (datetime.fromisoformat(one) for one in query_period(day, zone))
    assert (end - start) == timedelta(hours=hours)
