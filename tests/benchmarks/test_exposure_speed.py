"""Speed of the overlay and of damage, beside what the memory of the machine gives in the same run."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis.exposure import wet
from frmis.overlay import Overlay, fingerprint, overlay
from frmis.risk import expected_annual_damage
from frmis.vulnerability import Curves, damage
from sdi.grid import Grid
from sdi.store import arrays

pytestmark = pytest.mark.bench

BUILDINGS, PERIODS = 100_000, np.array([2.0, 5, 10, 50, 100])
GRID = Grid.from_bounds((500_000, 1_100_000, 520_000, 1_120_000), 10, "EPSG:32648")


@pytest.fixture(scope="module")
def footprints():
    """Return rectangles of 40 to 375 m2, as in the reference case."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(500_020, 519_960, BUILDINGS), rng.uniform(1_100_020, 1_119_960, BUILDINGS)
    return shapely.box(x, y, x + rng.uniform(6.3, 19.4, BUILDINGS), y + rng.uniform(6.3, 19.4, BUILDINGS))


def best(action, repeats: int = 5) -> float:
    """Return the shortest time of one call [s]."""
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        spent.append(time.perf_counter() - start)
    return min(spent)


def gather() -> float:
    """Return what the memory gives at random places [M values/s]: half a million out of four million."""
    rng = np.random.default_rng(2)
    values, places = rng.random(4_000_000), rng.integers(0, 4_000_000, 500_000)
    return 0.5 / best(lambda: values[places])


@pytest.mark.shows("first-flood")
def test_buildings_times_maps_warm(footprints, figure):
    rng = np.random.default_rng(3)
    table = Curves.find("default", [packaged()])
    lying, depth = overlay(GRID, footprints), np.maximum(rng.uniform(-1, 3, (5, *GRID.shape)), 0)
    which, floor = rng.integers(0, 3, BUILDINGS), rng.uniform(0, 0.6, BUILDINGS)
    value = np.array([one.maximum for one in table.classes])[which] * shapely.area(footprints)

    def assess():
        return expected_annual_damage(PERIODS, damage(table.classes, which, value, wet(lying, depth, floor=floor)))

    assert assess().shape == (BUILDINGS,)
    seconds, calibration = best(assess), gather()
    figure("100,000 buildings x 5 maps, warm", seconds, "s", f"<= 0.15 s; random reads {calibration:.0f} M values/s")


def test_overlay_of_buildings(footprints, tmp_path, figure):
    seconds, calibration = best(lambda: overlay(GRID, footprints), 3), gather()
    made = overlay(GRID, footprints)
    figure("overlay of 100,000 buildings", seconds, "s", f"<= 0.8 s; random reads {calibration:.0f} M values/s")
    path = tmp_path / "overlay.npz"
    arrays.keep(path, {"first": made.first, "cell": made.cell, "length": made.length})
    kept = best(lambda: (fingerprint(GRID, footprints), Overlay(**(arrays.recall(path) or {}))), 3)
    figure("the same from the cache, with its hash", kept, "s", "<= 0.1 s")
    assert len(Overlay(**(arrays.recall(path) or {}))) == BUILDINGS
