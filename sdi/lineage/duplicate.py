"""Duplicates: two records of one thing, merged by a person and taken apart again without loss.

Two agencies deliver the same lamp post. Merging says that the one record never was a thing of its own: it ends as
``merged_away`` over all its life, its codes go to the other, and its identifier answers with the other for ever. Rows
are only closed, so that taking apart restores both exactly, and what each agency said is read as of before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sdi.errors import ConflictError, NotInRegister
from sdi.history import OPEN, TERMINAL, Interval
from sdi.lineage.life import Life, life
from sdi.lineage.step import Step
from sdi.store.schema import REGISTER_PREFIX
from sdi.transaction import FRAME, TIMES, Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry

_VERB = "duplicate_of"


def merge(registry: Registry, duplicate: str, kept: str, tx: Transaction, *, source: str) -> None:
    """Say that two records are one thing.

    Parameters
    ----------
    registry : Registry
        Where both are recorded.
    duplicate : str
        The record that goes.
    kept : str
        The record that stays, and whose values stand.
    tx : Transaction
        The transaction that knows it.
    source : str
        Who found out.

    Raises
    ------
    ConflictError
        If one of them has ended, or was written in this very transaction.
    """
    gone, stays = _lasting(registry, duplicate, tx), _lasting(registry, kept, tx)
    table = REGISTER_PREFIX + gone.kind
    for row, held, fact in _facts(tx, table, duplicate, f"tx_to = {OPEN}"):
        _replace(tx, table, row, fact | {"status": "merged_away"}, held)
    for row, held, fact in _facts(tx, "identifier", duplicate, f"tx_to = {OPEN}"):
        if not _taken(registry, kept, fact["scheme"], held):
            _replace(tx, "identifier", row, fact | {"eid": kept}, held)
    tx.note([duplicate], gone.kind, "retired")
    tx.note([kept], stays.kind, "changed")
    registry.lineage.record([Step(duplicate, kept, _VERB, gone.start, source)], tx)


def take_apart(registry: Registry, duplicate: str, tx: Transaction) -> None:
    """Say that two records merged as one are two things after all: both are again what they were.

    Parameters
    ----------
    registry : Registry
        Where both are recorded.
    duplicate : str
        The record that went.
    tx : Transaction
        The transaction that knows it.

    Raises
    ------
    NotInRegister
        If it was not merged with another.
    ConflictError
        If a code that went over was changed since.
    """
    step, number = _merged(registry, duplicate)
    gone, stays = life(tx.store, duplicate, tx.number), life(tx.store, step.child, tx.number)
    table = REGISTER_PREFIX + gone.kind
    before = f"tx_to = {number} AND tx_from < {number}"
    tx.close(table, [row for row, _, _ in _facts(tx, table, duplicate, f"tx_to = {OPEN}")])
    tx.close("identifier", _handed_over(tx, duplicate, step.child, number))
    for name in (table, "identifier"):
        for _, held, fact in _facts(tx, name, duplicate, before):
            _insert(tx, name, fact, held)
    registry.lineage.withdraw(step, tx)
    tx.note([duplicate], gone.kind, "added")
    tx.note([step.child], stays.kind, "changed")


def records(registry: Registry, eid: str) -> Mapping[str, int]:
    """Return the records that were merged into a thing, and up to when each spoke for itself.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.

    Returns
    -------
    mapping of str to int
        Identifiers with the transaction as of which `Register.find` still returns what that record said.
    """
    found = registry.store.select(
        f"SELECT parent, tx_from FROM lineage WHERE child = ? AND verb = ? AND tx_to = {OPEN} ORDER BY tx_from",
        (eid, _VERB),
    )
    return {parent: number - 1 for parent, number in found}


def _taken(registry: Registry, eid: str, scheme: str, held: Interval) -> bool:
    """Tell whether a thing carries a code of a scheme that allows no second one: the other record keeps its own."""
    declared = registry.catalog.schemes.get(scheme)
    return (declared is None or declared.single) and bool(
        registry.store.select(
            f"SELECT 1 FROM identifier WHERE eid = ? AND scheme = ? AND tx_to = {OPEN} "
            "AND valid_from < ? AND valid_to > ?",
            (eid, scheme, held.end, held.start),
        )
    )


def _lasting(registry: Registry, eid: str, tx: Transaction) -> Life:
    """Return the life of a thing that lasts and was known before this transaction."""
    found = life(registry.store, eid, tx.number)
    written = registry.store.select(
        f'SELECT 1 FROM "{REGISTER_PREFIX}{found.kind}" WHERE eid = ? AND tx_from = ?', (eid, tx.number)
    )
    if written:
        raise ConflictError(
            f"{found.kind} {eid} was written in this transaction; merge it in the next one, so that it can be undone",
            code="written-just-now",
        )
    if found.status in TERMINAL:
        raise ConflictError(
            f"{found.kind} {eid} has ended ({found.status}) and is merged with nothing; "
            "say what became of it with Lineage.record",
            code="ended",
        )
    return found


def _merged(registry: Registry, duplicate: str) -> tuple[Step, int]:
    """Return the step by which a record was merged, and its transaction."""
    found = [step for step in registry.lineage.steps(duplicate) if (step.parent, step.verb) == (duplicate, _VERB)]
    if not found:
        raise NotInRegister(f"{duplicate} is not merged with another record; there is nothing to take apart")
    number = registry.store.select(
        f"SELECT tx_from FROM lineage WHERE parent = ? AND verb = ? AND tx_to = {OPEN}", (duplicate, _VERB)
    )
    return found[0], int(number[0][0])


def _facts(tx: Transaction, table: str, eid: str, condition: str) -> list[tuple[int, Interval, dict[str, Any]]]:
    """Return rows of a thing: number, when they hold, what they say."""
    names = [name for name in tx.store.columns(table) if name not in FRAME]
    listed = ", ".join(f'"{name}"' for name in names)
    found = tx.store.select(
        f'SELECT "row", valid_from, valid_to, {listed} FROM "{table}" WHERE eid = ? AND {condition} ORDER BY "row"',
        (eid,),
    )
    return [(row, Interval(start, end), dict(zip(names, fact, strict=True))) for row, start, end, *fact in found]


def _replace(tx: Transaction, table: str, row: int, fact: Mapping[str, Any], held: Interval) -> None:
    """Write another fact over the whole of one row."""
    tx.close(table, [row])
    _insert(tx, table, fact, held)


def _insert(tx: Transaction, table: str, fact: Mapping[str, Any], held: Interval) -> None:
    """Write a fact."""
    tx.insert(table, (*fact, *TIMES), [(*fact.values(), held.start, held.end, tx.number)])


def _handed_over(tx: Transaction, duplicate: str, kept: str, number: int) -> list[int]:
    """Return the rows by which codes went over.

    Raises
    ------
    ConflictError
        If one of them is no longer what is known.
    """
    codes = "scheme = ? AND value_norm = ? AND valid_from = ? AND valid_to = ?"
    found = []
    for _, held, fact in _facts(tx, "identifier", duplicate, f"tx_to = {number} AND tx_from < {number}"):
        rows = tx.store.select(
            f'SELECT "row" FROM identifier WHERE eid = ? AND tx_from = {number} AND tx_to = {OPEN} AND {codes}',
            (kept, fact["scheme"], fact["value_norm"], *held),
        )
        if not rows:
            raise ConflictError(
                f"{fact['scheme']} {fact['value']!r} came from {duplicate} and was changed since; "
                "correct it to what it was, then take the two apart",
                code="identifier-changed",
            )
        found.append(rows[0][0])
    return found
