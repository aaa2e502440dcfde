"""The logbook of a thing: who wrote about it, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from sdi.errors import NotInRegister
from sdi.registry import Registry


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One transaction that wrote about a thing."""

    tx: int
    recorded_at: str
    actor: str
    reason: str
    decision: str | None
    changes: tuple[str, ...]
    """What it did to the thing, for example ``moved``."""


def entries(registry: Registry, kind: str, eid: str) -> list[LogEntry]:
    """Return what was written about a thing.

    Parameters
    ----------
    registry : Registry
        Where it is known.
    kind : str
        Its register.
    eid : str
        The thing.

    Returns
    -------
    list of LogEntry
        In the order of the transactions.

    Raises
    ------
    NotInRegister
        If nothing was ever written about such a thing.
    """
    rows = registry.store.select(
        "SELECT t.tx, t.recorded_at, t.actor, t.reason, t.decision, o.change FROM outbox o "
        'JOIN tx t ON t.tx = o.tx_from WHERE o.eid = ? AND o.kind = ? ORDER BY o."row"',
        (eid, kind),
    )
    if not rows:
        raise NotInRegister(f"no {kind} {eid} in the register; was it added to another one?")
    found = []
    for (tx, recorded_at, actor, reason, decision), group in groupby(rows, key=lambda row: row[:5]):
        changes = tuple(dict.fromkeys(row[5] for row in group))
        found.append(LogEntry(tx, recorded_at, actor, reason, decision, changes))
    return found
