"""Marks are compared with the water nearest to them, and only where there is some."""

from __future__ import annotations

import numpy as np
import pytest

from frmis.mark import compare
from sdi.errors import InputError
from tests.frmis.ground import DATUM, grid

LEVEL = np.array([[1.0, np.nan, 1.2], [1.0, np.nan, 1.2]])


def water(cell: float = 10.0):
    """Level [m, Hòn Dấu] of 2 x 3 cells, dry in the middle column; its north-west corner is (580,000, 1,110,000)."""
    return grid(2, 3, cell).array(LEVEL, units="m", vertical_datum=DATUM)


def at(*offsets):
    return np.array([[580_000 + x, 1_110_000 + y] for x, y in offsets])


def test_a_mark_in_water_has_the_level_of_its_cell():
    found = compare(water(), at((5, -5), (25, -15)), np.array([0.9, 1.25]), datum=DATUM)
    np.testing.assert_allclose(found.level, [1.0, 1.2])
    np.testing.assert_allclose(found.distance, [0, 0])
    np.testing.assert_allclose(found.difference, [0.1, -0.05])
    assert found.bias == pytest.approx(0.025)
    assert found.largest == pytest.approx(0.1)


def test_a_mark_on_dry_ground_takes_the_nearest_water_within_reach():
    found = compare(water(), at((14, -5)), np.array([1.0]), datum=DATUM, within=9.5)
    assert (found.level[0], found.distance[0]) == (1.0, 9.0)


def test_a_mark_far_from_any_water_has_no_level_and_is_no_agreement():
    found = compare(water(), at((14, -5), (5, -5)), np.array([1.0, 1.0]), datum=DATUM)
    assert np.isnan(found.level[0])
    assert (found.bias, found.largest) == (0.0, np.inf)


def test_a_run_that_came_near_no_mark_has_no_bias():
    found = compare(water(), at((15, -15)), np.array([1.0]), datum=DATUM, within=8.0)
    assert np.isnan(found.level[0])
    assert np.isnan(found.bias)


def test_no_marks_give_an_empty_agreement():
    found = compare(water(), np.empty((0, 2)), np.empty(0), datum=DATUM)
    assert (found.level.size, found.largest) == (0, 0.0)


def test_marks_of_another_datum_are_refused():
    with pytest.raises(InputError, match="local"):
        compare(water(), at((5, -5)), np.array([1.0]), datum="local")
