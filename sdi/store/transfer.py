"""Rows of a registry carried from one store to another as they are: numbers, times and hashes included.

Because rows are only ever added, what another store lacks is the end of every table and the rows closed since; and what
was known at a transaction is the beginning of every table, with the rows that were closed later open again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import batched, groupby

import shapely
import sqlalchemy as sa

from sdi.errors import ConflictError, IntegrityError
from sdi.history import OPEN
from sdi.store.schema import REGISTER_PREFIX, core, recorded_register
from sdi.store.store import Row, Store

CHUNK = 20_000
"""Rows carried at a time, to bound memory."""
PLACES = "location_version"
LOGS = ("reading", "clock")
"""Tables that are carried over whole: who read what, and by which clock times are told, no transaction wrote."""
_NAME = re.compile(r"[a-z0-9_]+")


def described(store: Store) -> list[sa.Table]:
    """Describe what a store keeps, registers that no catalogue declares any more included.

    Parameters
    ----------
    store : Store
        The store.

    Returns
    -------
    list of Table
        The core tables, then those of the registers.

    Raises
    ------
    IntegrityError
        If a table or a column has a name that phusa gives to none.
    """
    _refuse_strange(store)
    metadata = sa.MetaData()
    tables = list(core(metadata).values())
    for name in _facts(store):
        if name.startswith(REGISTER_PREFIX):
            fields = {column: kind for column, kind in store.kinds(name).items() if column.startswith("f_")}
            tables.append(recorded_register(name, fields, metadata))
    return tables


def _refuse_strange(store: Store) -> None:
    """Refuse names that no registry has: they come from a file that others may have made, and go into statements."""
    for table in store.recorded_tables():
        strange = next((one for one in (table, *_columns(store, table)) if not _NAME.fullmatch(one)), None)
        if strange is not None:
            raise IntegrityError(
                f"{store.name} has a table or column named {strange[:40]!r}, expected names of a-z, 0-9 and _: phusa "
                "did not write it; take another copy"
            )


def _columns(store: Store, table: str) -> tuple[str, ...]:
    """Return the columns of a table, none for one whose own name cannot be asked for."""
    return store.columns(table) if _NAME.fullmatch(table) else ()


def agreed(source: Store, target: Store) -> int:
    """Return the last transaction of the target, which must be one of the source.

    Parameters
    ----------
    source : Store
        The registry to be carried on.
    target : Store
        The registry that has its beginning.

    Returns
    -------
    int
        Its number, 0 for an empty target.

    Raises
    ------
    ConflictError
        If the target holds another registry, or more of it than the source.
    """
    last = target.last_row("tx")
    sql = "SELECT hash FROM tx WHERE tx = ?"
    if last and source.select(sql, (last,)) != target.select(sql, (last,)):
        raise ConflictError(
            f"{target.name} holds another registry than {source.name}: they differ in transaction {last} at the "
            "latest; give an empty place, nothing was changed there",
            code="registry-other",
        )
    return last


def extend(source: Store, target: Store, until: int, progress: Callable[[float], None]) -> int:
    """Carry over what a store lacks of another one; to be called while one is read and the other is written.

    Parameters
    ----------
    source : Store
        The registry.
    target : Store
        A registry that has its beginning, with all its tables.
    until : int
        Last transaction that is carried over.
    progress : callable
        Is told the share of the rows that is done [1].

    Returns
    -------
    int
        Number of rows added.

    Raises
    ------
    IntegrityError
        If the source lacks rows in between.
    """
    since = agreed(source, target)
    tables = _facts(source)
    todo = sum(source.last_row(table) - target.last_row(table) for table in tables)
    done = 0
    for table in tables:
        _close(source, target, table, since, until)
        for added in _add(source, target, table, until):
            done += added
            progress(done / max(todo, done))
    for table in set(LOGS) & set(source.recorded_tables()):
        done += sum(_add(source, target, table, until))
    names = source.columns("tx")
    for header in source.stream("SELECT * FROM tx WHERE tx > ? AND tx <= ? ORDER BY tx", (since, until)):
        target.insert_header(dict(zip(names, header, strict=True)))
    return done


def _facts(store: Store) -> list[str]:
    """Return the tables of which transactions consist."""
    return [table for table in store.recorded_tables() if {"row", "tx_from"} <= set(store.columns(table))]


def _close(source: Store, target: Store, table: str, since: int, until: int) -> None:
    """Close the rows of the target that were closed since."""
    if "tx_to" not in source.columns(table):
        return
    sql = f'SELECT tx_to, "row" FROM "{table}" WHERE tx_from <= ? AND tx_to > ? AND tx_to <= ? ORDER BY tx_to, "row"'
    closed = source.select(sql, (since, since, until))
    for tx, rows in groupby(closed, key=lambda one: one[0]):
        target.close_rows(table, [row for _, row in rows], tx)
    if table == PLACES:
        target.unindex_locations([row for _, row in closed])


def _add(source: Store, target: Store, table: str, until: int) -> Iterator[int]:
    """Add the rows that the target lacks; yield how many, some at a time."""
    names = [name for name in source.columns(table) if name != "row"]
    listed = ", ".join(_known(name, until) for name in names)
    known = f" AND tx_from <= {until}" if "tx_from" in names else ""
    sql = f'SELECT "row", {listed} FROM "{table}" WHERE "row" > ?{known} ORDER BY "row"'
    for some in batched(source.stream(sql, (target.last_row(table),)), CHUNK):
        numbers = target.insert(table, names, [row[1:] for row in some])
        if [row[0] for row in some] != list(numbers):
            raise IntegrityError(
                f"{source.name}: table {table} lacks rows about number {numbers.start}, which nobody may delete; run "
                "`phusa verify`, and restore the last backup that verifies"
            )
        if table == PLACES:
            _index(target, some, ["row", *names])
        yield len(some)


def _known(column: str, until: int) -> str:
    """Return the SQL of a column as it was at a transaction: what was closed later was open."""
    return f"CASE WHEN tx_to > {until} THEN {OPEN} ELSE tx_to END" if column == "tx_to" else f'"{column}"'


def _index(target: Store, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Add those locations that are known now to the spatial index."""
    number, end, place = (names.index(name) for name in ("row", "tx_to", "geometry"))
    live = [row for row in rows if row[end] == OPEN]
    if live:
        shapes = shapely.from_wkb([row[place] for row in live])
        target.index_locations([row[number] for row in live], shapely.bounds(shapes))
