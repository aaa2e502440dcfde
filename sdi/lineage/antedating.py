"""Antedating: a thing was there earlier than was known.

A list of today is loaded with its own date; an older list then shows that some of its things were there before. They
stay the same things, with the same identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdi import recording
from sdi.errors import ConflictError
from sdi.history import OPEN, Interval, instant
from sdi.lineage.life import life
from sdi.place import address
from sdi.store.schema import REGISTER_PREFIX
from sdi.transaction import FRAME, TIMES, Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry


def antedate(registry: Registry, eid: str, since: str | None, tx: Transaction) -> None:
    """Record that a thing was there earlier than was known, as it was when it was first known.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    since : str or None
        Since when, ISO 8601; ``None`` where its beginning is not known.
    tx : Transaction
        The transaction that knows it.

    Raises
    ------
    ConflictError
        If it was known to be there at that date already, or another thing carried one of its codes then.
    """
    known, start = life(registry.store, eid, tx.number), instant(since, registry.zone)
    if known.start <= start:
        raise ConflictError(
            f"{known.kind} {eid} is known since {known.start[:10]} already, not only after {start[:10]}; "
            "what changed since then is a correction",
            code="known-already",
        )
    before = Interval(start, known.start)
    _extend(tx, REGISTER_PREFIX + known.kind, "eid", eid, before)
    for table in ("name", "other_name", "identifier", "locates", "address"):
        _extend(tx, table, "eid", eid, before)
    for (lid,) in tx.store.select(f"SELECT DISTINCT lid FROM locates WHERE eid = ? AND tx_to = {OPEN}", (eid,)):
        _extend(tx, "location_version", "lid", lid, before)
    recording.refuse_carried(tx, eid, registry.catalog.schemes)
    tx.note([eid], known.kind, "corrected")
    _tell(registry, eid, tx)


def _tell(registry: Registry, eid: str, tx: Transaction) -> None:
    """Tell the outbox what reads differently with a thing: what stands at its location, and addresses along it."""
    sharing = tx.store.select(
        "SELECT DISTINCT s.eid, e.kind FROM locates l JOIN locates s ON s.lid = l.lid AND s.eid <> l.eid "
        f"JOIN entity e ON e.eid = s.eid WHERE l.eid = ? AND l.tx_to = {OPEN} AND s.tx_to = {OPEN} ORDER BY s.eid",
        (eid,),
    )
    for other, kind in sharing:
        tx.note([other], kind, "corrected")
    address.tell(registry, tx, eid)


def _extend(tx: Transaction, table: str, key: str, value: str, before: Interval) -> None:
    """Let the facts that hold first also hold before."""
    names = [name for name in tx.store.columns(table) if name not in FRAME]
    listed = ", ".join(f'"{name}"' for name in names)
    found = tx.store.select(
        f'SELECT "row", valid_to, {listed} FROM "{table}" WHERE {key} = ? AND valid_from = ? AND tx_to = {OPEN} '
        'ORDER BY "row"',
        (value, before.end),
    )
    tx.close(table, [row for row, *_ in found])
    tx.insert(table, (*names, *TIMES), [(*fact, before.start, end, tx.number) for _, end, *fact in found])
