"""Heritage: what a publication says of things that ended, so that their addresses answer with what took their place."""

from __future__ import annotations

from sdi.access.numbering import Numbers
from sdi.history import OPEN
from sdi.lineage.passage import Past
from sdi.lineage.succession import standing
from sdi.registry import Registry
from sdi.store.feed import FeedTables
from sdi.store.successor import SuccessorTable


def project(registry: Registry, table: SuccessorTable, *, since: int, anew: bool) -> None:
    """Bring the successors in a publication up to the registry, after its things.

    Parameters
    ----------
    registry : Registry
        What is known.
    table : SuccessorTable
        The publication's; it keeps only successors that are published there, so that no other one is revealed.
    since : int
        Transaction up to which it was brought before.
    anew : bool
        Other things may be published than before, so that every successor is looked at again.
    """
    if not registry.store.last_row("lineage"):
        return
    if anew:
        table.clear()
        changed = _parents(registry)
    else:
        changed = sorted(registry.lineage.upward(_touched(registry, since)))
    past = Past(registry)
    table.put({eid: standing(past, eid) for eid in changed})


def tell(registry: Registry, feed: FeedTables, numbers: Numbers) -> None:
    """Tell a feed of the lineage that was written, where both ends are published there, so that none is revealed.

    Parameters
    ----------
    registry : Registry
        What is known.
    feed : FeedTables
        The publication's.
    numbers : Numbers
        Numbers of the transactions there.
    """
    if not registry.store.last_row("lineage"):
        return
    if numbers.whole:
        feed.clear_lineage()
    found = registry.store.select(
        "SELECT tx_from, parent, child FROM lineage WHERE tx_from > ? "
        "UNION SELECT tx_to, parent, child FROM lineage WHERE tx_to > ? AND tx_to < ?",
        (numbers.since, numbers.since, OPEN),
    )
    number = numbers.of(tx for tx, *_ in found)
    feed.put_lineage([(number[tx], *ends) for tx, *pair in found for ends in (pair, pair[::-1])])


def _parents(registry: Registry) -> list[str]:
    """Return every thing that something is known to have carried on."""
    found = registry.store.select(f"SELECT DISTINCT parent FROM lineage WHERE tx_to = {OPEN} ORDER BY parent")
    return [parent for (parent,) in found]


def _touched(registry: Registry, since: int) -> list[str]:
    """Return the things with a lineage to which something happened."""
    found = registry.store.select(
        "SELECT DISTINCT o.eid FROM outbox o WHERE o.tx_from > ? AND (EXISTS (SELECT 1 FROM lineage l "
        "WHERE l.parent = o.eid) OR EXISTS (SELECT 1 FROM lineage l WHERE l.child = o.eid))",
        (since,),
    )
    return [eid for (eid,) in found]
