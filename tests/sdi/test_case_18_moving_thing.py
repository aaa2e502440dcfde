"""Acceptance case 18: a moving thing (mobile pump, sensor relocated).

Observations join to the place in force at phenomenon time.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely

from sdi.entry import Accuracy
from sdi.place import location
from tests.model import SURVEYED, add, point, writing

pytestmark = pytest.mark.both_stores
PHONE = Accuracy(5, method="phone")


@pytest.fixture
def pump(book):
    """Return a mobile pump that stood at three places, and one that never moved."""
    with writing(book, "pumps") as tx:
        pump, other = add(book, "pump", tx, places=[point(), point(900)], values={"mobile": [True, False]})
    for metres, moment in ((100, "2025-10-01T12:00:00Z"), (200, "2025-10-02T00:00:00Z")):
        with writing(book, "towed away") as tx:
            book.register("pump").move(pump, point(metres), tx, valid_from=moment, accuracy=PHONE)
    return pump, other


def metres(places):
    """Return how far along the bank places lie [m]; None where there is none."""
    return [None if place is None else place.x - point().x for place in places]


@pytest.mark.shows("shared-model")
def test_every_observation_lies_where_the_pump_stood_when_it_was_made(book, pump, figure):
    moving, standing = pump
    observed = [
        (moving, "2025-10-01T11:59:59Z", 0), (moving, "2025-10-01T12:00:00Z", 100), (standing, "2025-10-01", 900),
        (moving, "2025-10-02T06:59:59+07:00", 100), (moving, "2025-10-02T07:00:00+07:00", 200),
        (moving, "2026-01-01", 200), (moving, "2019-12-31T23:59:59Z", None),
    ]  # fmt: skip
    found = location.at_moments(book, [one[0] for one in observed], [one[1] for one in observed])
    wrong = sum(place != expected for place, (_, _, expected) in zip(metres(found), observed, strict=True))
    figure("observations of a moving pump at another place", wrong, bound="0")
    assert metres(found) == [expected for _, _, expected in observed]


def test_the_join_gives_what_find_gives_one_by_one(book, pump):
    moments = [
        f"2025-{month:02}-{day:02}T{hour:02}:30:00Z" for month in (9, 10) for day in (1, 2) for hour in (0, 12, 23)
    ]
    eids = [pump[number % 2] for number in range(len(moments))]
    single = [book.register("pump").find(eid, valid=moment).geometry for eid, moment in zip(eids, moments, strict=True)]
    assert location.at_moments(book, eids, moments).tolist() == single


def test_what_was_known_before_a_correction_is_joined_as_it_was_known(book, pump):
    moving, _ = pump
    before = book.last_tx
    with writing(book, "the phone was wrong") as tx:
        book.register("pump").correct(
            moving, tx, geometry=point(150), accuracy=SURVEYED, valid_at="2025-10-01T18:00:00Z"
        )
    assert metres(location.at_moments(book, [moving], ["2025-10-01T18:00:00Z"])) == [150]
    assert metres(location.at_moments(book, [moving], ["2025-10-01T18:00:00Z"], recorded=before)) == [100]


def test_a_sensor_that_shares_the_place_of_the_pump_moves_with_it(book, pump):
    with writing(book, "a gauge on the pump") as tx:
        at = book.register("pump").find(pump[0]).location
        (gauge,) = add(book, "gauge", tx, values={"purpose": ["level"]}, locations=[at], since="2025-01-01")
    found = location.at_moments(
        book, [gauge, gauge, gauge], ["2024-12-31", "2025-06-01", "2025-10-03"], role="mounting"
    )
    assert metres(found) == [None, 0, 200]


def test_things_and_moments_that_are_unknown_have_no_place(book, pump):
    assert location.at_moments(book, [], []).shape == (0,)
    assert location.at_moments(book, ["nobody"], ["2025-01-01"]).tolist() == [None]
    assert location.at_moments(book, [pump[0]], ["2025-01-01"], role="entrance").tolist() == [None]


@pytest.mark.shows("shared-model")
def test_a_hundred_thousand_observations_are_joined_at_once(book, pump, figure):
    seconds = np.random.default_rng(92).integers(0, 86_400 * 3, 100_000)
    days, rest = seconds // 86_400, seconds % 86_400
    moments = [
        f"2025-10-{day + 1:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        for day, second in zip(days.tolist(), rest.tolist(), strict=True)
    ]
    begun = time.perf_counter()
    found = location.at_moments(book, [pump[0]] * len(moments), moments)
    taken = time.perf_counter() - begun
    figure("as-of look-ups in bulk", len(moments) / taken, unit="1/s", bound="≥ 50,000")
    expected = np.where(seconds < 43_200, 0, np.where(seconds < 86_400, 100, 200))
    np.testing.assert_array_equal(shapely.get_x(found) - point().x, expected)
