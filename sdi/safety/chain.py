"""The hash chain of a registry, recomputed from the rows that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sdi.errors import IntegrityError
from sdi.history import OPEN
from sdi.safety import audit
from sdi.store.store import Row, Store


def root(store: Store, tx: int | None = None) -> str:
    """Return the hash of a transaction: of everything known then.

    Parameters
    ----------
    store : Store
        Where the registry is kept.
    tx : int, optional
        The transaction; the last one where absent.
    """
    found = (
        store.select("SELECT hash FROM tx ORDER BY tx DESC LIMIT 1")
        if tx is None
        else store.select("SELECT hash FROM tx WHERE tx = ?", (tx,))
    )
    return found[0][0] if found else audit.GENESIS


def verified(store: Store, *, since: int = 0) -> int:
    """Recompute every hash in one pass over the tables.

    Parameters
    ----------
    store : Store
        Where the registry is kept.
    since : int
        Transaction that was verified before: only later ones are recomputed.

    Returns
    -------
    int
        Number of transactions recomputed.

    Raises
    ------
    IntegrityError
        Naming the first transaction that does not agree.
    """
    tables = [table for table in store.recorded_tables() if "tx_from" in store.columns(table)]
    written = {table: _grouped(store, table, since) for table in tables}
    closed = {table: _closings(store, table, since) for table in tables if "tx_to" in store.columns(table)}
    previous, count = root(store, since), 0
    names = store.columns("tx")
    for row in store.stream("SELECT * FROM tx WHERE tx > ? ORDER BY tx", (since,)):
        header = dict(zip(names, row, strict=True))
        recorded, before = header.pop("hash"), header.pop("previous_hash")
        digest = audit.start(previous, header)
        for table in sorted(tables):
            rows = written[table].take(header["tx"])
            if rows is not None:
                audit.add_rows(digest, table, audit.hashed(store.columns(table)), rows)
            audit.add_closed(digest, table, closed.get(table, {}).pop(header["tx"], []))
        if before != previous or digest.hexdigest() != recorded:
            raise IntegrityError(
                f"transaction {header['tx']} of {header['recorded_at']} does not hash to what was recorded: "
                "a row was changed outside phusa; restore the last backup that verifies",
                details={"tx": header["tx"]},
            )
        previous, count = recorded, count + 1
    left = [table for table in tables if written[table].more or closed.get(table)]
    if left:
        raise IntegrityError(
            f"table {left[0]} holds rows written or closed by no transaction; restore the last backup that verifies"
        )
    return count


class _Grouped:
    """Rows of one table, handed out transaction by transaction."""

    def __init__(self, rows: Iterator[Row], position: int) -> None:
        self._groups = groupby(rows, key=lambda row: row[position])
        self._head = next(self._groups, None)

    def take(self, tx: int) -> Iterator[Row] | None:
        """Return the rows of a transaction, ``None`` where it wrote none here."""
        if self._head is None or self._head[0] != tx:
            return None
        rows = list(self._head[1])
        self._head = next(self._groups, None)
        return iter(rows)

    @property
    def more(self) -> bool:
        """Whether rows are left."""
        return self._head is not None


def _grouped(store: Store, table: str, since: int) -> _Grouped:
    """Stream a table in the order of its rows, which is the order of transactions."""
    names = audit.hashed(store.columns(table))
    listed = ", ".join(f'"{name}"' for name in names)
    rows = store.stream(f'SELECT {listed} FROM "{table}" WHERE tx_from > ? ORDER BY "row"', (since,))
    return _Grouped(rows, names.index("tx_from"))


def _closings(store: Store, table: str, since: int) -> dict[int, list[int]]:
    """Return the rows that each transaction closed in a table."""
    found: dict[int, list[int]] = {}
    sql = f'SELECT "row", tx_to FROM "{table}" WHERE tx_to > ? AND tx_to <> {OPEN} ORDER BY "row"'
    for row, tx in store.stream(sql, (since,)):
        found.setdefault(tx, []).append(row)
    return found
