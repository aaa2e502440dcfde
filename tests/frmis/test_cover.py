"""How much of each cell things cover."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from frmis import cover
from tests.frmis.ground import grid

CELLS = grid(4, 5)
WEST, _, _, NORTH = CELLS.bounds


def box(x0, y0, x1, y1):
    """Box in cells from the north-west corner, y downwards."""
    return shapely.box(WEST + 10 * x0, NORTH - 10 * y1, WEST + 10 * x1, NORTH - 10 * y0)


def test_a_share_is_the_covered_part_of_the_cell():
    shares = cover.share([box(1, 1, 2.4, 3)], CELLS)
    expected = np.zeros((4, 5))
    expected[1:3, 1], expected[1:3, 2] = 1.0, 0.4
    np.testing.assert_allclose(shares, expected)


def test_the_later_of_two_that_overlap_holds_and_the_rest_has_the_value_of_nothing():
    found = cover.means([box(0, 0, 2, 4), box(1, 0, 3, 4)], [1, 2], np.array([[0.5, 10.0, 20.0]]), CELLS)
    np.testing.assert_allclose(found[0, 0], [10.0, 20.0, 20.0, 0.5, 0.5])


def test_nothing_covers_nothing():
    assert (cover.share([], CELLS) == 0).all()
    assert (cover.share([shapely.Polygon(), None], CELLS) == 0).all()
    assert (cover.share([box(50, 50, 60, 60)], CELLS) == 0).all()


def test_a_grid_cut_into_bands_gives_what_it_gives_in_one(monkeypatch):
    shapes = [shapely.Point(WEST + 18, NORTH - 17).buffer(13), box(3.2, 0.4, 4.8, 3.6)]
    whole = cover.share(shapes, CELLS)
    monkeypatch.setattr(cover, "BAND", cover.FINE**2 * CELLS.shape[1])
    np.testing.assert_array_equal(cover.share(shapes, CELLS), whole)
    assert whole.sum() * CELLS.cell_area == pytest.approx(sum(shape.area for shape in shapes), rel=0.02)
