"""What a publication keeps, and what it is asked: the same tables and the same SQL in a GeoPackage and in PostGIS.

Of each collection there are the current features, which other programs read, and the history of the published fields
with the serialised features. What the two databases do not have in common is a verb of `publication_database`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from sdi.errors import NotFound
from sdi.history import OPEN
from sdi.store import words
from sdi.store.feed import FeedTables, Row
from sdi.store.frequency import Counts
from sdi.store.publication_database import Box, Database
from sdi.store.successor import SuccessorTable
from sdi.store.words import Words

LAYOUT = "5"
"""Version of the tables; a publication with another one is built anew from the registry."""


def touching(rows: Sequence[Row], box: Box) -> list[Row]:
    """Return those of the rows of `Database.near` whose features intersect the box [degree, CRS84]."""
    doubtful = [at for at, row in enumerate(rows) if row[1] is not None]
    if not doubtful:
        return list(rows)
    places = shapely.from_wkb([rows[at][1] for at in doubtful])
    apart = {at for at, hit in zip(doubtful, shapely.intersects(places, shapely.box(*box)), strict=True) if not hit}
    return [row for at, row in enumerate(rows) if at not in apart]


def _edition(name: str) -> str:
    """Return SQL of the edition of a collection: numbers mean something else in another feed or another structure."""
    return (
        "(SELECT f.value || ' ' || e.structure || ' ' || e.version || ' ' || e.count FROM phusa_collection e, "
        f"phusa_publication f WHERE e.name = {name} AND f.key = 'feed')"
    )


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
CREATE TABLE phusa_publication (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE phusa_collection (name TEXT PRIMARY KEY, kind TEXT NOT NULL, structure TEXT NOT NULL,
  description TEXT NOT NULL, count INTEGER NOT NULL, min_x REAL, min_y REAL, max_x REAL, max_y REAL,
  starts TEXT, ends TEXT, version INTEGER NOT NULL);
CREATE TABLE phusa_thing (id TEXT PRIMARY KEY, fid INTEGER NOT NULL, kind TEXT NOT NULL, collection TEXT NOT NULL,
  status TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE phusa_successor (id TEXT NOT NULL, successor TEXT NOT NULL, PRIMARY KEY (id, successor)) WITHOUT ROWID;
CREATE TABLE phusa_transaction (sequence INTEGER PRIMARY KEY, tx INTEGER NOT NULL UNIQUE, recorded_at TEXT NOT NULL);
CREATE TABLE phusa_change (tx INTEGER NOT NULL, id TEXT NOT NULL, change TEXT NOT NULL, PRIMARY KEY (tx, id))
  WITHOUT ROWID;
"""
SCHEMA = tuple(one for one in (_SCHEMA + words.SCHEMA).split(";\n") if one.strip())
"""Statements that make the tables beside those of the collections, as SQLite writes them."""
_HISTORY = """
CREATE TABLE "{0}_history" ("row" INTEGER PRIMARY KEY, fid INTEGER NOT NULL, id TEXT NOT NULL, valid_from TEXT NOT NULL,
  valid_to TEXT NOT NULL, tx_from INTEGER NOT NULL, tx_to INTEGER NOT NULL,
  min_x REAL, min_y REAL, max_x REAL, max_y REAL, feature BLOB NOT NULL);
CREATE INDEX "{0}_history_fid" ON "{0}_history" (fid);
"""
_HISTORY_COLUMNS = "fid, id, valid_from, valid_to, tx_from, tx_to, min_x, min_y, max_x, max_y, feature"
_THING = "id, fid, kind, collection, status, valid_from, valid_to"


class PublicationStore:
    """The tables of one publication.

    Parameters
    ----------
    base : Database
        What keeps them; it is closed with them.
    """

    def __init__(self, base: Database) -> None:
        self.base = base
        self.feed = FeedTables(self)
        self.successors = SuccessorTable(self)
        self._frequent: tuple[Hashable, Counts] = (None, {})
        """Counts of frequent words, and the state to which they belong."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.base.name

    @property
    def words(self) -> Words:
        """Return the words by which its things are found."""
        state = self.base.state()
        if self._frequent[0] != state:
            self._frequent = (state, {})
        return Words(self.base.rows, self.base.run_many, self._frequent[1])

    def close(self) -> None:
        """Close this thread's connection."""
        self.base.close()

    def writing(self) -> AbstractContextManager[None]:
        """Hold the one write transaction; all or nothing.

        Raises
        ------
        ConflictError
            If another projector keeps the publication busy too long.
        """
        return self.base.writing()

    def reading(self) -> AbstractContextManager[None]:
        """Read one consistent state over several statements."""
        return self.base.reading()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""
        return list(self.base.rows(sql, parameters))

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement for every row."""
        self.base.run_many(sql, rows)

    def get(self, key: str) -> str | None:
        """Return a fact about the publication."""
        found = self.query("SELECT value FROM phusa_publication WHERE key = ?", (key,))
        return found[0][0] if found else None

    def put(self, key: str, value: str) -> None:
        """Keep a fact about the publication."""
        self.run_many(
            "INSERT INTO phusa_publication (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [(key, value)],
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
        current = (
            f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY, geom {self.base.layer_type(geometry)}, '
            f"id TEXT NOT NULL UNIQUE{listed}, version INTEGER NOT NULL)"
        )
        self.base.make([current, *_HISTORY.format(name).split(";\n")[:-1]])
        self.base.announce(name, title)

    def drop(self, name: str) -> None:
        """Remove a collection."""
        if self.query("SELECT 1 FROM phusa_collection WHERE name = ?", (name,)):
            self.feed.forget(name)
        self.words.drop(name)
        self.base.withdraw(name)
        self.base.make(f'DROP TABLE IF EXISTS "{table}"' for table in (name, f"{name}_history"))
        self.run_many("DELETE FROM phusa_collection WHERE name = ?", [(name,)])
        self.run_many("DELETE FROM phusa_thing WHERE collection = ?", [(name,)])
        self.run_many("DELETE FROM phusa_publication WHERE key = ?", [(f"first {name}",)])

    def forget(self, name: str, fids: Sequence[int]) -> None:
        """Remove everything about some things of a collection."""
        marks = [(fid,) for fid in fids]
        for table in (name, f"{name}_history"):
            self.run_many(f'DELETE FROM "{table}" WHERE fid = ?', marks)
        self.base.unindex(name, fids)
        self.words.forget(fids)

    def add_history(self, name: str, rows: Sequence[Row]) -> range:
        """Add pieces of history, numbering them.

        Parameters
        ----------
        name : str
            Collection.
        rows : sequence of tuple (n, 11)
            ``fid, id, valid_from, valid_to, tx_from, tx_to, min_x, min_y, max_x, max_y, feature``.

        Returns
        -------
        range
            Their numbers.
        """
        first = int(self.query(f'SELECT coalesce(max("row"), 0) + 1 FROM "{name}_history"')[0][0])
        self.run_many(
            f'INSERT INTO "{name}_history" ("row", {_HISTORY_COLUMNS}) VALUES ({", ".join("?" * 12)})',
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
            ``fid, geom, id, properties..., version``, places as `Database.places` gives them.
        bounds : ndarray (n, 4) [degree, CRS84]
            Boxes; NaN where there is no place.
        """
        if not rows:
            return
        self.run_many(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        placed = np.isfinite(bounds).all(axis=1)
        fids = [row[0] for row, there in zip(rows, placed, strict=True) if there]
        self.base.index(name, fids, bounds[placed])

    def put_things(self, rows: Sequence[Row]) -> None:
        """Say what became of things: ``id, fid, kind, collection, status, valid_from, valid_to``."""
        news = ", ".join(f"{column} = excluded.{column}" for column in _THING.split(", ")[1:])
        self.run_many(
            f"INSERT INTO phusa_thing ({_THING}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET {news}",
            rows,
        )

    def extent(self, name: str) -> Extent:
        """Return what all versions of a collection cover."""
        *box, start, end = self.query(
            "SELECT min(min_x), min(min_y), max(max_x), max(max_y), min(valid_from), max(valid_to) "
            f'FROM "{name}_history"'
        )[0]
        return Extent(None if box[0] is None else (box[0], box[1], box[2], box[3]), start, end)

    def describe(self, name: str, kind: str, structure: str, description: str, extent: Extent, version: int) -> None:
        """Write what a collection is, with its exact count, box and times."""
        box = extent.box or (None,) * 4
        count = self.query(f'SELECT count(*) FROM "{name}"')[0][0]
        self.run_many("DELETE FROM phusa_collection WHERE name = ?", [(name,)])
        self.run_many(
            f"INSERT INTO phusa_collection VALUES ({', '.join('?' * 12)})",
            [(name, kind, structure, description, count, *box, extent.start, extent.end, version)],
        )
        self.base.frame(name, box)

    # reading -------------------------------------------------------------------------------------------------------

    def collections(self) -> list[Row]:
        """Return the rows that describe the collections; their version is the transaction of their last change."""
        return self.query("SELECT * FROM phusa_collection ORDER BY name")

    def kinds(self) -> dict[str, str]:
        """Return what the things of each collection are, by its name and in the order of names."""
        return dict(self.query("SELECT name, kind FROM phusa_collection ORDER BY name"))

    def described(self, name: str | None = None) -> list[Row]:
        """Return the rows that describe all collections or one, with its edition, read by one statement.

        The edition differs between any two states of the features; ``None`` where none ever showed.
        """
        only, names = (" WHERE k.name = ?", (name,)) if name is not None else ("", ())
        return self.query(f"SELECT k.*, {_edition('k.name')} FROM phusa_collection k{only} ORDER BY k.name", names)

    def collection(self, name: str) -> Row:
        """Return the row that describes one collection, with its edition.

        Raises
        ------
        NotFound
            If there is none of that name.
        """
        found = self.described(name)
        if not found:
            raise NotFound(
                f"no collection {name!r} is published; see the list of collections", code="collection-unknown"
            )
        return found[0]

    def current(self, name: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield all current features in order: identifier, some columns, place as WKB [CRS84]."""
        listed = ", ".join(f'c."{one}"' for one in ("id", *columns))
        yield from self.base.stream(f'SELECT {listed}, {self.base.wkb} FROM "{name}" c ORDER BY c.fid')

    def spread(self, name: str, most: int) -> list[bytes]:
        """Return some current features from all over a collection: those that happen to have evenly spaced numbers."""
        first, last = self.query(f'SELECT min(fid), max(fid) FROM "{name}"')[0]
        if first is None:
            return []
        asked = orjson.dumps(list(range(first, last + 1, max(1, (last - first + 1) // most)))[:most]).decode()
        sql = (
            f'SELECT h.feature FROM "{name}" c JOIN "{name}_history" h ON h."row" = c.version '
            f"WHERE c.fid IN ({self.base.listed}) ORDER BY c.fid"
        )
        return [row[0] for row in self.query(sql, (asked,))]

    def feature(self, name: str, eid: str) -> Row | None:
        """Return one current feature, with the state of the publication as `Database.state_sql` tells it."""
        found = self.query(
            f'SELECT h.feature, {self.base.state_sql or "NULL"} FROM "{name}" c '
            f'JOIN "{name}_history" h ON h."row" = c.version WHERE c.id = ?',
            (eid,),
        )
        return found[0] if found else None

    def features(self, name: str, fids: Sequence[int]) -> list[bytes]:
        """Return current features in the order asked for."""
        sql = f'SELECT c.fid, h.feature FROM "{name}" c JOIN "{name}_history" h ON h."row" = c.version WHERE c.fid'
        return self._numbered(sql, fids)

    def page(
        self, name: str, condition: str, parameters: Sequence[object], limit: int, offset: int, order: str = "c.fid"
    ) -> list[Row]:
        """Return ``(fid, feature)`` of current features ``c`` in an order; only those of the page are looked up."""
        chosen = f'SELECT c.fid, c.version FROM "{name}" c WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?'
        return self.query(
            f"SELECT x.fid, h.feature FROM (SELECT y.fid, y.version, row_number() OVER () AS n FROM ({chosen}) y) x "
            f'JOIN "{name}_history" h ON h."row" = x.version ORDER BY x.n',
            (*parameters, limit, offset),
        )

    def numbers(
        self, name: str, condition: str, parameters: Sequence[object], order: str, most: int
    ) -> NDArray[np.int64]:
        """Return the numbers of some current features ``c`` in an order, as recorded where that is empty."""
        ordered = f" ORDER BY {order}" if order else ""
        found = self.base.numbers(
            f'SELECT c.fid FROM "{name}" c WHERE {condition}{ordered} LIMIT ?', (*parameters, most)
        )
        return found if order else np.sort(found)

    def _told(self, name: str) -> str:
        """Return SQL of a feature and, beside it, the edition of its collection and the state that a statement sees."""
        edition = _edition(f"'{name}'")
        return f"h.feature, {edition}, {self.base.state_sql or 'NULL'}"

    def glance_at(self, name: str, fids: Sequence[int]) -> list[Row]:
        """Return some current features by one statement: number, feature, edition of the collection, state."""
        asked = orjson.dumps(list(fids)).decode()
        sql = (
            f'SELECT c.fid, {self._told(name)} FROM "{name}" c JOIN "{name}_history" h ON h."row" = c.version '
            f"WHERE c.fid IN ({self.base.listed})"
        )
        return self.query(sql, (asked,))

    def count(self, name: str, condition: str, parameters: Sequence[object]) -> int:
        """Return the number of current features that meet a condition."""
        return int(self.query(f'SELECT count(*) FROM "{name}" c WHERE {condition}', parameters)[0][0])

    def within(
        self, name: str, box: Box, condition: str, parameters: Sequence[object], *, nowhere: bool = True
    ) -> list[int]:
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
        nowhere : bool
            Whether some features have no place; to look for them reads all.

        Returns
        -------
        list of int
            Feature numbers. The index finds candidates; only those that stick out of the box are looked at exactly.
            Features without a place match every box, as OGC API asks.
        """
        found = [row[0] for row in touching(self.base.near(name, box, condition, parameters), box)]
        if nowhere:
            without = self.query(f'SELECT c.fid FROM "{name}" c WHERE c.geom IS NULL AND {condition}', parameters)
            found = sorted([*found, *(row[0] for row in without)])
        return found

    def glance(self, name: str, limit: int, offset: int, after: int | None, box: Box | None) -> list[Row]:
        """Return current features by one statement, which is of one state without a transaction.

        Parameters
        ----------
        name : str
            Collection.
        limit, offset : int
            How many, after leaving out how many; with a box, none is left out.
        after : int, optional
            Number behind which they begin; with a box, they begin with the first.
        box : (float, float, float, float), optional [degree, CRS84]
            Box that the boxes of the features touch; those without a place are not among them.

        Returns
        -------
        list of tuple
            Number, place as `Database.near` tells it, feature, edition of the collection, state; in order.
        """
        told = self._told(name)
        if box is not None:
            return self.base.near(name, box, "1 = 1", (), f", {told}", limit)
        chosen = f'SELECT fid, version FROM "{name}" WHERE fid > ? ORDER BY fid LIMIT ? OFFSET ?'
        return self.query(
            f"SELECT c.fid, NULL, {told} FROM ({chosen}) c "
            f'JOIN "{name}_history" h ON h."row" = c.version ORDER BY c.fid',
            (-1 if after is None else after, limit, offset),
        )

    def place(self, name: str, fid: int, before: str) -> Box | None:
        """Return the box of a feature as it last was before a moment, as known now; ``None`` without a place."""
        found = self.query(
            f'SELECT min_x, min_y, max_x, max_y FROM "{name}_history" '
            "WHERE fid = ? AND valid_from < ? AND tx_to = ? ORDER BY valid_from DESC LIMIT 1",
            (fid, before, OPEN),
        )
        return found[0] if found and found[0][0] is not None else None

    def counts(self, name: str, column: str) -> list[Row]:
        """Return every value of a property with the number of current features that have it, in order."""
        return self.query(f'SELECT "{column}", count(*) FROM "{name}" GROUP BY 1 ORDER BY 1')

    def history(self, name: str, start: str, end: str, tx: int) -> list[Row]:
        """Return ``(row, fid, min_x, min_y, max_x, max_y)`` of the pieces in an interval, as known at a transaction."""
        return self.query(
            f'SELECT "row", fid, min_x, min_y, max_x, max_y FROM "{name}_history" '
            "WHERE valid_from < ? AND valid_to > ? AND tx_from <= ? AND tx_to > ? ORDER BY fid, valid_from",
            (end, start, tx, tx),
        )

    def meeting(
        self, name: str, rows: Sequence[int], condition: str, parameters: Sequence[object], order: str
    ) -> list[Row]:
        """Return ``(fid, row)`` of those of some pieces of history ``h`` that meet a condition, in an order."""
        asked = orjson.dumps(list(rows)).decode()
        sql = f'SELECT h.fid, h."row" FROM "{name}_history" h WHERE h."row" IN ({self.base.listed}) AND {condition}'
        return self.query(f"{sql} ORDER BY {order}", (asked, *parameters))

    def pieces(self, name: str, rows: Sequence[int]) -> list[bytes]:
        """Return features of pieces of history."""
        return self._numbered(f'SELECT "row", feature FROM "{name}_history" WHERE "row"', rows)

    def _numbered(self, sql: str, numbers: Sequence[int]) -> list[bytes]:
        """Return the features that have some numbers, in their order; one query for all, or each would cost a way."""
        asked = orjson.dumps(list(numbers)).decode()
        found: dict[int, bytes] = dict(self.base.rows(f"{sql} IN ({self.base.listed})", (asked,)))
        return [found[number] for number in numbers]

    def thing(self, eid: str) -> Row | None:
        """Return what is said of a thing: ``kind, collection, status, valid_from, valid_to``."""
        found = self.query(
            "SELECT kind, collection, status, valid_from, valid_to FROM phusa_thing WHERE id = ?", (eid,)
        )
        return found[0] if found else None

    def content(self) -> Iterator[Row]:
        """Yield everything that is published, in an order that is the same however it came there."""
        for row in self.collections():
            yield ("collection", *row)
            name = row[0]
            columns = [one for one in self.base.columns(name) if one not in ("geom", "version")]
            listed = ", ".join(f'c."{one}"' for one in columns)
            served = f'(SELECT feature FROM "{name}_history" h WHERE h."row" = c.version)'
            yield from self.base.stream(f'SELECT {listed}, {self.base.wkb}, {served} FROM "{name}" c ORDER BY fid')
            yield from self.base.stream(
                f'SELECT {_HISTORY_COLUMNS} FROM "{name}_history" ORDER BY fid, tx_from, valid_from'
            )
        yield from self.base.stream(f"SELECT {_THING} FROM phusa_thing ORDER BY id")
        yield from self.successors.content()
        yield from self.words.content()
        yield from self.base.stream("SELECT * FROM phusa_transaction ORDER BY sequence")
        yield from self.base.stream("SELECT * FROM phusa_change ORDER BY tx, id")

    def check(self) -> list[str]:
        """Let the database check itself and compare its indexes; return what is wrong."""
        return self.base.check([row[0] for row in self.collections()])
