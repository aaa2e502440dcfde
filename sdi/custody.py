"""Custody: which organisation answers for a thing, or for one of its fields.

A delivery says it for everything that it brings. Where it is otherwise, for one thing or for one of its attributes, or
where it changes with the years, a dated row says so. Organisations are things of the register ``organisation``: one
that was merged or renamed keeps its identifier, and `Registry.resolve` finds who took over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdi import naming
from sdi.errors import InputError, NotInRegister
from sdi.history import CONDITION, LATEST, OPEN, Interval, change_interval, instant
from sdi.identity import normalised
from sdi.store.schema import REGISTER_PREFIX
from sdi.text import fold

if TYPE_CHECKING:
    from sdi.registry import Registry
    from sdi.store.store import Store
    from sdi.transaction import Transaction

REGISTER = "organisation"
_TABLE = f"{REGISTER_PREFIX}{REGISTER}"
SCHEME = "vn-org"
WHOLE = ""
"""Stands for the whole thing where a field could be named."""


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who answers for a thing, or for a field of it."""

    organisation: str | None
    """Identifier of the organisation; ``None`` where a delivery named somebody whom the register does not know."""
    name: str
    """What the organisation was called then, or what the delivery called it."""
    field: str | None
    """The field for which it answers apart from the rest; ``None`` for the whole thing."""


def meant(store: Store, text: str) -> str | None:
    """Return the organisation that a delivery means: by its code, or by any name that it bears or bore.

    Parameters
    ----------
    store : Store
        Where the organisations are recorded.
    text : str
        Code or name.

    Returns
    -------
    str or None
        Its identifier; ``None`` where no organisation is known by it.

    Raises
    ------
    InputError
        If several are.
    """
    if _TABLE not in store.tables or not store.last_row(_TABLE):
        return None
    for table, about, key in (
        ("identifier", "f.scheme = 'vn-org' AND f.value_norm = ?", normalised(text)),
        (naming.EVERY, "f.folded = ?", fold(text)),
    ):
        rows = store.select(
            f"SELECT DISTINCT f.eid FROM {table} f JOIN entity e ON e.eid = f.eid "
            f"WHERE {about} AND e.kind = ? AND f.tx_to = {OPEN} ORDER BY f.eid",
            (key, REGISTER),
        )
        if len(rows) > 1:
            raise InputError(
                f"{len(rows)} organisations are or were called {text!r}; give the {SCHEME} code of the one meant",
                code="organisation-ambiguous",
                details={"found": [row[0] for row in rows]},
            )
        if rows:
            return str(rows[0][0])
    return None


def entrust(
    registry: Registry,
    eids: Sequence[str],
    organisation: str,
    tx: Transaction,
    *,
    valid_from: str | None = None,
    fields: Sequence[str] = (),
) -> None:
    """Record that an organisation answers for things, or for some fields of them, from a date on.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    eids : sequence of str
        The things.
    organisation : str
        Who answers.
    tx : Transaction
        The transaction that knows it.
    valid_from : str, optional
        Since when, ISO 8601; since ever where absent.
    fields : sequence of str
        Fields of which alone this is said; of everything where none is named.

    Raises
    ------
    NotInRegister
        If a thing or the organisation is not known.
    InputError
        If a thing has no such field.
    """
    _kind(registry, organisation, REGISTER)
    moment = instant(valid_from, registry.zone)
    for eid in eids:
        declaration = registry.register(_kind(registry, eid)).declaration
        strange = [name for name in fields if declaration.field(name) is None]
        if strange:
            known = ", ".join(one.name for one in declaration.fields)
            raise InputError(
                f"register {declaration.name} has no field {strange[0]!r}; it has {known}", code="field-unknown"
            )
        for name in fields or (WHOLE,):
            _write(tx, eid, name, organisation, moment)
        tx.note([eid], declaration.name, "changed")


def _write(tx: Transaction, eid: str, name: str, organisation: str, moment: str) -> None:
    """Write one row of custody over what is known from a moment on."""
    found = tx.store.select(
        'SELECT "row", valid_from, valid_to FROM custody WHERE eid = ? AND field = ? AND tx_to = ?', (eid, name, OPEN)
    )
    known = [(row, Interval(start, end)) for row, start, end in found]
    held = change_interval([one for _, one in known], moment)
    tx.rewrite("custody", known, held, {"eid": eid, "field": name, "organisation": organisation})


def _kind(registry: Registry, eid: str, wanted: str | None = None) -> str:
    """Return the register of a thing."""
    found = registry.store.select("SELECT kind FROM entity WHERE eid = ?", (eid,))
    if not found or (wanted is not None and found[0][0] != wanted):
        what = f"is a {found[0][0]}, no {wanted}" if found else "is not recorded"
        raise NotInRegister(f"{eid} {what}; add it first with `phusa thing add {wanted or 'KIND'}`")
    return str(found[0][0])


def custodian(
    registry: Registry,
    eid: str,
    field: str | None = None,
    *,
    valid: str | None = None,
    recorded: int | str | None = None,
) -> Custodian | None:
    """Return who answers for a thing, or for one of its fields.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    field : str, optional
        The field; the thing as a whole where absent.
    valid : str, optional
        A date, ISO 8601; the latest where absent.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date; now where absent.

    Returns
    -------
    Custodian or None
        Who was entrusted with the field, else with the thing, else who delivered it; ``None`` where nobody is known.
    """
    moment, tx = instant(valid, registry.zone, LATEST), registry.known_at(recorded)
    for name in (WHOLE,) if field is None else (field, WHOLE):
        found = registry.store.select(
            f"SELECT organisation FROM custody WHERE eid = ? AND field = ? AND {CONDITION.format('')}",
            (eid, name, moment, moment, tx, tx),
        )
        if found:
            return Custodian(found[0][0], _called(registry, found[0][0], moment, tx), name or None)
    return _deliverer(registry, eid, moment, tx)


def _deliverer(registry: Registry, eid: str, moment: str, tx: int) -> Custodian | None:
    """Return who delivered a thing."""
    found = registry.store.select(
        "SELECT d.custodian, d.organisation FROM entity e "
        "JOIN delivery d ON d.tx_from = e.tx_from AND d.register = e.kind "
        'WHERE e.eid = ? AND e.tx_from <= ? ORDER BY d."row" LIMIT 1',
        (eid, tx),
    )
    if not found:
        return None
    said, organisation = found[0]
    return Custodian(organisation, _called(registry, organisation, moment, tx) if organisation else said, None)


def _called(registry: Registry, organisation: str, moment: str, tx: int) -> str:
    """Return what an organisation was called at a moment, in Vietnamese where it has such a name."""
    found = registry.store.select(
        f"SELECT text FROM name WHERE eid = ? AND {CONDITION.format('')} ORDER BY language DESC",
        (organisation, moment, moment, tx, tx),
    )
    return found[0][0] if found else organisation
