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
    """Number of each tile (row, column), within a border of empty ones: the last one stands for all without a line."""
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
        first, last = first - 1, last + 1
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
        """Envelope of all tiles with a line [m, storage CRS]."""
        (column, row), (rows, columns) = self.first, self.tiles.shape
        return (column + 1) * _TILE, (row + 1) * _TILE, (column + columns - 1) * _TILE, (row + rows - 1) * _TILE

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
        (column, x), (row, y) = (np.divmod(one, side) for one in np.moveaxis(_cells(xy), -1, 0))
        return np.asarray(self.classes.reshape(-1)[(self._tile(row, column) * side + y) * side + x])

    def around(self, xy: FloatArray, moves: FloatArray) -> NDArray[np.uint8]:
        """Tell how near points are, moved along both axes by the same steps.

        Parameters
        ----------
        xy : ndarray (n, 2) [m, storage CRS]
            Points.
        moves : ndarray (step,) [m]
            Even steps of whole cells of 2 m, none farther than 512 m.

        Returns
        -------
        ndarray (n, step, step) of int
            As `at`; moved north from row to row, and east from column to column.
        """
        side = round(_TILE / _CELL)
        start, step = round(moves[0] / _CELL), round((moves[1] - moves[0]) / _CELL)
        places, within = np.divmod(_cells(xy), side)
        found = np.empty((len(xy), len(moves), len(moves)), dtype=np.uint8)
        alike = np.unique(places, axis=0, return_inverse=True)
        for number, (column, row) in enumerate(alike[0]):
            tiles = self._tile(row + np.array([[-1], [0], [1]]), column + np.array([[-1, 0, 1]]))
            block = self.classes[tiles].transpose(0, 2, 1, 3).reshape(3 * side, 3 * side)
            for point in np.flatnonzero(alike[1] == number):
                x, y = within[point] + side + start
                found[point] = block[y::step, x::step][: len(moves), : len(moves)]
        return found

    def _tile(self, row: IntArray, column: IntArray) -> IntArray:
        """Return the numbers of tiles, that of the empty one where there is none."""
        rows, columns = self.tiles.shape
        place = np.clip(row - self.first[1], 0, rows - 1), np.clip(column - self.first[0], 0, columns - 1)
        return np.asarray(self.tiles[place])


def _cells(xy: FloatArray) -> IntArray:
    """Return column and row of the cells that points lie in."""
    return np.asarray(np.floor(np.clip(xy, -1e9, 1e9) / _CELL).astype(np.int64))


def _occupied(geometries: Geometries, size: float, corners: bool) -> IntArray:
    """Return column and row of the cells that lines pass through, or that hold their corners, and of those beside."""
    drawn = geometries if corners else shapely.segmentize(geometries, size)
    cells = np.unique(np.floor(shapely.get_coordinates(drawn) / size).astype(np.int64), axis=0)
    steps = np.array([(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)])
    return np.asarray((cells[:, None] + steps).reshape(-1, 2))
