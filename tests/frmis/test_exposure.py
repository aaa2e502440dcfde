"""How deep the water stands in things."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from frmis.exposure import depth_class, flood_depth, wet
from frmis.overlay import overlay
from sdi.grid import Grid

FIELD = Grid.from_bounds((0, 0, 40, 30), 10, "EPSG:5897")
"""4 columns and 3 rows of 10 m; cell 0 is in the north-west."""


def laid(*shapes):
    return overlay(FIELD, np.array(shapes, dtype=object))


def depths(*rows):
    return np.array(rows, dtype=float)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("water", "floor", "ground", "mean", "share"),
    [
        ([2.5, 5, 10], 1.0, None, 4.83, 1.0),
        ([0, 2.5, 5, 10], 1.0, None, 4.83, 0.75),
        ([0, 2.5, 5, 10], 1.0, 1.0, 3.83, 0.75),
        ([0, 1.5, 5, 10], 1.0, 1.0, 3.50, 0.75),
    ],
)
def test_wet_means_are_those_of_delft_fiat(figure, water, floor, ground, mean, share):
    grid = Grid.from_bounds((0, 0, 10 * len(water), 10), 10, "EPSG:5897")
    whole = overlay(grid, np.array([shapely.box(1, 1, 10 * len(water) - 1, 9)]))
    found = wet(whole, depths(water), floor=floor, ground=None if ground is None else np.array([ground]))
    figure(f"wet mean of {water} over a floor of {floor} m", found.depth[0, 0], "m", f"{mean} in Delft-FIAT")
    assert int(found.depth[0, 0] * 100) == round(mean * 100)
    assert found.share[0, 0] == share


def test_a_thing_without_water_has_no_depth_and_no_share():
    found = wet(laid(shapely.box(1, 1, 9, 9), shapely.Point(99, 99)), np.zeros((3, 4)))
    assert np.isnan(found.depth).all()
    assert (found.share == 0).all()


def test_a_cell_where_nothing_flows_is_not_counted():
    ground = depths([np.nan, 0.4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0])
    found = wet(laid(shapely.box(5, 25, 15, 28)), ground)
    assert (found.depth[0, 0], found.share[0, 0]) == (0.4, 1.0)


def test_several_maps_are_asked_at_once():
    house = laid(shapely.box(1, 1, 9, 9), shapely.box(11, 1, 29, 9))
    maps = np.stack([np.full((3, 4), 0.2), np.arange(12.0).reshape(3, 4)])
    found = wet(house, maps, floor=np.array([0.0, 0.1]))
    np.testing.assert_allclose(found.depth, [[0.2, 0.1], [8.0, 9.4]])


def test_no_things_give_no_depths():
    assert wet(laid(), np.zeros((2, 3, 4))).depth.shape == (2, 0)


def test_a_film_of_rain_and_a_river_are_no_flood():
    maximum, standing = depths([0.05, 0.10, 3.0, np.nan]), depths([0.0, 0.0, 2.5, np.nan])
    np.testing.assert_array_equal(flood_depth(maximum, standing), depths([0.0, 0.10, 0.0, np.nan]))


def test_depths_fall_into_classes_from_their_lower_bounds_on():
    assert depth_class(np.array([np.nan, 0.0, 0.099, 0.1, 0.2, 0.45, 0.5, 2.0])).tolist() == [0, 0, 0, 1, 2, 3, 4, 5]
