"""A proposal as a patch of the terrain: which cells, how high, how much earth."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi.errors import InputError
from spp.proposal import Proposal, graded
from tests.frmis.ground import terrain

WEST, NORTH = 580_000, 1_110_000


def zone(left, top, right, bottom, level=1.5, eid="zone"):
    """Return a proposal over a rectangle, in metres from the north-west corner."""
    return Proposal(eid, shapely.box(WEST + left, NORTH - bottom, WEST + right, NORTH - top), level)


def test_four_cells_raised_by_half_a_metre_need_200_cubic_metres():
    after = graded(terrain(np.full((5, 6), 1.0)), zone(10, 10, 30, 30))
    expected = np.zeros((5, 6), bool)
    expected[1:3, 1:3] = True
    np.testing.assert_array_equal(after.cells, expected)
    np.testing.assert_array_equal(after.elevation.values, np.where(expected, 1.5, 1.0))
    assert (after.fill, after.cut, after.area, after.kept) == (200.0, 0.0, 400.0, 0.0)
    assert after.level_before == 1.0


def test_fill_and_cut_are_kept_apart():
    ground = np.full((4, 4), 1.0)
    ground[1, 1], ground[1, 2] = 2.5, 0.5
    after = graded(terrain(ground), zone(10, 10, 30, 20))
    assert (after.fill, after.cut) == (100.0, 100.0)


def test_a_cell_belongs_to_the_zone_that_holds_its_centre():
    after = graded(terrain(np.full((3, 5), 1.0)), zone(0, 0, 24.9, 10))
    assert after.cells[0].tolist() == [True, True, False, False, False]
    after = graded(terrain(np.full((3, 5), 1.0)), zone(0, 0, 25.1, 10))
    assert after.cells[0].tolist() == [True, True, True, False, False]


def test_standing_water_and_missing_heights_stay_as_they_are():
    ground = np.full((3, 4), 1.0)
    ground[0, 0] = np.nan
    water = np.zeros((3, 4), bool)
    water[0, 1] = True
    after = graded(terrain(ground), zone(0, 0, 40, 10), water=water)
    np.testing.assert_array_equal(after.elevation.values[0], [np.nan, 1.0, 1.5, 1.5])
    assert (after.area, after.kept, after.fill) == (200.0, 200.0, 100.0)


def test_the_terrain_given_is_left_untouched_and_its_attributes_travel():
    before = terrain(np.full((3, 3), 1.0))
    after = graded(before, zone(0, 0, 10, 10))
    assert float(before.max()) == 1.0
    assert after.elevation.attrs == before.attrs
    assert after.elevation.rio.crs == before.rio.crs


def test_a_zone_outside_the_terrain_is_refused():
    with pytest.raises(InputError, match="outside the terrain"):
        graded(terrain(np.ones((3, 3))), zone(100, 0, 140, 10))


def test_a_zone_smaller_than_a_cell_is_refused():
    with pytest.raises(InputError, match="centre of no cell"):
        graded(terrain(np.ones((3, 3))), zone(1, 1, 3, 3))


def test_a_zone_that_is_all_water_is_refused():
    with pytest.raises(InputError, match="nothing but water"):
        graded(terrain(np.ones((3, 3))), zone(0, 0, 30, 30), water=np.ones((3, 3), bool))


@pytest.mark.parametrize("level", [np.nan, np.inf])
def test_a_level_that_is_no_height_is_refused(level):
    with pytest.raises(InputError, match="expected a height in metres"):
        zone(0, 0, 10, 10, level=level)


def test_a_level_in_centimetres_is_refused():
    with pytest.raises(InputError, match="is it in metres"):
        graded(terrain(np.ones((3, 3))), zone(0, 0, 30, 30, level=250.0))


def test_the_digest_tells_what_is_proposed():
    one, same = zone(0, 0, 10, 10), zone(0, 0, 10, 10)
    assert one.digest() == same.digest()
    others = [zone(0, 0, 10, 10, level=1.6), zone(0, 0, 10, 20), zone(0, 0, 10, 10, eid="other")]
    assert len({one.digest(), *(other.digest() for other in others)}) == 4
