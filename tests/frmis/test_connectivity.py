"""What can be reached."""

from __future__ import annotations

import numpy as np

from frmis.connectivity import border, distance, reachable


def test_one_goes_over_sides_and_not_over_corners():
    passable = np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1]], dtype=bool)
    seeds = np.zeros((3, 3), dtype=bool)
    seeds[0, 0] = True
    np.testing.assert_array_equal(reachable(passable, seeds), [[1, 0, 0], [1, 0, 0], [0, 0, 0]])


def test_a_maze_is_walked_to_its_end():
    passable = np.zeros((51, 51), dtype=bool)
    passable[::2] = True
    passable[1::4, 0] = True
    passable[3::4, -1] = True
    seeds = np.zeros_like(passable)
    seeds[0, 0] = True
    np.testing.assert_array_equal(reachable(passable, seeds), passable)


def test_nothing_is_reached_from_nowhere():
    passable = np.ones((4, 5), dtype=bool)
    assert not reachable(passable, np.zeros_like(passable)).any()
    assert not reachable(~passable, passable).any()


def test_the_border_is_named_by_its_sides():
    assert border((4, 5)).sum() == 14
    np.testing.assert_array_equal(border((3, 2), "east", "north"), [[1, 1], [0, 1], [0, 1]])


def test_the_way_around_a_wall_is_counted_and_a_closed_one_is_infinite():
    everywhere = np.ones((3, 4), dtype=bool)
    seeds = border((3, 4), "west")
    wall_x, wall_y = np.zeros((3, 5), dtype=bool), np.zeros((4, 4), dtype=bool)
    wall_x[:2, 2] = True
    np.testing.assert_array_equal(
        distance(everywhere, seeds, wall_x, wall_y), [[0, 1, 4, 5], [0, 1, 3, 4], [0, 1, 2, 3]]
    )
    wall_x[:, 2] = True
    assert np.isinf(distance(everywhere, seeds, wall_x, wall_y)[:, 2:]).all()
    assert np.isinf(distance(everywhere, ~everywhere, wall_x, wall_y)).all()


def test_walls_between_rows_are_not_crossed_either():
    everywhere = np.ones((4, 2), dtype=bool)
    wall_x, wall_y = np.zeros((4, 3), dtype=bool), np.zeros((5, 2), dtype=bool)
    wall_y[2] = True
    np.testing.assert_array_equal(
        distance(everywhere, border((4, 2), "north"), wall_x, wall_y)[:, 0], [0, 1, np.inf, np.inf]
    )
