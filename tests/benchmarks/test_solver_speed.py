"""Speed of the kernel, beside what the memory of the machine gives in the same run."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit

from frmis.solver.inertial import coefficients
from frmis.solver.state import State

pytestmark = pytest.mark.bench

BYTES = {"float64": 112, "float32": 56}
"""Read and written for one cell in one step, written lines counted twice [byte]."""


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


def wet_delta(side: int, precision: str, threads: int) -> State:
    """Return the common case: a flat delta with small unevenness under a film of rain."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side] * 10.0
    state = State.dry(2 - 5e-5 * x - 2e-5 * y + rng.normal(0, 0.03, (side, side)), precision, threads)
    state.fill(np.full((side, side), 0.05))
    return state


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("side", [200, 500, 1000])
def test_cells_per_second(side, precision, threads, figure):
    state = wet_delta(side, precision, threads)
    c = coefficients(state.real, 2.0, (10.0, 10.0), manning=0.035, blend=0.95, rain=1e-6, time=1.0)
    seconds = best(lambda: state.step(c), 1.5)
    rate, triad = side**2 / seconds / 1e6, triad_speed(threads)
    share = rate * 1e6 * BYTES[precision] / 1e9 / triad
    what = f"{side} x {side} cells, {precision}, {threads} thread{'s' * (threads > 1)}"
    figure(what, rate, "M cell-updates/s", f"memory triad {triad:.1f} GB/s, traffic {share:.2f} of it")
    assert np.isfinite(state.water_depth).all()
