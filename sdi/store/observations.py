"""Observations on disk: Parquet parts beside the store, one folder for each datastream, and a table of the latest.

::

    observations/<datastream>/00000007.parquet            what one delivery brought
    observations/<datastream>/00000001-00000006.parquet   six of them joined, row by row as they were
    observations/latest.db                                the latest observation of every datastream

A part is written beside its place and renamed into it, so that it is there completely or not at all. Nothing is
rewritten: of two rows of one moment, the one of the later part is the revision. Writers wait for each other by the lock
of the table of the latest; readers wait for nobody.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sdi.errors import IntegrityError
from sdi.identity import is_identifier
from sdi.store.durable import sync, sync_folder

SCHEMA = pa.schema(
    [
        pa.field("phenomenon_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("result_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("result", pa.float64()),
        pa.field("quality", pa.string(), nullable=False),
        pa.field("recorded_at", pa.string(), nullable=False),
        pa.field("part", pa.int32()),
    ]
)
"""Columns of a part: ``result`` is empty where nothing was measured, ``part`` is the number of the delivery."""
ROWS = 32_768
"""Rows of a part that are read or left out together."""
_FIRST = np.datetime64("0001-01-01", "us")
_PART = re.compile(r"(\d{8})(?:-(\d{8}))?\.parquet")
_LATEST = """
CREATE TABLE IF NOT EXISTS latest (
    datastream TEXT PRIMARY KEY, phenomenon_time INTEGER NOT NULL, result_time INTEGER NOT NULL, result REAL,
    quality TEXT NOT NULL, recorded_at TEXT NOT NULL, part INTEGER NOT NULL
) WITHOUT ROWID
"""
_UPSERT = """
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (datastream) DO UPDATE SET
    phenomenon_time = excluded.phenomenon_time, result_time = excluded.result_time, result = excluded.result,
    quality = excluded.quality, recorded_at = excluded.recorded_at, part = excluded.part
WHERE (excluded.phenomenon_time, excluded.part) >= (phenomenon_time, part)
"""

Part = tuple[int, int, Path]
"""First and last number of the deliveries in a file, and the file."""


class ObservationStore:
    """The observations of a workspace.

    Parameters
    ----------
    folder : Path
        Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, datastream: str, rows: pa.Table) -> int:
        """Write a part, all or nothing; it is on the disk when this returns.

        Parameters
        ----------
        datastream : str
            Whose observations these are.
        rows : Table
            Columns of `SCHEMA` without ``part``, in the order of time, at least one row.

        Returns
        -------
        int
            Number of the part.
        """
        home = self._home(datastream)
        home.mkdir(parents=True, exist_ok=True)
        numbered = rows.append_column(SCHEMA.field("part"), pa.nulls(len(rows), pa.int32()))
        with _beside(home, numbered) as file, self._writing() as table:
            number = max((last for _, last, _ in self._parts(datastream)), default=0) + 1
            file.rename(home / f"{number:08d}.parquet")
            sync_folder(home)
            _tell(table, datastream, rows, number)
        return number

    def _home(self, datastream: str) -> Path:
        """Return the folder of a datastream."""
        if not is_identifier(datastream):
            raise IntegrityError(f"{datastream!r} is no identifier of a datastream")
        return self.folder / datastream

    def _listed(self, datastream: str) -> tuple[list[Part], list[Part]]:
        """Return the parts of a datastream in order: those that count, and those that stand in a joined one."""
        home = self._home(datastream)
        found = []
        for path in sorted(home.iterdir()) if home.is_dir() else ():
            named = _PART.fullmatch(path.name)
            if named:
                found.append((int(named[1]), int(named[2] or named[1]), path))
        joined = [(first, last) for first, last, _ in found if first != last]
        held = [one for one in found if any(_inside(one[:2], wide) for wide in joined)]
        return [one for one in found if one not in held], held

    def _parts(self, datastream: str) -> list[Part]:
        """Return the parts of a datastream that count, in order."""
        return self._listed(datastream)[0]

    def read(self, datastream: str, start: np.datetime64 | None = None, end: np.datetime64 | None = None) -> pa.Table:
        """Return every row ever written about some time, revisions included.

        Parameters
        ----------
        datastream : str
            Whose.
        start, end : datetime64, optional
            First moment, and first moment after [UTC].

        Returns
        -------
        Table
            Columns of `SCHEMA`, ordered by time, then by part; empty where there is nothing.
        """
        wanted = pc.field("phenomenon_time") >= _scalar(_FIRST if start is None else start)
        if end is not None:
            wanted &= pc.field("phenomenon_time") < _scalar(end)
        while True:
            parts = self._parts(datastream)
            try:
                rows = _together(parts, wanted)
            except FileNotFoundError:
                continue  # joined meanwhile
            if parts == self._parts(datastream):
                return rows

    def join(self, datastream: str) -> int:
        """Join the parts of a datastream into one file, row by row as they are; killed at any moment, nothing is lost.

        Parameters
        ----------
        datastream : str
            Whose.

        Returns
        -------
        int
            Number of files that became one; 0 where there was nothing to join.
        """
        home = self._home(datastream)
        with self._writing():
            parts = self._parts(datastream)
            if len(parts) > 1:
                with _beside(home, _together(parts)) as file:
                    file.rename(home / f"{parts[0][0]:08d}-{parts[-1][1]:08d}.parquet")
                sync_folder(home)
            for _, _, path in self._listed(datastream)[1]:
                path.unlink()
        return len(parts) if len(parts) > 1 else 0

    def datastreams(self) -> list[str]:
        """Return the datastreams that have observations."""
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(path.name for path in there if path.is_dir() and is_identifier(path.name))

    # latest ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _table(self) -> Iterator[sqlite3.Connection]:
        """Open the table of the latest observations."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.folder / "latest.db", timeout=60, isolation_level=None)) as connection:
            connection.execute(_LATEST)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one lock of all writers."""
        with self._table() as table:
            table.execute("BEGIN IMMEDIATE")
            try:
                yield table
                table.execute("COMMIT")
            except BaseException:
                table.execute("ROLLBACK")
                raise

    def latest(self) -> list[tuple[Any, ...]]:
        """Return the latest observation of every datastream.

        Returns
        -------
        list of tuple
            Datastream, time of the phenomenon and of the result [us since 1970, UTC], result, quality, recorded at.
        """
        with self._table() as table:
            return table.execute(
                "SELECT datastream, phenomenon_time, result_time, result, quality, recorded_at FROM latest "
                "ORDER BY datastream"
            ).fetchall()

    def rebuild_latest(self) -> int:
        """Make the table of the latest observations anew from the parts; return how many datastreams have any."""
        found = self.datastreams()
        if not found and not self.folder.is_dir():
            return 0
        with self._writing() as table:
            table.execute("DELETE FROM latest")
            for datastream in found:
                rows = _together(self._parts(datastream))
                if len(rows):
                    _tell(table, datastream, rows, rows["part"][-1].as_py())
        return len(found)


def _tell(table: sqlite3.Connection, datastream: str, rows: pa.Table, part: int) -> None:
    """Bring the latest observation of a datastream up to rows in the order of time."""
    times = [rows[name][-1].value for name in ("phenomenon_time", "result_time")]
    others = [rows[name][-1].as_py() for name in ("result", "quality", "recorded_at")]
    table.execute(_UPSERT, (datastream, *times, *others, part))


@contextmanager
def _beside(home: Path, rows: pa.Table) -> Iterator[Path]:
    """Write a file that counts for nothing until it is renamed; it is gone afterwards where it was not."""
    file = home / f".{secrets.token_hex(8)}"
    try:
        pq.write_table(rows.cast(SCHEMA), file, compression="zstd", row_group_size=ROWS)
        sync(file)
        yield file
    finally:
        file.unlink(missing_ok=True)


def _together(parts: list[Part], wanted: pc.Expression | None = None) -> pa.Table:
    """Read parts as one table, ordered by time, then by part; the rows of a part of its own carry its number."""
    tables = [SCHEMA.empty_table()]
    for first, last, path in parts:
        rows = pq.read_table(path, schema=SCHEMA, filters=wanted)
        if first == last:
            numbers = pa.array(np.full(len(rows), first, np.int32))
            rows = rows.set_column(SCHEMA.get_field_index("part"), SCHEMA.field("part"), numbers)
        tables.append(rows)
    return pa.concat_tables(tables).sort_by([("phenomenon_time", "ascending"), ("part", "ascending")])


def _inside(one: tuple[int, int], wide: tuple[int, int]) -> bool:
    """Tell whether some parts stand in others that were joined."""
    return one != wide and wide[0] <= one[0] and one[1] <= wide[1]


def _scalar(moment: np.datetime64) -> pa.Scalar:
    """Return a moment as a part keeps it."""
    return pa.scalar(int(moment.astype("datetime64[us]").astype(np.int64)), pa.timestamp("us", tz="UTC"))
