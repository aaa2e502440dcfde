"""Where inflows enter, and that all of what they bring is there."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from frmis.forcing import Inflow, Series
from frmis.inflow import lay
from frmis.simulation import simulate
from sdi.errors import InputError
from tests.frmis.ground import grid, rough, scenario, terrain

WEST, NORTH = 580_000.0, 1_110_000.0
"""North-west corner of the grids [m]."""
EVERYWHERE = np.ones((6, 8), dtype=bool)
ONE = Series.constant(1.0)


def cells(source):
    return {
        (int(r), int(c)): pytest.approx(s) for r, c, s in zip(source.rows, source.columns, source.shares, strict=True)
    }


def at(x, y):
    """Return a point so far east and south of the corner [m]."""
    return WEST + x, NORTH - y


def test_a_point_is_the_cell_it_lies_in():
    assert cells(lay(Inflow("a", (at(25, 31),), ONE), grid(6, 8), EVERYWHERE)) == {(3, 2): 1.0}


def test_the_border_of_the_grid_belongs_to_its_last_cells():
    assert cells(lay(Inflow("a", (at(80, 60),), ONE), grid(6, 8), EVERYWHERE)) == {(5, 7): 1.0}
    assert cells(lay(Inflow("a", (at(0, 0),), ONE), grid(6, 8), EVERYWHERE)) == {(0, 0): 1.0}


def test_a_line_is_shared_by_its_length_in_each_cell():
    line = Inflow("a", (at(5, 15), at(25, 15), at(25, 20)), ONE)
    assert cells(lay(line, grid(6, 8), EVERYWHERE)) == {(1, 0): 0.2, (1, 1): 0.4, (1, 2): 0.4}


def test_a_slanting_line_leaves_no_cell_out():
    found = lay(Inflow("a", (at(0, 0), at(80, 40)), ONE), grid(6, 8), EVERYWHERE)
    assert found.columns.tolist() == list(range(8))
    np.testing.assert_allclose(found.shares, 0.125)


def test_a_disc_is_shared_evenly_among_the_centres_in_it():
    disc = Inflow("a", (at(35, 25),), ONE, radius=10.0)
    assert set(cells(lay(disc, grid(6, 8), EVERYWHERE))) == {(2, 3), (1, 3), (3, 3), (2, 2), (2, 4)}


def test_a_disc_that_holds_no_centre_is_the_cell_it_lies_in():
    assert cells(lay(Inflow("a", (at(31, 21),), ONE, radius=1.0), grid(6, 8), EVERYWHERE)) == {(2, 3): 1.0}


def test_cells_where_nothing_flows_leave_their_part_to_the_others():
    active = EVERYWHERE.copy()
    active[1, 1] = False
    line = Inflow("a", (at(0, 15), at(30, 15)), ONE)
    assert cells(lay(line, grid(6, 8), active)) == {(1, 0): 0.5, (1, 2): 0.5}


def test_an_inflow_outside_the_grid_is_refused():
    with pytest.raises(InputError, match=r"inflow a enters at .* outside the grid from") as caught:
        lay(Inflow("a", (at(10, 10), at(90, 10)), ONE), grid(6, 8), EVERYWHERE)
    assert caught.value.code == "inflow-outside"


def test_an_inflow_under_a_building_is_refused():
    with pytest.raises(InputError, match="nothing can flow where inflow a enters") as caught:
        lay(Inflow("a", (at(25, 31),), ONE), grid(6, 8), ~EVERYWHERE)
    assert caught.value.code == "inflow-blocked"


def test_the_volume_is_the_integral_of_the_discharge():
    source = lay(Inflow("a", (at(5, 5),), Series((0.0, 100.0, 300.0), (0.0, 10.0, 0.0))), grid(6, 8), EVERYWHERE)
    assert source.volume(0, 300) == pytest.approx(500 + 1000)
    assert source.volume(50, 150) == pytest.approx(375 + 437.5)
    assert source.volume(200, 200) == 0.0
    parts = np.linspace(0, 300, 1237)
    assert sum(source.volume(a, b) for a, b in pairwise(parts)) == pytest.approx(1500, rel=1e-13)


@pytest.mark.shows("first-flood")
def test_all_the_water_that_was_prescribed_is_there(figure):
    hydrograph = Series((0.0, 700.0, 1500.0, 3600.0), (0.0, 12.0, 3.0, 1.0))
    inflows = (
        Inflow("river", (at(20, 3), at(61, 47)), hydrograph),
        Inflow("pipe", (at(302, 217),), Series.constant(0.3)),
        Inflow("breach", (at(400, 100),), hydrograph, radius=35.0),
    )
    result = simulate(scenario(1, inflows=inflows), terrain(rough()))
    ledger = json.loads(result.attrs["ledger_m3"])
    expected = 4200 + 6000 + 4200
    assert ledger["inflow_river_prescribed"] == pytest.approx(expected, rel=1e-13)
    assert ledger["inflow_pipe"] == pytest.approx(1080, rel=1e-13)
    worst = max(abs(ledger[f"inflow_{name}"] / ledger[f"inflow_{name}_prescribed"] - 1) for name in ("river", "breach"))
    figure("inflow booked against its integral", worst, "1", "≤ 1e-12")
    assert worst <= 1e-12
    assert ledger["volume_end"] == pytest.approx(2 * expected + 1080, rel=1e-12)
    assert result.attrs["volume_error"] <= 1e-12


def test_a_strong_inflow_into_one_cell_shortens_the_steps_it_needs():
    inflow = Inflow("jet", (at(205, 205),), Series.constant(200.0))
    result = simulate(scenario(0.1, inflows=(inflow,)), terrain(np.zeros((41, 41))))
    depth = result.water_depth[-1].values
    np.testing.assert_allclose(depth, depth[::-1], atol=1e-9)
    assert 0.3 < depth.max() < 5.0
