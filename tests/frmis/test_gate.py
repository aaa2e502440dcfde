"""Gates and levees between two boxes: what passes, when, and which way."""

from __future__ import annotations

import json

import numpy as np
import pytest

from frmis.forcing import Series
from frmis.simulation import simulate
from frmis.structure import CLOSED, OPEN, Gate, Schedule
from sdi.errors import InputError
from tests.frmis.ground import laid, levels, scenario, started, wall

COLUMNS = 20
FLAT = np.zeros((3, COLUMNS))


def gate(openings="automatic", sill=-1.0, crest=3.0):
    """Return a gate in the middle row of a wall west of column 10; the west lies outside."""
    return Gate("ct-asset:gate-1", sill, crest, ((1, 10),), (), (True,), openings)


def boxes(openings="automatic", crest=3.0, **changes):
    """Return two boxes of 100 m, a wall between them with a gate in it."""
    crests = wall(FLAT.shape, 3.0, 10)
    crests[1, 10] = -np.inf
    return laid(FLAT, crest_x=crests, gates=(gate(openings, crest=crest),), **changes)


def inside(run):
    return run.state.water_depth[:, 10:]


def outside(run):
    return run.state.water_depth[:, :10]


@pytest.mark.shows("first-flood")
def test_a_closed_gate_lets_nothing_pass(figure):
    case = scenario(6, boundary=levels(1.5), initial_level=1.5)
    run = started(case, boxes(CLOSED))
    run.advance(case.duration)
    figure("water behind a closed gate after 6 h at 1.5 m", float(inside(run).max()), "m", "exactly 0")
    np.testing.assert_array_equal(inside(run), 0.0)
    np.testing.assert_array_equal(outside(run), 1.5)


def test_the_water_at_the_start_does_not_stand_behind_a_closed_gate():
    filled = {
        state: float(inside(started(scenario(1, boundary=levels(1.5), initial_level=1.5), boxes(state))).mean())
        for state in (OPEN, CLOSED, "automatic")
    }
    assert filled == {OPEN: 1.5, CLOSED: 0.0, "automatic": 0.0}


def test_an_open_gate_lets_the_levels_meet():
    case = scenario(6, boundary=levels(1.5))
    run = started(case, boxes(OPEN))
    run.advance(case.duration)
    np.testing.assert_allclose(inside(run), 1.5, atol=0.01)
    passed = run.ledger.inward["ct-asset:gate-1"] - run.ledger.outward["ct-asset:gate-1"]
    assert passed == pytest.approx(inside(run).sum() * 100, rel=1e-9)


def test_a_gate_moves_exactly_when_its_schedule_says():
    case = scenario(1, boundary=levels(1.0), output_interval=600.0)
    run = started(case, boxes(Schedule((0.0, 1234.5, 2000.0), (0.0, 1.0, 0.0))))
    run.advance(1234.5)
    np.testing.assert_array_equal(inside(run), 0.0)
    run.advance(2000.0)
    volume = inside(run).sum()
    assert volume > 0.1
    run.advance(case.duration)
    assert inside(run).sum() == pytest.approx(volume, rel=1e-12)


@pytest.mark.shows("first-flood")
def test_an_automatic_gate_drains_at_low_tide_and_keeps_every_high_tide_out(figure):
    times = np.arange(0, 24 * 3600 + 1, 600.0)
    tide = Series(tuple(times), tuple(1.0 + 0.8 * np.sin(2 * np.pi * times / (12 * 3600))))
    case = scenario(24, boundary=levels(tide), initial_level=1.0, initial_extent="everywhere", output_interval=600.0)
    result = simulate(case, boxes())
    ledger = json.loads(result.attrs["ledger_m3"])
    inner = result.water_depth[:, :, 10:].mean(("y", "x")).values
    figure("what an automatic gate let in over two tides", ledger["gate_ct-asset:gate-1_inward"], "m3", "exactly 0")
    assert ledger["gate_ct-asset:gate-1_inward"] == 0.0
    assert ledger["gate_ct-asset:gate-1_outward"] == pytest.approx((inner[0] - inner[-1]) * 3000, rel=1e-9)
    assert (np.diff(inner) <= 1e-12).all()
    assert inner[-1] == pytest.approx(0.2, abs=0.02)
    assert float(result.water_depth[:, :, :10].max()) == pytest.approx(1.8, abs=0.02)


def test_water_above_its_crest_runs_over_an_automatic_gate_too():
    case = scenario(3, boundary=levels(1.5))
    run = started(case, boxes(crest=1.0))
    run.advance(case.duration)
    assert inside(run).mean() > 1.0


def test_a_gate_between_rows_works_like_one_between_columns():
    along, across = (
        laid(ground, **{f"crest_{axis}": crests, "gates": (made,)})
        for ground, axis, crests, made in (
            (FLAT, "x", wall(FLAT.shape, 3.0, 10), Gate("g", -1.0, 3.0, ((1, 10),), (), (True,), OPEN)),
            (FLAT.T, "y", wall(FLAT.shape, 3.0, 10).T, Gate("g", -1.0, 3.0, (), ((10, 1),), (True,), OPEN)),
        )
    )  # fmt: skip
    runs = [started(scenario(1), ground) for ground in (along, across)]
    for run, filled in zip(runs, (np.arange(COLUMNS) < 10, (np.arange(COLUMNS) < 10)[:, np.newaxis]), strict=True):
        run.state.fill(np.broadcast_to(np.where(filled, 1.0, 0.0), run.state.water_depth.shape))
        run.advance(3600.0)
    np.testing.assert_allclose(runs[0].state.water_depth, runs[1].state.water_depth.T, atol=1e-12)
    assert runs[0].ledger.inward == pytest.approx(runs[1].ledger.inward, rel=1e-9)


def test_a_gate_outside_the_grid_is_refused():
    misplaced = Gate("g", 0.0, 1.0, ((1, COLUMNS + 1),), (), (True,))
    with pytest.raises(InputError, match=r"gate g stands on face .* outside a grid of 3 rows and 20 columns"):
        simulate(scenario(), laid(FLAT, gates=(misplaced,)))
