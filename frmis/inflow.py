"""Where an inflow enters a grid, and how much of it in a step."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from frmis.connectivity import Mask
from frmis.forcing import Inflow, Series
from sdi.errors import InputError
from sdi.grid import FloatArray, Grid, IndexArray


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An inflow laid on the cells it enters."""

    name: str
    discharge: Series
    """[m3 s-1]"""
    rows: IndexArray
    """ndarray of int (n,), each cell once."""
    columns: IndexArray
    shares: FloatArray
    """What each cell gets, ndarray (n,) [1]; they add up to 1."""

    def volume(self, start: float, end: float) -> float:
        """Water brought in a while, the exact integral of a discharge that is linear between its values.

        Parameters
        ----------
        start, end : float [s]
            After the start of the run.

        Returns
        -------
        float [m3]
        """
        series = self.discharge
        inside = slice(bisect_right(series.times, start), bisect_left(series.times, end))
        times = start, *series.times[inside], end
        values = series.at(start), *series.values[inside], series.at(end)
        spans = zip(pairwise(times), pairwise(values), strict=True)
        return sum((b - a) * (first + last) / 2 for (a, b), (first, last) in spans)


def lay(inflow: Inflow, grid: Grid, active: Mask) -> Source:
    """Find the cells an inflow enters.

    A line is shared among the cells it crosses by the length in each, a disc evenly among the cells whose centre lies
    in it; a disc too small to hold a centre is the cell it lies in, like a point. Cells where nothing flows get
    nothing: the others take their part.

    Parameters
    ----------
    inflow : Inflow
        Its place in the CRS of the grid.
    grid : Grid
        Where the run takes place.
    active : ndarray of bool (y, x)
        Cells where water can flow.

    Returns
    -------
    Source

    Raises
    ------
    InputError
        If a part of the place lies outside the grid, or none of it where water can flow.
    """
    weight = _weights(inflow, grid)
    rows, columns = np.nonzero(weight * active)
    if not rows.size:
        raise InputError(
            f"nothing can flow where inflow {inflow.name} enters, at {_said(inflow.place[0])}: the terrain has no "
            "elevation there, or a building stands on it; move the inflow or make its radius larger",
            code="inflow-blocked",
        )
    shares = weight[rows, columns] / weight[rows, columns].sum()
    return Source(inflow.name, inflow.discharge, rows, columns, shares)


def _weights(inflow: Inflow, grid: Grid) -> FloatArray:
    """Weight of each cell in the place of an inflow, ndarray (y, x)."""
    places = [_in_cells(point, grid, inflow.name) for point in inflow.place]
    weight = np.zeros(grid.shape)
    if inflow.radius is not None:
        (x, y) = inflow.place[0]
        weight[(grid.x - x) ** 2 + (grid.y[:, np.newaxis] - y) ** 2 <= inflow.radius**2] = 1.0
    for start, end in pairwise(places):
        _draw(weight, start, end, grid.cell)
    if not weight.any():
        weight[_cell(places[0], grid.shape)] = 1.0
    return weight


def _in_cells(point: tuple[float, float], grid: Grid, name: str) -> FloatArray:
    """Row and column of a point, counted from the north-west corner [cells]."""
    xmin, ymin, xmax, ymax = grid.bounds
    (x, y), (width, height) = point, grid.cell
    if not (xmin <= x <= xmax and ymin <= y <= ymax):
        raise InputError(
            f"inflow {name} enters at {_said(point)}, outside the grid from {_said((xmin, ymin))} to "
            f"{_said((xmax, ymax))}; expected a place within, in the CRS of the terrain",
            code="inflow-outside",
        )
    return np.array([(ymax - y) / height, (x - xmin) / width])


def _cell(place: FloatArray, shape: tuple[int, int]) -> tuple[int, int]:
    """Cell that holds a place; the last one holds the border of the grid too."""
    row, column = np.minimum(np.floor(place).astype(int), np.array(shape) - 1)
    return int(row), int(column)


def _draw(weight: FloatArray, start: FloatArray, end: FloatArray, cell: tuple[float, float]) -> None:
    """Add the length [m] of a straight line in each cell it crosses."""
    way = end - start
    cuts = [np.array([0.0, 1.0])]
    for begin, span in zip(start, way, strict=True):
        if span:
            low, high = sorted((begin, begin + span))
            cuts.append((np.arange(np.ceil(low), np.floor(high) + 1) - begin) / span)
    at = np.unique(np.clip(np.concatenate(cuts), 0.0, 1.0))
    length = float(np.hypot(way[1] * cell[0], way[0] * cell[1]))
    for first, last in pairwise(at):
        weight[_cell(start + way * (first + last) / 2, weight.shape)] += (last - first) * length


def _said(point: tuple[float, float]) -> str:
    """Write a point for a reader."""
    return f"({point[0]:,.1f}, {point[1]:,.1f})"
