"""A small part of a published raster, read without opening the rest: what a question about one place needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import zarr
from rasterio.windows import Window as Cells

from sdi.grid import Grid
from sdi.store.description import RasterDescription

FloatArray = npt.NDArray[np.floating[Any]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Some cells of a raster."""

    grid: Grid
    """Where they lie."""
    bands: dict[str, FloatArray]
    """Values by variable, ndarray (y, x) [unit of the variable], NaN where missing."""


def window(
    folder: Path, said: RasterDescription, box: Box, names: Sequence[str], *, first: Sequence[str] = ()
) -> Window | None:
    """Read the cells that a box touches.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    said : RasterDescription
        The raster.
    box : tuple of 4 float [CRS of the raster]
        xmin, ymin, xmax, ymax.
    names : sequence of str
        Variables on ``(y, x)``; those that the raster lacks are left out.
    first : sequence of str, optional
        Variables on ``(time, y, x)`` of which the first time is read; those that the raster lacks are left out.

    Returns
    -------
    Window or None
        ``None`` where the box touches no cell.
    """
    with rasterio.open(folder / said.name / str(said.cog)) as source:
        whole = Grid((source.height, source.width), source.transform, Grid.definition(source.crs))
        place = _cells(whole, box)
        if place is None:
            return None
        numbers = {name: number for number, name in enumerate(source.descriptions, 1) if name in names}
        bands = {
            name: source.read(number, window=place, masked=True).filled(np.nan) for name, number in numbers.items()
        }
        part = Grid((int(place.height), int(place.width)), source.window_transform(place), whole.crs)
    known = {str(one["name"]) for one in said.variables}
    for name in (one for one in first if said.zarr and one in known):
        array = zarr.open_array(folder / said.name / str(said.zarr) / name, mode="r")
        rows, columns = place.toslices()
        bands[name] = np.asarray(array[0, rows, columns], dtype=float)
    return Window(part, bands)


def _cells(grid: Grid, box: Box) -> Cells | None:
    """Cells of a grid that a box touches; ``None`` where there are none."""
    (rows, columns), a = grid.shape, grid.affine
    left, right = (box[0] - a.c) / a.a, (box[2] - a.c) / a.a
    top, bottom = (box[3] - a.f) / a.e, (box[1] - a.f) / a.e
    if right < 0 or bottom < 0 or left >= columns or top >= rows:
        return None
    column, row = max(0, math.floor(left)), max(0, math.floor(top))
    width = min(columns, math.floor(right) + 1) - column
    height = min(rows, math.floor(bottom) + 1) - row
    return Cells(column, row, width, height)
