"""Terrain: natural levees, low quarters, raised roads and dikes, and the beds of river, canals, creeks and ponds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

from pipelines.city.frame import CRS, BoolArray, FloatArray, Frame, Geometries, IntArray, Wave
from pipelines.city.skeleton import CLASSES, intensity
from pipelines.city.streets import Streets
from pipelines.city.water import Waters
from sdi.grid import Grid

DATUM = "synthetic"
"""Vertical datum of all levels of the city."""
CREST = {"trunk": 2.35, "primary": 1.80, "secondary": 1.55}
"""Level to which the main streets are raised at least [m, synthetic datum]."""
_RAISED = {"tertiary": 0.15, "local": 0.08}
_LOW = ((0.27, 0.34, 0.42), (0.54, 0.30, 0.40), (0.72, 0.20, 0.36), (0.40, 0.60, 0.30), (0.15, 0.70, 0.25))
"""Low quarters: place along and inland as shares of the city, and depth of the hollow [m]."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Heights on a grid."""

    grid: Grid
    values: FloatArray
    """Ground level (y, x) [m, synthetic datum]."""

    def at(self, points: FloatArray) -> FloatArray:
        """Ground level of the cells that points lie in.

        Parameters
        ----------
        points : ndarray (point, 2) [m, EPSG:5897]
            Points on the grid.

        Returns
        -------
        ndarray (point,) [m]
            Level above the synthetic datum.
        """
        return np.asarray(self.values[self.grid.index_of(points)])

    def array(self) -> xr.DataArray:
        """Relief as a labelled array (y, x) [m]."""
        return self.grid.array(
            self.values.astype(np.float32),
            units="m", standard_name="surface_altitude", long_name="ground level of the synthetic city",
            vertical_datum=DATUM, synthetic="true",
        ).rename("elevation")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Defence:
    """A crest that is raised above the ground."""

    line: BaseGeometry
    """Crest [EPSG:5897]."""
    level: float
    """Level of the crest [m, synthetic datum]."""


def shape(
    frame: Frame, waters: Waters, limit: shapely.Polygon, streets: Streets, quarters: Geometries,
    ponds: Geometries, defences: tuple[Defence, ...], cell: float, rng: np.random.Generator,
) -> Relief:  # fmt: skip
    """Shape the ground.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Waters and their beds.
    limit : Polygon [EPSG:5897]
        The city; the grid reaches a little beyond.
    streets : Streets
        Streets, some of them raised.
    quarters : ndarray (quarter,) of Polygon [EPSG:5897]
        Quarters, each filled up to a level of its own.
    ponds : ndarray (pond,) of Polygon [EPSG:5897]
        Ponds.
    defences : tuple of Defence
        Crests; no cell of a crest is water.
    cell : float [m]
        Length of a cell, at most 15 so that dikes stay clear of the water.
    rng : Generator
        Source of the unevenness.

    Returns
    -------
    Relief
        Levels without a missing cell, to the millimetre.
    """
    xmin, ymin, xmax, ymax = limit.bounds
    west, south = np.floor(xmin / 60) * 60 - 60, np.floor(ymin / 60) * 60 - 60
    grid = Grid.from_bounds((west, south, np.ceil(xmax / 60) * 60 + 60, np.ceil(ymax / 60) * 60 + 60), cell, CRS)
    x, y = (np.asarray(values, dtype=float).ravel() for values in np.meshgrid(grid.x, grid.y))
    points = shapely.points(x, y)
    level = _natural(frame, waters, points, rng)
    level += _filled(points, quarters, rng) + rng.normal(0.0, 0.015, len(level))
    level = _raised(level, grid, points, streets)
    for defence in defences:
        cells = _touched(grid, np.array([defence.line]))
        level[cells] = np.maximum(level[cells], defence.level)
    level = _carved(level, grid, points, waters, ponds)
    return Relief(grid, np.round(level, 3).reshape(grid.shape))


def _natural(frame: Frame, waters: Waters, points: Geometries, rng: np.random.Generator) -> FloatArray:
    """Levees along river and canals, basins between them, and the fill of the town."""
    along, inland = frame.locate(points)
    bank = np.where(inland >= 0, inland, np.maximum(-inland - waters.river_width, 0.0))
    level = 0.62 + 1.12 * np.exp(-bank / 300.0)
    canals = waters.table.geometry[waters.table["kind"] != "river"].to_numpy()
    reach = shapely.distance(points, shapely.union_all(shapely.simplify(canals, 5.0)))
    level += 0.38 * np.exp(-reach / 65.0)
    level += 0.42 * np.clip(intensity(frame, along, inland) - 0.1, 0.0, 0.6)
    x, y = along / frame.length, inland / frame.depth
    for place, depth, hollow in _LOW:
        level -= hollow * np.exp(
            -(((x - place) * frame.length) ** 2 + ((y - depth) * frame.depth) ** 2) / (2 * 230.0**2)
        )
    waves = [Wave.draw(rng, 0.035, length) for length in (1700.0, 1300.0, 900.0)]
    level += waves[0](along) + waves[1](inland) + waves[2](along + 0.7 * inland)
    return np.asarray(np.maximum(level, 0.30))


def _filled(points: Geometries, quarters: Geometries, rng: np.random.Generator) -> FloatArray:
    """Every quarter was filled at its own time: a patchwork of small steps [m]."""
    fill = np.clip(rng.normal(0.03, 0.07, len(quarters)), -0.10, 0.20)
    quarter, point = shapely.STRtree(points).query(quarters, predicate="contains")
    level = np.zeros(len(points))
    level[point] = fill[quarter]
    return level


def _raised(level: FloatArray, grid: Grid, points: Geometries, streets: Streets) -> FloatArray:
    """Raise the streets, the least important first."""
    tree = shapely.STRtree(points)
    for rank in reversed(range(CLASSES.index("local") + 1)):
        name = CLASSES[rank]
        cells = np.unique(tree.query(streets.roads[streets.rank == rank], predicate="contains")[1])
        if name == "trunk":
            cells = np.union1d(cells, _touched(grid, streets.network.lines[streets.rank == rank]))
        raised = level[cells] + _RAISED[name] if name in _RAISED else np.maximum(level[cells], CREST[name])
        level[cells] = raised
    return level


def _touched(grid: Grid, lines: Geometries) -> IntArray:
    """Cells that lines run through, numbered row by row."""
    if len(lines) == 0:
        return np.empty(0, dtype=np.int64)
    side = min(grid.cell)
    vertices = shapely.get_coordinates(shapely.segmentize(lines, side / 8))
    vertices = vertices[grid.contains(vertices)]
    row, column = grid.index_of(vertices)
    return np.unique(row.astype(np.int64) * grid.shape[1] + column)


def _carved(level: FloatArray, grid: Grid, points: Geometries, waters: Waters, ponds: Geometries) -> FloatArray:
    """Carve the beds: a bowl across river and canals, a notch for creeks, a flat floor for ponds."""
    tree = shapely.STRtree(points)
    level = level.copy()
    pond = np.unique(tree.query(ponds, predicate="contains")[1])
    level[pond] = np.minimum(level[pond], -0.90)
    dry = _inside(tree, waters.islet, len(points))
    for row in waters.table.sort_values("bed", ascending=False, kind="stable").itertuples():
        if row.kind == "creek":
            cells = _touched(grid, np.array([row.centreline]))
            level[cells] = np.minimum(level[cells], row.bed)
            continue
        cells = np.flatnonzero(_inside(tree, row.geometry, len(points)) & ~dry)
        edge = shapely.distance(points[cells], row.geometry.boundary)
        bowl = 1.0 - (1.0 - np.minimum(edge / (0.5 * row.width), 1.0)) ** 2
        level[cells] = np.minimum(level[cells], -0.45 + (row.bed + 0.45) * bowl)
    level[dry] = 1.15
    return level


def _inside(tree: shapely.STRtree, polygon: BaseGeometry, count: int) -> BoolArray:
    inside = np.zeros(count, dtype=bool)
    inside[tree.query(polygon, predicate="contains")] = True
    return inside
