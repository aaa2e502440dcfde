from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi.tile.dissolve import CLOSED, SEEN, coarser, merged


def grid(count: int, side: float, gap: float) -> np.ndarray:
    """Squares in a grid with gaps between them."""
    row, column = np.divmod(np.arange(count * count), count)
    x, y = 1000 + column * (side + gap), 1000 + row * (side + gap)
    return shapely.box(x, y, x + side, y + side)


def test_neighbours_across_a_narrow_gap_become_one_area():
    (area,) = merged(grid(10, 20, 2 * CLOSED - 1))
    outline = 10 * 20 + 9 * (2 * CLOSED - 1)
    assert area.area == pytest.approx(outline**2, rel=0.01)
    assert len(area.interiors) == 0


def test_neighbours_across_a_wide_gap_stay_apart():
    assert len(merged(grid(5, 20, 2 * CLOSED + 1))) == 25


def test_areas_keep_their_size_and_the_largest_comes_first():
    given = np.array([shapely.box(0, 0, 50, 50), shapely.box(500, 0, 700, 100)])
    found = merged(given)
    assert shapely.area(found) == pytest.approx([20_000, 2_500], rel=0.01)


def test_what_nobody_would_see_is_left_out_and_small_holes_are_filled():
    small = SEEN**0.5 * 0.9
    holed = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 100 + small, 100 + small))
    large = shapely.box(400, 0, 700, 300).difference(shapely.box(500, 100, 600, 200))
    found = merged(np.array([shapely.box(900, 0, 900 + small, small), holed, large]))
    assert [len(one.interiors) for one in found] == [0, 1]


def test_lines_that_meet_become_one():
    lines = shapely.linestrings([[(0, 0), (50, 0)], [(50, 0), (90, 30)], [(500, 500), (600, 500)]])
    assert [round(shapely.length(one)) for one in merged(lines)] == [100, 100]
    assert len(merged(lines)) == 2


def test_of_points_in_one_pixel_one_is_kept():
    points = shapely.points([(1, 1), (2, 2), (100, 100)])
    assert len(merged(points)) == 2


def test_the_level_above_has_half_the_length():
    found = coarser(merged(grid(10, 40, 1)))
    assert shapely.area(found).sum() == pytest.approx(409**2 / 4, rel=0.02)


def test_nothing_becomes_nothing():
    assert len(merged(np.empty(0, dtype=object))) == 0
    assert len(coarser(np.empty(0, dtype=object))) == 0
