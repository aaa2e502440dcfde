"""Levees and the gates between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from frmis import barrier
from frmis.barrier import Levee, Site
from frmis.connectivity import border
from frmis.structure import CLOSED, OPEN
from sdi.errors import InputError
from tests.frmis.ground import grid

CELLS = grid(12, 10)
WEST, NORTH = CELLS.bounds[0], CELLS.bounds[3]
FLAT = np.zeros(CELLS.shape)
SEA = border(CELLS.shape, "west")


def at(x, y):
    """Place counted in cells from the north-west corner, y downwards."""
    return WEST + 10 * x, NORTH - 10 * y


def levee(name, crest, *points):
    return Levee(name, shapely.linestrings([at(*point) for point in points]), crest)


def gate(x, y, **more):
    return Site("G", shapely.Point(at(x, y)), -1.0, 2.5, **{"width": None, "openings": "automatic"} | more)


# A dike across the grid between columns 4 and 5, open for three rows.
DIKES = (levee("A", 2.0, (5, -1), (5, 4.6)), levee("B", 2.2, (5, 7.4), (5, 13)))


def test_a_levee_stands_on_the_sides_it_runs_along_and_the_higher_of_two_holds():
    laid = barrier.lay(FLAT, CELLS, [levee("A", 2.0, (5, -1), (5, 13)), levee("B", 3.0, (5, -1), (5, 6))], [], SEA)
    np.testing.assert_array_equal(laid.crest_x[:, 5], [3.0] * 6 + [2.0] * 6)
    assert np.isinf(np.delete(laid.crest_x, 5, axis=1)).all()
    assert np.isinf(laid.crest_y).all()
    assert laid.gates == ()


def test_a_gate_closes_the_gap_between_the_levees_of_both_banks():
    laid = barrier.lay(FLAT, CELLS, DIKES, [gate(5.0, 6.0)], SEA)
    (found,) = laid.gates
    assert found.faces_x == ((5, 5), (6, 5))
    assert found.faces_y == ()
    assert np.isinf(laid.crest_x[5:7, 5]).all()
    np.testing.assert_array_equal(laid.crest_x[[4, 7], 5], [2.0, 2.2])
    assert (found.sill, found.crest, found.openings) == (-1.0, 2.5, "automatic")


@pytest.mark.parametrize("side", ["west", "east"])
def test_the_protected_side_is_the_one_the_outer_water_comes_to_later(side):
    (found,) = barrier.lay(FLAT, CELLS, DIKES, [gate(5.0, 6.0)], border(CELLS.shape, side)).gates
    assert set(found.inner_is_after) == {side == "west"}


def test_a_gate_behind_the_line_of_the_levees_is_joined_to_both_and_nothing_leaks():
    dikes = (levee("A", 2.0, (5, -1), (5, 4.2)), levee("B", 2.0, (5, 8.8), (5, 13)))
    laid = barrier.lay(FLAT, CELLS, dikes, [gate(6.2, 6.4, width=15.0)], SEA)
    (found,) = laid.gates
    wings = laid.crest_x == 2.5, laid.crest_y == 2.5
    assert wings[0].any()
    closed = laid.crest_x > -np.inf, laid.crest_y > -np.inf
    for faces, mask in zip((found.faces_x, found.faces_y), closed, strict=True):
        for face in faces:
            mask[face] = True
    everywhere = np.ones(CELLS.shape, dtype=bool)
    far = barrier.distance(everywhere, SEA, *closed)
    assert np.isfinite(far[:, :4]).all()
    assert np.isinf(far[:, 7:]).all()
    # Every side has the sea before it and the city after it, or the other way round.
    pairs = [((row, k - 1), (row, k)) for row, k in found.faces_x] + [((m - 1, i), (m, i)) for m, i in found.faces_y]
    for (before, after), inner_is_after in zip(pairs, found.inner_is_after, strict=True):
        assert np.isinf(far[after if inner_is_after else before])
        assert np.isfinite(far[before if inner_is_after else after])


def test_the_opening_is_as_wide_as_the_register_says_and_at_least_one_side():
    wide, narrow = (
        barrier.lay(FLAT, CELLS, (levee("A", 2.0, (5, -1), (5, 2.5)), levee("B", 2.0, (5, 9.5), (5, 13))),
                    [gate(5.0, 6.0, width=width)], SEA)
        for width in (41.0, 1.0)
    )  # fmt: skip
    assert [row for row, _ in wide.gates[0].faces_x] == [4, 5, 6, 7]
    np.testing.assert_array_equal(wide.crest_x[[3, 8], 5], [2.5, 2.5])
    assert len(narrow.gates[0].faces_x) in {1, 2}


def test_a_gate_on_a_levee_opens_it_over_its_width():
    laid = barrier.lay(FLAT, CELLS, [levee("A", 2.0, (5, -1), (5, 13))], [gate(5.0, 6.0, width=20.0)], SEA)
    assert laid.gates[0].faces_x == ((5, 5), (6, 5))
    assert (laid.crest_x[[4, 7], 5] == 2.0).all()
    with pytest.raises(InputError, match="no opening_width"):
        barrier.lay(FLAT, CELLS, [levee("A", 2.0, (5, -1), (5, 13))], [gate(5.0, 6.0)], SEA)


def test_a_gate_whose_line_was_given_closes_there():
    drawn = gate(5.0, 6.0, line=(at(5, 4.6), at(5, 7.4)))
    assert barrier.lay(FLAT, CELLS, DIKES, [drawn], SEA).gates[0].faces_x == ((5, 5), (6, 5))


@pytest.mark.parametrize(
    ("levees", "site", "said"),
    [
        ((levee("A", 2.0, (50, 50), (60, 50)),), None, "levee A runs between no two cells"),
        ((), gate(5.0, 6.0), "no levee of the scenario within 500 m"),
        (DIKES[:1], gate(5.0, 6.0), "a levee on one side only"),
        (DIKES, gate(50.0, 6.0), "gate G lies outside the grid"),
        (DIKES, gate(5.0, 6.0, line=(at(50, 50), at(60, 50))), "the line of gate G runs between no two cells"),
    ],
)
def test_what_cannot_be_laid_says_why(levees, site, said):
    with pytest.raises(InputError, match=said):
        barrier.lay(FLAT, CELLS, levees, [site] if site else [], SEA)


def test_two_gates_do_not_share_a_side():
    with pytest.raises(InputError, match="gates G and H claim the same side"):
        barrier.lay(FLAT, CELLS, DIKES, [gate(5.0, 6.0), replace(gate(5.0, 6.0), identifier="H")], SEA)


def test_only_an_automatic_gate_must_know_its_outer_side():
    nowhere = np.zeros(CELLS.shape, dtype=bool)
    with pytest.raises(InputError, match="does not tell its outer side"):
        barrier.lay(FLAT, CELLS, DIKES, [gate(5.0, 6.0)], nowhere)
    for openings in (OPEN, CLOSED):
        assert barrier.lay(FLAT, CELLS, DIKES, [gate(5.0, 6.0, openings=openings)], nowhere).gates


def test_ground_above_the_crest_of_the_gate_is_no_way_for_the_water():
    bed = FLAT.copy()
    bed[:, :5] = 9.0
    bed[0, :] = 0.0
    round_the_back = np.zeros(CELLS.shape, dtype=bool)
    round_the_back[0, -1] = True
    (found,) = barrier.lay(bed, CELLS, DIKES, [gate(5.0, 6.0)], round_the_back).gates
    assert not any(found.inner_is_after)
