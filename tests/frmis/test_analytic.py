"""Cases with a known solution.

Formulas and bars as in the project's reference on solvers; the published spread of EA test 4 is read off the figures
of the UK Environment Agency's report SC120002 (Néelz and Pender 2013).
"""

from __future__ import annotations

import numpy as np
import pytest

from frmis.forcing import Boundary, Edge, Series
from frmis.solver.inertial import GRAVITY, coefficients
from frmis.solver.state import State
from tests.frmis.ground import MM_H, levels, rain, scenario, started


@pytest.mark.parametrize(("slope", "bound"), [(1e-3, 0.03), (3e-3, 0.015), (1e-2, 0.015), (3e-2, 0.015)])
def test_rain_on_a_plane_runs_off_as_a_kinematic_wave(slope, bound, figure):
    length, cell, manning, intensity = 1000.0, 10.0, 0.03, 55 * MM_H
    equilibrium = (manning * length / (np.sqrt(slope) * intensity ** (2 / 3))) ** 0.6
    hours = 2.5 * equilibrium / 3600
    count = int(length / cell)
    ground = (slope * cell * np.arange(count, 0, -1))[np.newaxis]
    case = scenario(hours, rainfall=rain(55, hours), boundary=Boundary(east=Edge("free", slope=slope)), roughness=0.03)
    run = started(case, ground)
    run.advance(case.duration)
    x = (np.arange(count) + 0.5) * cell
    exact = (manning * intensity * x / np.sqrt(slope)) ** 0.6
    inner = x > 200
    error = np.abs(run.state.water_depth[0] - exact)[inner].sum() / exact[inner].sum()
    figure(f"kinematic plane, slope {slope:g}", error, "1", f"≤ {bound}")
    assert error <= bound


def test_a_wave_runs_up_a_dry_plane_as_hunter_found(figure):
    speed, manning, seconds, cell = 1.0, 0.03, 3600.0, 50.0
    factor = 7 / 3 * manning**2 * speed**2
    times = np.arange(0.0, seconds + 1)
    # The level stands in the middle of the cell outside, half a cell before the edge.
    depth = np.where(times > 0, (factor * (speed * times + cell / 2)) ** (3 / 7), 0.0)
    boundary = levels(Series(tuple(times), tuple(depth)))
    case = scenario(1, boundary=boundary, roughness=manning)
    run = started(case, np.zeros((1, 90)), cell)
    run.advance(case.duration)
    x = (np.arange(90) + 0.5) * cell
    exact = (factor * np.maximum(speed * seconds - x, 0)) ** (3 / 7)
    rmse = float(np.sqrt(np.mean((run.state.water_depth[0] - exact) ** 2)))
    behind = x < 0.9 * speed * seconds
    relative = np.abs(run.state.water_depth[0] - exact)[behind].sum() / exact[behind].sum()
    figure("Hunter wave", 1000 * rmse, "mm", "≤ 30")
    assert rmse <= 0.030
    assert relative <= 0.01


@pytest.mark.slow
def test_a_tide_stands_in_a_closed_canal_as_linear_theory_says(figure):
    length, depth, amplitude, cell = 20_000.0, 5.0, 0.05, 200.0
    period = 12.42 * 3600
    times = np.arange(0, 6 * period, 300.0)
    omega = 2 * np.pi / period
    tide = Series(tuple(times), tuple(amplitude * np.sin(omega * times)))
    case = scenario(5 * period / 3600, boundary=levels(tide), roughness=0.005, initial_level=0.0)
    run = started(case, np.full((1, int(length / cell)), -depth), cell)
    run.advance(3 * period)
    ends = []
    for moment in np.arange(3 * period, 5 * period, 600.0)[1:]:
        run.advance(moment)
        ends.append((moment, float(run.state.water_depth[0, -1]) - depth))
    moments, heights = np.array(ends).T
    basis = np.column_stack([np.sin(omega * moments), np.cos(omega * moments), np.ones_like(moments)])
    (a, b, _), *_ = np.linalg.lstsq(basis, heights, rcond=None)
    expected = amplitude / np.cos(omega / np.sqrt(GRAVITY * depth) * length)
    figure("tide in a closed canal", np.hypot(a, b) / expected, "1", "1 ± 0.01")
    assert np.hypot(a, b) == pytest.approx(expected, rel=0.01)
    assert abs(np.arctan2(b, a)) / omega < 120


def test_a_pond_behind_a_sill_keeps_the_level_of_the_sill():
    ground = np.zeros((1, 70))
    ground[0, :30] = 9.2
    ground[0, 30:40] = 10.25
    ground[0, 40:] = 9.0
    hours = 50.0
    rise = Series((0.0, 3600.0, 24 * 3600.0, 25 * 3600.0, hours * 3600), (9.7, 10.35, 10.35, 9.7, 9.7))
    case = scenario(hours, boundary=levels(rise), roughness=0.03, initial_level=9.7)
    run = started(case, ground)
    run.advance(24 * 3600.0)
    assert run.state.water_depth[0, -1] + 9.0 > 10.3
    run.advance(case.duration)
    assert run.state.water_depth[0, -1] + 9.0 == pytest.approx(10.25, abs=0.01)
    assert run.state.water_depth[0, 0] + 9.2 == pytest.approx(9.7, abs=0.01)


EA4 = {25: (0.32, 0.46), 50: (0.29, 0.36), 100: (0.25, 0.29), 150: (0.21, 0.25), 200: (0.18, 0.21), 250: (0.15, 0.18),
       300: (0.11, 0.14), 350: (0.06, 0.10), 400: (0.00, 0.04)}  # fmt: skip
"""Depth [m] by distance [m] after one hour: the spread over the programs of the report."""


def test_a_flood_spreads_over_a_flat_plain_within_the_published_spread(figure):
    """EA test 4, the half of the plain north of its axis of symmetry and near enough to be reached within the hour."""
    cell = 5.0
    state = State.dry(np.zeros((160, 160)))
    inflow = Series((0.0, 3600.0, 14_400.0), (0.0, 20.0, 20.0))
    source = np.zeros((160, 160), dtype=bool)
    # Half of a line of 20 m: two cells of the western column at the southern border, which is the axis.
    source[-2:, 0] = True
    time, poured = 0.0, 0.0
    while time < 3600:
        step = min(1.0, 0.6 * cell / np.sqrt(GRAVITY * max(float(state.depth.max()), 0.05)), 3600 - time)
        volume = inflow.at(time + step / 2) * step / 2
        state.depth[1:-1, 1:-1] += np.where(source, volume / (source.sum() * cell**2), 0.0)
        poured += volume
        state.step(coefficients(np.float64, step, (cell, cell), manning=0.05, blend=0.95, time=time + step))
        time += step
    assert state.volume(cell**2) == pytest.approx(poured, rel=1e-12)
    axis = state.water_depth[-1]
    for distance, (low, high) in EA4.items():
        depth = float(np.interp(distance, (np.arange(160) + 0.5) * cell, axis))
        figure(f"EA test 4, depth at {distance} m", depth, "m", f"{low} to {high}, read ± 0.02")
        assert low - 0.02 <= depth <= high + 0.02


def test_two_boxes_find_one_level():
    ground = np.zeros((1, 20))
    case = scenario(6)
    run = started(case, ground)
    run.state.fill(np.where(np.arange(20)[np.newaxis] < 10, 1.0, 0.0))
    run.advance(case.duration)
    np.testing.assert_allclose(run.state.water_depth, 0.5, atol=2e-3)
