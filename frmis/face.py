"""Which sides of cells a line on the ground runs along.

A line holds the water back between two cells where it meets the straight way between their centres. Whatever path leads
from centre to centre of neighbouring cells must cross the line there, so a line without a gap has none on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from sdi.grid import FloatArray, Grid

NEAR = 1e-9
"""A line this close to a centre goes through it [cells]."""

TurnArray = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The sides of cells along a line."""

    x: Mask
    """ndarray of bool (ny, nx + 1): the side west of each column."""
    y: Mask
    """ndarray of bool (ny + 1, nx): the side north of each row."""
    turn_x: TurnArray
    """ndarray (ny, nx + 1): above 0 where the cell east of the side lies to the left of the line as it is drawn, below
    0 where it lies to the right, 0 where the line turns back."""
    turn_y: TurnArray
    """ndarray (ny + 1, nx): the same of the cell south of the side."""

    @property
    def count(self) -> int:
        """Number of sides."""
        return int(self.x.sum() + self.y.sum())


def along(line: Any, grid: Grid) -> Faces:
    """Find the sides of cells that a line runs along.

    Parameters
    ----------
    line : geometry [CRS of the grid]
        A line or several; what lies outside the grid meets nothing.
    grid : Grid
        Cells, with one more beyond each border.

    Returns
    -------
    Faces
        Of no sides for an empty line.
    """
    rows, columns = grid.shape
    starts, ends = _segments(line)
    x, y = grid.x[0], grid.y[0]
    (u0, v0), (u1, v1) = (((at[:, 0] - x) / grid.cell[0], (y - at[:, 1]) / grid.cell[1]) for at in (starts, ends))
    turn_x, turn_y = np.zeros((rows, columns + 1), np.int32), np.zeros((rows + 1, columns), np.int32)
    met_x, met_y = np.zeros(turn_x.shape, bool), np.zeros(turn_y.shape, bool)
    row, k, segment = _met(v0, u0, v1, u1, rows, columns)
    met_x[row, k] = True
    np.add.at(turn_x, (row, k), np.sign(v1 - v0).astype(np.int32)[segment])
    column, k, segment = _met(u0, v0, u1, v1, columns, rows)
    met_y[k, column] = True
    np.add.at(turn_y, (k, column), np.sign(u0 - u1).astype(np.int32)[segment])
    return Faces(met_x, met_y, turn_x, turn_y)


def _segments(line: Any) -> tuple[FloatArray, FloatArray]:
    """Return starts and ends of the straight pieces, ndarray (n, 2) [CRS of the line]."""
    parts = [shapely.get_coordinates(part) for part in shapely.get_parts(line)] or [np.empty((0, 2))]
    return np.concatenate([part[:-1] for part in parts]), np.concatenate([part[1:] for part in parts])


def _met(
    a0: FloatArray, b0: FloatArray, a1: FloatArray, b1: FloatArray, lanes: int, cells: int
) -> tuple[Indices, Indices, Indices]:
    """Find the ways from centre to centre along lanes that segments meet.

    Parameters
    ----------
    a0, b0, a1, b1 : ndarray (n,) [cells]
        Starts and ends; centres lie at whole numbers, lanes at whole numbers of a.
    lanes, cells : int
        Number of lanes, and of cells in each.

    Returns
    -------
    tuple of 3 ndarray (m,) of int
        Lane, number of the way (way k leads to cell k), segment.
    """
    low = np.clip(np.ceil(np.minimum(a0, a1) - NEAR), 0, lanes).astype(np.intp)
    high = np.clip(np.floor(np.maximum(a0, a1) + NEAR), -1, lanes - 1).astype(np.intp)
    segment, lane = _counted(low, high)
    length = (a1 - a0)[segment]
    flat = np.abs(length) <= NEAR
    share = np.clip((lane - a0[segment]) / np.where(flat, 1.0, length), 0.0, 1.0)
    at = b0[segment] + share * (b1 - b0)[segment]
    # A segment along a lane meets every way between its ends, any other the one it crosses.
    first = np.where(flat, np.minimum(b0, b1)[segment], at)
    last = np.where(flat, np.maximum(b0, b1)[segment], at)
    low = np.clip(np.ceil(first - NEAR), 0, cells + 1).astype(np.intp)
    high = np.clip(np.floor(last + NEAR) + 1, -1, cells).astype(np.intp)
    which, way = _counted(low, high)
    return lane[which], way, segment[which]


def _counted(low: Indices, high: Indices) -> tuple[Indices, Indices]:
    """Count from each low to its high; return the place of the pair and the number."""
    count = np.maximum(high - low + 1, 0)
    place = np.repeat(np.arange(len(low)), count)
    return place, low[place] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
