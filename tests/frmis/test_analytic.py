"""Cases with a known solution.

Formulas and bars as in the project's reference on solvers; the published spread of EA test 4 is read off the figures
of the UK Environment Agency's report SC120002 (Néelz and Pender 2013).
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from frmis.forcing import Boundary, Edge, Infiltration, Inflow, Series
from frmis.simulation import simulate
from frmis.solver.inertial import GRAVITY, WEIR
from tests.frmis.ground import MM_H, laid, levels, rain, rough, scenario, started, terrain, wall


@pytest.mark.shows("first-flood")
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


@pytest.mark.shows("first-flood")
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


@pytest.mark.shows("first-flood")
def test_a_flood_spreads_over_a_flat_plain_within_the_published_spread(figure):
    """EA test 4: 1 km by 2 km, a line of 20 m in the middle of the western side."""
    line = ((580_000.0, 1_109_010.0), (580_000.0, 1_108_990.0))
    hydrograph = Series((0.0, 3600.0, 14_400.0, 18_000.0), (0.0, 20.0, 20.0, 0.0))
    case = scenario(1, inflows=(Inflow("line", line, hydrograph),), roughness=0.05, output_interval=3600.0)
    result = simulate(case, terrain(np.zeros((400, 200)), 5.0))
    depth = result.water_depth[-1].values
    figure("EA test 4, volume error", result.attrs["volume_error"], "1", "≤ 1e-10")
    assert depth.sum() * 25 == pytest.approx(36_000, rel=1e-10)
    np.testing.assert_allclose(depth, depth[::-1], atol=1e-9)
    for distance, (low, high) in EA4.items():
        found = float(np.interp(distance, (np.arange(200) + 0.5) * 5.0, depth[200]))
        figure(f"EA test 4, depth at {distance} m", found, "m", f"{low} to {high}, read ± 0.02")
        assert low - 0.02 <= found <= high + 0.02


def test_two_boxes_find_one_level():
    ground = np.zeros((1, 20))
    case = scenario(6)
    run = started(case, ground)
    run.state.fill(np.where(np.arange(20)[np.newaxis] < 10, 1.0, 0.0))
    run.advance(case.duration)
    np.testing.assert_allclose(run.state.water_depth, 0.5, atol=2e-3)


@pytest.mark.shows("first-flood")
def test_a_levee_keeps_its_side_dry_until_the_water_stands_above_its_crest(figure):
    ground = laid(np.zeros((1, 20)), crest_x=wall((1, 20), 1.25, 10))
    case = scenario(6)
    run = started(case, ground)
    run.state.fill(np.where(np.arange(20)[np.newaxis] < 10, 1.25, 0.0))
    run.advance(case.duration)
    figure("water behind a levee, level at its crest", float(run.state.water_depth[0, 10:].max()), "m", "exactly 0")
    np.testing.assert_array_equal(run.state.water_depth[0, 10:], 0.0)


@pytest.mark.shows("first-flood")
def test_a_pond_behind_a_levee_keeps_the_level_of_its_crest(figure):
    """Like EA test 1: a tide above the crest fills the pond, and when it has gone the crest holds the rest."""
    ground = np.where(np.arange(70)[np.newaxis] < 35, 9.2, 9.0)
    hours = 36.0
    rise = Series((0.0, 3600.0, 12 * 3600.0, 13 * 3600.0, hours * 3600), (9.7, 10.35, 10.35, 9.7, 9.7))
    case = scenario(hours, boundary=levels(rise), roughness=0.03, initial_level=9.7)
    run = started(case, laid(ground, crest_x=wall((1, 70), 10.25, 35)))
    run.advance(1800.0)
    np.testing.assert_array_equal(run.state.water_depth[0, 35:], 0.0)
    run.advance(12 * 3600.0)
    assert run.state.water_depth[0, -1] + 9.0 == pytest.approx(10.35, abs=0.005)
    run.advance(case.duration)
    final = run.state.water_depth[0, 35:] + 9.0
    figure("pond behind a levee, final level above the crest", 1000 * float(final.max() - 10.25), "mm", "0 to 1")
    assert ((final >= 10.25 - 1e-6) & (final <= 10.25 + 1e-3)).all()
    assert run.state.water_depth[0, 0] + 9.2 == pytest.approx(9.7, abs=1e-3)


@pytest.mark.shows("first-flood")
def test_a_levee_that_is_overtopped_passes_what_a_broad_crested_weir_passes(figure):
    """A small pond empties over the crest: dh/dt = -C h ** 1.5 / L, so h = (h_0 ** -0.5 + C t / (2 L)) ** -2."""
    length, head, seconds = 50.0, 0.3, 600.0
    ground = np.where(np.arange(30)[np.newaxis] < 5, 0.0, -5.0)
    run = started(scenario(1), laid(ground, crest_x=wall((1, 30), 1.2, 5)))
    run.state.fill(np.where(np.arange(30)[np.newaxis] < 5, 1.2 + head, 0.0))
    run.advance(seconds)
    left = float(run.state.water_depth[0, :5].mean()) - 1.2
    expected = (head**-0.5 + WEIR * seconds / (2 * length)) ** -2
    figure("head left above a levee after ten minutes", 1000 * left, "mm", f"{1000 * expected:.2f} ± 3 %")
    assert pytest.approx(1.705, abs=1e-3) == WEIR
    assert left == pytest.approx(expected, rel=0.03)


@pytest.mark.shows("first-flood")
def test_ground_takes_up_exactly_what_it_can_and_then_lies_dry(figure):
    """0.10 m of water, half the ground open, 36 mm/h: 18 mm/h, dry after 5 h 33 min 20 s."""
    soil = Infiltration.constant(36 * MM_H)
    run = started(scenario(6, infiltration=soil), laid(np.zeros((8, 9)), pervious=np.full((8, 9), 0.5)))
    run.state.fill(np.full((8, 9), 0.1))
    run.ledger.start = run.state.volume(100.0)
    run.advance(2.5 * 3600)
    np.testing.assert_allclose(run.state.water_depth, 0.1 - 0.045, rtol=1e-12)
    run.advance(5.55 * 3600)
    assert run.state.water_depth.min() > 0
    run.advance(5.56 * 3600)
    np.testing.assert_array_equal(run.state.water_depth, 0.0)
    run.settle()
    figure("infiltration booked against the water there was", abs(run.ledger.infiltration / 720 - 1), "1", "≤ 1e-13")
    assert run.ledger.infiltration == pytest.approx(720, rel=1e-13)
    assert run.ledger.error <= 1e-13


def test_the_capacity_of_the_ground_falls_as_horton_found():
    """Under enough water the ground takes up the integral of its capacity."""
    first, last, decay, seconds = 60 * MM_H, 6 * MM_H, 1 / 1800, 7200.0
    case = scenario(2, infiltration=Infiltration(first, last, decay))
    run = started(case, np.zeros((4, 4)))
    run.state.fill(np.full((4, 4), 0.5))
    run.advance(seconds)
    expected = last * seconds + (first - last) / decay * (1 - np.exp(-decay * seconds))
    np.testing.assert_allclose(0.5 - run.state.water_depth, expected, rtol=1e-5)


def test_ground_that_takes_up_more_than_it_rains_stays_dry():
    result = simulate(
        scenario(1, rainfall=rain(36, 0.5), infiltration=Infiltration.constant(72 * MM_H)), terrain(rough())
    )
    ledger = json.loads(result.attrs["ledger_m3"])
    assert float(result.maximum_water_depth.max()) == 0.0
    assert ledger["infiltration"] == pytest.approx(ledger["rain_prescribed"], rel=1e-12)


def steady(slope=1e-3, discharge=0.5, manning=0.03):
    """Return a canal 500 m long in which the flow grows to 0.5 m2 s-1, and its depth by Manning's formula."""
    ground = (slope * 10.0 * np.arange(50, 0, -1))[np.newaxis].repeat(3, axis=0)
    grown = Series((0.0, 3600.0, 7200.0), (0.0, 30 * discharge, 30 * discharge))
    source = Inflow("head", ((580_005.0, 1_110_000.0), (580_005.0, 1_109_970.0)), grown)
    case = scenario(2, boundary=Boundary(east=Edge("free", slope=slope)), roughness=manning, inflows=(source,))
    return simulate(case, terrain(ground)), (manning * discharge / np.sqrt(slope)) ** 0.6


@pytest.mark.shows("first-flood")
def test_a_steady_flow_has_the_speed_of_mannings_formula(figure):
    result, depth = steady()
    middle = result.isel(x=25, y=1)
    figure("speed of a steady flow", float(middle.maximum_speed), "m s-1", f"{0.5 / depth:.4f} ± 1 %")
    assert float(middle.maximum_water_depth) == pytest.approx(depth, rel=0.01)
    assert float(middle.maximum_speed) == pytest.approx(0.5 / depth, rel=0.01)
    assert float(middle.maximum_depth_speed) == pytest.approx(0.5, rel=0.01)


@pytest.mark.shows("first-flood")
def test_rough_ground_is_deeper_than_smooth_ground_by_mannings_formula(figure):
    """Side by side, two canals of one discharge: depths go with n ** 0.6."""
    ground = np.full((7, 50), np.nan)
    ground[:3] = ground[4:] = 1e-3 * 10.0 * np.arange(50, 0, -1)
    manning = np.full((7, 50), 0.03)
    manning[4:] = 0.06
    sources = tuple(
        Inflow(name, ((580_005.0, north), (580_005.0, north - 30)), Series.constant(15.0))
        for name, north in (("smooth", 1_110_000.0), ("rough", 1_109_960.0))
    )
    case = scenario(3, boundary=Boundary(east=Edge("free", slope=1e-3)), inflows=sources)
    depth = simulate(case, laid(ground, roughness=manning)).water_depth[-1].values
    ratio = depth[5, 25] / depth[1, 25]
    figure("depth on ground twice as rough", ratio, "1", f"{2**0.6:.4f} ± 1 %")
    assert ratio == pytest.approx(2**0.6, rel=0.01)


def test_the_water_arrives_when_the_solution_says_and_stays():
    """Hunter's wave is 0.1 m deep at x when u t = x + 0.1 ** (7 / 3) / (7 / 3 n2 u2), within the time for one cell."""
    manning, cell = 0.03, 50.0
    factor = 7 / 3 * manning**2
    times = np.arange(0.0, 3601)
    depth = np.where(times > 0, (factor * (times + cell / 2)) ** (3 / 7), 0.0)
    case = scenario(1, boundary=levels(Series(tuple(times), tuple(depth))), roughness=manning)
    result = simulate(case, terrain(np.zeros((1, 90)), cell)).isel(y=0)
    x = (np.arange(90) + 0.5) * cell
    expected = x + 0.1 ** (7 / 3) / factor
    reached = (expected < 3000) & (x > 300)
    np.testing.assert_allclose(result.arrival_time.values[reached], expected[reached], rtol=0, atol=cell)
    np.testing.assert_allclose((result.arrival_time + result.inundation_duration).values[reached], 3600, atol=11.0)
    assert np.isnan(result.arrival_time.values[x > 3700]).all()
    np.testing.assert_array_equal(result.inundation_duration.values[x > 3700], 0.0)
