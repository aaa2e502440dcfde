"""Many boxes for an R*Tree of SQLite at once: its nodes are written whole, instead of growing box by box.

An R*Tree keeps its nodes in plain tables beside it (``_node``, ``_parent``, ``_rowid``). A node is a count and cells; a
cell is a number and a box in single precision, big-endian. Neighbours share a node: boxes are cut into strips from west
to east, each strip into nodes from south to north (Leutenegger, Lopez and Edgington 1997, *STR: a simple and efficient
algorithm for R-tree packing*, ICDE). GDAL fills GeoPackages likewise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdi.store.many import run_many

FULL = 42
"""Most cells of a node as it is written [1]: SQLite puts 51 into one on pages of 4,096 bytes, later ones find room."""
MANY = 1_000
"""Boxes from which it pays to write nodes [1]."""
ROOT = 1
"""Number of the node at the top."""
_CELL = np.dtype([("number", ">i8"), ("box", ">f4", 4)])
_HEAD = 4
"""Bytes before the cells: how high the tree is, and how many cells the node has."""

Numbers = NDArray[np.int64]
Boxes = NDArray[np.float32]


class _Layer(NamedTuple):
    """All nodes at one height."""

    numbers: Numbers
    """Numbers of the nodes."""
    inside: NDArray[np.int64]
    """For each cell, the number of the node that holds it."""
    cells: Numbers
    """Numbers of the cells: of what is indexed, or of nodes below."""
    boxes: Boxes
    """Boxes of the cells."""
    starts: NDArray[np.int64]
    """Places of the first cell of each node."""


def fill(connection: sqlite3.Connection, table: str, numbers: Numbers, bounds: NDArray[np.float64]) -> None:
    """Add boxes to an R*Tree of two dimensions; it is written anew where it grows to twice its size or more.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    table : str
        The R*Tree, with columns for a number, west, east, south and north.
    numbers : ndarray (n,) of int64
        What the boxes are of; none of them is there yet.
    bounds : ndarray (n, 4) [any CRS]
        Boxes ``(xmin, ymin, xmax, ymax)``, finite.
    """
    edges = bounds[:, [0, 2, 1, 3]]
    if len(numbers) < MANY or len(numbers) < _count(connection, table):
        rows = zip(numbers.tolist(), *edges.T.tolist(), strict=True)
        connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?, ?)', rows)
        return
    known = connection.execute(f'SELECT * FROM "{table}"').fetchall()
    numbers = np.concatenate([np.array([row[0] for row in known], dtype=np.int64), numbers])
    boxes = np.array([row[1:] for row in known], dtype=np.float64).reshape(-1, 4)
    _write(connection, table, numbers, _outward(np.concatenate([boxes, edges])))


def _count(connection: sqlite3.Connection, table: str) -> int:
    """Return how many boxes are there."""
    count: int = connection.execute(f'SELECT count(*) FROM "{table}_rowid"').fetchone()[0]
    return count


@contextmanager
def _unguarded(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the tables behind an R*Tree be written, which some builds of SQLite guard."""
    guarded = connection.getconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, False)
    try:
        yield
    finally:
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, guarded)


def _write(connection: sqlite3.Connection, table: str, numbers: Numbers, boxes: Boxes) -> None:
    """Put nodes in the place of those that are there."""
    size = connection.execute(f'SELECT length(data) FROM "{table}_node" WHERE nodeno = {ROOT}').fetchone()[0]
    full = min(FULL, (size - _HEAD) // _CELL.itemsize)
    with _unguarded(connection):
        for part in ("node", "parent", "rowid"):
            connection.execute(f'DELETE FROM "{table}_{part}"')
        for height, layer in enumerate(_layers(numbers, boxes, full)):
            _write_layer(connection, table, layer, height, size, full)


def _write_layer(connection: sqlite3.Connection, table: str, layer: _Layer, height: int, size: int, full: int) -> None:
    """Write the nodes of one height and what they hold."""
    run_many(connection, f'INSERT INTO "{table}_node" VALUES (?, ?)', _nodes(layer, height, size, full))
    held = "rowid" if height == 0 else "parent"
    rising = np.argsort(layer.cells)
    pairs = zip(layer.cells[rising].tolist(), layer.inside[rising].tolist(), strict=True)
    run_many(connection, f'INSERT INTO "{table}_{held}" VALUES (?, ?)', pairs)


def _outward(edges: NDArray[np.float64]) -> Boxes:
    """Return west, east, south and north in single precision, rounded so that the box covers all it did."""
    short = edges.astype(np.float32)
    limit = np.array([-np.inf, np.inf] * 2, dtype=np.float32)
    smaller = (short - edges) * np.sign(limit) < 0
    return np.where(smaller, np.nextafter(short, limit), short)


def _layers(numbers: Numbers, boxes: Boxes, full: int) -> Iterator[_Layer]:
    """Yield the nodes of every height, the lowest first; the last is the top alone."""
    order = _neighbourly(boxes, full)
    cells, boxes, free = numbers[order], boxes[order], ROOT + 1
    while True:
        starts = np.arange(0, len(cells), full)
        nodes = np.arange(free, free + len(starts)) if len(starts) > 1 else np.array([ROOT])
        yield _Layer(nodes, np.repeat(nodes, full)[: len(cells)], cells, boxes, starts)
        if len(starts) == 1:
            return
        west, east, south, north = boxes.T
        low, high = (np.minimum.reduceat, np.maximum.reduceat)
        boxes = np.column_stack([low(west, starts), high(east, starts), low(south, starts), high(north, starts)])
        cells, free = nodes, free + len(starts)


def _neighbourly(boxes: Boxes, full: int) -> NDArray[np.int64]:
    """Return the order in which boxes that come together lie together: by strip, then from south to north."""
    middle = boxes[:, ::2] + boxes[:, 1::2]
    count = len(boxes)
    strip = full * int(np.ceil(np.sqrt(count / full)))
    strips = np.empty(count, dtype=np.int64)
    strips[np.argsort(middle[:, 0], kind="stable")] = np.arange(count) // strip
    return np.lexsort((middle[:, 1], strips))


def _nodes(layer: _Layer, height: int, size: int, full: int) -> Iterator[tuple[int, bytes]]:
    """Yield nodes with their numbers, as SQLite stores them; the top one says how high it is."""
    cells = np.empty(len(layer.cells), dtype=_CELL)
    cells["number"], cells["box"] = layer.cells, layer.boxes
    for number, start in zip(layer.numbers.tolist(), layer.starts.tolist(), strict=True):
        held = cells[start : start + full]
        head = (height if number == ROOT else 0).to_bytes(2, "big") + len(held).to_bytes(2, "big")
        yield number, (head + held.tobytes()).ljust(size, b"\0")
