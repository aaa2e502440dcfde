"""Publications in PostGIS: one schema per access level, in the database of the registry, with readers of its own.

Every collection is a table that QGIS and GDAL open, with a GiST index; beside it stand the tables that
`publication_store` describes. Whoever publishes does so as the owner of the schema; whoever reads sees one schema.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from sdi.errors import ConflictError, InputError, WorkspaceError
from sdi.store import halt, postgis_tile, publication_database
from sdi.store.feed import Row
from sdi.store.postgis import BUSY_TIMEOUT_S, FETCHED, LOCK, MANY
from sdi.store.postgis_filter import PostgisFilter, functions
from sdi.store.postgis_session import Connection, connect, said, title, translated
from sdi.store.publication_database import Box
from sdi.store.publication_store import LAYOUT, SCHEMA
from sdi.tile.cut import Cut, Drawn
from sdi.tile.quad import Tile

TEMPORARY = "pg_temp"
"""Schema of the tables that vanish with their connection."""

_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "BLOB": "bytea", " WITHOUT ROWID": ""} | dict.fromkeys(
    ("TEXT", "DATE", "DATETIME"), 'text COLLATE "C"'
)
"""Types of SQLite; dates are texts on both stores, so that both compare and serve the same."""
_TYPE = re.compile("|".join(rf"\b{kind}\b" if kind.isalpha() else kind for kind in _TYPES))
_PLAIN = re.compile(r'INSERT INTO ("[^"]+"|\w+)( \([^)]*\))? VALUES \([?, ]+\)')
"""A statement that only adds a row."""


class PostgisPublication:
    """One publication in a schema of a PostGIS database.

    Parameters
    ----------
    address : str
        ``postgresql://user@host/database``.
    schema : str
        Its schema.
    read_only : bool
        Open for reading only; each thread gets a connection of its own.

    Raises
    ------
    WorkspaceError
        If nothing answers there, the role may not, or nothing was published.
    """

    wkb = 'c."geom"'
    """SQL of the WKB of the current feature ``c``."""
    listed = "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(? AS json))"
    state_sql: str | None = (
        "(SELECT CAST(tableoid AS text) || ' ' || CAST(xmin AS text) FROM phusa_publication WHERE key = 'state')"
    )
    """SQL of the number of the table of facts, which no other has, and of the last transaction that published."""
    may_redefine = False

    def __init__(self, address: str, schema: str, *, read_only: bool = True) -> None:
        self.name = f"{schema} in {title(address)}"
        self._address = address
        self._schema = schema
        self._read_only = read_only
        self._local = threading.local()
        self._cursors = count(1)
        self._grown: set[str] = set()
        try:
            self._check_there()
        except BaseException:
            self.close()
            raise

    @property
    def connection(self) -> Connection:
        """Return the connection of this thread; a new one where the server has gone in between."""
        found: Connection | None = getattr(self._local, "connection", None)
        if found is None or found.closed:
            found = connect(self._address, self._schema)
            if not self._read_only:
                become_owner(found, self._schema)
            self._local.connection = found
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def _check_there(self) -> None:
        """Make an empty publication where there is none; refuse to read one that is not there."""
        if self._is_there():
            return
        if self._read_only:
            raise WorkspaceError(f"{self.name} is missing; run `phusa publish` to build it from the registry")
        self._lay_out()

    def _is_there(self) -> bool:
        """Tell whether the schema holds a publication."""
        return bool(
            next(iter(self.rows("SELECT to_regclass(?) IS NOT NULL", (f'"{self._schema}".phusa_publication',))))[0]
        )

    def _lay_out(self) -> None:
        """Make an empty publication."""
        with self.writing():
            if self._is_there():
                return  # another one was quicker
            if self._schema != TEMPORARY:
                self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'.encode())
            self.make(SCHEMA)
            self.connection.execute(functions().encode())
            self.run_many("INSERT INTO phusa_publication VALUES (?, ?)", (("layout", LAYOUT), ("state", "0")))

    # transactions ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction; all or nothing.

        Raises
        ------
        ConflictError
            If another projector keeps the publication busy too long.
        WorkspaceError
            If the database refuses.
        """
        with told(self.name):
            try:
                self._begin_to_write()
                yield
                for table in sorted(self._grown):
                    self.connection.execute(f"ANALYZE {table}".encode())
                self.connection.execute("COMMIT")
            finally:
                self._grown.clear()
                self._roll_back()

    def _begin_to_write(self) -> None:
        """Begin a transaction after whoever writes has ended."""
        self.connection.execute(
            f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'; "
            f"SELECT pg_advisory_xact_lock({LOCK}, hashtext('{self._schema}'))".encode()
        )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one consistent state over several statements."""
        if self._in_transaction():
            yield
            return
        # The lock comes before the first look: nobody puts another publication in its place until this one is read.
        self._ask(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE phusa_publication IN ACCESS SHARE MODE")
        try:
            with halt.ended_by(self.connection.cancel_safe):
                yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """Undo what was not committed; a connection that was lost has been rolled back by the server."""
        if not self.connection.closed and self._in_transaction():
            self.connection.execute("ROLLBACK")

    def _in_transaction(self) -> bool:
        """Tell whether a transaction was begun and has not ended."""
        return self.connection.info.transaction_status is not TransactionStatus.IDLE

    def state(self) -> Hashable:
        """Ask for the state."""
        found: Hashable
        ((found,),) = self.rows(f"SELECT {self.state_sql}")
        return found

    def is_replaced(self) -> bool:
        """Return False: a schema that takes the place of another is seen at once, because names are looked up."""
        return False

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Stop each query that takes longer than `QUESTION_S`, because strangers wrote a part of it.

        Raises
        ------
        InputError
            If one did.
        """
        self.connection.execute(f"SET statement_timeout = {round(publication_database.QUESTION_S * 1000)}".encode())
        try:
            yield
        except WorkspaceError as error:
            if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise publication_database.too_costly() from error
            raise
        finally:
            if not self.connection.closed and self.connection.info.transaction_status is not TransactionStatus.INERROR:
                self.connection.execute(b"SET statement_timeout = 0")

    # rows --------------------------------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterable[Row]:
        """Run a query.

        Raises
        ------
        InputError
            If it asks for a value that no database of this kind can hold.
        WorkspaceError
            If the database does not answer, or the role may not.
        """
        return self._ask(translated(sql), tuple(parameters), binary=True)

    def _ask(self, sql: bytes, *rest: Any, **options: Any) -> psycopg.Cursor[Row]:
        """Run a statement, once more where the server was started anew since the last one."""
        connection = self.connection
        idle = not self._in_transaction()
        with told(self.name):
            try:
                return connection.execute(sql, *rest, **options)
            except psycopg.OperationalError:
                if not (idle and connection.closed):
                    raise
            return self.connection.execute(sql, *rest, **options)

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and yield its rows as they come."""
        name = f"stream_{next(self._cursors)}"
        with told(self.name), self.connection.cursor(name, withhold=not self._in_transaction()) as cursor:
            cursor.execute(translated(sql), tuple(parameters), binary=True)
            while rows := cursor.fetchmany(FETCHED):
                yield from rows

    def numbers(self, sql: str, parameters: Sequence[object]) -> NDArray[np.int64]:
        """Run a query of one column of whole numbers; the bytes of all come as one value."""
        ((written,),) = self.rows(f"SELECT string_agg(int8send(x.fid), '') FROM ({sql}) x", parameters)
        return np.frombuffer(written or b"", dtype=">i8").astype(np.int64)

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for every row; rows that are only added go the fast way."""
        plain = _PLAIN.fullmatch(sql)
        if plain is None:
            with told(self.name):
                self.connection.cursor().executemany(translated(sql), rows)
            return
        table, columns = plain.groups()
        written = 0
        with told(self.name), self.connection.cursor().copy(f"COPY {table}{columns or ''} FROM STDIN".encode()) as copy:
            for written, row in enumerate(rows, 1):  # noqa: B007 - counted
                copy.write_row(row)
        if written >= MANY:
            self._grown.add(table)

    def make(self, statements: Iterable[str]) -> None:
        """Make tables from statements as SQLite writes them."""
        every = ";\n".join(_TYPE.sub(lambda found: _TYPES[found[0]], statement) for statement in statements)
        with told(self.name):
            self.connection.execute(every.encode())

    # collections -------------------------------------------------------------------------------------------------

    def layer_type(self, geometry: str) -> str:
        """Return the type of the column of places; a register of points may hold groups of them."""
        return f"geometry({'Geometry' if geometry == 'POINT' else geometry}, 4326)"

    def places(self, geometries: NDArray[np.object_]) -> Sequence[str | None]:
        """Write geometries as PostGIS reads them.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [CRS84]
            Geometries, ``None`` where missing.

        Returns
        -------
        list (n,) of str or None
            Hexadecimal WKB with its CRS.
        """
        numbered = shapely.set_srid(geometries, 4326)
        written: list[str | None] = shapely.to_wkb(
            numbered, hex=True, byte_order=1, output_dimension=2, include_srid=True
        ).tolist()
        return written

    def announce(self, name: str, title: str) -> None:
        """Index the places of a new collection and say what it is."""
        quoted = title.replace("'", "''")
        self.make([
            f'CREATE INDEX "{name}_geom" ON "{name}" USING gist (geom)',
            f"COMMENT ON TABLE \"{name}\" IS '{quoted}'",
        ])  # fmt: skip

    def withdraw(self, name: str) -> None:
        """Do nothing: the index goes with the table."""

    def index(self, name: str, fids: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Do nothing: the database keeps the index.

        Parameters
        ----------
        name : str
            Collection.
        fids : sequence of int (n,)
            Features.
        bounds : ndarray (n, 4) [degree, CRS84]
            Their boxes.
        """

    def unindex(self, name: str, fids: Sequence[int]) -> None:
        """Do nothing: the database keeps the index."""

    def frame(self, name: str, box: Sequence[float | None]) -> None:
        """Do nothing: other programs ask the database what a table covers."""

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
        inside = "h.min_x >= ? AND h.max_x <= ? AND h.min_y >= ? AND h.max_y <= ?"
        found = self.rows(
            f'SELECT c.fid, CASE WHEN {inside} THEN NULL ELSE c.geom END{more} FROM "{name}" c '
            f'JOIN "{name}_history" h ON h."row" = c.version WHERE c.geom && ST_MakeEnvelope(?, ?, ?, ?, 4326) '
            f"AND h.min_x <= ? AND h.max_x >= ? AND h.min_y <= ? AND h.max_y >= ? AND {condition} "
            "ORDER BY c.fid LIMIT CAST(? AS bigint)",
            (xmin, xmax, ymin, ymax, *box, xmax, xmin, ymax, ymin, *parameters, limit),
        )
        return list(found)

    def crowd(self, name: str, tile: Tile, most: int) -> int:
        """Count the features whose boxes touch a tile, no further than one more than asked for."""
        return postgis_tile.crowd(self.rows, name, tile, most)

    def draw(self, name: str, cut: Cut) -> Drawn:
        """Cut a collection into a tile, which is a layer of its name."""
        return postgis_tile.draw(self.rows, name, cut)

    def filtering(self, name: str, *, past: bool = False) -> PostgisFilter:  # noqa: ARG002 - its index has no name of its own
        """Return how a filter of a collection is written, for current features ``c`` or pieces of history ``h``."""
        return PostgisFilter(past=past)

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, in order."""
        sql = (
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attnum"
        )
        return [str(row[0]) for row in self.rows(sql, (f'"{table}"',))]

    def check(self, collections: Sequence[str]) -> list[str]:
        """Let the database say whether the indexes of some collections, and all others, are whole."""
        broken = self.rows(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relnamespace = to_regnamespace(?) AND NOT (i.indisvalid AND i.indisready)",
            (self._schema,),
        )
        wrong = [f"index {name} is not whole" for (name,) in broken]
        there = {row[0] for row in self.rows("SELECT indexname FROM pg_indexes WHERE schemaname = ?", (self._schema,))}
        return wrong + [f"the index of {name} is missing" for name in collections if f"{name}_geom" not in there]


@contextmanager
def told(name: str) -> Iterator[None]:
    """Say what a database refused in words that say what to do."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise ConflictError(
            f"another process is writing {name} ({said(error)}); what was recorded is kept, run `phusa publish` when "
            "it is done"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise WorkspaceError(
            f"this role may not use {name} so ({said(error)}); `phusa roles` gives the rights"
        ) from error
    except psycopg.DataError as error:
        raise InputError(f"{name} cannot hold a value ({said(error)})", code="value-invalid") from error
    except psycopg.Error as error:
        raise WorkspaceError(f"{name} does not answer ({said(error)}); is it running?") from error


def become_owner(connection: Connection, schema: str) -> None:
    """Act as the role that owns a schema, where there is one, so that all its tables have one owner."""
    sql = "SELECT rolname FROM pg_namespace n JOIN pg_roles r ON r.oid = nspowner WHERE nspname = %s"
    with told(schema):
        found = connection.execute(f"{sql} AND rolname <> current_user".encode(), (schema,)).fetchone()
        if found:
            connection.execute(f'SET ROLE "{found[0]}"'.encode())
