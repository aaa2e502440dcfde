"""Tiles of the current features of a collection in a GeoPackage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from sqlite3 import Connection
from typing import Any

import orjson

from sdi.tile.cut import Cut, Drawn, drawn
from sdi.tile.quad import Tile

SCATTERED = "(c.fid * 2654435761 & 4294967295)"
"""SQL of a number by which features of one size are chosen: neighbours have very different ones, on both stores."""
WIDTH = "(h.max_x - h.min_x)"
HEIGHT = "(h.max_y - h.min_y)"
_TOUCHED = "r.minx <= ? AND r.maxx >= ? AND r.miny <= ? AND r.maxy >= ?"
_WIDE = "(r.maxx - r.minx >= ? OR r.maxy - r.miny >= ?)"


def crowd(connection: Connection, name: str, tile: Tile, most: int) -> int:
    """Count the features whose boxes touch a tile, no further than one more than asked for.

    Parameters
    ----------
    connection : Connection
        To the publication.
    name : str
        Collection.
    tile : Tile
        The tile.
    most : int
        Where counting may end.
    """
    sql = f'SELECT count(*) FROM (SELECT 1 FROM "rtree_{name}_geom" r WHERE {_TOUCHED} LIMIT ?)'
    return int(connection.execute(sql, (*_edges(tile), most + 1)).fetchone()[0])


def draw(connection: Connection, name: str, wkb: str, cut: Cut) -> Drawn:
    """Cut a collection into a tile.

    Parameters
    ----------
    connection : Connection
        To the publication.
    name : str
        Collection, which is also the name of the layer.
    wkb : str
        SQL of the WKB of the feature ``c``.
    cut : Cut
        What is wanted.
    """
    listed = "".join(f', c."{column}"' for column in cut.columns)
    rows = _largest(connection, name, wkb, listed, cut) if cut.most else _all(connection, name, wkb, listed, cut)
    switches = [place for place, kind in enumerate(cut.columns.values(), 2) if kind == "boolean"]
    return drawn(name, _told(sorted(rows, key=itemgetter(0)), switches), cut)


def _all(connection: Connection, name: str, wkb: str, listed: str, cut: Cut) -> list[Any]:
    """Return every feature that touches the tile."""
    sql = (
        f'SELECT c.fid, {wkb}{listed} FROM "rtree_{name}_geom" r JOIN "{name}" c ON c.fid = r.id WHERE {_TOUCHED}'
    )  # fmt: skip
    return connection.execute(sql, _edges(cut.tile)).fetchall()


def _largest(connection: Connection, name: str, wkb: str, listed: str, cut: Cut) -> list[Any]:
    """Return the largest features that touch the tile; the index knows well enough which are too small to be seen."""
    visible, sizes = (_WIDE, cut.smallest) if cut.sized else ("1 = 1", ())
    fids = connection.execute(
        f'SELECT c.fid FROM "rtree_{name}_geom" r JOIN "{name}" c ON c.fid = r.id '
        f'JOIN "{name}_history" h ON h."row" = c.version WHERE {_TOUCHED} AND {visible} '
        f"ORDER BY {WIDTH} + {HEIGHT} DESC, {SCATTERED}, c.fid LIMIT ?",
        (*_edges(cut.tile), *sizes, cut.most),
    )
    asked = orjson.dumps([fid for (fid,) in fids]).decode()
    sql = f'SELECT c.fid, {wkb}{listed} FROM "{name}" c WHERE c.fid IN (SELECT value FROM json_each(?))'
    return connection.execute(sql, (asked,)).fetchall()


def _edges(tile: Tile) -> tuple[float, float, float, float]:
    """Return east, west, north and south of what is cut [degree, CRS84], as `_TOUCHED` asks for them."""
    west, south, east, north = tile.widened()
    return east, west, north, south


def _told(rows: Sequence[Any], switches: Iterable[int]) -> Sequence[Any]:
    """Return rows with truth in the place of 0 and 1."""
    places = frozenset(switches)
    if not places:
        return rows
    return [
        tuple(bool(value) if at in places and value is not None else value for at, value in enumerate(row))
        for row in rows
    ]
