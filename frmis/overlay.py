"""Which cells of a grid things lie in.

Where things lie does not change from one flood to the next: the overlay is made once and asked for every map. It is
kept as pairs of a thing and a cell in the order of the things, so that one pass over the pairs gives every mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from sdi.errors import InputError
from sdi.grid import FloatArray, Grid, IndexArray

AT_ONCE = 2_000_000
"""Pairs of a thing and a cell that are tested at a time, to bound memory."""

EDGE = 1e-9
"""Share of a cell by which it is made smaller before it is tested: who only touches its edge does not lie in it."""

Geometries = npt.NDArray[np.object_]
BoolArray = npt.NDArray[np.bool_]

_EMPTY = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Which cells of a grid things lie in."""

    first: IndexArray
    """ndarray (thing + 1,): the pairs of thing i are ``first[i]`` to ``first[i + 1]``, none where it lies outside."""
    cell: IndexArray
    """ndarray (pair,): number of the cell, counted along the rows from the north-west."""
    length: FloatArray
    """ndarray (pair,) [unit of the CRS]: length of a line in the cell; 0 for points and areas."""

    def __len__(self) -> int:
        """Return the number of things."""
        return len(self.first) - 1

    @property
    def thing(self) -> IndexArray:
        """Number of the thing of each pair, ndarray (pair,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @property
    def outside(self) -> BoolArray:
        """Which things lie in no cell, ndarray (thing,)."""
        return np.asarray(np.diff(self.first) == 0)


def overlay(grid: Grid, geometries: Geometries) -> Overlay:
    """Find the cells that things lie in: all that an area shares, all that a line crosses, the one of a point.

    Parameters
    ----------
    grid : Grid
        The cells.
    geometries : ndarray (thing,) of shapely geometry [CRS of the grid]
        Areas, lines and points, mixed as they come; ``None`` lies nowhere.

    Returns
    -------
    Overlay
        Ascending by thing, then by cell; no pair for what lies beside the grid.

    Raises
    ------
    InputError
        If one of them is a collection of several kinds.

    Examples
    --------
    >>> field = Grid.from_bounds((0, 0, 30, 20), 10, "EPSG:5897")
    >>> overlay(field, np.array([shapely.box(12, 12, 18, 18), shapely.Point(5, 5)])).cell.tolist()
    [1, 3]
    >>> len(overlay(field, np.array([], dtype=object)))
    0
    """
    shapes = np.asarray(geometries, dtype=object)
    kinds = shapely.get_type_id(shapes)
    if (kinds == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        row = int(np.flatnonzero(kinds == shapely.GeometryType.GEOMETRYCOLLECTION)[0])
        raise InputError(
            f"thing {row} is a collection of geometries; give areas, lines or points", code="geometry-type"
        )
    dimension = np.where(shapely.is_missing(shapes) | shapely.is_empty(shapes), -1, shapely.get_dimensions(shapes))
    rows = [np.flatnonzero(dimension == kind) for kind in range(3)]
    found = [find(grid, shapes[own], own) for find, own in zip((_points, _lines, _areas), rows, strict=True)]
    thing, cell, length = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((cell, thing))
    first = np.searchsorted(thing[order], np.arange(len(shapes) + 1))
    return Overlay(first, cell[order], length[order])


def fingerprint(grid: Grid, geometries: Geometries) -> str:
    """Hash what decides an overlay: where the cells lie and where the things are.

    Parameters
    ----------
    grid : Grid
        The cells.
    geometries : ndarray (thing,) of shapely geometry [CRS of the grid]
        The things.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    where = [grid.shape, [round(float(one), 6) for one in tuple(grid.affine)[:6]], grid.authority]
    digest = hashlib.sha256(json.dumps(where).encode())
    for blob in shapely.to_wkb(np.asarray(geometries, dtype=object)):
        digest.update(b"-" if blob is None else blob)
    return digest.hexdigest()


def _points(grid: Grid, shapes: Geometries, rows: IndexArray) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Pairs of points: of a multiple point, each cell once."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    places = shapely.get_coordinates(parts)
    inside = grid.contains(places)
    row, column = grid.index_of(places[inside])
    return _merged(grid, rows[owner[inside]], row * grid.shape[1] + column, np.zeros(len(row)))


def _lines(grid: Grid, shapes: Geometries, rows: IndexArray) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Pairs of lines: every segment is cut where it crosses from one row or column to the next."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    corners, part = shapely.get_coordinates(parts, return_index=True)
    steps = np.flatnonzero(part[1:] == part[:-1])
    a = grid.affine
    # In units of cells, x along the columns and y along the rows, so that cells end at whole numbers.
    places = (corners - (a.c, a.f)) / (a.a, a.e)
    start, end = places[steps], places[steps + 1]
    segment, along = _crossings(start, end)
    same = segment[1:] == segment[:-1]
    segment, begin, finish = segment[:-1][same], along[:-1][same], along[1:][same]
    middle = start[segment] + (end - start)[segment] * ((begin + finish) / 2)[:, np.newaxis]
    column, row = np.floor(middle).astype(np.intp).T
    inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1]) & (finish > begin)
    length = np.hypot(*(corners[steps + 1] - corners[steps]).T)[segment] * (finish - begin)
    thing = rows[owner[part[steps]]][segment]
    return _merged(grid, thing[inside], (row * grid.shape[1] + column)[inside], length[inside])


def _crossings(start: FloatArray, end: FloatArray) -> tuple[IndexArray, FloatArray]:
    """Where segments [cells] cross the lines of the grid: number of the segment and share of its length, ascending."""
    segments = np.arange(len(start))
    found, where = [segments, segments], [np.zeros(len(start)), np.ones(len(start))]
    for axis in range(2):
        low = np.ceil(np.minimum(start[:, axis], end[:, axis]))
        high = np.floor(np.maximum(start[:, axis], end[:, axis]))
        number = np.maximum(high - low + 1, 0).astype(np.intp)
        number[start[:, axis] == end[:, axis]] = 0
        segment, place = _expanded(number)
        span = end[segment, axis] - start[segment, axis]
        found.append(segment)
        where.append(np.clip((low[segment] + place - start[segment, axis]) / span, 0.0, 1.0))
    segment, along = np.concatenate(found), np.concatenate(where)
    order = np.lexsort((along, segment))
    return segment[order], along[order]


def _areas(grid: Grid, shapes: Geometries, rows: IndexArray) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Pairs of areas: the cells of the box around each that share more than an edge with it."""
    shapely.prepare(shapes)
    found = list(_candidates(grid, shapes)) or [(_EMPTY, _EMPTY)]
    thing, cell = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows[thing], cell, np.zeros(len(thing))


def _candidates(grid: Grid, shapes: Geometries) -> Iterator[tuple[IndexArray, IndexArray]]:
    """Yield the pairs of an area and a cell, some at a time."""
    a, (nrows, ncolumns) = grid.affine, grid.shape
    xmin, ymin, xmax, ymax = shapely.bounds(shapes).T
    left, right = _range((xmin - a.c) / a.a, (xmax - a.c) / a.a, ncolumns)
    top, bottom = _range((ymax - a.f) / a.e, (ymin - a.f) / a.e, nrows)
    width = np.maximum(right - left, 0)
    last = np.cumsum(width * np.maximum(bottom - top, 0))
    total = int(last[-1]) if last.size else 0
    for begin in range(0, total, AT_ONCE):
        pair = np.arange(begin, min(begin + AT_ONCE, total))
        thing = np.searchsorted(last, pair, side="right")
        place = pair - np.concatenate(([0], last))[thing]
        row, column = top[thing] + place // width[thing], left[thing] + place % width[thing]
        x, y, dx, dy = a.c + column * a.a, a.f + row * a.e, EDGE * a.a, EDGE * a.e
        boxes = shapely.box(x + dx, y + a.e - dy, x + a.a - dx, y + dy)
        hit = shapely.intersects(shapes[thing], boxes)
        yield thing[hit], (row * ncolumns + column)[hit]


def _range(low: FloatArray, high: FloatArray, count: int) -> tuple[IndexArray, IndexArray]:
    """Cells between two places [cells] along one axis: the first, and the first that is none any more."""
    begin = np.clip(np.floor(low + EDGE), 0, count)
    return begin.astype(np.intp), np.clip(np.ceil(high - EDGE), 0, count).astype(np.intp)


def _expanded(number: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Count up to each number: whose count it is, and how far it has come."""
    owner = np.repeat(np.arange(len(number)), number)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)


def _merged(
    grid: Grid, thing: IndexArray, cell: IndexArray, length: FloatArray
) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Bring together what one thing has in one cell."""
    count = grid.shape[0] * grid.shape[1]
    key, owner = np.unique(thing * count + cell, return_inverse=True)
    return key // count, key % count, np.bincount(owner, weights=length, minlength=len(key))
