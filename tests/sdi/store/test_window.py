"""A few cells of a published raster, read without the rest."""

from __future__ import annotations

import numpy as np
import pytest

from sdi.store.description import RasterDescription
from sdi.store.window import window
from tests.town import town

__all__ = ["town"]

# The town's rasters have 60 x 40 cells of 10 m from (585000, 1109400) to the south-east; one in the corner is missing.
WEST, NORTH = 585_000.0, 1_109_400.0


@pytest.fixture
def terrain(town):
    return lambda box: window(town.rasters, RasterDescription.read(town.rasters / "terrain"), box, ("elevation",))


def test_the_cells_that_a_box_touches_are_read_with_their_places(terrain):
    found = terrain((WEST + 12, NORTH - 38, WEST + 31, NORTH - 22))
    assert found.grid.bounds == (WEST + 10, NORTH - 40, WEST + 40, NORTH - 20)
    np.testing.assert_allclose(found.bands["elevation"], [[1.01, 1.02, 1.03]] * 2, atol=1e-6)


def test_a_missing_cell_is_nan(terrain):
    assert np.isnan(terrain((WEST, NORTH - 5, WEST + 5, NORTH)).bands["elevation"]).all()


def test_a_box_across_the_edge_gives_what_is_inside_and_one_beyond_it_nothing(terrain):
    assert terrain((WEST - 500, NORTH - 9, WEST + 9, NORTH + 500)).grid.shape == (1, 1)
    assert terrain((WEST - 500, NORTH - 9, WEST - 1, NORTH)) is None
    assert terrain((WEST + 601, NORTH - 9, WEST + 700, NORTH)) is None
    assert terrain((WEST, NORTH + 1, WEST + 9, NORTH + 9)) is None


def test_of_a_series_the_first_time_is_read_and_unknown_names_are_left_out(town):
    said = RasterDescription.read(town.rasters / "flood")
    box = (WEST + 1, NORTH - 9, WEST + 9, NORTH - 1)
    found = window(town.rasters, said, box, ("maximum_water_depth", "nothing"), first=("water_depth", "never"))
    assert {name: values.tolist() for name, values in found.bands.items()} == {
        "maximum_water_depth": [[2.0]],
        "water_depth": [[0.0]],
    }
