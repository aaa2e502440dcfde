"""Which units a list means by its codes, and where it calls them otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.reform.delivered import Told, Unit
from pipelines.reform.reform_file import Later, Reform
from sdi.errors import RefusedError
from sdi.registry import Registry
from sdi.text import fold_alias, tone_alias
from sdi.transaction import Transaction

Eids = Mapping[str, str]
"""Code to identifier."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a list calls a unit otherwise than it is known."""

    entry: str
    code: str
    known: str
    listed: str
    changed: bool
    """Whether that was recorded as a change; another place of a tone mark is the same name."""


def carriers(scheme: str, units: Iterable[Unit], registry: Registry, at: str) -> dict[str, str]:
    """Return the units that carried their codes at a date.

    Parameters
    ----------
    scheme : str
        Scheme of the codes.
    units : iterable of Unit
        Units of a list.
    registry : Registry
        Where they may be known.
    at : str
        The date, ISO 8601.

    Returns
    -------
    dict of str to str
        Code to identifier; a code that nobody carried is left out.
    """
    found = {unit.code: registry.resolve_code(scheme, unit.code, at) for unit in units}
    return {code: matches[0].eid for code, matches in found.items() if matches}


def check(told: Told, known: Eids, reform: Reform, registry: Registry) -> list[Difference]:
    """Hold the new units of a reform against those that carry their codes already.

    Parameters
    ----------
    told : Told
        The table that lists them.
    known : mapping of str to str
        Code to identifier, as of the day of the reform.
    reform : Reform
        The reform.
    registry : Registry
        Where they are known.

    Returns
    -------
    list of Difference
        Names that are spelled otherwise; the known ones stay.

    Raises
    ------
    RefusedError
        If a code is carried by a unit of another name: a code alone does not say that two units are one.
    """
    found = []
    for unit in told.units:
        name, kind = _known(known[unit.code], reform, registry, reform.effective) if unit.code in known else ("", "")
        if unit.code in known and fold_alias(name) != fold_alias(unit.name):
            raise RefusedError(
                f"{told.entry} calls {unit.code} {unit.full_name}, but since {reform.effective} {name} carries that "
                "code; correct the one that is wrong",
                code="unit-other",
            )
        if unit.code in known and (name, kind) != (unit.name, unit.type):
            found.append(_difference(told.entry, unit, name, kind, changed=False))
    return found


def compare(told: Told, later: Later, reform: Reform, registry: Registry, tx: Transaction) -> list[Difference]:
    """Hold a later list against what is known, and record the names and types that changed.

    Parameters
    ----------
    told : Told
        The list.
    later : Later
        Says since when it holds.
    reform : Reform
        Whose units it lists.
    registry : Registry
        Where they are known.
    tx : Transaction
        The transaction that records the changes.

    Returns
    -------
    list of Difference
        Empty where the list agrees.

    Raises
    ------
    RefusedError
        If it lists a unit whose code nobody carries at its date.
    """
    known = carriers(reform.scheme, told.units, registry, later.effective)
    missing = [unit.code for unit in told.units if unit.code not in known]
    if missing:
        raise RefusedError(
            f"{told.entry} lists {', '.join(missing)}, which nobody carries on {later.effective}; a reform of its own "
            "says where they come from",
            code="unit-unlisted",
        )
    return [
        one
        for unit in told.units
        for one in _renamed(unit, known[unit.code], (told.entry, later.effective), reform, registry, tx)
    ]


def _renamed(
    unit: Unit, eid: str, listed: tuple[str, str], reform: Reform, registry: Registry, tx: Transaction
) -> list[Difference]:
    """Record name and type of a unit from a list and its date, where they are others."""
    entry, since = listed
    name, kind = _known(eid, reform, registry, since)
    if (name, kind) == (unit.name, unit.type):
        return []
    names = {reform.language: unit.name} if tone_alias(name) != tone_alias(unit.name) else {}
    values = {reform.type_field: unit.type} if kind != unit.type else {}
    if names or values:
        registry.register(reform.register).change(eid, values, tx, valid_from=since, names=names)
    return [_difference(entry, unit, name, kind, changed=bool(names or values))]


def _known(eid: str, reform: Reform, registry: Registry, at: str) -> tuple[str, str]:
    """Return name and type of a unit at a date."""
    found = registry.register(reform.register).find(eid, valid=at)
    return found.names.get(reform.language, ""), str(found.values.get(reform.type_field) or "")


def _difference(entry: str, unit: Unit, name: str, kind: str, *, changed: bool) -> Difference:
    """Say how a unit is known, and how it is listed."""
    return Difference(entry, unit.code, f"{name} ({kind})", f"{unit.name} ({unit.type})", changed)
