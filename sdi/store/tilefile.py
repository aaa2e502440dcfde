"""Tiles that were made beforehand, in a file that others read as well: MBTiles.

References
----------
MBTiles Specification 1.3: rows are counted from the south, and tiles are compressed.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from sdi.store.durable import make_private, sync, sync_folder
from sdi.store.geopackage import OPEN_TO_ALL
from sdi.tile.quad import Tile

_TABLES = """
CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE tiles (zoom_level INTEGER NOT NULL, tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL,
  tile_data BLOB NOT NULL, PRIMARY KEY (zoom_level, tile_column, tile_row));
"""


def write(
    path: Path, facts: Mapping[str, str], tiles: Iterable[tuple[Tile, bytes]], check: Callable[[], None] = lambda: None
) -> int:
    """Write tiles beside their place and move them there.

    Parameters
    ----------
    path : Path
        The file; its folder has the name of the level of access, and all but the public one is for its owner alone.
    facts : mapping of str to str
        What is said of the tiles.
    tiles : iterable of (Tile, bytes)
        Tiles, not compressed.
    check : callable
        Is called when all are written; what it raises keeps them from their place.

    Returns
    -------
    int
        How many were written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.unlink(missing_ok=True)
    if path.parent.name != OPEN_TO_ALL:
        make_private(beside)
    try:
        written = _fill(beside, facts, tiles)
        sync(beside)
        check()
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)
    return written


def _fill(path: Path, facts: Mapping[str, str], tiles: Iterable[tuple[Tile, bytes]]) -> int:
    """Write tiles into a new file; return how many."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.executescript(_TABLES)
        connection.executemany("INSERT INTO metadata VALUES (?, ?)", facts.items())
        rows = ((*_place(tile), gzip.compress(content, 6, mtime=0)) for tile, content in tiles)
        return max(connection.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows).rowcount, 0)


def facts(path: Path) -> dict[str, str]:
    """Return what a file says of its tiles."""
    with closing(_opened(path)) as connection:
        return dict(connection.execute("SELECT name, value FROM metadata"))


def read(path: Path, tile: Tile) -> bytes:
    """Return a tile, not compressed; empty where there is none."""
    sql = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
    with closing(_opened(path)) as connection:
        found = connection.execute(sql, _place(tile)).fetchone()
    return gzip.decompress(found[0]) if found else b""


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file for reading; one that is there never changes, another takes its place."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _place(tile: Tile) -> tuple[int, int, int]:
    """Return level, column and row as such a file counts them."""
    return tile.level, tile.column, 2**tile.level - 1 - tile.row
