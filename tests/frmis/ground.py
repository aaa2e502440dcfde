"""Terrains and scenarios for tests: small, made from a formula or a seed."""

from __future__ import annotations

import numpy as np
import xarray as xr
from affine import Affine

from frmis.forcing import MILLIMETRES_PER_HOUR, Boundary, Edge, Rainfall, Series
from frmis.ground import Ground
from frmis.scenario import Scenario
from frmis.simulation import Run
from sdi.grid import Grid

DATUM = "hon_dau"
MM_H = MILLIMETRES_PER_HOUR


def grid(rows: int, columns: int, cell: float = 10.0) -> Grid:
    """Grid of square cells in VN-2000, TM-3 105°."""
    return Grid((rows, columns), Affine(cell, 0, 580_000, 0, -cell, 1_110_000), Grid.definition("EPSG:5897"))


def terrain(values: np.ndarray, cell: float = 10.0, datum: str | None = DATUM) -> xr.DataArray:
    """Lay heights [m] on a grid; fit for decisions as long as the datum is stated."""
    attrs = {"units": "m"} | ({"vertical_datum": datum} if datum else {})
    return grid(*values.shape, cell).array(values, **attrs)


def rough(rows: int = 40, columns: int = 50, seed: int = 1, relief: float = 1.5) -> np.ndarray:
    """Hills, hollows, a canal and noise [m]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    values = relief * np.sin(x / 7) * np.cos(y / 5) + rng.normal(0, 0.05, (rows, columns))
    values[:, columns // 2] = -2.0
    return values


def scenario(hours: float = 1.0, **changes: object) -> Scenario:
    """Return a dry, closed run; changes are fields of the scenario."""
    plain = {"terrain": "test", "duration": hours * 3600, "output_interval": hours * 3600, "name": "test"}
    return Scenario(**(plain | changes))


def levels(west: float | Series, east: float | Series | None = None, **changes: object) -> Boundary:
    """Return a boundary with water levels [m, Hòn Dấu] in the west and, where given, in the east."""
    sides = {"west": west, "east": east}
    edges = {
        side: Edge("level", level if isinstance(level, Series) else Series.constant(level), **changes)
        for side, level in sides.items()
        if level is not None
    }
    return Boundary(**edges, vertical_datum=DATUM)


def rain(millimetres_per_hour: float, hours: float, start_hours: float = 0.0) -> Rainfall:
    """Return rain of one intensity."""
    return Rainfall.constant(millimetres_per_hour * MM_H, hours * 3600, start_hours * 3600)


def laid(values: np.ndarray, cell: float = 10.0, **parts: object) -> Ground:
    """Return ground of such heights [m]; parts are fields of the ground."""
    return Ground(terrain(values, cell), **parts)


def wall(shape: tuple[int, int], crest: float, column: int) -> np.ndarray:
    """Return crests [m, Hòn Dấu] on the faces west of columns, with a wall west of one of them."""
    crests = np.full((shape[0], shape[1] + 1), -np.inf)
    crests[:, column] = crest
    return crests


def started(case: Scenario, values: np.ndarray | Ground, cell: float = 10.0, threads: int = 1) -> Run:
    """Begin a run on heights [m], or on ground."""
    ground = values if isinstance(values, Ground) else laid(values, cell)
    return Run.begin(case, ground, grid(*ground.elevation.shape, cell), threads)
