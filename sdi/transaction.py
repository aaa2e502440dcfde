"""One step of what a registry knows: rows added, rows closed, things that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sdi.history import Interval, Moment, cut, instant
from sdi.identity import Ids, TimelessIds
from sdi.store.store import Row, Store
from sdi.zone import Zone

TIMES = ("valid_from", "valid_to", "tx_from")
FRAME = ("row", "tx_to", *TIMES)
"""Columns of a fact table that are not the fact."""


@dataclass(slots=True)
class Transaction:
    """One step of what the registry knows. Made by :meth:`Registry.transaction`."""

    number: int
    recorded_at: str
    store: Store
    ids: Ids | TimelessIds
    zone: Zone
    """Clock of the city."""
    first: dict[str, int] = field(default_factory=dict)
    """First row written, by table."""
    closed: dict[str, list[int]] = field(default_factory=dict)
    """Rows closed, by table."""
    beside: Store | None = None
    """Where the open registry is kept, while the secret one is written; it is only read."""

    @property
    def moment(self) -> Moment:
        """Since when a result holds that is worked out and recorded at once: the time of the record."""
        return instant(self.recorded_at, self.zone)

    def select_anywhere(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query; where it finds nothing, in the open registry, which a secret one may refer to."""
        found = self.store.select(sql, parameters)
        return found if found or self.beside is None else self.beside.select(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> range:
        """Add rows to a fact table.

        Parameters
        ----------
        table : str
            Name of the table.
        columns : sequence of str (m,)
            Columns given.
        rows : sequence of tuple (n, m)
            Values.

        Returns
        -------
        range
            Numbers of the new rows.
        """
        if not rows:
            return range(0)
        numbers = self.store.insert(table, columns, rows)
        self.first.setdefault(table, numbers.start)
        return numbers

    def close(self, table: str, rows: Sequence[int]) -> None:
        """Say that rows stop being known with this transaction."""
        self.store.close_rows(table, rows, self.number)
        self.closed.setdefault(table, []).extend(rows)

    def note(self, eids: Sequence[str], kind: str, change: str) -> None:
        """Tell the outbox which things changed."""
        self.insert("outbox", ("eid", "kind", "change", "tx_from"), [(eid, kind, change, self.number) for eid in eids])

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self.first and not self.closed

    def rewrite(
        self, table: str, known: Sequence[tuple[int, Interval]], held: Interval, payload: Mapping[str, Any] | None
    ) -> range:
        """Write one fact over an interval of a fact table.

        Rows that it touches are closed; what is left of them on either side is written again as it was.

        Parameters
        ----------
        table : str
            Fact table.
        known : sequence of (int, Interval)
            Rows known now about the same thing.
        held : Interval
            Where the new fact holds.
        payload : mapping of str to value, optional
            Columns of the new fact, without the times; nothing holds there where absent.

        Returns
        -------
        range
            Numbers of the rows written, the new fact last; empty where nothing is left to say.
        """
        cuts = cut(known, held)
        names = [name for name in self.store.columns(table) if name not in FRAME]
        listed = ", ".join(f'"{name}"' for name in names)
        left: list[Row] = []
        for one in cuts:
            old = self.store.select(f'SELECT {listed} FROM "{table}" WHERE "row" = ?', (one.row,))[0]
            left += [(*old, part.start, part.end, self.number) for part in one.remainders]
        self.close(table, [one.row for one in cuts])
        if payload is not None:
            left.append((*(payload[name] for name in names), held.start, held.end, self.number))
        return self.insert(table, (*names, *TIMES), left)
