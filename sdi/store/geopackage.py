"""Publications on the embedded store: one GeoPackage per access level.

Each collection is a feature table that QGIS and GDAL open, with an R*Tree; beside it stand the history of the
published fields and the serialised features. What has been applied is stored in the same transaction as the rows.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.errors import ConflictError, IntegrityError, NotFound, WorkspaceError
from sdi.history import OPEN
from sdi.store import words
from sdi.store.feed import FeedTables
from sdi.store.successor import SuccessorTable
from sdi.store.words import Words

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
LAYOUT = "3"
"""Version of the tables beside the GeoPackage's own; another one is built anew from the registry."""
BUSY_TIMEOUT_S = 60.0
CHECKPOINT_TIMEOUT_MS = 1_000
"""How long a writer that is done waits for readers to let go of the log; the next one tidies it up otherwise."""

Row = tuple[Any, ...]
Box = tuple[float, float, float, float]


class Extent(NamedTuple):
    """What a collection covers."""

    box: Box | None
    """Of all versions [degree, CRS84]; ``None`` where there is no place."""
    start: str | None
    end: str | None


def recorded_extent(row: Row) -> Extent:
    """Return what a collection covers as its row in the publication says: whoever changed nothing counts nothing."""
    *box, start, end = row[5:11]
    return Extent(None if box[0] is None else (box[0], box[1], box[2], box[3]), start, end)


_SCHEMA = """
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
CREATE TABLE phusa_publication (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE phusa_collection (name TEXT PRIMARY KEY, kind TEXT NOT NULL, structure TEXT NOT NULL,
  description TEXT NOT NULL, count INTEGER NOT NULL, xmin REAL, ymin REAL, xmax REAL, ymax REAL,
  starts TEXT, ends TEXT, version INTEGER NOT NULL);
CREATE TABLE phusa_thing (id TEXT PRIMARY KEY, fid INTEGER NOT NULL, kind TEXT NOT NULL, collection TEXT NOT NULL,
  status TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE phusa_successor (id TEXT NOT NULL, successor TEXT NOT NULL, PRIMARY KEY (id, successor)) WITHOUT ROWID;
CREATE TABLE phusa_transaction (sequence INTEGER PRIMARY KEY, tx INTEGER NOT NULL UNIQUE, recorded_at TEXT NOT NULL);
CREATE TABLE phusa_change (tx INTEGER NOT NULL, id TEXT NOT NULL, change TEXT NOT NULL, PRIMARY KEY (tx, id))
  WITHOUT ROWID;
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
_HISTORY = """
CREATE TABLE "{0}_history" (row INTEGER PRIMARY KEY, fid INTEGER NOT NULL, id TEXT NOT NULL, valid_from TEXT NOT NULL,
  valid_to TEXT NOT NULL, tx_from INTEGER NOT NULL, tx_to INTEGER NOT NULL,
  xmin REAL, ymin REAL, xmax REAL, ymax REAL, feature BLOB NOT NULL);
CREATE INDEX "{0}_history_fid" ON "{0}_history" (fid);
"""
_HISTORY_COLUMNS = "fid, id, valid_from, valid_to, tx_from, tx_to, xmin, ymin, xmax, ymax, feature"


def geometry_blobs(geometries: NDArray[np.object_]) -> list[bytes | None]:
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
    heads = bounds[:, [0, 2, 1, 3]].astype("<f8")
    magic = b"GP\x00\x03" + struct.pack("<i", 4326)
    return [
        None if blob is None else magic + head.tobytes() + blob
        for blob, head in zip(shapely.to_wkb(geometries, byte_order=1, output_dimension=2), heads, strict=True)
    ]


class GeoPackage:
    """One publication file.

    Parameters
    ----------
    path : Path
        The file.
    read_only : bool
        Open for reading only; each thread gets a connection of its own.

    Raises
    ------
    WorkspaceError
        If a file to be read is missing or is no publication.
    """

    def __init__(self, path: Path, *, read_only: bool = True) -> None:
        self.path = path
        self.feed = FeedTables(self)
        self.successors = SuccessorTable(self)
        self._read_only = read_only
        self._local = threading.local()
        if read_only and not path.is_file():
            raise WorkspaceError(f"{path} is missing; run `phusa publish` to build it from the registry")
        try:
            if not self.query("SELECT 1 FROM sqlite_master WHERE name = 'phusa_publication'"):
                if read_only:
                    raise WorkspaceError(f"{path} is no publication of phusa; run `phusa publish` to build it")
                self._make()
        except sqlite3.Error as error:
            raise WorkspaceError(f"{path} cannot be opened as a publication ({error})") from error

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            mode = "ro" if self._read_only else "rwc"
            found = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
            )
            found.execute("PRAGMA cache_size=-32768")
            found.execute("PRAGMA mmap_size=268435456")
            if not self._read_only:
                found.execute("PRAGMA synchronous=FULL")
                found.execute("PRAGMA secure_delete=ON")  # what became restricted must not linger in free pages
            self._local.connection = found
        return found

    def _make(self) -> None:
        """Lay out an empty publication; the pragmas come before WAL, or GDAL does not know the file."""
        self.connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version={USER_VERSION}")
        self.connection.execute("PRAGMA journal_mode=WAL")
        with self.writing():
            for statement in (_SCHEMA + words.SCHEMA).split(";\n"):
                self.connection.execute(statement)
            self.connection.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)
            self.put("layout", LAYOUT)
            self.put("applied_tx", "0")

    def close(self) -> None:
        """Close this thread's connection; a writer leaves one plain file behind where no reader is left."""
        if getattr(self._local, "connection", None) is not None:
            if not self._read_only:
                self.connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_MS}")
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.connection.close()
            self._local.connection = None

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
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one consistent state over several statements."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""
        return self.connection.execute(sql, parameters).fetchall()

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement for every row."""
        self.connection.executemany(sql, rows)

    @property
    def words(self) -> Words:
        """Return the words by which its things are found."""
        return Words(self.connection.execute, self.connection.executemany)

    def get(self, key: str) -> str | None:
        """Return a fact about the publication."""
        found = self.query("SELECT value FROM phusa_publication WHERE key = ?", (key,))
        return found[0][0] if found else None

    def put(self, key: str, value: str) -> None:
        """Keep a fact about the publication."""
        self.connection.execute(
            "INSERT INTO phusa_publication VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    # writing -------------------------------------------------------------------------------------------------------

    def define(self, name: str, columns: Mapping[str, str], geometry: str, title: str) -> None:
        """Make the tables of a collection, dropping what was there.

        Parameters
        ----------
        name : str
            Collection.
        columns : mapping of str to str
            Property to SQL type.
        geometry : str
            GeoPackage geometry type, ``GEOMETRY`` for any.
        title : str
            What GIS programs show.
        """
        self.drop(name)
        listed = "".join(f', "{column}" {kind}' for column, kind in columns.items())
        self.connection.execute(
            f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY, geom {geometry}, id TEXT NOT NULL UNIQUE{listed}, '
            "version INTEGER NOT NULL)"
        )
        for statement in _HISTORY.format(name).split(";\n")[:-1]:
            self.connection.execute(statement)
        self.connection.execute(f'CREATE VIRTUAL TABLE "rtree_{name}_geom" USING rtree(id, minx, maxx, miny, maxy)')
        contents = (
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)"
        )
        self.connection.execute(contents, (name, "features", name, title, 4326))
        self.connection.execute(contents, (f"{name}_history", "attributes", f"{name}_history", title, None))
        self.connection.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 4326, 0, 0)", (name, geometry))
        self.connection.execute(
            "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
            (name, "http://www.geopackage.org/spec120/#extension_rtree"),
        )

    def drop(self, name: str) -> None:
        """Remove a collection."""
        if self.query("SELECT 1 FROM phusa_collection WHERE name = ?", (name,)):
            self.feed.forget(name)
        self.words.drop(name)
        for table in (name, f"{name}_history", f"rtree_{name}_geom"):
            self.connection.execute(f'DROP TABLE IF EXISTS "{table}"')
        for table in ("gpkg_extensions", "gpkg_geometry_columns", "gpkg_contents"):
            self.connection.execute(f"DELETE FROM {table} WHERE table_name IN (?, ?)", (name, f"{name}_history"))
        self.connection.execute("DELETE FROM phusa_collection WHERE name = ?", (name,))
        self.connection.execute("DELETE FROM phusa_thing WHERE collection = ?", (name,))

    def forget(self, name: str, fids: Sequence[int]) -> None:
        """Remove everything about some things of a collection."""
        marks = [(fid,) for fid in fids]
        for sql in (
            f'DELETE FROM "{name}" WHERE fid = ?',
            f'DELETE FROM "{name}_history" WHERE fid = ?',
            f'DELETE FROM "rtree_{name}_geom" WHERE id = ?',
        ):
            self.connection.executemany(sql, marks)
        self.words.forget(fids)

    def add_history(self, name: str, rows: Sequence[Row]) -> range:
        """Add pieces of history, numbering them.

        Parameters
        ----------
        name : str
            Collection.
        rows : sequence of tuple (n, 11)
            ``fid, id, valid_from, valid_to, tx_from, tx_to, xmin, ymin, xmax, ymax, feature``.

        Returns
        -------
        range
            Their numbers.
        """
        first = int(self.query(f'SELECT coalesce(max(row), 0) + 1 FROM "{name}_history"')[0][0])
        self.connection.executemany(
            f'INSERT INTO "{name}_history" (row, {_HISTORY_COLUMNS}) VALUES ({", ".join("?" * 12)})',
            ((number, *row) for number, row in enumerate(rows, first)),
        )
        return range(first, first + len(rows))

    def add_current(self, name: str, rows: Sequence[Row], bounds: NDArray[np.float64]) -> None:
        """Add current features.

        Parameters
        ----------
        name : str
            Collection.
        rows : sequence of tuple (n, m)
            ``fid, geom, id, properties..., version``.
        bounds : ndarray (n, 4) [degree, CRS84]
            Boxes; NaN where there is no place.
        """
        if not rows:
            return
        self.connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        placed = np.isfinite(bounds).all(axis=1)
        fids = [row[0] for row, there in zip(rows, placed, strict=True) if there]
        boxes = zip(fids, *(bounds[placed, column].tolist() for column in (0, 2, 1, 3)), strict=True)
        self.connection.executemany(f'INSERT INTO "rtree_{name}_geom" VALUES (?, ?, ?, ?, ?)', boxes)

    def put_things(self, rows: Sequence[Row]) -> None:
        """Say what became of things: ``id, fid, kind, collection, status, valid_from, valid_to``."""
        self.connection.executemany("INSERT OR REPLACE INTO phusa_thing VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def extent(self, name: str) -> Extent:
        """Return what all versions of a collection cover."""
        *box, start, end = self.query(
            f'SELECT min(xmin), min(ymin), max(xmax), max(ymax), min(valid_from), max(valid_to) FROM "{name}_history"'
        )[0]
        return Extent(None if box[0] is None else (box[0], box[1], box[2], box[3]), start, end)

    def describe(self, name: str, kind: str, structure: str, description: str, version: int) -> None:
        """Write what a collection is, with its exact count, box and times."""
        extent = self.extent(name)
        box = extent.box or (None,) * 4
        count = self.query(f'SELECT count(*) FROM "{name}"')[0][0]
        self.connection.execute(
            "INSERT OR REPLACE INTO phusa_collection VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, kind, structure, description, count, *box, extent.start, extent.end, version),
        )
        self.connection.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, "
            "last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
            (*box, name),
        )

    # reading -------------------------------------------------------------------------------------------------------

    def collections(self) -> list[Row]:
        """Return the rows that describe the collections; their version is the transaction of their last change."""
        return self.query("SELECT * FROM phusa_collection ORDER BY name")

    def collection(self, name: str) -> Row:
        """Return the row that describes one collection.

        Raises
        ------
        NotFound
            If there is none of that name.
        """
        found = self.query("SELECT * FROM phusa_collection WHERE name = ?", (name,))
        if not found:
            raise NotFound(
                f"no collection {name!r} is published; see the list of collections", code="collection-unknown"
            )
        return found[0]

    def feature(self, name: str, eid: str) -> bytes | None:
        """Return one current feature."""
        found = self.query(
            f'SELECT h.feature FROM "{name}" c JOIN "{name}_history" h ON h.row = c.version WHERE c.id = ?', (eid,)
        )
        return found[0][0] if found else None

    def features(self, name: str, fids: Sequence[int]) -> list[bytes]:
        """Return current features in the order asked for."""
        sql = f'SELECT h.feature FROM "{name}" c JOIN "{name}_history" h ON h.row = c.version WHERE c.fid = ?'
        return [self.connection.execute(sql, (fid,)).fetchone()[0] for fid in fids]

    def page(self, name: str, condition: str, parameters: Sequence[object], limit: int, offset: int) -> list[Row]:
        """Return ``(fid, feature)`` of current features in order."""
        return self.query(
            f'SELECT c.fid, h.feature FROM "{name}" c JOIN "{name}_history" h ON h.row = c.version '
            f"WHERE {condition} ORDER BY c.fid LIMIT ? OFFSET ?",
            (*parameters, limit, offset),
        )

    def count(self, name: str, condition: str, parameters: Sequence[object]) -> int:
        """Return the number of current features that meet a condition."""
        return int(self.query(f'SELECT count(*) FROM "{name}" c WHERE {condition}', parameters)[0][0])

    def within(self, name: str, box: Box, condition: str, parameters: Sequence[object]) -> list[int]:
        """Return the current features that intersect a box, in order.

        Parameters
        ----------
        name : str
            Collection.
        box : (float, float, float, float) [degree, CRS84]
            ``(xmin, ymin, xmax, ymax)``.
        condition : str
            Further condition on the feature table ``c``.
        parameters : sequence
            Its parameters.

        Returns
        -------
        list of int
            Feature numbers. The index finds candidates; only those that stick out of the box are looked at exactly.
            Features without a place match every box, as OGC API asks.
        """
        xmin, ymin, xmax, ymax = box
        inside = "r.minx >= ? AND r.maxx <= ? AND r.miny >= ? AND r.maxy <= ?"
        found = self.query(
            f'SELECT c.fid, {inside} FROM "rtree_{name}_geom" r JOIN "{name}" c ON c.fid = r.id '
            f"WHERE r.minx <= ? AND r.maxx >= ? AND r.miny <= ? AND r.maxy >= ? AND {condition}",
            (xmin, xmax, ymin, ymax, xmax, xmin, ymax, ymin, *parameters),
        )
        doubtful = [fid for fid, whole in found if not whole]
        sure = [fid for fid, whole in found if whole]
        blobs = [
            self.connection.execute(f'SELECT geom FROM "{name}" WHERE fid = ?', (fid,)).fetchone()[0]
            for fid in doubtful
        ]
        hit = shapely.intersects(shapely.from_wkb([blob[40:] for blob in blobs]), shapely.box(*box))
        nowhere = self.query(f'SELECT c.fid FROM "{name}" c WHERE c.geom IS NULL AND {condition}', parameters)
        return sorted(
            [*sure, *(fid for fid, yes in zip(doubtful, hit, strict=True) if yes), *(row[0] for row in nowhere)]
        )

    def place(self, name: str, fid: int, before: str) -> Box | None:
        """Return the box of a feature as it last was before a moment, as known now; ``None`` without a place."""
        found = self.query(
            f'SELECT xmin, ymin, xmax, ymax FROM "{name}_history" WHERE fid = ? AND valid_from < ? AND tx_to = ? '
            "ORDER BY valid_from DESC LIMIT 1",
            (fid, before, OPEN),
        )
        return found[0] if found and found[0][0] is not None else None

    def counts(self, name: str, column: str) -> list[Row]:
        """Return every value of a property with the number of current features that have it, in order."""
        return self.query(f'SELECT "{column}", count(*) FROM "{name}" GROUP BY 1 ORDER BY 1')

    def history(self, name: str, start: str, end: str, tx: int) -> list[Row]:
        """Return ``(row, fid, xmin, ymin, xmax, ymax)`` of the pieces in an interval, as known at a transaction."""
        return self.query(
            f'SELECT row, fid, xmin, ymin, xmax, ymax FROM "{name}_history" '
            "WHERE valid_from < ? AND valid_to > ? AND tx_from <= ? AND tx_to > ? ORDER BY fid, valid_from",
            (end, start, tx, tx),
        )

    def pieces(self, name: str, rows: Sequence[int]) -> list[bytes]:
        """Return features of pieces of history."""
        sql = f'SELECT feature FROM "{name}_history" WHERE row = ?'
        return [self.connection.execute(sql, (row,)).fetchone()[0] for row in rows]

    def thing(self, eid: str) -> Row | None:
        """Return what is said of a thing: ``kind, collection, status, valid_from, valid_to``."""
        found = self.query(
            "SELECT kind, collection, status, valid_from, valid_to FROM phusa_thing WHERE id = ?", (eid,)
        )
        return found[0] if found else None

    def content(self) -> Iterator[Row]:
        """Yield everything that is published, in an order that does not depend on how it came there."""
        for row in self.collections():
            yield ("collection", *row)
            name = row[0]
            columns = self.query(f'PRAGMA table_info("{name}")')
            listed = ", ".join(f'c."{one[1]}"' for one in columns if one[1] != "version")
            served = f'(SELECT feature FROM "{name}_history" h WHERE h.row = c.version)'
            yield from self.connection.execute(f'SELECT {listed}, {served} FROM "{name}" c ORDER BY fid')
            yield from self.connection.execute(f'SELECT * FROM "rtree_{name}_geom" ORDER BY id')
            yield from self.connection.execute(
                f'SELECT {_HISTORY_COLUMNS} FROM "{name}_history" ORDER BY fid, tx_from, valid_from'
            )
        yield from self.connection.execute("SELECT * FROM phusa_thing ORDER BY id")
        yield from self.successors.content()
        yield from self.words.content()
        yield from self.connection.execute("SELECT * FROM phusa_transaction ORDER BY sequence")
        yield from self.connection.execute("SELECT * FROM phusa_change ORDER BY tx, id")

    def check(self) -> None:
        """Let the database check itself and compare its indexes.

        Raises
        ------
        IntegrityError
            Naming what is wrong.
        """
        wrong = [row[0] for row in self.query("PRAGMA quick_check") if row[0] != "ok"]
        for row in self.collections():
            placed = self.query(f'SELECT count(*) FROM "{row[0]}" WHERE geom IS NOT NULL')[0][0]
            indexed = self.query(f'SELECT count(*) FROM "rtree_{row[0]}_geom"')[0][0]
            if placed != indexed:
                wrong.append(f"{row[0]}: {indexed} boxes in the index for {placed} places")
        if wrong:
            raise IntegrityError(f"{self.path.name}: {'; '.join(wrong)}; rebuild it with `phusa publish --rebuild`")


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
