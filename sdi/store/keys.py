"""The rows of the keys: ``keys.db`` in the workspace, plain SQLite, for its owner alone.

Whoever writes opens the file for one transaction. A service keeps it open and asks at every request whether somebody
wrote, which costs a few microseconds, so that a key that is revoked opens nothing from then on, in every process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sdi.errors import WorkspaceError
from sdi.store.durable import make_private

VERSION = 1
"""Version of the table."""
APPLICATION_ID = 0x50484B59  # "PHKY"
BUSY_TIMEOUT_S = 10.0
COLUMNS = ("identifier", "digest", "owner", "level", "collections", "created", "expires", "revoked", "used")
_TABLE = """
CREATE TABLE IF NOT EXISTS key (
  identifier TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  owner TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('public', 'restricted')),
  collections TEXT NOT NULL,
  created TEXT NOT NULL,
  expires TEXT,
  revoked TEXT,
  used TEXT
) WITHOUT ROWID
"""
_ALL = f"SELECT {', '.join(COLUMNS)} FROM key ORDER BY created, identifier"

Row = tuple[Any, ...]


class KeyStore:
    """The rows of the keys of one workspace.

    Parameters
    ----------
    path : Path
        The file; made with the first key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, row: Mapping[str, object]) -> None:
        """Add a key.

        Parameters
        ----------
        row : mapping
            Columns and values.
        """
        make_private(self.path)
        marks = ", ".join("?" * len(row))
        with self._writing() as connection:
            connection.execute(f"INSERT INTO key ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def revoke(self, identifier: str, now: str) -> bool:
        """Note that a key opens nothing any more; tell whether there was one that did."""
        return self._change("revoked = ? WHERE identifier = ? AND revoked IS NULL", (now, identifier))

    def use(self, identifier: str, now: str) -> bool:
        """Note that a key was used."""
        return self._change("used = ? WHERE identifier = ?", (now, identifier))

    def rows(self) -> Sequence[Row]:
        """Return all keys in the order in which they were made; none where there was never one."""
        if not self.path.is_file():
            return []
        with closing(_opened(self.path)) as connection, _told(self.path):
            return connection.execute(_ALL).fetchall()

    def _change(self, rest: str, parameters: Sequence[object]) -> bool:
        """Change a row; tell whether there was one."""
        if not self.path.is_file():
            return False
        with self._writing() as connection:
            return connection.execute(f"UPDATE key SET {rest}", parameters).rowcount == 1

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold one write transaction."""
        with closing(_opened(self.path)) as connection, _told(self.path):
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


class KeyWatch:
    """The same rows, read again only after somebody wrote.

    Parameters
    ----------
    path : Path
        The file; there may be none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Lock()
        self._file: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def changed(self) -> Sequence[Row] | None:
        """Return all keys, ``None`` where nobody wrote since they were last returned."""
        with self._turn, _told(self._path):
            file = _file(self._path)
            if file != self._file:
                self._close()
                self._file = None  # a file that cannot be opened is one that was not looked at
                self._connection = None if file is None else _opened(self._path)
                self._file = file
                if self._connection is None:
                    return []
            if self._connection is None:
                return None
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return None
            rows = self._connection.execute(_ALL).fetchall()
            self._version = version
            return rows

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._close()
            self._file = None

    def _close(self) -> None:
        """Forget the file that was there."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._version = None, -1


def _file(path: Path) -> tuple[int, int] | None:
    """Return which file this is, ``None`` where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file; make the table in a new one.

    Raises
    ------
    WorkspaceError
        If others of this machine may open it, or a newer version wrote it.
    """
    with _told(path):
        if path.stat().st_mode & 0o077:
            raise WorkspaceError(f"{path} holds keys, but others of this machine may open it; `chmod 600 {path}`")
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            _prepare(path, connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    """Make the table in a new file; refuse a file of a newer version."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise WorkspaceError(
            f"{path} was written by a newer version (table {version}, this one knows {VERSION}); upgrade phusa"
        )
    if version < VERSION:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what is the matter where the file cannot be used."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise WorkspaceError(
            f"{path} cannot be used ({error}); it holds the keys of the service: is the disk full, or was another file "
            "put in its place?"
        ) from error
