"""The embedded store: plain SQLite through the standard library.

One writer at a time, WAL, ``synchronous=FULL``: what is acknowledged is on the disk. Triggers keep the tables
append-only and intervals free of overlap; the R*Tree holds the boxes of the locations known now.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import sqlite

from sdi.errors import ConflictError, IntegrityError, WorkspaceError
from sdi.history import OPEN
from sdi.store import boxes
from sdi.store.durable import make_private
from sdi.store.many import run_many
from sdi.store.revision import VERSION, gained
from sdi.store.store import Row

logger = logging.getLogger(__name__)

_DIALECT = sqlite.dialect()
APPLICATION_ID = 0x50485553  # "PHUS"
BUSY_TIMEOUT_S = 60.0
_KINDS = {"BIGINT": "integer", "INTEGER": "integer", "DOUBLE": "number", "BOOLEAN": "boolean"}


class EmbeddedStore:
    """One registry file.

    Parameters
    ----------
    path : Path
        The file; made where it is missing.
    read_only : bool
        Open for reading only.

    Raises
    ------
    WorkspaceError
        If the file is no registry, or one of a newer version.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._tables: dict[str, sa.Table] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._next_row: dict[str, int] = {}
        mode = "ro" if read_only else "rwc"
        try:
            if not read_only:
                make_private(path)  # it holds what is restricted as well
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
            )
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            self._connection.execute("PRAGMA temp_store=MEMORY")
            self._connection.execute("PRAGMA cache_size=-65536")
            self._check_version()
        except (sqlite3.Error, OSError) as error:
            raise WorkspaceError(
                f"{path} cannot be opened as a registry ({error}); is it the registry.db of a workspace?"
            ) from error

    def _check_version(self) -> None:
        """Refuse a file that is something else or newer than this version."""
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        empty = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not empty and application != APPLICATION_ID:
            raise WorkspaceError(f"{self.path} is a database, but no registry of phusa; nothing was changed")
        if version > VERSION:
            raise WorkspaceError(
                f"{self.path} was written by a newer version (tables {version}, this one knows {VERSION}); "
                "upgrade phusa"
            )
        if empty:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version={VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def settle(self) -> None:
        """Bring everything into the one file, so that it can be copied, and read where nothing may be written."""
        self._connection.execute("PRAGMA journal_mode=DELETE")

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    # tables ------------------------------------------------------------------------------------------------------

    def ensure(self, tables: Iterable[sa.Table]) -> None:
        """Make the tables that are missing, with their indexes and guards; add the columns that are missing.

        Parameters
        ----------
        tables : iterable of Table
            Descriptions.
        """
        self._tables |= {table.name: table for table in tables}
        if not any(self._lacks(table) for table in self._tables.values()):
            return  # whoever only reads does not wait for a writer
        with self.writing():
            for table in self._tables.values():
                self._ensure(table)
            self._connection.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS location_index USING rtree(row, xmin, xmax, ymin, ymax)"
            )
            self._say_version()
        self._columns.clear()

    def _say_version(self) -> None:
        """Say in the file which version its tables have now."""
        before = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if before < VERSION:
            self._connection.execute(f"PRAGMA user_version={VERSION}")
            logger.info("%s: tables brought from version %d to %d: %s", self.name, before, VERSION, gained(before))

    def _lacks(self, table: sa.Table) -> bool:
        """Tell whether a table, one of its columns or one of its indexes is missing."""
        indexes = {row[1] for row in self.select(f'PRAGMA index_list("{table.name}")')}
        wanted = {str(index.name) for index in table.indexes}
        return not (set(table.columns.keys()) <= set(self.columns(table.name)) and wanted <= indexes)

    def _ensure(self, table: sa.Table) -> None:
        """Make one table, or add the columns and indexes it lacks."""
        present = [row[1] for row in self._connection.execute(f'PRAGMA table_info("{table.name}")')]
        if present:
            self._add_columns(table, present)
        else:
            self._create(table)

    def _create(self, table: sa.Table) -> None:
        """Make one table with its indexes and guards."""
        self._connection.execute(str(sa.schema.CreateTable(table).compile(dialect=_DIALECT)))
        self._index(table)
        self._guard(table)

    def _index(self, table: sa.Table) -> None:
        """Make the indexes of a table that are missing."""
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            made = sa.schema.CreateIndex(index, if_not_exists=True)
            self._connection.execute(str(made.compile(dialect=_DIALECT)))

    def _add_columns(self, table: sa.Table, present: Sequence[str]) -> None:
        """Add what a newer declaration or version adds; guards are made again, because they name the columns."""
        missing = [column for column in table.columns if column.name not in present]
        for column in missing:
            kind = column.type.compile(dialect=_DIALECT)
            self._connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')
        if missing:
            self._guard(table)
        self._index(table)

    def _guard(self, table: sa.Table) -> None:
        """Forbid deleting, changing anything but ``tx_to``, reopening, and overlaps in valid time."""
        name = table.name
        frozen = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "tx_to")
        for trigger in ("delete", "update", "reopen", "overlap"):
            self._connection.execute(f'DROP TRIGGER IF EXISTS "{name}_no_{trigger}"')
        refuse = "BEGIN SELECT RAISE(ABORT, 'rows are only added: {}'); END"
        self._connection.execute(
            f'CREATE TRIGGER "{name}_no_delete" BEFORE DELETE ON "{name}" {refuse.format("delete")}'
        )
        self._connection.execute(
            f'CREATE TRIGGER "{name}_no_update" BEFORE UPDATE OF {frozen} ON "{name}" {refuse.format("update")}'
        )
        if "key" not in table.info:
            return
        self._connection.execute(
            f'CREATE TRIGGER "{name}_no_reopen" BEFORE UPDATE OF tx_to ON "{name}" WHEN OLD.tx_to <> {OPEN} '
            f"{refuse.format('reopen')}"
        )
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in table.info["key"])
        self._connection.execute(
            f'CREATE TRIGGER "{name}_no_overlap" BEFORE INSERT ON "{name}" WHEN EXISTS (SELECT 1 FROM "{name}" '
            f"WHERE {same} AND tx_to = {OPEN} AND valid_from < NEW.valid_to AND valid_to > NEW.valid_from) "
            "BEGIN SELECT RAISE(ABORT, 'overlap in valid time'); END"
        )

    @property
    def tables(self) -> Mapping[str, sa.Table]:
        """Tables by name."""
        return self._tables

    def recorded_tables(self) -> list[str]:
        """Return the tables that the file holds, those of registers that the catalogue no longer has included."""
        return [row[0] for row in self.select("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the column names of a table, in the order they are stored."""
        if table not in self._columns:
            self._columns[table] = tuple(row[1] for row in self._connection.execute(f'PRAGMA table_info("{table}")'))
        return self._columns[table]

    def kinds(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with what they hold: integer, number, boolean or, for all else, text."""
        rows = self.select(f'PRAGMA table_info("{table}")')
        return {row[1]: _KINDS.get(row[2], "text") for row in rows}

    # transactions ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction; all or nothing.

        Raises
        ------
        ConflictError
            If another writer keeps the file busy too long, or a guard refuses a row.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise ConflictError(f"another writer holds {self.path.name} ({error}); try again") from error
        self._next_row.clear()
        try:
            yield
            self._connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self._connection.execute("ROLLBACK")
            raise ConflictError(f"the write contradicts what is recorded: {error}; look again, then write") from error
        except sqlite3.OperationalError as error:
            self._connection.rollback()
            raise WorkspaceError(
                f"{self.path} cannot be written ({error}); is the disk full? nothing was kept"
            ) from error
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one consistent state over several statements."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    # rows --------------------------------------------------------------------------------------------------------

    def last_row(self, table: str) -> int:
        """Return the number of the last row of a table, 0 where it is empty."""
        column = "tx" if table == "tx" else "row"
        return int(self._connection.execute(f'SELECT coalesce(max("{column}"), 0) FROM "{table}"').fetchone()[0])

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
        marks = ", ".join("?" * (len(columns) + 1))
        run_many(
            self._connection,
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})',
            ((number, *row) for number, row in enumerate(rows, first)),
        )
        self._next_row[table] = first + len(rows)
        return range(first, first + len(rows))

    def insert_header(self, header: Mapping[str, object]) -> None:
        """Add the header of a transaction."""
        marks = ", ".join("?" * len(header))
        self._connection.execute(f"INSERT INTO tx ({', '.join(header)}) VALUES ({marks})", tuple(header.values()))

    def close_rows(self, table: str, rows: Sequence[int], tx: int) -> None:
        """Say that rows are no longer what we know.

        Raises
        ------
        IntegrityError
            If one of them was closed before.
        """
        changed = 0
        for row in rows:
            changed += self._connection.execute(
                f'UPDATE "{table}" SET tx_to = ? WHERE "row" = ? AND tx_to = {OPEN}', (tx, row)
            ).rowcount
        if changed != len(rows):
            raise IntegrityError(f"{len(rows) - changed} rows of {table} were closed already")

    def select(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            self._refuse_damage(error)
            raise

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and yield its rows as they come."""
        try:
            # Through islice, which cannot be closed: a stream that is left unread outlives the file without complaint.
            yield from islice(self._connection.execute(sql, parameters), None)
        except sqlite3.DatabaseError as error:
            self._refuse_damage(error)
            raise

    def _refuse_damage(self, error: sqlite3.DatabaseError) -> None:
        """Say of a damaged file what to do; all other errors have a class of their own."""
        if type(error) is sqlite3.DatabaseError:
            raise IntegrityError(f"{self.path} is damaged ({error}); restore the last backup that verifies") from error

    def listed(self, kind: type[int] | type[str]) -> str:  # noqa: ARG002 - a value of JSON carries its type here
        """Return a query of one column, ``value``: the values of the JSON list that is its one parameter."""
        return "SELECT value FROM json_each(?)"

    # places ------------------------------------------------------------------------------------------------------

    def index_locations(self, rows: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Add location versions to the spatial index.

        Parameters
        ----------
        rows : sequence of int (n,)
            Numbers of rows of ``location_version``.
        bounds : ndarray (n, 4) [m, storage CRS]
            Boxes ``(xmin, ymin, xmax, ymax)``.
        """
        boxes.fill(self._connection, "location_index", np.asarray(rows, dtype=np.int64), bounds)

    def unindex_locations(self, rows: Sequence[int]) -> None:
        """Take location versions that are no longer known out of the spatial index."""
        self._connection.executemany("DELETE FROM location_index WHERE row = ?", ((row,) for row in rows))

    def check(self) -> list[str]:
        """Let the database check itself.

        Returns
        -------
        list of str
            What is wrong; empty where nothing is.
        """
        found = [row[0] for row in self.select("PRAGMA integrity_check") if row[0] != "ok"]
        indexed = self.select("SELECT count(*) FROM location_index")[0][0]
        known = self.select(f"SELECT count(*) FROM location_version WHERE tx_to = {OPEN}")[0][0]
        if indexed != known:
            found.append(f"spatial index holds {indexed} boxes for {known} locations known now")
        return found
