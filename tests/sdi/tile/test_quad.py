from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Transformer

from sdi.tile.quad import UNITS, Tile, fraction, limits, scale, world


def test_the_world_is_one_tile_cut_where_it_is_a_square():
    west, south, east, north = Tile(0, 0, 0).box
    assert (west, east) == (-180, 180)
    assert (south, north) == pytest.approx((-85.0511287798066, 85.0511287798066))
    assert Tile(0, 0, 0).metres == pytest.approx((-20037508.342789244,) * 2 + (20037508.342789244,) * 2)


def test_rows_grow_southward():
    assert Tile(1, 0, 0).box[1] == Tile(1, 1, 0).box[3] == 0
    assert Tile(1, 0, 0).box[3] > 85


@pytest.mark.parametrize("tile", [Tile(14, 7734, 13006), Tile(9, 241, 406), Tile(5, 10, 15), Tile(2, 0, 3)])
def test_places_lie_where_the_projection_puts_them(tile):
    west, south, east, north = tile.box
    dice = np.random.default_rng(5)
    places = np.column_stack([dice.uniform(west, east, 50), dice.uniform(south, north, 50)])
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(*places.T)
    left, _, right, top = tile.metres
    expected = np.column_stack([x - left, top - y]) / (right - left) * UNITS
    np.testing.assert_allclose(tile.units(places), expected, atol=1 / 8 + 1e-6)
    if not tile.straight:
        np.testing.assert_allclose(tile.units(places), expected, atol=1e-6)


def test_only_where_a_tile_is_short_are_latitudes_counted_evenly():
    assert next(level for level in range(19) if Tile(level, int(fraction(10) * 2**level), 0).straight) == 13
    assert not Tile(0, 0, 0).straight
    assert not Tile(14, 3000, 0).straight


def test_what_is_counted_in_the_world_is_counted_in_a_tile():
    place = np.array([[105.78, 10.03]])
    tile = Tile(9, 241, 406)
    inside = world(place, 9) - np.array([406, 241]) * UNITS
    np.testing.assert_allclose(tile.units(place), inside)
    assert ((inside > 0) & (inside < UNITS)).all()


def test_a_pole_lies_far_away_and_not_at_the_edge():
    below = Tile(0, 0, 0).units(np.array([[0.0, 90.0], [0.0, -90.0]]))[:, 1]
    assert below[0] < -0.9 * UNITS
    assert below[1] > 1.9 * UNITS


def test_limits_hold_what_a_box_touches_and_end_at_the_grid():
    found = limits((105.7, 9.9, 105.9, 10.1), 10)
    assert found.holds(Tile(10, int(fraction(10.0) * 1024), int((105.8 + 180) / 360 * 1024)))
    assert not found.holds(Tile(10, 0, 0))
    whole = limits((-180, -90, 180, 90), 3)
    assert (whole.first_row, whole.last_row, whole.first_column, whole.last_column) == (0, 7, 0, 7)


def test_an_edge_of_a_sixty_fourth_is_cut_with_a_tile():
    west, _, east, _ = Tile(4, 7, 7).widened()
    assert (west, east) == pytest.approx((-22.5 - 22.5 / 64, 22.5 / 64))


def test_scales_are_those_of_the_registered_set():
    assert scale(0) == pytest.approx(559082264.028717, rel=1e-12)
    assert scale(24) == pytest.approx(33.3238997477481, rel=1e-9)
    assert math.isclose(scale(3) / scale(4), 2)
