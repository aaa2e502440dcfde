"""Lines on the ground become sides of cells."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from frmis.connectivity import distance
from frmis.face import along
from tests.frmis.ground import grid

ROWS, COLUMNS = 6, 8
CELLS = grid(ROWS, COLUMNS)
WEST, NORTH = CELLS.bounds[0], CELLS.bounds[3]


def line(*points):
    """Line through points counted in cells from the north-west corner, y downwards."""
    return shapely.linestrings([(WEST + 10 * x, NORTH - 10 * y) for x, y in points])


def test_a_line_between_two_columns_runs_along_one_side_in_every_row():
    faces = along(line((3.8, -1), (3.8, 7)), CELLS)
    assert faces.count == ROWS
    assert faces.x[:, 4].all()
    # Drawn to the south, the east lies to the left.
    assert (faces.turn_x[:, 4] == 1).all()
    north = along(shapely.reverse(line((3.8, -1), (3.8, 7))), CELLS)
    assert (north.turn_x[:, 4] == -1).all()


def test_a_line_drawn_to_the_east_has_the_south_to_its_right():
    faces = along(line((-1, 2.7), (9, 2.7)), CELLS)
    assert faces.count == COLUMNS
    assert (faces.turn_y[3] == -1).all()


def test_a_line_through_centres_closes_both_sides_of_its_cells():
    faces = along(line((3.5, 0), (3.5, 6)), CELLS)
    assert faces.x[:, 3].all()
    assert faces.x[:, 4].all()


def test_a_line_outside_and_an_empty_line_run_along_nothing():
    assert along(line((20, 1), (30, 5)), CELLS).count == 0
    assert along(shapely.LineString(), CELLS).count == 0
    assert along(line((3.6, 3.2), (3.7, 3.3)), CELLS).count == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 10), st.floats(-2, 8)), min_size=2, max_size=6, unique=True))
def test_a_line_closes_exactly_the_ways_between_centres_that_it_meets(points):
    drawn = line(*points)
    faces = along(drawn, CELLS)
    x = np.concatenate([[CELLS.x[0] - 10], CELLS.x, [CELLS.x[-1] + 10]])
    y = np.concatenate([[CELLS.y[0] + 10], CELLS.y, [CELLS.y[-1] - 10]])
    for j, k in np.argwhere(~faces.x):
        assert shapely.distance(shapely.linestrings([(x[k], CELLS.y[j]), (x[k + 1], CELLS.y[j])]), drawn) > 0
    for k, i in np.argwhere(~faces.y):
        assert shapely.distance(shapely.linestrings([(CELLS.x[i], y[k]), (CELLS.x[i], y[k + 1])]), drawn) > 0
    for j, k in np.argwhere(faces.x):
        assert shapely.distance(shapely.linestrings([(x[k], CELLS.y[j]), (x[k + 1], CELLS.y[j])]), drawn) < 1e-5
    for k, i in np.argwhere(faces.y):
        assert shapely.distance(shapely.linestrings([(CELLS.x[i], y[k]), (CELLS.x[i], y[k + 1])]), drawn) < 1e-5


@settings(deadline=None)
@given(st.floats(0.6, 2.4), st.integers(0, 359))
def test_a_ring_keeps_in_what_is_inside_however_it_lies(radius, turn):
    corners = np.radians(turn + np.array([0, 75, 150, 240, 300, 360]))
    ring = line(*((4.1 + radius * np.cos(a), 3.1 + radius * np.sin(a)) for a in corners))
    faces = along(ring, CELLS)
    everywhere = np.ones(CELLS.shape, dtype=bool)
    outside = np.zeros_like(everywhere)
    outside[0, 0] = True
    reached = np.isfinite(distance(everywhere, outside, faces.x, faces.y))
    x, y = np.meshgrid(CELLS.x, CELLS.y)
    assert not reached[shapely.contains_xy(shapely.polygons(shapely.get_coordinates(ring)), x, y)].any()
