"""How deep the published runs say the water gets on a piece of ground."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from sdi.crs import StorageCRS, project
from sdi.declaration import Label
from sdi.grid import Grid
from sdi.store.description import RasterDescription
from sdi.store.window import Window, window
from spp.answer import Water
from spp.run import DEPTH
from spp.threshold import WET, is_sliver

LEVEL = "maximum_water_level"
HAZARD, ARRIVAL = "hazard_class", "arrival_time"
START = "water_depth"

FloatArray = npt.NDArray[np.floating[Any]]


def water(
    rasters: Path, run: RasterDescription, ground: shapely.Geometry, crs: StorageCRS, datums: Mapping[str, Label]
) -> Water:
    """Ask one run what it says of a place.

    Parameters
    ----------
    rasters : Path
        Folder of all rasters.
    run : RasterDescription
        The run.
    ground : shapely geometry [storage CRS]
        Polygon or point.
    crs : StorageCRS
        CRS of the ground.
    datums : mapping of str to Label
        Titles of vertical datums.

    Returns
    -------
    Water
        A part below the sliver threshold does not count: the corner of a cell in the canal is no flood on the parcel.
    """
    place = project(np.array([ground]), crs.code, run.crs, crs.operation)[0]
    part = window(rasters, run, place.bounds, (DEPTH, LEVEL, HAZARD, ARRIVAL), first=(START,))
    return _water(run, place, part, datums.get(run.vertical_datum or ""))


def _water(run: RasterDescription, place: shapely.Geometry, part: Window | None, datum: Label | None) -> Water:
    """Put together what the cells of a run say."""
    parts = np.zeros((0,)) if part is None else weights(part.grid, place)
    depth = _band(part, DEPTH)[parts > 0] if part else parts
    start = _band(part, START)[parts > 0] if part else parts
    share = parts[parts > 0]
    known = np.isfinite(depth)
    standing = known & (start >= WET)
    dry_ground = known & ~standing
    wet = dry_ground & (depth >= WET)

    def extreme(name: str, pick: Any) -> float | None:
        values = _band(part, name)[parts > 0][wet] if part else parts
        return float(pick(values)) if np.isfinite(values).any() else None

    hazard = extreme(HAZARD, np.nanmax)
    return Water(
        coverage=run.name, title=run.title, scenario=run.scenario, return_period=run.return_period,
        modelled=_sum(share, known), standing=_sum(share, standing), wet=_sum(share, wet),
        maximum_depth=float(depth[dry_ground].max()) if dry_ground.any() else None,
        mean_depth=float(np.average(depth[wet], weights=share[wet])) if wet.any() else None,
        level=extreme(LEVEL, np.nanmax), vertical_datum=run.vertical_datum, datum=datum,
        hazard=None if hazard is None else int(hazard), arrival=extreme(ARRIVAL, np.nanmin),
        fit_for_decisions=run.fit_for_decisions,
    )  # fmt: skip


def _sum(share: FloatArray, where: npt.NDArray[np.bool_]) -> float:
    """Sum of shares [1], without the last digits that a sum of parts has above 1."""
    return round(float(share[where].sum()), 9)


def _band(part: Window, name: str) -> FloatArray:
    """Values of a variable, NaN where the run does not have it."""
    found = part.bands.get(name)
    return np.full(part.grid.shape, np.nan) if found is None else found


def weights(grid: Grid, place: shapely.Geometry) -> FloatArray:
    """Share of a place that lies in each cell.

    Parameters
    ----------
    grid : Grid
        The cells.
    place : shapely geometry [CRS of the grid]
        Polygon or point.

    Returns
    -------
    ndarray (y, x) [1]
        The cell of a point has it all. Parts below the sliver threshold are 0 and the others stand in for them, so that
        the sum is the share of the place that lies on the grid.
    """
    (rows, columns), a = grid.shape, grid.affine
    found = np.zeros((rows, columns))
    if place.area == 0:
        centre = np.array([[place.centroid.x, place.centroid.y]])
        if grid.contains(centre)[0]:
            found[grid.index_of(centre)] = 1.0
        return found
    west, north = np.meshgrid(a.c + np.arange(columns) * a.a, a.f + np.arange(rows) * a.e)
    area = shapely.area(shapely.intersection(shapely.box(west, north + a.e, west + a.a, north), place))
    kept = np.where(is_sliver(area, place.area), 0.0, area)
    inside = min(area.sum() / place.area, 1.0)
    return np.asarray(kept * (inside / max(kept.sum(), np.finfo(float).tiny)))
