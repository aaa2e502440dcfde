"""One run against another: where it gets deeper, where shallower, what is noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
import xarray as xr

from frmis.comparison import (
    NOISE,
    depth_on_land,
    difference,
    kind_of_change,
    mean_depth,
    standing_water,
    summary,
)
from frmis.overlay import overlay
from frmis.simulation import simulate
from sdi.errors import InputError
from tests.frmis.ground import grid, rain, rough, scenario, terrain


def run(depths, level=None, start=None, datum="hon_dau", cell=10.0, name="run"):
    """Return what is left of a run: largest depths, levels [m] and the depths at the start."""
    depths = np.atleast_2d(np.asarray(depths, dtype=float))
    lies = grid(*depths.shape, cell)
    level = 1.0 + depths if level is None else np.atleast_2d(np.asarray(level, dtype=float))
    start = np.zeros_like(depths) if start is None else np.atleast_2d(np.asarray(start, dtype=float))
    return xr.Dataset(
        {
            "water_depth": (("time", "y", "x"), start[None]),
            "maximum_water_depth": (("y", "x"), depths),
            "maximum_water_level": (("y", "x"), level, {"vertical_datum": datum}),
        },
        coords=lies.coords(),
        attrs={"scenario": name},
    )


def test_a_change_is_after_minus_before_and_nothing_below_the_noise():
    found = difference(run([0.20, 0.50, 0.200, 0.0]), run([0.50, 0.20, 0.204, 0.006]))
    np.testing.assert_allclose(found.depth_change.values, [[0.30, -0.30, 0.0, 0.006]], atol=1e-7)
    assert found.depth_change.values[0, 2] == 0.0
    np.testing.assert_allclose(found.depth_before.values, [[0.20, 0.50, 0.200, 0.0]], atol=1e-7)
    assert found.attrs == {"noise_m": NOISE, "run_before": "run", "run_after": "run"}


def test_where_one_run_has_no_ground_there_is_no_change_and_where_one_is_dry_no_change_of_level():
    before = run([0.2, np.nan, 0.0], level=[1.2, np.nan, np.nan])
    found = difference(before, run([0.3, 0.3, 0.4], level=[1.3, 1.3, 1.4]))
    np.testing.assert_allclose(found.depth_change.values, [[0.1, np.nan, 0.4]], atol=1e-7)
    np.testing.assert_allclose(found.level_change.values, [[0.1, np.nan, np.nan]], atol=1e-7)


def test_depths_are_above_the_ground_where_obstacles_were_raised_and_missing_where_those_stay_dry():
    before, after = run([0.2, 0.0, 0.3]), run([0.4, 0.0, 0.5])
    for one in (before, after):
        one["obstacle_height"] = (("y", "x"), np.array([[0.0, 3.0, 0.0]]))
    found = difference(before, after)
    np.testing.assert_allclose(found.depth_change.values, [[0.2, np.nan, 0.2]], atol=1e-6)
    whole = overlay(grid(1, 3), np.array([shapely.box(580_001, 1_109_991, 580_029, 1_109_999)]))
    assert mean_depth(whole, found.depth_after.values, np.ones((1, 3), dtype=bool))[0] == pytest.approx(0.45)
    after["obstacle_height"] *= 0.1
    after["maximum_water_depth"][0, 1] = 0.15
    np.testing.assert_allclose(difference(before, after).depth_after.values, [[0.4, 0.45, 0.5]], atol=1e-6)


def test_a_run_against_itself_changes_nothing():
    result = simulate(scenario(1, rainfall=rain(60, 0.5)), terrain(rough()))
    found = difference(result, result)
    assert float(abs(found.depth_change).max()) == 0.0
    assert summary(found.depth_change) == {
        "deeper_m2": 0.0, "shallower_m2": 0.0, "largest_rise_m": 0.0, "largest_fall_m": 0.0,
    }  # fmt: skip


def test_runs_that_differ_in_their_steps_alone_stay_within_the_noise():
    case = scenario(2, rainfall=rain(60, 1))
    plain, finer = (simulate(replace(case, courant=courant), terrain(rough())) for courant in (0.9, 0.7))
    raw = abs(plain.maximum_water_depth - finer.maximum_water_depth)
    assert float(raw.max()) > 0.0
    assert float(abs(difference(plain, finer).depth_change).max()) == 0.0


def test_a_river_is_no_flood_however_deep_it_gets():
    result = run([3.0, 0.4, np.nan], start=[2.5, 0.0, np.nan])
    np.testing.assert_array_equal(standing_water(result).values, [[True, False, False]])
    np.testing.assert_allclose(depth_on_land(result).values, [[0.0, 0.4, np.nan]], atol=1e-7)


def test_the_summary_counts_areas_and_the_largest_changes():
    found = difference(run([0.2, 0.5, 0.0, 0.1]), run([0.5, 0.1, 0.2, 0.1]))
    said = summary(found.depth_change)
    assert (said["deeper_m2"], said["shallower_m2"]) == (200.0, 100.0)
    assert said["largest_rise_m"] == pytest.approx(0.3)
    assert said["largest_fall_m"] == pytest.approx(0.4)


def test_runs_on_different_grids_or_datums_are_not_compared():
    with pytest.raises(InputError, match="one grid first"):
        difference(run([0.1, 0.2]), run([0.1, 0.2], cell=20.0))
    with pytest.raises(InputError, match="one vertical datum"):
        difference(run([0.1, 0.1]), run([0.1, 0.1], datum="egm96"))


def test_the_depth_in_a_thing_is_the_mean_over_its_land():
    # Cells of 10 m: 0.2, 0.4, 3.0 (river), unknown. A house over the first three, a street over the first two.
    west, north = 580_000, 1_110_000
    things = np.array(
        [
            shapely.box(west + 2, north - 8, west + 28, north - 2),
            shapely.LineString([(west, north - 5), (west + 15, north - 5)]),
            shapely.box(west + 31, north - 8, west + 39, north - 2),
            shapely.Point(0, 0),
        ],
        dtype=object,
    )
    depth, land = np.array([[0.2, 0.4, 3.0, np.nan]]), np.array([[True, True, False, True]])
    found = mean_depth(overlay(grid(1, 4), things), depth, land)
    np.testing.assert_allclose(found, [0.3, (10 * 0.2 + 5 * 0.4) / 15, np.nan, np.nan])


def test_no_things_have_no_depths():
    empty = overlay(grid(1, 4), np.array([], dtype=object))
    assert mean_depth(empty, np.zeros((1, 4)), np.ones((1, 4), bool)).size == 0


def test_a_change_has_a_name():
    before = np.array([0.00, 0.05, 0.30, 0.30, 0.12, 0.30, np.nan])
    after = np.array([0.15, 0.08, 0.35, 0.25, 0.02, 0.304, 0.30])
    assert kind_of_change(before, after).tolist() == [
        "newly_flooded", "wetter", "wetter", "drier", "no_longer_flooded", "", "",
    ]  # fmt: skip
