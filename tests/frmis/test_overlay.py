"""What lies in which cell."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from frmis.overlay import fingerprint, overlay
from sdi.errors import InputError
from sdi.grid import Grid

FIELD = Grid.from_bounds((0, 0, 40, 30), 10, "EPSG:5897")
"""4 columns and 3 rows of 10 m; cell 0 is in the north-west."""


def laid(*shapes):
    return overlay(FIELD, np.array(shapes, dtype=object))


def cells(*shapes):
    found = laid(*shapes)
    return [found.cell[a:b].tolist() for a, b in zip(found.first[:-1], found.first[1:], strict=True)]


def test_an_area_lies_in_every_cell_it_shares():
    assert cells(shapely.box(12, 12, 18, 18)) == [[5]]
    assert cells(shapely.box(8, 8, 12, 12)) == [[4, 5, 8, 9]]


def test_who_only_touches_an_edge_does_not_lie_behind_it():
    assert cells(shapely.box(10, 10, 20, 20)) == [[5]]


def test_a_hole_is_no_part_of_an_area():
    ring = shapely.box(0, 0, 30, 30) - shapely.box(9, 9, 21, 21)
    assert cells(ring) == [[0, 1, 2, 4, 6, 8, 9, 10]]


def test_a_line_has_its_length_in_every_cell_it_crosses():
    found = laid(shapely.LineString([(5, 25), (35, 25)]), shapely.LineString([(10, 5), (10, 15), (13, 19)]))
    assert found.cell.tolist() == [0, 1, 2, 3, 5, 9]
    np.testing.assert_allclose(found.length, [5, 10, 10, 5, 10, 5])


def test_a_line_that_comes_back_counts_its_cell_once_with_all_its_length():
    found = laid(shapely.LineString([(5, 25), (15, 25), (15, 22), (5, 22)]))
    assert found.cell.tolist() == [0, 1]
    np.testing.assert_allclose(found.length, [10, 13])


def test_a_point_lies_in_one_cell_and_several_points_in_theirs():
    assert cells(shapely.Point(25, 5), shapely.MultiPoint([(5, 5), (6, 6), (35, 25)])) == [[10], [3, 8]]


def test_what_lies_beside_the_grid_lies_in_no_cell():
    shapes = [shapely.Point(50, 5), shapely.box(-20, -20, -1, -1), shapely.LineString([(0, 40), (40, 40)]), None]
    found = laid(*shapes)
    assert found.outside.all()
    assert len(found.cell) == 0
    assert cells(shapely.box(35, 5, 60, 8)) == [[11]]


def test_a_collection_of_several_kinds_is_refused():
    with pytest.raises(InputError, match="thing 1 is a collection"):
        laid(shapely.Point(1, 1), shapely.GeometryCollection([shapely.Point(1, 1)]))


@pytest.mark.parametrize("seed", range(5))
def test_the_overlay_equals_one_made_cell_by_cell(seed):
    rng = np.random.default_rng(seed)
    grid = Grid.from_bounds((0, 0, 130, 90), 7, "EPSG:5897")
    areas = [shapely.convex_hull(shapely.MultiPoint(rng.uniform(-20, 150, (5, 2)))) for _ in range(20)]
    lines = [shapely.LineString(rng.uniform(-20, 150, (6, 2))) for _ in range(20)]
    found = overlay(grid, np.array([*areas, *lines], dtype=object))
    boxes = [shapely.box(x - 3.5, y - 3.5, x + 3.5, y + 3.5) for y in grid.y for x in grid.x]
    for at, shape in enumerate([*areas, *lines]):
        part = slice(found.first[at], found.first[at + 1])
        wanted = [cell for cell, box in enumerate(boxes) if shapely.intersects(shape, box)]
        assert found.cell[part].tolist() == wanted
        if at >= len(areas):
            lengths = [shape.intersection(boxes[cell]).length for cell in wanted]
            np.testing.assert_allclose(found.length[part], lengths, atol=1e-9)


def test_the_fingerprint_changes_with_the_grid_and_with_a_thing():
    house = np.array([shapely.box(1, 1, 9, 9)])
    other = Grid.from_bounds((0, 0, 40, 30), 5, "EPSG:5897")
    prints = {
        fingerprint(FIELD, house),
        fingerprint(other, house),
        fingerprint(FIELD, np.array([shapely.box(1, 1, 9, 8)])),
    }
    assert len(prints) == 3
    assert fingerprint(FIELD, house.copy()) in prints
