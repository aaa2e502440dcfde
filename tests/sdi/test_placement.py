"""Places that are told: points and stretches along a route, and what a re-alignment makes of their measures."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi.errors import ConflictError, InputError
from sdi.place.placement import Along, Height, Relative, calibration, details, recalibrated, shape_of

STRAIGHT = shapely.LineString([(0, 0), (1000, 0)])
BENT = shapely.LineString([(0, 0), (400, 0), (500, 75), (600, 0), (1000, 0)])
"""Between 400 and 600 it makes a detour of two times 125 m: a triangle with sides 100 and 75."""


@pytest.mark.shows("shared-model")
def test_a_re_aligned_route_is_recalibrated_only_where_it_was_re_aligned():
    moved = {at: recalibrated(Along("r", at), STRAIGHT, BENT) for at in (0, 300, 400, 500, 550, 600, 800, 1000)}
    assert {at: one.from_m for at, one in moved.items()} == pytest.approx(
        {0: 0, 300: 300, 400: 400, 500: 525, 550: 587.5, 600: 650, 800: 850, 1000: 1050}
    )
    for at in (0, 300, 400, 600, 800, 1000):  # where both alignments meet, nothing moves
        assert shapely.distance(shape_of(moved[at], BENT), shapely.Point(at, 0)) < 1e-9
    assert shape_of(moved[500], BENT).equals_exact(shapely.Point(500, 75), 1e-9)


def test_recalibrating_back_gives_the_measures_of_before():
    for at in np.linspace(0, 1000, 41):
        there = recalibrated(Along("r", float(at)), STRAIGHT, BENT)
        assert recalibrated(there, BENT, STRAIGHT).from_m == pytest.approx(at, abs=1e-9)


def test_a_resurvey_stretches_all_measures_in_proportion():
    surveyed = shapely.LineString([(0, 0.4), (1010, 0.4)])
    assert recalibrated(Along("r", 500, 600), STRAIGHT, surveyed) == Along("r", 505, 606)


def test_a_route_that_is_made_longer_leaves_everything_where_it_is():
    longer = shapely.LineString([(-200, 0), (0, 0), (1000, 0), (1000, 300)])
    assert recalibrated(Along("r", 1000), STRAIGHT, longer).from_m == 1200
    assert recalibrated(Along("r", 0), STRAIGHT, longer).from_m == 200


def test_what_stood_beyond_the_end_of_a_shortened_route_comes_to_its_end():
    shorter = shapely.LineString([(0, 0), (700, 0)])
    assert recalibrated(Along("r", 900), STRAIGHT, shorter).from_m == pytest.approx(700)
    assert recalibrated(Along("r", 650), STRAIGHT, shorter).from_m == pytest.approx(650)
    beyond = recalibrated(Along("r", 900, 1000), STRAIGHT, shorter)
    assert (beyond.from_m, beyond.to_m) == pytest.approx((699.99, 700))
    assert shape_of(beyond, shorter).length == pytest.approx(0.01)


def test_what_stood_before_the_beginning_of_a_shortened_route_comes_to_its_beginning():
    later = shapely.LineString([(200, 0), (1000, 0)])
    before = recalibrated(Along("r", 50, 100), STRAIGHT, later)
    assert (before.from_m, before.to_m) == pytest.approx((0, 0.01))


def test_a_route_that_is_turned_round_is_refused():
    with pytest.raises(ConflictError, match="other way round"):
        calibration(STRAIGHT, shapely.reverse(STRAIGHT))


def test_an_offset_lies_to_the_left_of_the_route():
    north = shapely.LineString([(0, 0), (0, 100)])
    assert shape_of(Along("r", 50, offset_m=3), north).equals_exact(shapely.Point(-3, 50), 1e-9)
    assert shape_of(Along("r", 50, offset_m=-3), north).equals_exact(shapely.Point(3, 50), 1e-9)
    stretch = shape_of(Along("r", 10, 30, 3), north)
    assert (stretch.length, stretch.bounds) == (pytest.approx(20), pytest.approx((-3, 10, -3, 30)))


def test_a_stretch_follows_the_corners_of_the_route():
    stretch = shape_of(Along("r", 300, 650), BENT)
    assert stretch.length == pytest.approx(350)
    assert stretch.equals_exact(shapely.LineString([(300, 0), (400, 0), (500, 75), (600, 0)]), 1e-9)


def test_parts_of_a_route_that_meet_are_one_line_and_a_gap_is_refused():
    parts = [[(0, 0), (400, 0)], [(400, 0), (1000, 0)]]
    assert shape_of(Along("r", 500), shapely.MultiLineString(parts)).equals(shapely.Point(500, 0))
    with pytest.raises(InputError, match="not one line"):
        shape_of(Along("r", 500), shapely.MultiLineString([parts[0], [(410, 0), (1000, 0)]]))


@pytest.mark.parametrize("measures", [(-1, None), (1001, None), (500, 400), (500, 500)])
def test_measures_that_are_not_on_the_route_are_refused(measures):
    with pytest.raises(InputError, match=r"do not lie in order on route r, which is 1000\.00 m long"):
        shape_of(Along("r", *measures), STRAIGHT)


def test_a_relative_place_counts_from_a_point():
    assert shape_of(Relative("l", 3, -4), shapely.Point(10, 10)).equals(shapely.Point(13, 6))
    assert shape_of(Relative("l", 1, 1), shapely.box(0, 0, 10, 10)).equals(shapely.Point(6, 6))


@pytest.mark.parametrize("height", [Height(depth_m=-0.1), Height(depth_m=1000.1), Height(z_m=float("nan"))])
def test_a_depth_above_the_ground_and_a_height_that_is_no_number_are_refused(height):
    with pytest.raises(InputError):
        details(None, height)
