"""Speed of the kernel, beside what the memory of the machine gives in the same run."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numba import njit

from frmis.forcing import Infiltration, Series
from frmis.simulation import simulate
from frmis.solver.inertial import coefficients
from frmis.solver.state import State
from frmis.structure import Gate
from tests.frmis.ground import MM_H, laid, levels, rain, scenario, wall

pytestmark = pytest.mark.bench

SOIL = Infiltration(20 * MM_H, 2 * MM_H, 1 / 1800)

BYTES = {"float64": 184, "float32": 124}
"""Read and written for one cell in one step without infiltration, written lines counted twice [byte]."""


@njit(nogil=True)
def _triad(a, b, c):
    for i in range(a.size):
        a[i] = b[i] + 2.0 * c[i]


def best(action, seconds: float, repeats: int = 5) -> float:
    """Return the shortest time of one call [s], measured over about so many seconds in all."""
    action()
    shortest = np.inf
    for _ in range(repeats):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / repeats:
            action()
            count += 1
        shortest = min(shortest, (time.perf_counter() - start) / count)
    return shortest


def triad_speed(threads: int) -> float:
    """Return what the memory gives [GB s-1], far beyond the caches."""
    parts = [[np.ones(16_000_000 // threads) for _ in range(3)] for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        seconds = best(lambda: list(pool.map(lambda part: _triad(*part), parts)), 1.0)
    return 16e6 * 3 * 8 / seconds / 1e9


def delta(rows: int, columns: int, cell: float = 10.0) -> np.ndarray:
    """Return heights [m] of a flat delta with small unevenness."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:rows, :columns] * cell
    return 2 - 5e-5 * x - 2e-5 * y + rng.normal(0, 0.03, (rows, columns))


def wet_delta(side: int, precision: str, threads: int) -> State:
    """Return the common case: a flat delta under a film of rain."""
    state = State.dry(delta(side, side), precision, threads)
    state.fill(np.full((side, side), 0.05))
    return state


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("side", [200, 500, 1000])
def test_cells_per_second(side, precision, threads, figure):
    state = wet_delta(side, precision, threads)
    c = coefficients(state.real, 2.0, (10.0, 10.0), blend=0.95, rain=1e-6, time=1.0)
    seconds = best(lambda: state.step(c), 1.5)
    rate, triad = side**2 / seconds / 1e6, triad_speed(threads)
    share = rate * 1e6 * BYTES[precision] / 1e9 / triad
    what = f"{side} x {side} cells, {precision}, {threads} thread{'s' * (threads > 1)}"
    figure(what, rate, "M cell-updates/s", f"memory triad {triad:.1f} GB/s, traffic {share:.2f} of it")
    assert np.isfinite(state.water_depth).all()


@pytest.mark.shows("first-flood")
def test_half_a_day_of_a_city(figure):
    """171 x 211 cells of 30 m, 12 h: a storm, a tide in canals 3 m deep, infiltration, cover, a levee and a gate."""
    rows, columns, cell = 171, 211, 30.0
    ground = delta(rows, columns, cell)
    ground[:, ::30] = ground[::40] = -1.5
    rng = np.random.default_rng(2)
    crests = wall((rows, columns), 2.4, 60)
    crests[80, 60] = -np.inf
    cover = {"roughness": rng.uniform(0.02, 0.08, ground.shape), "pervious": rng.random(ground.shape)}
    gate = Gate("gate", -1.5, 2.4, ((80, 60),), (), (True,))
    times = np.arange(0, 12 * 3600 + 1, 600.0)
    tide = Series(tuple(times), tuple(0.6 + 0.9 * np.sin(2 * np.pi * times / 44_714)))
    case = scenario(
        12, rainfall=rain(13.4, 5.0), boundary=levels(tide, highest_bed=-1.0), infiltration=SOIL, initial_level=0.6,
        output_interval=1800.0,
    )  # fmt: skip
    laid_out = laid(ground, cell, crest_x=crests, gates=(gate,), **cover)
    simulate(replace(case, duration=60.0, output_interval=60.0), laid_out)
    start, busy = time.perf_counter(), time.process_time()
    result = simulate(case, laid_out)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    figure("the same, time of the processor", busy, "s", "what a machine without other work needs")
    figure("171 x 211 cells, 12 h, everything on", seconds, "s", f"≤ 20; memory triad {triad_speed(1):.1f} GB/s")
    figure("its volume error", result.attrs["volume_error"], "1", "≤ 1e-10")
    assert result.attrs["volume_error"] <= 1e-10


def test_what_the_inputs_cost(figure):
    """Cover is read in every run; infiltration and a wall along every fifth column come on top."""
    plain, soaking, walled = (wet_delta(400, "float64", 1) for _ in range(3))
    crests = np.full((400, 401), -np.inf)
    crests[:, ::5] = 2.5
    walled.stand(crests, np.full((401, 400), -np.inf))
    runs = [(plain, 0.0), (soaking, 1e-6), (walled, 0.0)]
    costs = [np.inf] * 3
    for _ in range(8):
        # In turns, so that other work on the machine meets all of them alike.
        for n, (state, soak) in enumerate(runs):
            c = coefficients(np.float64, 2.0, (10.0, 10.0), blend=0.95, rain=1e-6, soak=soak, time=1.0)
            costs[n] = min(costs[n], best(lambda state=state, c=c: state.step(c), 0.1, 3))
    figure("cost of infiltration", costs[1] / costs[0], "1", "ratio to a run without")
    figure("cost of a crest on one face in ten", costs[2] / costs[0], "1", "ratio to a run without")
    assert all(cost > 0 for cost in costs)
