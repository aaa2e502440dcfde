"""The PostGIS store: the same tables, rows and hashes as the embedded one, for a city that outgrows one machine.

A registry is one schema of a database. Writers wait for each other by an advisory lock, so that transactions are
numbered without a gap; triggers keep the tables append-only, EXCLUDE constraints keep intervals free of overlap.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from sdi.errors import ConflictError, InputError, IntegrityError, WorkspaceError
from sdi.history import OPEN
from sdi.store import postgis_tables
from sdi.store.postgis_session import complete_reference_systems, connect, said, title, translated, with_srid
from sdi.store.revision import VERSION, gained
from sdi.store.store import Row

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 60.0
LOCK = 0x50485553  # "PHUS"
FETCHED = 5_000
"""Rows that a stream asks for at a time."""
MANY = 10_000
"""Rows after which the planner is told what a table holds, without waiting for the database to notice."""
_KINDS = {"bigint": "integer", "integer": "integer", "double precision": "number", "boolean": "boolean"}
_SAID = "phusa registry, tables "
"""Comment on the schema of a registry; the version of its tables follows."""


class PostgisStore:
    """One registry in a schema of a PostGIS database.

    Parameters
    ----------
    address : str
        ``postgresql://user@host/database``.
    srid : int
        Number of the storage CRS in EPSG.
    schema : str
        Schema of the registry; made where it is missing.

    Raises
    ------
    WorkspaceError
        If nothing answers there, the schema holds something else, or a registry of a newer version.
    """

    def __init__(self, address: str, srid: int, *, schema: str = "registry") -> None:
        self.name = f"{schema} in {title(address)}"
        self._schema = schema
        self._srid = srid
        self._tables: dict[str, sa.Table] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._next_row: dict[str, int] = {}
        self._grown: set[str] = set()
        self._cursors = count(1)
        self._version = 0
        self._connection = connect(address, schema)
        try:
            self._check_version()
        except BaseException:
            self.close()
            raise

    def _check_version(self) -> None:
        """Refuse a schema that is something else or newer than this version."""
        comment = self.select("SELECT obj_description(to_regnamespace(?)::oid, 'pg_namespace')", (self._schema,))[0][0]
        if comment is None or not comment.startswith(_SAID):
            if self.recorded_tables():
                raise WorkspaceError(f"{self.name} holds tables, but no registry of phusa; nothing was changed")
            return
        self._version = int(comment.removeprefix(_SAID))
        if self._version > VERSION:
            raise WorkspaceError(
                f"{self.name} was written by a newer version (tables {self._version}, this one knows {VERSION}); "
                "upgrade phusa"
            )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # tables ------------------------------------------------------------------------------------------------------

    def ensure(self, tables: Iterable[sa.Table]) -> None:
        """Make the tables that are missing, with their indexes and guards; add the columns that are missing.

        Parameters
        ----------
        tables : iterable of Table
            Descriptions.
        """
        self._tables |= {table.name: table for table in tables}
        if not self._lacking():
            return  # whoever only reads does not wait for a writer
        with self.writing():
            if not self.recorded_tables():
                self._prepare()
            for table in self._lacking():
                present = self.columns(table.name)
                missing = [column.name for column in table.columns if column.name not in present]
                made = postgis_tables.creation(table, self._srid)
                self._run(postgis_tables.additions(table, missing) if present else made)
            self._say_version()
        self._columns.clear()

    def _say_version(self) -> None:
        """Say on the schema which version its tables have now."""
        if self._version < VERSION:
            self._run([f"COMMENT ON SCHEMA \"{self._schema}\" IS '{_SAID}{VERSION}'"])
            if self._version:
                purposes = gained(self._version)
                logger.info("%s: tables brought from version %d to %d: %s", self.name, self._version, VERSION, purposes)
            self._version = VERSION

    def _prepare(self) -> None:
        """Make the schema and what its tables stand on."""
        self._run([f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'])
        self._run(postgis_tables.PREPARATION)
        if self.select("SELECT has_table_privilege('spatial_ref_sys', 'INSERT')")[0][0]:
            added = complete_reference_systems(self._connection)
            logger.info("%s: %d reference systems added to those of PostGIS", self.name, added)
        elif not self.select("SELECT 1 FROM spatial_ref_sys WHERE srid = ?", (self._srid,)):
            logger.warning("%s: PostGIS does not know EPSG:%d, and this role may not tell it", self.name, self._srid)

    def _run(self, statements: Iterable[str]) -> None:
        """Run statements that return nothing, all in one message."""
        if text := ";\n".join(statements):
            self._connection.execute(text.encode())

    def _lacking(self) -> list[sa.Table]:
        """Return the tables that are missing, or of which a column or an index is, in two looks at the database."""
        found: dict[str, list[str]] = {}
        for name, column in self.select(
            "SELECT relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relkind = 'r' "
            "AND relnamespace = to_regnamespace(?) AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum",
            (self._schema,),
        ):
            found.setdefault(name, []).append(column)
        self._columns = {name: tuple(columns) for name, columns in found.items()}
        indexes = {
            row[0] for row in self.select("SELECT indexname FROM pg_indexes WHERE schemaname = ?", (self._schema,))
        }

        def lacks(table: sa.Table) -> bool:
            wanted = {str(index.name) for index in table.indexes}
            return not (set(table.columns.keys()) <= set(found.get(table.name, ())) and wanted <= indexes)

        return [table for table in self._tables.values() if lacks(table)]

    @property
    def tables(self) -> Mapping[str, sa.Table]:
        """Tables by name."""
        return self._tables

    def recorded_tables(self) -> list[str]:
        """Return the tables that the schema holds, those of registers that the catalogue no longer has included."""
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = ?"
        return sorted(str(row[0]) for row in self.select(sql, (self._schema,)))

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the column names of a table, in the order they are stored."""
        if not self._columns.get(table):
            found = self.select(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped "
                "ORDER BY attnum",
                (f'"{self._schema}"."{table}"',),
            )
            self._columns[table] = tuple(row[0] for row in found)
        return self._columns[table]

    def kinds(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with what they hold: integer, number, boolean or, for all else, text."""
        found = self.select(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(?) "
            "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (f'"{self._schema}"."{table}"',),
        )
        return {name: _KINDS.get(kind, "text") for name, kind in found}

    # transactions ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction; all or nothing.

        Raises
        ------
        ConflictError
            If another writer holds the registry too long, or a guard refuses a row.
        InputError
            If a value cannot be kept, for example a text that holds the character of number 0.
        """
        self._next_row.clear()
        try:
            self._begin()
            yield
            self._run(f'ANALYZE "{table}"' for table in sorted(self._grown))
            self._connection.execute("COMMIT")
        except psycopg.IntegrityError as error:
            found = error.diag.message_primary
            raise ConflictError(f"the write contradicts what is recorded: {found}; look again, then write") from error
        except psycopg.DataError as error:
            raise InputError(f"{self.name} cannot keep a value ({said(error)}); nothing was kept") from error
        except psycopg.Error as error:
            raise WorkspaceError(f"{self.name} cannot be written ({said(error)}); nothing was kept") from error
        finally:
            self._grown.clear()
            self._roll_back()

    def _begin(self) -> None:
        """Begin a transaction that sees everything that was written before it, because it waits for that."""
        try:
            self._connection.execute(
                f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'; "
                f"SELECT pg_advisory_xact_lock({LOCK}, hashtext('{self._schema}'))".encode()
            )
        except psycopg.errors.LockNotAvailable as error:
            raise ConflictError(f"another writer holds {self.name}; try again") from error

    def _roll_back(self) -> None:
        """Undo what was not committed; a connection that was lost has been rolled back by the server."""
        if not self._connection.closed and self._in_transaction():
            self._connection.execute("ROLLBACK")

    def _in_transaction(self) -> bool:
        """Tell whether a transaction was begun and has not ended."""
        return self._connection.info.transaction_status is not TransactionStatus.IDLE

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one consistent state over several statements."""
        if self._in_transaction():
            yield
            return
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self._roll_back()

    # rows --------------------------------------------------------------------------------------------------------

    def last_row(self, table: str) -> int:
        """Return the number of the last row of a table, 0 where it is empty."""
        column = "tx" if table == "tx" else "row"
        return int(self.select(f'SELECT coalesce(max("{column}"), 0) FROM "{table}"')[0][0])

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> range:
        """Add rows, numbering them.

        Parameters
        ----------
        table : str
            Name of the table.
        columns : sequence of str (m,)
            Columns given, without the row number.
        rows : sequence of tuple (n, m)
            Values.

        Returns
        -------
        range
            Numbers of the new rows.
        """
        first = self._next_row.get(table) or self.last_row(table) + 1
        names = ", ".join(f'"{name}"' for name in ("row", *columns))
        with self._connection.cursor().copy(f'COPY "{table}" ({names}) FROM STDIN'.encode()) as copy:
            for number, row in enumerate(self._written(table, columns, rows), first):
                copy.write_row((number, *row))
        self._next_row[table] = first + len(rows)
        if len(rows) >= MANY:
            self._grown.add(table)
        return range(first, first + len(rows))

    def _written(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> Iterable[Row]:
        """Return rows with their geometry in the storage CRS, as the database reads it."""
        places = postgis_tables.geometry_columns(self._tables[table]) if table in self._tables else []
        if not places:
            return rows
        at = list(columns).index(places[0])
        return ((*row[:at], with_srid(row[at], self._srid), *row[at + 1 :]) for row in rows)

    def insert_header(self, header: Mapping[str, object]) -> None:
        """Add the header of a transaction."""
        marks = ", ".join("?" * len(header))
        sql = translated(f"INSERT INTO tx ({', '.join(header)}) VALUES ({marks})")
        self._connection.execute(sql, tuple(header.values()))

    def close_rows(self, table: str, rows: Sequence[int], tx: int) -> None:
        """Say that rows are no longer what we know.

        Raises
        ------
        IntegrityError
            If one of them was closed before.
        """
        changed = self._connection.execute(
            f'UPDATE "{table}" SET tx_to = %s WHERE "row" = ANY(%s) AND tx_to = {OPEN}'.encode(), (tx, list(rows))
        ).rowcount
        if changed != len(rows):
            raise IntegrityError(f"{len(rows) - changed} rows of {table} were closed already")

    def select(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""
        return self._connection.execute(translated(sql), tuple(parameters), binary=True).fetchall()

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and yield its rows as they come."""
        name = f"stream_{next(self._cursors)}"
        # Outside a transaction the server keeps the whole answer, so that several streams may be read in turn.
        with self._connection.cursor(name, withhold=not self._in_transaction()) as cursor:
            cursor.execute(translated(sql), tuple(parameters), binary=True)
            while rows := cursor.fetchmany(FETCHED):
                yield from rows

    def listed(self, kind: type[int] | type[str]) -> str:
        """Return a query of one column, ``value``: the values of the JSON list that is its one parameter."""
        name = {int: "bigint", str: "text"}[kind]
        return f"SELECT CAST(value AS {name}) AS value FROM json_array_elements_text(CAST(? AS json))"

    # places ------------------------------------------------------------------------------------------------------

    def index_locations(self, rows: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Do nothing: the database keeps the spatial index of the locations known now.

        Parameters
        ----------
        rows : sequence of int (n,)
            Numbers of rows of ``location_version``.
        bounds : ndarray (n, 4) [m, storage CRS]
            Boxes ``(xmin, ymin, xmax, ymax)``.
        """

    def unindex_locations(self, rows: Sequence[int]) -> None:
        """Do nothing: a location that is no longer known leaves the spatial index with its row."""

    def check(self) -> list[str]:
        """Let the database check itself: that every index is whole and every guard on duty.

        Returns
        -------
        list of str
            What is wrong; empty where nothing is.
        """
        broken = self.select(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relnamespace = to_regnamespace(?) AND NOT (i.indisvalid AND i.indisready)",
            (self._schema,),
        )
        off = self.select(
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE c.relnamespace = to_regnamespace(?) AND tgenabled = 'D'",
            (self._schema,),
        )
        found = [f"index {name} is not whole" for (name,) in broken]
        return [*found, *(f"guard {name} is switched off" for (name,) in off)]
