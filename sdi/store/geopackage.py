"""Publications on the embedded store: one GeoPackage per access level.

Each collection is a feature table that QGIS and GDAL open, with an R*Tree; beside it stand the tables that
`publication_store` describes. What has been applied is stored in the same transaction as the rows.
"""

from __future__ import annotations

import itertools
import os
import re
import sqlite3
import struct
import threading
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from sdi.errors import ConflictError, WorkspaceError
from sdi.store import boxes, halt, publication_database, sqlite_tile
from sdi.store.durable import is_running, make_private, sync_folder
from sdi.store.feed import Row
from sdi.store.many import run_many
from sdi.store.publication_database import Box
from sdi.store.publication_store import LAYOUT, SCHEMA
from sdi.store.sqlite_filter import SqliteFilter, install
from sdi.tile.cut import Cut, Drawn
from sdi.tile.quad import Tile

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
OPEN_TO_ALL = "public"
"""Name of the publication that others of this machine may read; all others are for their owner alone."""
BUSY_TIMEOUT_S = 60.0
CHECKPOINT_TIMEOUT_MS = 1_000
"""How long a writer that is done waits for readers to let go of the log; the next one tidies it up otherwise."""
MAPPED = 2**31
"""How much of a file is read where the system keeps it, without a copy [byte]; SQLite maps hardly more than that."""
_STEPS = 1_000
"""Steps of SQLite after which it looks at the clock."""
_TOO_NESTED = ("parser stack overflow", "Expression tree is too large")
"""What SQLite says of a statement that nests deeper than it reads; how deep that is depends on how it was built."""
_ENVELOPE = 32
"""Bytes of the envelope before the WKB of a place: four numbers."""
ROUNDED = 1e-4
"""By how much more a box of the index may cover than its place, because it is kept in single precision [degree]."""

_GEOPACKAGE = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  PRIMARY KEY (table_name, column_name));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL);
"""
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic", 0, "NONE", 0, "undefined", None),
    ("WGS 84", 4326, "EPSG", 4326, _WGS84, "longitude, latitude"),
)


class GeoPackage:
    """One publication file.

    Parameters
    ----------
    path : Path
        The file.
    read_only : bool
        Open for reading only; each thread gets a connection of its own.
    alone : bool
        Nobody else looks at the file before it is closed, and nobody misses it where that never happens: it is filled
        without a log beside it, through which every page is written twice.

    Raises
    ------
    WorkspaceError
        If a file to be read is missing or is no publication.
    """

    wkb = 'substr(c."geom", 41)'
    """SQL of the WKB of the current feature ``c``: what follows the header with its envelope."""
    listed = "SELECT value FROM json_each(?)"
    state_sql: str | None = None
    may_redefine = True

    def __init__(self, path: Path, *, read_only: bool = True, alone: bool = False) -> None:
        self.path = path
        self.name = path.name
        self._read_only = read_only
        self._alone = alone
        self._local = threading.local()
        self._boxes: dict[str, list[tuple[Sequence[int], NDArray[np.float64]]]] = {}
        """What comes into the indexes of collections when the transaction ends: numbers and bounds."""
        if read_only and not path.is_file():
            raise WorkspaceError(f"{path} is missing; run `phusa publish` to build it from the registry")
        if not read_only and path.stem != OPEN_TO_ALL:
            make_private(path)
        self._place = str(path)
        self._file = _file(self._place)
        try:
            if not list(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'phusa_publication'")):
                if read_only:
                    raise WorkspaceError(f"{path} is no publication of phusa; run `phusa publish` to build it")
                self._make()
        except sqlite3.Error as error:
            raise WorkspaceError(f"{path} cannot be opened as a publication ({error})") from error
        self._file = self._file or _file(self._place)

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            mode = "ro" if self._read_only else "rwc"
            found = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
            )
            install(found)
            found.execute("PRAGMA cache_size=-32768")
            found.execute(f"PRAGMA mmap_size={MAPPED}")
            if self._alone:
                found.execute("PRAGMA journal_mode=MEMORY")
            if not self._read_only:
                found.execute("PRAGMA synchronous=FULL")
                found.execute("PRAGMA secure_delete=ON")  # what became restricted must not linger in free pages
            self._local.connection = found
        return found

    def _make(self) -> None:
        """Lay out an empty publication; the pragmas come before WAL, or GDAL does not know the file."""
        self.connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version={USER_VERSION}")
        if not self._alone:
            self.connection.execute("PRAGMA journal_mode=WAL")
        with self.writing():
            self.make([*_GEOPACKAGE.split(";\n")[:-1], *SCHEMA])
            self.run_many("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)
            self.run_many("INSERT INTO phusa_publication VALUES (?, ?)", (("layout", LAYOUT), ("state", "0")))

    def close(self) -> None:
        """Close this thread's connection; a writer leaves one plain file behind where no reader is left."""
        if getattr(self._local, "connection", None) is not None:
            try:
                self._tidy_up()
            finally:
                self.connection.close()
                self._local.connection = None

    def _tidy_up(self) -> None:
        """Bring the log into the file."""
        if not self._read_only:
            self.connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_MS}")
            if self._alone:
                self.connection.execute("PRAGMA journal_mode=WAL")  # from here on others read while one writes
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction; all or nothing.

        Raises
        ------
        ConflictError
            If another projector keeps the file busy too long.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise ConflictError(
                f"another process is writing {self.path.name} ({error}); what was recorded is kept, "
                "run `phusa publish` when it is done"
            ) from error
        try:
            yield
            self._fill_indexes()
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        finally:
            self._boxes.clear()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one consistent state over several statements."""
        if self.connection.in_transaction:
            yield
            return
        with halt.ended_by(self.connection.interrupt):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")

    def state(self) -> Hashable:
        """Look at times and sizes of the files: a new title is written without a transaction."""
        return self._file, _stamp(self._place), _stamp(f"{self._place}-wal")

    def is_replaced(self) -> bool:
        """Tell whether another file lies in its place, or none."""
        return _file(self._place) != self._file

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Stop each query that takes longer than `QUESTION_S`, because strangers wrote a part of it.

        Raises
        ------
        InputError
            If one did, or nests deeper than SQLite reads.
        """
        until = time.monotonic() + publication_database.QUESTION_S
        self.connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise publication_database.too_costly() from error
            if any(said in str(error) for said in _TOO_NESTED):
                raise publication_database.too_nested() from error
            raise
        finally:
            self.connection.set_progress_handler(None, 0)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterable[Row]:
        """Run a query and yield its rows as they are asked for."""
        return self.connection.execute(sql, parameters)

    stream = rows
    """The same: nothing is read before it is asked for."""

    def numbers(self, sql: str, parameters: Sequence[object]) -> NDArray[np.int64]:
        """Run a query of one column of whole numbers; written as one text, they are read at once."""
        (written,) = self.connection.execute(f"SELECT json_group_array(fid) FROM ({sql})", parameters).fetchone()
        return np.array(orjson.loads(written), dtype=np.int64)

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for every row."""
        run_many(self.connection, sql, rows)

    def make(self, statements: Iterable[str]) -> None:
        """Make tables."""
        for statement in statements:
            self.connection.execute(statement)

    # collections -----------------------------------------------------------------------------------------------------

    def layer_type(self, geometry: str) -> str:
        """Return the type of the column of places: GeoPackage's own."""
        return geometry

    def places(self, geometries: NDArray[np.object_]) -> Sequence[bytes | None]:
        """Encode geometries as GeoPackage does.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [CRS84]
            Geometries, ``None`` where missing.

        Returns
        -------
        list (n,) of bytes or None
            Header with envelope, then WKB.
        """
        bounds = shapely.bounds(geometries)
        heads = bounds[:, [0, 2, 1, 3]].astype("<f8").tobytes()
        magic = b"GP\x00\x03" + struct.pack("<i", 4326)
        blobs = shapely.to_wkb(geometries, byte_order=1, output_dimension=2).tolist()
        starts = range(0, len(heads), _ENVELOPE)
        return [
            None if blob is None else magic + heads[start : start + _ENVELOPE] + blob
            for blob, start in zip(blobs, starts, strict=True)
        ]

    def announce(self, name: str, title: str) -> None:
        """Make the index of a new collection and list it among the contents."""
        self.connection.execute(f'CREATE VIRTUAL TABLE "rtree_{name}_geom" USING rtree(id, minx, maxx, miny, maxy)')
        contents = (
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)"
        )
        self.connection.execute(contents, (name, "features", name, title, 4326))
        self.connection.execute(contents, (f"{name}_history", "attributes", f"{name}_history", title, None))
        self.connection.execute(
            "INSERT INTO gpkg_geometry_columns SELECT ?, 'geom', type, 4326, 0, 0 FROM pragma_table_info(?) "
            "WHERE name = 'geom'",
            (name, name),
        )
        self.connection.execute(
            "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
            (name, "http://www.geopackage.org/spec120/#extension_rtree"),
        )

    def withdraw(self, name: str) -> None:
        """Remove the index of a collection and its lines among the contents."""
        self._boxes.pop(name, None)
        self.connection.execute(f'DROP TABLE IF EXISTS "rtree_{name}_geom"')
        for table in ("gpkg_extensions", "gpkg_geometry_columns", "gpkg_contents"):
            self.connection.execute(f"DELETE FROM {table} WHERE table_name IN (?, ?)", (name, f"{name}_history"))

    def index(self, name: str, fids: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Add places to the index of a collection, when the transaction ends.

        Parameters
        ----------
        name : str
            Collection.
        fids : sequence of int (n,)
            Features.
        bounds : ndarray (n, 4) [degree, CRS84]
            Their boxes.
        """
        self._boxes.setdefault(name, []).append((fids, bounds))

    def _fill_indexes(self) -> None:
        """Put the places that came into the indexes, all at once: a new index is not grown, but written."""
        for name, added in self._boxes.items():
            fids = np.concatenate([np.asarray(fids, dtype=np.int64) for fids, _ in added])
            boxes.fill(self.connection, f"rtree_{name}_geom", fids, np.concatenate([bounds for _, bounds in added]))

    def unindex(self, name: str, fids: Sequence[int]) -> None:
        """Take features out of the index of a collection."""
        self.connection.executemany(f'DELETE FROM "rtree_{name}_geom" WHERE id = ?', ((fid,) for fid in fids))

    def frame(self, name: str, box: Sequence[float | None]) -> None:
        """Write among the contents what a collection covers [degree, CRS84], and that it changed."""
        self.connection.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, "
            "last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
            (*box, name),
        )

    def near(
        self,
        name: str,
        box: Box,
        condition: str,
        parameters: Sequence[object],
        more: str = "",
        limit: int | None = None,
    ) -> list[Row]:
        """Return the features whose boxes touch a box [degree, CRS84], in order; see the interface."""
        xmin, ymin, xmax, ymax = box
        inside = "r.minx >= ? AND r.maxx <= ? AND r.miny >= ? AND r.maxy <= ?"
        joined = f'JOIN "{name}_history" h ON h."row" = c.version ' if more else ""
        return self.connection.execute(
            f'SELECT c.fid, CASE WHEN {inside} THEN NULL ELSE {self.wkb} END{more} FROM "rtree_{name}_geom" r '
            f'JOIN "{name}" c ON c.fid = r.id {joined}'
            f"WHERE r.minx <= ? AND r.maxx >= ? AND r.miny <= ? AND r.maxy >= ? AND {condition} ORDER BY c.fid LIMIT ?",
            (xmin, xmax, ymin, ymax, xmax, xmin, ymax, ymin, *parameters, -1 if limit is None else limit),
        ).fetchall()

    def crowd(self, name: str, tile: Tile, most: int) -> int:
        """Count the features whose boxes touch a tile, no further than one more than asked for."""
        return sqlite_tile.crowd(self.connection, name, tile, most)

    def draw(self, name: str, cut: Cut) -> Drawn:
        """Cut a collection into a tile, which is a layer of its name."""
        return sqlite_tile.draw(self.connection, name, self.wkb, cut)

    def filtering(self, name: str, *, past: bool = False) -> SqliteFilter:
        """Return how a filter of a collection is written, for current features ``c`` or pieces of history ``h``."""
        return SqliteFilter(name, past=past)

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, in order."""
        return [row[1] for row in self.rows(f'PRAGMA table_info("{table}")')]

    def check(self, collections: Sequence[str]) -> list[str]:
        """Let the database check itself, and compare the indexes of some collections with their places."""
        wrong = [row[0] for row in self.rows("PRAGMA quick_check") if row[0] != "ok"]
        for name in collections:
            boxes = self.connection.execute(_MISPLACED.format(name, rounded=ROUNDED)).fetchone()[0]
            placed = self.connection.execute(f'SELECT count(*) FROM "{name}" WHERE geom IS NOT NULL').fetchone()[0]
            indexed = self.connection.execute(f'SELECT count(*) FROM "rtree_{name}_geom"').fetchone()[0]
            if boxes or placed != indexed:
                wrong.append(f"the index of {name} differs from its places ({indexed} of {placed}, {boxes} elsewhere)")
        return wrong


_MISPLACED = """
SELECT count(*) FROM "{0}" c JOIN "{0}_history" h ON h."row" = c.version JOIN "rtree_{0}_geom" r ON r.id = c.fid
WHERE NOT (r.minx BETWEEN h.min_x - {rounded} AND h.min_x AND r.maxx BETWEEN h.max_x AND h.max_x + {rounded}
  AND r.miny BETWEEN h.min_y - {rounded} AND h.min_y AND r.maxy BETWEEN h.max_y AND h.max_y + {rounded})
"""


def _file(place: str) -> tuple[int, int] | None:
    """Return what tells a file from all others, ``None`` where there is none; asked for every request."""
    try:
        state = os.stat(place)  # noqa: PTH116 - a path costs more than the look
    except FileNotFoundError:
        return None
    return state.st_dev, state.st_ino


def _stamp(place: str) -> tuple[int, int] | None:
    """Return when a file was written [ns] and how long it is; ``None`` where there is none."""
    try:
        state = os.stat(place)  # noqa: PTH116 - as above
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_size


_TWINS = itertools.count()
"""Tells those apart that one process builds at once."""


# where it lies -------------------------------------------------------------------------------------------------------


@contextmanager
def beside(path: Path) -> Iterator[GeoPackage]:
    """Build a publication beside its place and move it there, whatever became of the one that lies there.

    Parameters
    ----------
    path : Path
        Its place.

    Yields
    ------
    GeoPackage
        An empty one.
    """
    twin = _twin(path, "rebuild")
    try:
        with closing(GeoPackage(twin, read_only=False, alone=True)) as package:
            yield package
        remove(path, sides_only=True)
        twin.replace(path)
        sync_folder(path.parent)
    finally:
        remove(twin)


@contextmanager
def trial(path: Path) -> Iterator[GeoPackage]:
    """Build a publication beside its place, to be thrown away.

    Parameters
    ----------
    path : Path
        The place of the one it is compared with.

    Yields
    ------
    GeoPackage
        An empty one.
    """
    twin = _twin(path, "verify")
    try:
        with closing(GeoPackage(twin, read_only=False, alone=True)) as package:
            yield package
    finally:
        remove(twin)


def _twin(path: Path, purpose: str) -> Path:
    """Return a free place beside a publication; what processes left there that are gone is removed."""
    for file in path.parent.iterdir():
        built = re.match(rf"{re.escape(path.stem)}\.(?:rebuild|verify)(?:-(\d+))?", file.name)
        if built and not (built[1] and is_running(int(built[1]))):
            file.unlink(missing_ok=True)
    return path.with_suffix(f".{purpose}-{os.getpid()}-{next(_TWINS)}")


def remove(path: Path, *, sides_only: bool = False) -> None:
    """Remove a publication, or only what the database keeps beside it.

    Parameters
    ----------
    path : Path
        The file; it may be missing.
    sides_only : bool
        Leave the file itself.
    """
    for end in ("-wal", "-shm", "-journal", *([] if sides_only else [""])):
        path.with_name(path.name + end).unlink(missing_ok=True)
