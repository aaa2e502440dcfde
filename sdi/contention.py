"""Contention: two who write about one thing, of whom the second did not know what the first had written.

Writers wait for each other, so no row is ever written twice. That the second one decided on what was no longer so is
something else: only whoever says on which transaction a decision rests can be told.
"""

from __future__ import annotations

from sdi.errors import ConflictError, InputError
from sdi.store.store import Store

_SINCE = """
SELECT o.eid, o.kind, o.change, t.tx, t.recorded_at, t.actor, t.reason FROM outbox mine
JOIN outbox o ON o.eid = mine.eid JOIN tx t ON t.tx = o.tx_from
WHERE mine.tx_from = ? AND o.tx_from > ? AND o.tx_from < ? ORDER BY o.tx_from DESC, o.eid LIMIT 1
"""


def refuse_overtaken(store: Store, number: int, seen: int) -> None:
    """Refuse a transaction about things of which others wrote after what it rests on.

    Parameters
    ----------
    store : Store
        Where it is being written.
    number : int
        The transaction.
    seen : int
        Last transaction that its writer knew of.

    Raises
    ------
    ConflictError
        Naming the thing, and who wrote what about it in between.
    InputError
        If there is no such transaction yet.
    """
    if not 0 <= seen < number:
        raise InputError(
            f"transaction {seen} is none that could have been seen: the last one is {number - 1}; give the one that "
            "came with what was read",
            code="transaction-unknown",
        )
    for eid, kind, change, tx, recorded_at, actor, reason in store.select(_SINCE, (number, seen, number)):
        raise ConflictError(
            f"{kind} {eid} is not what was seen in transaction {seen}: {actor} has {change} it in transaction {tx} at "
            f"{recorded_at} ({reason}); nothing was written: look at it again, and write what still holds",
            code="overtaken",
            details={"eid": eid, "kind": kind, "seen": seen, "transaction": tx, "actor": actor},
        )
