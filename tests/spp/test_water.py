"""How a place takes its share of the cells of a run."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi.grid import Grid
from spp.threshold import is_sliver
from spp.water import weights

GRID = Grid.from_bounds((0, 0, 40, 20), 10.0, "EPSG:5897")


def test_a_place_is_divided_among_its_cells_by_area():
    # 15 m x 10 m of the lower row: 10 m in the first cell, 5 m in the second.
    found = weights(GRID, shapely.box(0, 0, 15, 10))
    np.testing.assert_allclose(found, [[0, 0, 0, 0], [2 / 3, 1 / 3, 0, 0]])


def test_a_spot_has_its_cell_alone():
    found = weights(GRID, shapely.Point(25, 15))
    np.testing.assert_array_equal(found, [[0, 0, 1, 0], [0, 0, 0, 0]])
    assert weights(GRID, shapely.Point(41, 5)).sum() == 0


def test_a_sliver_of_a_cell_does_not_count_and_the_others_stand_in():
    found = weights(GRID, shapely.box(0, 0, 10.05, 10))
    np.testing.assert_allclose(found, [[0, 0, 0, 0], [1, 0, 0, 0]])


def test_what_sticks_out_of_the_grid_is_missing_from_the_sum():
    assert weights(GRID, shapely.box(30, 0, 50, 10)).sum() == pytest.approx(0.5)


def test_a_hole_of_the_place_counts_nowhere():
    ring = shapely.box(0, 0, 20, 20) - shapely.box(10, 10, 20, 20)
    np.testing.assert_allclose(weights(GRID, ring), [[1 / 3, 0, 0, 0], [1 / 3, 1 / 3, 0, 0]])


@pytest.mark.parametrize(
    ("area", "whole", "sliver"),
    [(0.9, 100.0, True), (1.0, 100.0, False), (0.9, 10.0, False), (0.0, 10.0, True), (0.4, 10.0, True)],
)
def test_a_sliver_is_small_in_itself_and_beside_the_whole(area, whole, sliver):
    assert is_sliver(np.array([area]), whole).tolist() == [sliver]
