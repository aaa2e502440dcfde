"""Rain and levels as values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from frmis.forcing import Boundary, Edge, Infiltration, Inflow, Rainfall, Series
from frmis.quantity import quantity
from sdi.errors import InputError
from tests.frmis.ground import MM_H


def test_a_series_is_linear_between_its_times_and_one_value_holds_always():
    assert Series((0.0, 10.0), (1.0, 2.0)).at(2.5) == 1.25
    assert Series.constant(1.5).at(1e9) == 1.5
    assert Series.constant(1.5).covers(1e9)
    assert not Series((0.0, 10.0), (1.0, 2.0)).covers(11.0)


@pytest.mark.parametrize(
    ("times", "values", "said"),
    [
        ((0.0, 0.0), (1.0, 2.0), "do not ascend"),
        ((0.0,), (1.0, 2.0), "one value each"),
        ((), (), "one value each"),
        ((0.0, 1.0), (1.0, float("nan")), "not finite"),
    ],
)
def test_a_series_that_is_none_says_why(times, values, said):
    with pytest.raises(InputError, match=said):
        Series(times, values)


def test_rain_holds_from_each_time_to_the_next_and_then_ends():
    rain = Rainfall((600.0, 1200.0, 3000.0), (10 * MM_H, 40 * MM_H))
    assert [rain.at(time) for time in (0.0, 600.0, 1199.0, 1200.0, 3000.0)] == [0, 10 * MM_H, 10 * MM_H, 40 * MM_H, 0]
    assert rain.depth(3600) == pytest.approx((10 * 600 + 40 * 1800) * MM_H)
    assert rain.depth(900) == pytest.approx(10 * 300 * MM_H)
    assert Rainfall().depth(3600) == 0.0
    assert Rainfall().at(0.0) == 0.0


def test_rain_in_the_wrong_unit_is_recognised():
    with pytest.raises(InputError, match="is the unit right"):
        Rainfall.constant(60.0, 3600.0)


@pytest.mark.parametrize("times", [(0.0, np.nan), (np.nan, 3600.0), (0.0, np.inf), (-60.0, 3600.0)])
def test_the_times_of_the_rain_are_numbers_from_the_start_on(times):
    with pytest.raises(InputError, match="do not ascend"):
        Rainfall(times, (1e-6,))


def test_a_level_without_a_datum_means_nothing():
    with pytest.raises(InputError, match="vertical datum"):
        Boundary(north=Edge("level", Series.constant(1.0)))


@pytest.mark.parametrize("edge", [{"kind": "level"}, {"kind": "free"}, {"kind": "closed", "slope": 0.1}])
def test_an_edge_has_what_its_kind_needs(edge):
    with pytest.raises(InputError, match="give what it needs"):
        Edge(**edge)


@pytest.mark.parametrize("slope", [0.0, -0.1, 0.5])
def test_the_slope_of_a_free_edge_falls_outward_and_gently(slope):
    with pytest.raises(InputError, match="slope of a free edge"):
        Edge("free", slope=slope)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("6 h", "time", 21_600.0), ("15min", "time", 900.0), ("-1.5 m", "length", -1.5), ("2 cm", "length", 0.02),
     ("36 mm/h", "rain intensity", 1e-5), ("1e-5 m/s", "rain intensity", 1e-5)],
)  # fmt: skip
def test_a_quantity_is_a_number_with_its_unit(text, kind, value):
    assert quantity(text, kind) == pytest.approx(value)


@pytest.mark.parametrize("text", ["6", 6, "h", "6 km", "six h", None, "nan h", "1e400 h"])
def test_what_is_no_quantity_is_named(text):
    with pytest.raises(InputError, match="time"):
        quantity(text, "time")


def test_what_soil_takes_up_falls_from_its_first_to_its_last_value():
    soil = Infiltration(60 * MM_H, 10 * MM_H, 2 / 3600)
    assert soil.capacity(0.0) == pytest.approx(60 * MM_H)
    assert soil.capacity(1800.0) == pytest.approx((10 + 50 * math.exp(-1)) * MM_H)
    assert soil.capacity(1e9) == pytest.approx(10 * MM_H)
    assert Infiltration.constant(5 * MM_H).capacity(1e6) == 5 * MM_H
    assert Infiltration.constant(0.0).capacity(0.0) == 0.0


@pytest.mark.parametrize(
    ("initial", "final", "decay", "said"),
    [
        (10 * MM_H, 60 * MM_H, 1e-3, "the larger one first"),
        (-1.0, -1.0, 0.0, "at least 0"),
        (60.0, 10.0, 1e-3, "at least 0"),
        (60 * MM_H, 10 * MM_H, 0.0, "decays"),
        (float("nan"), 0.0, 1.0, "at least 0"),
    ],
)
def test_soil_that_cannot_be_is_refused(initial, final, decay, said):
    with pytest.raises(InputError, match=said):
        Infiltration(initial, final, decay)


def test_an_inflow_is_water_at_a_place():
    steady = Series.constant(20.0)
    assert Inflow("breach", ((0.0, 0.0), (10.0, 0.0)), steady).radius is None
    assert Inflow("outfall", ((5.0, 5.0),), Series((0.0, 60.0), (0.0, 2.0)), radius=10.0).discharge.at(30.0) == 1.0


@pytest.mark.parametrize(
    ("place", "flow", "radius", "said"),
    [
        ((), 1.0, None, "no place"),
        (((math.inf, 0.0),), 1.0, None, "no place"),
        (((0.0, 0.0),), -1.0, None, "is the unit right"),
        (((0.0, 0.0),), 2e6, None, "is the unit right"),
        (((0.0, 0.0), (1.0, 1.0)), 1.0, 5.0, "expected one point"),
        (((0.0, 0.0),), 1.0, 0.0, "more than 0 m"),
    ],
)
def test_an_inflow_that_cannot_be_is_refused(place, flow, radius, said):
    with pytest.raises(InputError, match=said):
        Inflow("x", place, Series.constant(flow), radius)


def test_a_level_that_no_water_reaches_is_refused():
    with pytest.raises(InputError, match="is the unit right"):
        Edge("level", Series.constant(1.9e5))


def test_discharges_and_rates_are_read_with_their_units():
    assert quantity("2.5 m3/s", "discharge") == 2.5
    assert quantity("250 l/s", "discharge") == pytest.approx(0.25)
    assert quantity("2 /h", "rate") == quantity("2 1/h", "rate") == pytest.approx(2 / 3600)
    with pytest.raises(InputError, match="is no discharge"):
        quantity("2 m", "discharge")
