"""Happenings: what befalls things again and again and is kept as a list that only grows, such as inspections.

A register file says under ``events`` what is noted each time. A note is about a day; it keeps the version of the place
on which the thing stood then, so that nobody looks for a defect where the manhole was moved to afterwards. A note that
is wrong is withdrawn and another one written; both stay readable as of their time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdi.declaration import Declaration, History
from sdi.errors import InputError, NotInRegister
from sdi.history import OPEN, Moment, instant
from sdi.lineage.life import life
from sdi.value import checked, given

if TYPE_CHECKING:
    from sdi.registry import Registry
    from sdi.transaction import Transaction

_COLUMNS = ("eid", "history", "day", "said", "version", "tx_from")


@dataclass(frozen=True, slots=True)
class Happening:
    """One note."""

    number: int
    """By which it is withdrawn [1]."""
    eid: str
    history: str
    """Name of the list in the register file, such as ``inspection``."""
    day: str
    """When it happened, ISO 8601."""
    values: Mapping[str, Any]
    """Fields of the list [units of the register file]."""
    version: int | None
    """Row of the version of the location on which the thing stood; ``None`` where it had no place."""
    tx: int
    """Transaction that knows it."""


def note(registry: Registry, eid: str, history: str, values: Mapping[str, Any], tx: Transaction, *, day: str) -> int:
    """Note what happened to a thing.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    history : str
        Name of the list, such as ``inspection``.
    values : mapping of str to value [units of the register file]
        What is noted.
    tx : Transaction
        The transaction that knows it.
    day : str
        When it happened, ISO 8601.

    Returns
    -------
    int
        Number of the note.

    Raises
    ------
    InputError
        If the register keeps no such list, the thing was not there then, or a value is refused.
    """
    lived, moment = life(registry.store, eid, tx.number), instant(day, registry.zone)
    declaration = registry.register(lived.kind).declaration
    declared = _history(declaration, history)
    if not lived.start <= moment < lived.end:
        raise InputError(
            f"{lived.kind} {eid} was there from {lived.start[:10]} to {lived.end[:10]}, not on {moment[:10]}; "
            "correct the day",
            code="happening-untimely",
        )
    said = json.dumps(_checked(registry, declared, values, moment), ensure_ascii=False, sort_keys=True)
    version = place_version(registry, eid, declaration.location.role, moment)
    (number,) = tx.insert("happening", _COLUMNS, [(eid, history, moment, said, version, tx.number)])
    tx.note([eid], lived.kind, "noted")
    return number


def withdraw(registry: Registry, number: int, tx: Transaction) -> None:
    """Record that a note is wrong: it stops being known.

    Raises
    ------
    NotInRegister
        If there is no such note, or it was withdrawn before.
    """
    found = registry.store.select('SELECT eid FROM happening WHERE "row" = ? AND tx_to = ?', (number, OPEN))
    if not found:
        raise NotInRegister(f"there is no note {number}, or it was withdrawn before")
    tx.close("happening", [number])
    eid = found[0][0]
    tx.note([eid], life(registry.store, eid, tx.number).kind, "noted")


def happenings(
    registry: Registry, eid: str, history: str | None = None, *, recorded: int | str | None = None
) -> tuple[Happening, ...]:
    """Return what happened to a thing, in the order of time.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    history : str, optional
        Name of the list; every list where absent.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date; now where absent.

    Returns
    -------
    tuple of Happening
        Empty where nothing is noted.
    """
    tx = registry.known_at(recorded)
    about, values = ("eid = ?", [eid]) if history is None else ("eid = ? AND history = ?", [eid, history])
    rows = registry.store.select(
        f'SELECT "row", eid, history, day, said, version, tx_from FROM happening WHERE {about} AND tx_from <= ? '
        'AND ? < tx_to ORDER BY day, "row"',
        (*values, tx, tx),
    )
    declaration = registry.register(life(registry.store, eid, tx).kind).declaration if rows else None
    return tuple(
        Happening(number, one, name, Moment(day), _given(declaration, name, said), version, known)
        for number, one, name, day, said, version, known in rows
    )


def place_version(registry: Registry, eid: str, role: str, moment: str) -> int | None:
    """Return the row of the version of a location on which a thing stood, as it is known now; ``None`` without one."""
    found = registry.store.select(
        'SELECT v."row" FROM locates l JOIN location_version v ON v.lid = l.lid WHERE l.eid = ? AND l.role = ? '
        "AND l.valid_from <= ? AND ? < l.valid_to AND v.valid_from <= ? AND ? < v.valid_to "
        "AND l.tx_to = ? AND v.tx_to = ?",
        (eid, role, *4 * (moment,), OPEN, OPEN),
    )
    return int(found[0][0]) if found else None


def _history(declaration: Declaration, name: str) -> History:
    """Return what a register file says of a list."""
    found = next((one for one in declaration.events if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in declaration.events) or "none"
        raise InputError(f"register {declaration.name} keeps no {name!r}; it keeps {known}", code="history-unknown")
    return found


def _checked(registry: Registry, declared: History, values: Mapping[str, Any], moment: str) -> dict[str, Any]:
    """Return values as they are kept."""
    fields = {one.name: one for one in declared.fields}
    strange = sorted(set(values) - set(fields))
    if strange:
        raise InputError(
            f"{declared.name} has no field {strange[0]!r}; it has {', '.join(fields)}", code="field-unknown"
        )
    kept = {}
    for name, field in fields.items():
        codes = registry.catalog.codes.get(field.codes or "")
        (value,) = checked(field, [values.get(name)], codes, starts=[moment])
        if value is not None:
            kept[name] = value
    return kept


def _given(declaration: Declaration | None, name: str, said: str) -> dict[str, Any]:
    """Return values as they are handed out; a list that the file no longer declares is told as it is kept."""
    kept: dict[str, Any] = json.loads(said)
    declared = next((one for one in declaration.events if one.name == name), None) if declaration else None
    fields = {one.name: one for one in declared.fields} if declared else {}
    return {key: given(fields[key], value) if key in fields else value for key, value in kept.items()}
