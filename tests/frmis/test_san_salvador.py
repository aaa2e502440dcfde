"""Six maps of return periods over the houses along the Acelhuate, San Salvador: real data, read in place."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np
import openpyxl
import pytest
import shapely
from affine import Affine

from frmis.exposure import wet
from frmis.overlay import overlay
from frmis.risk import RULES, expected_annual_damage
from frmis.vulnerability import Curve, damage
from sdi.declaration import Label
from sdi.grid import Grid

PUBLISHED = {1: 1.817e6, 2: 1.746e6}
"""Annual expected impact [USD] of houses in precarious settlements (1) and elsewhere (2), as printed in the notebook
San_Salvador_Risk.ipynb of the same folder of CLIMADA, which sums frequency times damage."""
NAME = Label("Nhà", "House")


@dataclass(frozen=True, slots=True)
class Houses:
    """The sheet ``assets``."""

    places: np.ndarray
    category: np.ndarray
    value: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True, slots=True)
class Maps:
    """The hazard: depths at the points of a lattice, some points only."""

    points: np.ndarray
    frequency: np.ndarray
    depth: np.ndarray
    """(map, point) [m]"""

    def on_grid(self) -> tuple[Grid, np.ndarray]:
        """Lay the points on the grid whose centres they are."""
        x, y = (np.unique(self.points[:, axis]) for axis in range(2))
        dx, dy = np.ptp(x) / (len(x) - 1), np.ptp(y) / (len(y) - 1)
        crs = Grid.definition("EPSG:4326")
        grid = Grid((len(y), len(x)), Affine(dx, 0, x[0] - dx / 2, 0, -dy, y[-1] + dy / 2), crs)
        row, column = grid.index_of(self.points)
        depth = np.full((len(self.depth), *grid.shape), np.nan)
        depth[:, row, column] = self.depth
        return grid, depth


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "flood" / "san_salvador"


@pytest.fixture(scope="module")
def maps(folder):
    with h5py.File(folder / "Salvador_hazard_FL_2015.hdf5") as file:
        points = np.column_stack([file["centroids/lon"][()], file["centroids/lat"][()]])
        values, columns, rows = (file[f"intensity/{name}"][()] for name in ("data", "indices", "indptr"))
        depth = np.zeros((len(rows) - 1, len(points)))
        depth[np.repeat(np.arange(len(rows) - 1), np.diff(rows)), columns] = values
        return Maps(points, file["frequency"][()], depth)


@pytest.fixture(scope="module")
def sheets(folder):
    return openpyxl.load_workbook(folder / "FL_entity_Acelhuate_houses.xlsx", data_only=True, read_only=True)


@pytest.fixture(scope="module")
def houses(sheets):
    rows = [row for row in sheets["assets"].iter_rows(min_row=2, values_only=True) if row[4] is not None]
    # Two columns are called latitude; the first is the one that CLIMADA reads.
    columns = np.array([[row[3], row[1], row[0], row[4], row[7]] for row in rows], dtype=float)
    return Houses(columns[:, :2], columns[:, 2], columns[:, 3], columns[:, 4])


@pytest.fixture(scope="module")
def curves(sheets):
    points: dict[float, list[tuple[float, float]]] = {}
    for row in sheets["impact_functions"].iter_rows(min_row=2, values_only=True):
        if row[0] is not None:
            points.setdefault(float(row[0]), []).append((float(row[1]), float(row[2]) * float(row[3])))
    return {
        number: Curve(f"{number:.0f}", NAME, *zip(*found, strict=True), "CLIMADA", "read", 1.0, "CLIMADA", "read")
        for number, found in points.items()
    }


@pytest.fixture(scope="module")
def costs(maps, houses, curves):
    """Damage of each house on each map, through the front end."""
    grid, depth = maps.on_grid()
    found = wet(overlay(grid, shapely.points(houses.places)), depth)
    numbers = sorted(curves)
    return damage([curves[one] for one in numbers], np.searchsorted(numbers, houses.curve), houses.value, found)


def direct(maps, houses, curves):
    """Damage of each house on each map, without the front end: nearest point, its depth, the curve, the value."""
    nearest = shapely.STRtree(shapely.points(maps.points)).nearest(shapely.points(houses.places))
    found = np.zeros((len(maps.depth), len(houses.value)))
    for house, (point, number) in enumerate(zip(nearest, houses.curve, strict=True)):
        curve = curves[number]
        found[:, house] = np.interp(maps.depth[:, point], curve.depth, curve.damage) * houses.value[house]
    return found


@pytest.mark.shows("first-flood")
def test_six_maps_on_the_houses_give_what_a_direct_calculation_gives(maps, houses, curves, costs, figure):
    assert len(houses.value) == 12_472
    assert len(maps.depth) == 6
    wanted = direct(maps, houses, curves)
    periods = 1 / maps.frequency
    for rule in RULES:
        found = expected_annual_damage(periods, costs, rule)
        plain = float(expected_annual_damage(periods, wanted.sum(axis=1), rule))
        difference = abs(float(found.sum()) / plain - 1)
        figure(
            f"12,472 houses, {rule}", float(found.sum()), "USD/a", f"direct {plain:.6g}, difference {difference:.1e}"
        )
        assert difference <= 1e-6
    np.testing.assert_allclose(costs, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("category", PUBLISHED)
def test_the_rule_of_climada_gives_the_published_figure(maps, houses, costs, category, figure):
    own = houses.category == category
    found = float(expected_annual_damage(1 / maps.frequency, costs[:, own].sum(axis=1), "sum-frequency"))
    figure(f"houses of category {category}, sum-frequency", found, "USD/a", f"published {PUBLISHED[category]:.4g}")
    assert float(f"{found:.4g}") == PUBLISHED[category]


def test_the_trapezoid_over_the_six_maps_equals_the_sum_written_out(maps, costs):
    f, total = maps.frequency, costs.sum(axis=1)
    written_out = sum((f[at] - f[at + 1]) * (total[at] + total[at + 1]) / 2 for at in range(5)) + f[5] * total[5]
    assert float(expected_annual_damage(1 / f, total, "trapezoid")) == pytest.approx(written_out, rel=1e-12)
