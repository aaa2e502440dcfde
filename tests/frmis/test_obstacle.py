"""Buildings stand in the water's way."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr

from frmis import obstacle
from frmis.exposure import flood_depth, wet
from frmis.forcing import Series
from frmis.ground import Ground
from frmis.obstacle import Obstacles, depth_above_ground
from frmis.overlay import overlay
from frmis.simulation import simulate
from sdi.errors import InputError
from sdi.grid import Grid
from tests.frmis.ground import grid, levels, scenario, terrain

GROUND = terrain(np.ones((3, 4)))
WEST, NORTH = 580_000, 1_110_000
HOUSES = [shapely.box(WEST, NORTH - 10, WEST + 14, NORTH), shapely.box(WEST + 30, NORTH - 30, WEST + 40, NORTH - 24)]


def test_a_cell_is_raised_from_the_share_on_that_was_asked_for():
    raised = obstacle.build(GROUND, HOUSES, Obstacles("building", height=3.0, minimum_share=0.6))
    np.testing.assert_array_equal(raised.values, [[4, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 4]])
    assert raised.attrs == GROUND.attrs
    more = obstacle.build(GROUND, HOUSES, Obstacles("building", height=3.0, minimum_share=0.4))
    np.testing.assert_array_equal(more.values[0], [4, 4, 1, 1])


def test_a_blocked_cell_has_no_bed():
    blocked = obstacle.build(GROUND, HOUSES, Obstacles("building", "blocked"))
    np.testing.assert_array_equal(np.isnan(blocked.values), [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])


def test_without_buildings_nothing_stands_in_the_way():
    np.testing.assert_array_equal(obstacle.build(GROUND, [], Obstacles("building")).values, GROUND.values)


@pytest.mark.parametrize(
    "change", [{"height": 0.0}, {"height": float("inf")}, {"minimum_share": 0.0}, {"minimum_share": 1.1}]
)
def test_an_obstacle_out_of_range_is_refused(change):
    with pytest.raises(InputError, match="expected more than 0"):
        Obstacles("building", **change)


# what such a run says of the houses -----------------------------------------------------------------------------------

FLAT = terrain(np.zeros((5, 6)))
BLOCK = shapely.box(WEST + 18, NORTH - 32, WEST + 42, NORTH - 18)
"""Covers two cells, and touches the ten around them."""


def flooded(level, obstacles):
    """Let the water rise to a level [m] around a block, slowly, so that it makes no waves; return the run."""
    ground = Ground(obstacle.build(FLAT, [BLOCK], obstacles), terrain=FLAT)
    return simulate(scenario(3, boundary=levels(Series((0.0, 7200.0, 10_800.0), (0.0, level, level)))), ground)


def water_in(run):
    """Return depth and wet share of the block."""
    depth = flood_depth(depth_above_ground(run).values, run["water_depth"][0].values)
    found = wet(overlay(Grid.from_dataarray(run), np.array([BLOCK])), depth)
    return float(found.depth[0, 0]), float(found.share[0, 0])


@pytest.mark.shows("first-flood")
def test_a_house_is_as_wet_whether_it_was_raised_or_blocked(figure):
    raised = flooded(0.4, Obstacles("building", "raised", height=3.0))
    blocked = flooded(0.4, Obstacles("building", "blocked"))
    assert float(raised["maximum_water_depth"].values[2, 2]) == 0.0
    found = water_in(raised)
    figure("depth in a house raised by 3 m in 0.4 m of water", found[0], "m", "0.4")
    assert found == pytest.approx((0.4, 1.0), abs=0.01)
    assert found == pytest.approx(water_in(blocked), abs=1e-4)


def test_a_house_that_is_overtopped_is_as_deep_as_the_water_above_the_ground():
    run = flooded(0.8, Obstacles("building", "raised", height=0.3))
    assert float(run["maximum_water_depth"].values[2, 2]) == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(depth_above_ground(run).values, 0.8, atol=0.02)
    assert water_in(run) == pytest.approx((0.8, 1.0), abs=0.02)


def test_a_run_says_where_obstacles_were_raised_and_only_then():
    height = flooded(0.4, Obstacles("building", "raised", height=3.0))["obstacle_height"]
    wanted = np.zeros((5, 6))
    wanted[2, 2:4] = 3.0
    np.testing.assert_array_equal(height.values, wanted)
    assert height.attrs["units"] == "m"
    assert "obstacle_height" not in flooded(0.4, Obstacles("building", "blocked"))
    assert "obstacle_height" not in simulate(scenario(1), FLAT)


def test_rain_in_a_hollow_of_a_roof_is_no_flood():
    depth, height = np.full((5, 5), 0.4), np.zeros((5, 5))
    depth[1:4, 1:4], height[1:4, 1:4] = 0.02, 3.0
    depth[2, 2] = 0.15
    space = ("y", "x")
    run = xr.Dataset(
        {"maximum_water_depth": (space, depth), "obstacle_height": (space, height)}, coords=grid(5, 5).coords()
    )
    found = depth_above_ground(run).values
    assert np.isnan(found[1:4, 1:4]).all()
    assert np.nanmin(found) == np.nanmax(found) == np.float32(0.4)


def test_a_run_without_obstacles_is_taken_as_it_is():
    depth = np.array([[0.0, 0.2, np.nan]])
    run = xr.Dataset({"maximum_water_depth": (("y", "x"), depth)}, coords=grid(1, 3).coords())
    np.testing.assert_array_equal(depth_above_ground(run).values, depth.astype(np.float32))
