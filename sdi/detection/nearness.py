"""How near points are to lines, in classes that double in size, looked up in a raster that is kept in tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Geometries = NDArray[np.object_]

SCALES = ((32.0, False), (16.0, False), (8.0, False), (4.0, False), (2.0, False), (2.0, True))
"""Cells in which nearness is counted, from the widest: their size [m], and whether corners are meant or whole lines."""
FAR = len(SCALES)
"""Class of what is near no line."""
_CELL = SCALES[-1][0]
_TILE = 512.0
"""Size of a tile [m]; only tiles with a line are kept, 64 KiB each."""


@dataclass(frozen=True, slots=True, eq=False)
class Nearness:
    """Class of every place: 0 beside a corner, then beside a line at 2, 4, … 32 m, `FAR` beyond."""

    first: tuple[int, int]
    """Column and row of the first tile, counted from the origin of the storage CRS."""
    tiles: IntArray
    """Number of each tile (row, column); the last, empty one stands for all without a line."""
    classes: NDArray[np.uint8]
    """Class of each cell (tile, row, column)."""

    @classmethod
    def of(cls, geometries: Geometries) -> Nearness:
        """Lay lines, or the outlines of polygons, on a raster.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [storage CRS]
            Lines or polygons; missing ones are left out; at least one is there.
        """
        occupied = [_occupied(geometries, size, corners) for size, corners in SCALES]
        places = np.unique(occupied[0] // round(_TILE / SCALES[0][0]), axis=0)
        first, last = places.min(axis=0), places.max(axis=0)
        tiles = np.full((last - first + 1)[::-1], len(places), dtype=np.int64)
        tiles[tuple((places - first).T[::-1])] = np.arange(len(places))
        side = round(_TILE / _CELL)
        classes = np.full((len(places) + 1, side, side), FAR, dtype=np.uint8)
        for number, ((size, _), cells) in enumerate(zip(SCALES, occupied, strict=True)):
            column, row = (cells // (per := round(_TILE / size)) - first).T
            painted = np.zeros((len(places) + 1, per, per), dtype=bool)
            painted[(tiles[row, column], *(cells % per).T[::-1])] = True
            wide = painted.repeat(side // per, axis=1).repeat(side // per, axis=2)
            classes[wide] = FAR - 1 - number
        return cls((int(first[0]), int(first[1])), tiles, classes)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Envelope of all tiles [m, storage CRS]."""
        (column, row), (rows, columns) = self.first, self.tiles.shape
        return column * _TILE, row * _TILE, (column + columns) * _TILE, (row + rows) * _TILE

    def at(self, xy: FloatArray) -> NDArray[np.uint8]:
        """Tell how near points are.

        Parameters
        ----------
        xy : ndarray (..., 2) [m, storage CRS]
            Points.

        Returns
        -------
        ndarray (...) of int
            0 for the nearest, `FAR` for those near no line.
        """
        side = round(_TILE / _CELL)
        cell = np.floor(np.clip(xy, -1e9, 1e9) / _CELL).astype(np.int64)
        place = cell // side - self.first
        there = ((place >= 0) & (place < self.tiles.shape[::-1])).all(axis=-1)
        column, row = np.moveaxis(np.where(there[..., None], place, 0), -1, 0)
        tile = np.where(there, self.tiles[row, column], len(self.classes) - 1)
        within = cell % side
        return np.asarray(self.classes[tile, within[..., 1], within[..., 0]])


def _occupied(geometries: Geometries, size: float, corners: bool) -> IntArray:
    """Return column and row of the cells that lines pass through, or that hold their corners, and of those beside."""
    drawn = geometries if corners else shapely.segmentize(geometries, size)
    cells = np.unique(np.floor(shapely.get_coordinates(drawn) / size).astype(np.int64), axis=0)
    steps = np.array([(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)])
    return np.asarray((cells[:, None] + steps).reshape(-1, 2))
