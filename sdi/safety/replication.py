"""A registry carried to another store, whole or as it was at a transaction, and proved there by its hash."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sdi.access import readership
from sdi.errors import ConflictError, IntegrityError
from sdi.safety import chain
from sdi.store import transfer
from sdi.store.store import Store

logger = logging.getLogger(__name__)

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Replica:
    """How far a registry was carried."""

    tx: int
    """Last transaction that the other store has now."""
    root_hash: str
    """Its hash: of everything known then."""
    rows: int
    """Rows that were added."""


def silent(share: float) -> None:
    """Tell nobody how far it is."""


def replicate(source: Store, target: Store, *, until: int | None = None, progress: Progress = silent) -> Replica:
    """Carry a registry to another store: to an empty one whole, to one that has its beginning what it lacks.

    Others may write the source meanwhile. The target gets everything or, where anything fails or does not hash to what
    it should, nothing.

    Parameters
    ----------
    source : Store
        The registry.
    target : Store
        Where it shall be kept as well.
    until : int, optional
        Last transaction that is carried over; the last one where absent.
    progress : callable, optional
        Is told the share of the rows that is done [1].

    Returns
    -------
    Replica
        How far it was carried.

    Raises
    ------
    ConflictError
        If the target holds another registry, or more of it.
    IntegrityError
        If a row does not hash to what was recorded.
    """
    if target.recorded_tables():
        transfer.agreed(source, target)  # before anything is made there
    target.ensure(transfer.described(source))
    with source.reading(), target.writing():
        last = source.last_row("tx")
        reached = last if until is None else min(until, last)
        since = transfer.agreed(source, target)
        rows = transfer.extend(source, target, reached, progress)
        chain.verified(target, since=since)
        readership.readings(target)  # verifies who read what, which no transaction covers
        replica = Replica(max(since, reached), chain.root(target), rows)
        if replica.root_hash != chain.root(source, replica.tx):
            raise IntegrityError(f"{target.name} does not hash to what {source.name} does; nothing was kept there")
    wrong = target.check()
    if wrong:
        raise IntegrityError(f"{target.name}: {'; '.join(wrong)}")
    logger.info("%s: %d rows carried over from %s, up to transaction %d", target.name, rows, source.name, replica.tx)
    return replica


def refuse_occupied(target: Store) -> None:
    """Refuse a store that holds a registry already.

    Raises
    ------
    ConflictError
        Saying what to do.
    """
    if "tx" in target.recorded_tables() and target.last_row("tx"):
        raise ConflictError(
            f"{target.name} holds a registry of {target.last_row('tx')} transactions; give an empty place, or remove "
            "that one first",
            code="registry-there",
        )
