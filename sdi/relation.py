"""Relations: ties between things, and what becomes of them when one end is retired.

A thing that ends takes its own ties with it. Of the things that are tied to it, the register file says by `on_retire`
what becomes: ``restrict`` refuses to retire it while they last, ``cascade`` retires them too, ``keep`` lets them point
at it for ever, so that `Registry.resolve` finds what took its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdi.declaration import Declaration
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import FOREVER, OPEN, TERMINAL, Interval
from sdi.lineage.life import Life, life
from sdi.transaction import TIMES, Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry


def add(tx: Transaction, declaration: Declaration, eid: str, verb: str, others: Sequence[str], held: Interval) -> None:
    """Record that a thing has to do with others.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows it.
    declaration : Declaration
        Register of the thing.
    eid : str
        The thing.
    verb : str
        One of those that the register declares.
    others : sequence of str
        Things at the other end.
    held : Interval
        When they had to do with each other.

    Raises
    ------
    InputError
        If the register declares no such verb.
    NotInRegister
        If one of the others is not known.
    """
    targets = {relation.register for relation in declaration.relations if relation.verb == verb}
    if not targets:
        raise InputError(f"register {declaration.name} declares no relation {verb!r}", code="relation-unknown")
    for other in others:
        kind = tx.select_anywhere("SELECT kind FROM entity WHERE eid = ?", (other,))
        if not kind or kind[0][0] not in targets:
            raise NotInRegister(
                f"{other} is no {' or '.join(sorted(targets))}; relation {verb} of {declaration.name} needs one"
            )
    rows = [(eid, verb, other, *held, tx.number) for other in others]
    tx.insert("relation", ("eid", "verb", "other", *TIMES), rows)


def end(tx: Transaction, eid: str, moment: str) -> None:
    """Say that a thing has no ties of its own from a moment on."""
    known = tx.store.select(
        f'SELECT "row", verb, other, valid_from, valid_to FROM relation WHERE eid = ? AND tx_to = {OPEN}', (eid,)
    )
    for row, _, _, start, stop in known:
        tx.rewrite("relation", [(row, Interval(start, stop))], Interval(moment, FOREVER), None)


def dependants(registry: Registry, eid: str, moment: str, tx: Transaction, *, cascade: bool = True) -> list[Life]:
    """Return the things that end together with another one.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    eid : str
        The thing that ends.
    moment : str
        First moment at which it is gone.
    tx : Transaction
        The transaction that knows it.
    cascade : bool
        Whether others may end with it; refused where not.

    Returns
    -------
    list of Life
        In the order in which they were tied; empty where none does.

    Raises
    ------
    ConflictError
        If something that lasts is tied to it by a relation that forbids it.
    """
    rules = _tied(registry, eid, moment, tx)
    refusing = [(tied, verb) for tied, verb, rule in rules if rule == "restrict" or (rule == "cascade" and not cascade)]
    if refusing:
        tied, verb = refusing[0]
        raise ConflictError(
            f"{eid} cannot end: {tied.kind} {tied.eid} {verb} it and lasts ({len(refusing)} such things); "
            "retire them first or tie them to something else",
            code="relation-restricts",
            details={"tied": [one.eid for one, _ in refusing]},
        )
    return [tied for tied, _, rule in rules if rule == "cascade"]


def _tied(registry: Registry, eid: str, moment: str, tx: Transaction) -> list[tuple[Life, str, str]]:
    """Return the things that last and are tied to another one, with verb and rule."""
    kind = life(registry.store, eid, tx.number).kind
    rows = registry.store.select(
        f'SELECT eid, verb FROM relation WHERE other = ? AND tx_to = {OPEN} AND valid_to > ? ORDER BY "row"',
        (eid, moment),
    )
    found = []
    for other, verb in rows:
        tied = life(registry.store, other, tx.number)
        if tied.status not in TERMINAL:
            declared = registry.register(tied.kind).declaration.relations
            rule = next((one.on_retire for one in declared if (one.verb, one.register) == (verb, kind)), "keep")
            found.append((tied, verb, rule))
    return found
