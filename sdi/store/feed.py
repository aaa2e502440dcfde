"""What a publication keeps of its transactions: their numbers, what each did, and the versions of things.

One SQL text for all stores: whoever keeps the tables only has to run it. Transactions are numbered by their rank among
those that show, so that the numbers tell nothing of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sdi.history import OPEN

Row = tuple[Any, ...]


class Rows(Protocol):
    """What a store of publications does for the feed; marks are ``?``."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""
        ...

    def run_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run a statement for every row."""
        ...


class FeedTables:
    """Tables ``phusa_transaction(sequence, tx, recorded_at)`` and ``phusa_change(tx, id, change)``.

    Parameters
    ----------
    rows : Rows
        The publication they belong to.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # writing -------------------------------------------------------------------------------------------------------

    def put(self, rows: Sequence[Row]) -> None:
        """Say what transactions did to things: ``tx, id, change``; what was said of them before is replaced."""
        self._rows.run_many(
            "INSERT INTO phusa_change (tx, id, change) VALUES (?, ?, ?) "
            "ON CONFLICT (tx, id) DO UPDATE SET change = excluded.change",
            rows,
        )

    def put_lineage(self, rows: Sequence[Row]) -> None:
        """Say that transactions wrote about where things came from: ``tx, id, other``.

        Nothing is said where one of the two is not published here, or where the transaction did more to the thing.
        """
        self._rows.run_many(
            "INSERT INTO phusa_change (tx, id, change) SELECT CAST(? AS BIGINT), g.id, 'lineage' "
            "FROM phusa_thing g, phusa_thing o WHERE g.id = ? AND o.id = ? ON CONFLICT (tx, id) DO NOTHING",
            rows,
        )

    def clear_lineage(self) -> None:
        """Forget what was said about where things came from."""
        self._rows.run_many("DELETE FROM phusa_change WHERE change = 'lineage'", [()])

    def forget(self, name: str) -> None:
        """Remove what was said of the things of a collection."""
        self._rows.run_many(
            "DELETE FROM phusa_change WHERE id IN (SELECT id FROM phusa_thing WHERE collection = ?)", [(name,)]
        )

    def shown(self, after: int = 0) -> list[int]:
        """Return the numbers after one under which something shows, in order."""
        return [
            row[0]
            for row in self._rows.query("SELECT DISTINCT tx FROM phusa_change WHERE tx > ? ORDER BY tx", (after,))
        ]

    def last(self) -> int:
        """Return the last number, 0 where there is none."""
        return self.last_time()[0]

    def last_time(self) -> tuple[int, str | None]:
        """Return the last number and when that transaction was recorded; 0 where there is none."""
        found = self._rows.query("SELECT sequence, recorded_at FROM phusa_transaction ORDER BY sequence DESC LIMIT 1")
        return (int(found[0][0]), found[0][1]) if found else (0, None)

    def number(self, rows: Sequence[Row]) -> None:
        """Give transactions their numbers: ``sequence, tx, recorded_at``; ``tx`` is the provisional one."""
        self._rows.run_many("INSERT INTO phusa_transaction (sequence, tx, recorded_at) VALUES (?, ?, ?)", rows)

    def close_up(self, names: Sequence[str], after: int) -> None:
        """Put the final numbers in place of the provisional ones.

        Parameters
        ----------
        names : sequence of str
            Collections.
        after : int
            Number up to which all are final [1].
        """
        final = "(SELECT t.sequence FROM phusa_transaction t WHERE t.tx = {0})"
        for name, column in ((name, column) for name in names for column in ("tx_from", "tx_to")):
            told = final.format(f'"{name}_history".{column}')
            self._rows.run_many(
                f'UPDATE "{name}_history" SET {column} = {told} WHERE {column} > ? AND {column} < ?', [(after, OPEN)]
            )
        # By way of negative numbers, so that on the way no two rows have the same one.
        changed = final.format("phusa_change.tx")
        self._rows.run_many(f"UPDATE phusa_change SET tx = -{changed} WHERE tx > ?", [(after,)])
        self._rows.run_many("UPDATE phusa_change SET tx = -tx WHERE tx < 0", [()])
        self._rows.run_many("UPDATE phusa_transaction SET tx = -sequence WHERE tx > ?", [(after,)])
        self._rows.run_many("UPDATE phusa_transaction SET tx = sequence WHERE tx < 0", [()])

    def clear(self) -> None:
        """Forget everything."""
        for table in ("phusa_transaction", "phusa_change"):
            self._rows.run_many(f"DELETE FROM {table}", [()])

    # reading -------------------------------------------------------------------------------------------------------

    def known_at(self, moment: str) -> int:
        """Return the number of the last transaction that was recorded at or before a moment, else 0."""
        return int(
            self._rows.query("SELECT coalesce(max(tx), 0) FROM phusa_transaction WHERE recorded_at <= ?", (moment,))[0][
                0
            ]
        )

    def time(self, sequence: int) -> str | None:
        """Return when the transaction of a number was recorded, ``None`` where none has it."""
        found = self._rows.query("SELECT recorded_at FROM phusa_transaction WHERE sequence = ?", (sequence,))
        return found[0][0] if found else None

    def page(self, since: int, after: str | None, limit: int) -> list[Row]:
        """Return changes in order: ``sequence, recorded_at, id, kind, collection, change``.

        Parameters
        ----------
        since : int
            Number of the last transaction seen [1].
        after : str, optional
            Last thing seen in that transaction; all of it was seen where absent.
        limit : int
            Largest number of changes.
        """
        sql = (
            "SELECT t.sequence, t.recorded_at, c.id, g.kind, g.collection, c.change FROM phusa_transaction t "
            "JOIN phusa_change c ON c.tx = t.tx JOIN phusa_thing g ON g.id = c.id "
        )
        found: list[Row] = []
        if after is not None:
            rest = f"{sql} WHERE t.sequence = ? AND c.id > ? ORDER BY c.id LIMIT ?"
            found = self._rows.query(rest, (since, after, limit))
        if len(found) < limit:
            later = f"{sql} WHERE t.sequence > ? ORDER BY t.sequence, c.id LIMIT ?"
            found = [*found, *self._rows.query(later, (since, limit - len(found)))]
        return found

    def versions(self, name: str, eid: str) -> list[Row]:
        """Return every version of a thing: ``valid_from, valid_to, recorded_from, recorded_to, feature``.

        Parameters
        ----------
        name : str
            Collection.
        eid : str
            The thing.

        Returns
        -------
        list of tuple
            In the order in which they became known; none where the thing is not in the collection.
        """
        return self._rows.query(
            "SELECT h.valid_from, h.valid_to, b.recorded_at, e.recorded_at, h.feature "
            f'FROM "{name}_history" h JOIN phusa_transaction b ON b.tx = h.tx_from '
            "LEFT JOIN phusa_transaction e ON e.tx = h.tx_to "
            "WHERE h.fid = (SELECT fid FROM phusa_thing WHERE id = ? AND collection = ?) "
            "ORDER BY h.tx_from, h.valid_from",
            (eid, name),
        )

    def piece(self, name: str, eid: str, start: str, end: str, tx: int) -> bytes | None:
        """Return the latest feature of a thing within an interval of valid time, as known at a transaction."""
        found = self._rows.query(
            f'SELECT feature FROM "{name}_history" '
            "WHERE fid = (SELECT fid FROM phusa_thing WHERE id = ? AND collection = ?) "
            "AND valid_from < ? AND valid_to > ? AND tx_from <= ? AND tx_to > ? ORDER BY valid_from DESC LIMIT 1",
            (eid, name, end, start, tx, tx),
        )
        return found[0][0] if found else None
