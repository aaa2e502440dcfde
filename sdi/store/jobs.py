"""The rows of the jobs: ``jobs.db`` in the workspace, plain SQLite.

Every call opens the file, writes or reads a row and closes it again, so that threads and processes share it without a
thought. ``synchronous=FULL``: what a client was told about a job outlives a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdi.errors import WorkspaceError

VERSION = 2
"""Version of the table."""
APPLICATION_ID = 0x50484A42  # "PHJB"
BUSY_TIMEOUT_S = 30.0

_TABLE = """
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY,
  process TEXT NOT NULL,
  version TEXT NOT NULL,
  inputs TEXT NOT NULL,
  inputs_sha256 TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
  created TEXT NOT NULL,
  started TEXT,
  finished TEXT,
  updated TEXT NOT NULL,
  progress REAL NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  log TEXT NOT NULL DEFAULT '',
  pid INTEGER,
  pid_started TEXT,
  stopping INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  error TEXT,
  home TEXT
) WITHOUT ROWID
"""
_UNFINISHED = "status IN ('accepted', 'running')"

Row = dict[str, Any]


class JobStore:
    """The rows of the jobs of one workspace.

    Parameters
    ----------
    path : Path
        The file; made with the first job.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def home(self) -> str:
        """Which file this is, wherever it lies: a copy of it is another one."""
        said = self.path.stat()
        return f"{said.st_dev}:{said.st_ino}"

    def add(self, row: Mapping[str, object]) -> None:
        """Add a job.

        Parameters
        ----------
        row : mapping
            Columns and values.
        """
        marks = ", ".join("?" * len(row))
        with self._writing() as connection:
            connection.execute(f"INSERT INTO job ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def update(self, identifier: str, values: Mapping[str, object]) -> bool:
        """Change a job that has not ended.

        Parameters
        ----------
        identifier : str
            The job.
        values : mapping
            Columns and their new values.

        Returns
        -------
        bool
            False where it has ended already: nothing was changed.
        """
        return self._update(values, f"id = ? AND {_UNFINISHED}", (identifier,))

    def begin(self, identifier: str, values: Mapping[str, object]) -> bool:
        """Let a job run if it is its turn: none runs, and none waits that was there before.

        Parameters
        ----------
        identifier : str
            The job.
        values : mapping
            Columns and their values while it runs.

        Returns
        -------
        bool
            False where it is not its turn, where it has ended, and where it shall stop.
        """
        free = "NOT EXISTS (SELECT 1 FROM job WHERE status = 'running' OR (status = 'accepted' AND id < ?))"
        where = f"id = ? AND status = 'accepted' AND NOT stopping AND {free}"
        return self._update(values, where, (identifier, identifier))

    def find(self, identifier: str) -> Row | None:
        """Return one job, None where there is none of that identifier."""
        found = self._select("WHERE id = ?", (identifier,))
        return found[0] if found else None

    def list(self, *, unfinished: bool = False) -> Sequence[Row]:
        """Return all jobs, or those that have not ended, the latest first."""
        return self._select(f"WHERE {_UNFINISHED} ORDER BY id DESC" if unfinished else "ORDER BY id DESC", ())

    def _update(self, values: Mapping[str, object], where: str, parameters: Sequence[object]) -> bool:
        """Change rows; tell whether there was one."""
        listed = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as connection:
            changed = connection.execute(f"UPDATE job SET {listed} WHERE {where}", (*values.values(), *parameters))
            return changed.rowcount == 1

    def _select(self, rest: str, parameters: Sequence[object]) -> Sequence[Row]:
        """Return rows; none where there was never a job."""
        if not self.path.is_file():
            return []
        with self._open() as connection:
            return connection.execute(f"SELECT * FROM job {rest}", parameters).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file, make the table where it is missing, and hold one write transaction."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one statement or transaction."""
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.row_factory = _as_mapping
            connection.execute("PRAGMA synchronous=FULL")
            self._prepare(connection)
            yield connection
        except sqlite3.Error as error:
            raise WorkspaceError(
                f"{self.path} cannot be used ({error}); it holds the jobs of the workspace: is the disk full, or was "
                "another file put in its place?"
            ) from error
        finally:
            connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table in a new file, add what an older one lacks; refuse a file of a newer version."""
        version = connection.execute("PRAGMA user_version").fetchone()["user_version"]
        if version > VERSION:
            raise WorkspaceError(
                f"{self.path} was written by a newer version (table {version}, this one knows {VERSION}); upgrade phusa"
            )
        if version < VERSION:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            if "home" not in [column["name"] for column in connection.execute("PRAGMA table_info(job)")]:
                connection.execute("ALTER TABLE job ADD COLUMN home TEXT")
            connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")


def _as_mapping(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    """Return a row by the names of its columns."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
