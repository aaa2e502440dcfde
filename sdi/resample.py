"""Bring a raster from one grid to another, through the pinned datum operation of the workspace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from sdi.crs import project
from sdi.grid import Grid

FloatArray = npt.NDArray[np.floating[Any]]


def resample(raster: xr.DataArray, grid: Grid, operation: str | None = None) -> xr.DataArray:
    """Bring a raster to another grid, bilinearly.

    Parameters
    ----------
    raster : DataArray (y, x) [any unit]
        Values with NaN where missing.
    grid : Grid
        Where the values are wanted.
    operation : str, optional
        Name of the datum operation to use where PROJ offers several.

    Returns
    -------
    DataArray (y, x) [unit of the raster]
        Values on `grid`, NaN where one of the four neighbours is missing or lies outside; attributes are kept.
    """
    source = Grid.from_dataarray(raster)
    if source == grid:  # rounding must not spread a gap into its neighbours
        return grid.array(raster.transpose("y", "x").values.astype(np.float32), **raster.attrs)
    x, y = (part.ravel() for part in np.meshgrid(grid.x, grid.y))
    if source.crs != grid.crs:
        moved = project(shapely.points(x, y), grid.authority, source.authority, operation)
        x, y = shapely.get_coordinates(moved).T
    column = (x - source.affine.c) / source.affine.a - 0.5
    row = (y - source.affine.f) / source.affine.e - 0.5
    values = _bilinear(np.asarray(raster.transpose("y", "x").values, dtype=float), row, column)
    return grid.array(values.reshape(grid.shape).astype(np.float32), **raster.attrs)


def _bilinear(values: FloatArray, row: FloatArray, column: FloatArray) -> FloatArray:
    """Interpolate between cell centres; NaN where a neighbour is missing."""
    rows, columns = values.shape
    slack = 1e-9 * max(rows, columns)
    inside = (row >= -slack) & (row <= rows - 1 + slack) & (column >= -slack) & (column <= columns - 1 + slack)
    row, column = np.where(inside, row, 0.0), np.where(inside, column, 0.0)
    top = np.clip(np.floor(row), 0, max(rows - 2, 0)).astype(np.intp)
    left = np.clip(np.floor(column), 0, max(columns - 2, 0)).astype(np.intp)
    below, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, across = np.clip(row - top, 0, 1), np.clip(column - left, 0, 1)
    upper = _between(values[top, left], values[top, right], across)
    lower = _between(values[below, left], values[below, right], across)
    return np.where(inside, _between(upper, lower, down), np.nan)


def _between(a: FloatArray, b: FloatArray, share: FloatArray) -> FloatArray:
    """Value between two; an end that has no weight may be missing."""
    return np.where(share == 0, a, np.where(share == 1, b, (1 - share) * a + share * b))
