"""Buildings stand in the water's way."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from frmis import obstacle
from frmis.obstacle import Obstacles
from sdi.errors import InputError
from tests.frmis.ground import terrain

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
