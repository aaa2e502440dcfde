"""As of: what a register knew, and what held, at a moment. The one question that is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely

from sdi import label
from sdi.access.level import shown_at
from sdi.declaration import Declaration, Level
from sdi.entry import Accuracy
from sdi.errors import InputError, NotInRegister
from sdi.history import CONDITION, LATEST, TERMINAL, Interval, instant
from sdi.identity import sought
from sdi.place import address, location, placement
from sdi.place.placement import NOWHERE, Height, Reference
from sdi.record import Record
from sdi.recording import Table
from sdi.store.schema import REGISTER_PREFIX, column_name
from sdi.value import given

if TYPE_CHECKING:
    from sdi.registry import Registry

_DETAILS = ", ".join(f"v.{column}" for column in location.DETAILS)
_ENDED = ", ".join(f"'{status}'" for status in sorted(TERMINAL))

Moment = tuple[str, str, int, int]
"""Valid time twice, then the transaction twice: as a condition takes them."""


def moment(registry: Registry, valid: str | None, recorded: int | str | None) -> Moment:
    """Return a moment in both times, as a condition takes it.

    Parameters
    ----------
    registry : Registry
        Says which transaction a date of recording means.
    valid : str or None
        When it shall hold in the world, ISO 8601; the latest fact where ``None``.
    recorded : int, str or None
        What shall have been known: a transaction, or a date; now where ``None``.
    """
    held, tx = instant(valid, registry.zone, LATEST), registry.known_at(recorded)
    return held, held, tx, tx


def record(registry: Registry, declaration: Declaration, eid: str, at: Moment) -> Record:
    """Return what is known of a thing as of a moment.

    Raises
    ------
    NotInRegister
        If nothing is known for that moment.
    """
    fields = declaration.fields
    names = ", ".join(["status", "valid_from", "valid_to", *(f'"{column_name(one)}"' for one in fields)])
    sql = f'SELECT {names} FROM "{REGISTER_PREFIX}{declaration.name}" WHERE eid = ? AND {CONDITION.format("")}'
    found = registry.store.select(sql, (eid, *at))
    if not found:
        when = "any date" if at[0] == LATEST else at[0]
        raise NotInRegister(f"no {declaration.name} {eid} is known for {when}; was it recorded later or elsewhere?")
    status, start, end, *values = found[0]
    lid, geometry, accuracy, reference, height = _place(registry, declaration, eid, at)
    said, text = address.at(registry, eid, at) if declaration.address else (None, None)
    return Record(
        eid=eid, kind=declaration.name, status=status,
        values={one.name: given(one, value) for one, value in zip(fields, values, strict=True)},
        identifiers=dict(_facts(registry, "identifier", "scheme, value", eid, at)),
        names=dict(_facts(registry, "name", "language, text", eid, at)),
        geometry=geometry, location=lid, accuracy=accuracy, valid=Interval.kept(start, end), reference=reference,
        height=height, address=said, address_text=text,
    )  # fmt: skip


def carrier(registry: Registry, declaration: Declaration, scheme: str, value: str, at: Moment) -> Record:
    """Return the thing of a register that carried an official code at a moment.

    Raises
    ------
    NotInRegister
        If none did.
    """
    found = registry.store.select(
        "SELECT i.eid FROM identifier i JOIN entity e ON e.eid = i.eid WHERE i.scheme = ? AND i.value_norm = ? "
        f"AND e.kind = ? AND {CONDITION.format('i.')}",
        (scheme, sought(registry.catalog.schemes.get(scheme), value), declaration.name, *at),
    )
    if not found:
        declared = registry.catalog.schemes.get(scheme)
        if declared is not None and declared.check and label.looks_like_one(value) and not label.is_right(value):
            raise NotInRegister(
                f"label {value!r} has a typing error: its last character does not fit the others; read it again",
                code="label-mistyped",
            )
        when = "now" if at[0] == LATEST else f"on {at[0]}"
        raise NotInRegister(f"no {declaration.name} carries {scheme} {value!r} {when}")
    return record(registry, declaration, found[0][0], at)


def borne(registry: Registry, scheme: str, values: Sequence[str]) -> set[str]:
    """Return which of some codes, as they are compared, something carries or ever carried."""
    sql = (
        f"SELECT DISTINCT value_norm FROM identifier WHERE scheme = ? AND value_norm IN ({registry.store.listed(str)})"
    )
    return {row[0] for row in registry.store.select(sql, (scheme, orjson.dumps(list(values)).decode()))}


def in_force(registry: Registry, declaration: Declaration, at: Moment) -> list[str]:
    """Return the things of a register in force at a moment, in the order they were recorded."""
    return [row[0] for row in _rows(registry, declaration, "", at)]


def table(
    registry: Registry, declaration: Declaration, names: Sequence[str], at: Moment, level: Level = "secret"
) -> Table:
    """Return all things of a register in force at a moment, in the order they were recorded.

    Parameters
    ----------
    registry : Registry
        Where they are kept.
    declaration : Declaration
        The register.
    names : sequence of str
        Fields wanted.
    at : Moment
        The moment.
    level : {'public', 'restricted', 'secret'}
        Who sees what is made of them: things that this audience may not see are left out.

    Raises
    ------
    InputError
        If the register declares no such field.
    """
    fields = [declaration.field(name) for name in names]
    unknown = [name for name, field in zip(names, fields, strict=True) if field is None]
    if unknown:
        known = ", ".join(one.name for one in declaration.fields)
        raise InputError(
            f"register {declaration.name} has no field {unknown[0]!r}; it has {known}", code="field-unknown"
        )
    rows = _rows(registry, declaration, "".join(f', r."{column_name(field)}"' for field in fields if field), at, level)
    places = registry.store.select(
        "SELECT l.eid, l.lid, v.geometry FROM locates l JOIN location_version v ON v.lid = l.lid "
        f"JOIN entity e ON e.eid = l.eid WHERE e.kind = ? AND l.role = ? AND {CONDITION.format('l.')} "
        f"AND {CONDITION.format('v.')}",
        (declaration.name, declaration.location.role, *at, *at),
    )
    shapes = dict(zip([one[0] for one in places], shapely.from_wkb([one[2] for one in places]), strict=True))
    lids = {eid: lid for eid, lid, _ in places}
    geometry = np.array([shapes.get(row[0]) for row in rows], dtype=object)
    values = {field.name: [given(field, row[place]) for row in rows] for place, field in enumerate(fields, 1) if field}
    return Table(tuple(row[0] for row in rows), values, geometry, tuple(lids.get(row[0]) for row in rows))


def _rows(
    registry: Registry, declaration: Declaration, columns: str, at: Moment, level: Level = "secret"
) -> list[tuple[Any, ...]]:
    """Return the things in force at a moment that an audience may see, with some columns of their register."""
    return registry.store.select(
        f'SELECT r.eid{columns} FROM "{REGISTER_PREFIX}{declaration.name}" r JOIN entity e ON e.eid = r.eid '
        f'WHERE r.status NOT IN ({_ENDED}) AND {CONDITION.format("r.")} AND {shown_at(level)} ORDER BY e."row"',
        at,
    )


def _place(
    registry: Registry, declaration: Declaration, eid: str, at: Moment
) -> tuple[str | None, Any, Accuracy, Reference | None, Height]:
    """Return location, geometry, accuracy of a thing as of a moment, by what its place is told, and its height."""
    found = registry.store.select(
        "SELECT v.lid, v.geometry, v.horizontal_accuracy_m, v.vertical_accuracy_m, v.accuracy_method, "
        f"v.vertical_datum, v.epoch, {_DETAILS} FROM locates l JOIN location_version v ON v.lid = l.lid "
        f"WHERE l.eid = ? AND l.role = ? AND {CONDITION.format('l.')} AND {CONDITION.format('v.')}",
        (eid, declaration.location.role, *at, *at),
    )
    if not found:
        return _shared_place(registry, declaration, eid, at)
    lid, blob, *said = found[0]
    told = placement.of(dict(zip(location.DETAILS[1:], said[6:], strict=True)))
    return lid, shapely.from_wkb(blob), Accuracy(*said[:6]), *told


def _shared_place(
    registry: Registry, declaration: Declaration, eid: str, at: Moment
) -> tuple[str | None, Any, Accuracy, Reference | None, Height]:
    """Return the place that a secret thing shares with one of the open registry, as it was known there then."""
    sql = f"SELECT l.lid FROM locates l WHERE l.eid = ? AND l.role = ? AND {CONDITION.format('l.')}"
    tied = registry.beside and registry.store.select(sql, (eid, declaration.location.role, *at))
    if not tied or registry.beside is None:
        return None, None, Accuracy(), None, NOWHERE
    then = registry.store.select("SELECT recorded_at FROM tx WHERE tx = ?", (at[2],))
    known = registry.beside.known_at(then[0][0] if then else None)
    found = registry.beside.store.select(
        "SELECT v.lid, v.geometry, v.horizontal_accuracy_m, v.vertical_accuracy_m, v.accuracy_method, "
        f"v.vertical_datum, v.epoch FROM location_version v WHERE v.lid = ? AND {CONDITION.format('v.')}",
        (tied[0][0], *at[:2], known, known),
    )
    if not found:
        return None, None, Accuracy(), None, NOWHERE
    lid, blob, *said = found[0]
    return lid, shapely.from_wkb(blob), Accuracy(*said), None, NOWHERE


def _facts(registry: Registry, name: str, columns: str, eid: str, at: Moment) -> Sequence[tuple[Any, ...]]:
    """Return dated facts of a thing as of a moment."""
    return registry.store.select(
        f'SELECT {columns} FROM "{name}" WHERE eid = ? AND {CONDITION.format("")} ORDER BY "row"', (eid, *at)
    )
