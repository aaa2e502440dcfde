"""How the file of a register may change: it may widen and gain, it may not narrow.

What was recorded under an older version of the file stays recorded, so everything recorded must still be allowed by
the newer one. What the file demands of its things is kept with every version of it, and the next version is held
against that. How things are titled, drawn and published may change at any time, but for two: a file that is for fewer
withdraws nothing (see `sdi.access.level.refuse_wider`), and squares in whose centres things are shown only become those
that whole squares of before make up, because squares that overlap tell more together than each of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdi.declaration import Declaration, Field, LocationRule, version_key
from sdi.errors import WorkspaceError
from sdi.store.store import Row, Store

FREE = ("access", "generalise_m")
"""What is kept of a file, and changes without a new version of it."""
TABLE = "declaration"
COLUMNS = ("register", "version", "columns", "shape")

_EXACT = 1e-9
"""Within which a quotient counts as a whole number [1]."""
_ALL = 'SELECT register, version, "columns", shape FROM declaration ORDER BY "row"'
_EARLIER = 'SELECT register, version, "columns" FROM declaration ORDER BY "row"'

Shape = Mapping[str, Any]
"""What a file demands of its things, as JSON; a version recorded before shapes were knows its fields' types only."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The latest version of a register's file that was recorded."""

    version: str
    columns: str
    """Types of its fields by name, JSON."""
    shape: str | None = None
    """What it demands, JSON; absent where it was recorded before shapes were."""

    def known(self) -> Shape:
        """Return what is known of what it demanded."""
        if self.shape is not None:
            return dict(json.loads(self.shape))
        return {"fields": {name: {"type": kind} for name, kind in json.loads(self.columns).items()}}


def recorded(store: Store) -> dict[str, Recorded]:
    """Return the latest recorded version of every file, by register.

    Parameters
    ----------
    store : Store
        Where the registry is kept; empty, or written by any earlier version.
    """
    if TABLE not in store.recorded_tables():
        return {}
    rows = store.select(_ALL if "shape" in store.columns(TABLE) else _EARLIER)
    return {name: Recorded(*said) for name, *said in rows}


def news(known: Mapping[str, Recorded], registers: Mapping[str, Declaration]) -> list[Row]:
    """Return what has to be recorded of the files of today.

    Parameters
    ----------
    known : mapping of str to Recorded
        What was recorded.
    registers : mapping of str to Declaration
        The files of today.

    Returns
    -------
    list of tuple (n, 4)
        Values of `COLUMNS`; empty where nothing changed.

    Raises
    ------
    WorkspaceError
        If a file narrows what was declared, changed without a new version, or is older than what was recorded.
    """
    found = []
    for name, declared in registers.items():
        columns = json.dumps({one.name: one.type for one in declared.fields}, sort_keys=True)
        before = known.get(name)
        demands = _widths(before.known() if before else {}) | shape(declared)
        now = Recorded(declared.version, columns, json.dumps(demands, sort_keys=True))
        if before is not None and before != now:
            _check(name, before, now)
        if before != now:
            found.append((name, now.version, now.columns, now.shape))
    return found


def _widths(known: Shape) -> dict[str, Any]:
    """Return in which squares things were last shown: that they are hidden for a time makes nobody forget it."""
    return {"generalise_m": known["generalise_m"]} if "generalise_m" in known else {}


def shape(declared: Declaration) -> dict[str, Any]:
    """Return what the file of a register demands of its things, ready for JSON."""
    width = declared.publish.generalise_m if declared.publish else None
    told = {"access": None if declared.access == "public" else declared.access, "generalise_m": width}
    return {name: one for name, one in told.items() if one} | {
        "address": declared.address.streets if declared.address else None,
        "events": {history.name: _fields(history.fields) for history in declared.events},
        "fields": _fields(declared.fields),
        "languages": sorted(declared.languages),
        "location": _location(declared.location),
        "relations": {relation.verb: relation.register for relation in declared.relations},
        "schemes": sorted(declared.schemes),
    }


def narrowings(before: Shape, after: Shape) -> Iterator[str]:
    """Yield what a newer file no longer allows, in words.

    Parameters
    ----------
    before, after : mapping
        What two versions of a file demand; what is not known of the older one is not compared.
    """
    yield from _lost(before["fields"], after["fields"])
    for history, fields in before.get("events", {}).items():
        for what in _lost(fields, after["events"].get(history, {})):
            yield f"{what} (events.{history})"
    if before.get("address") not in {None, after["address"]}:
        yield f"address named streets of {before['address']} and {_now(after['address'])}"
    for verb, register in before.get("relations", {}).items():
        if after["relations"].get(verb) != register:
            yield f"relation {verb} led to {register} and {_now(after['relations'].get(verb))}"
    for key, word in (("schemes", "scheme"), ("languages", "language")):
        for lost in sorted(set(before.get(key, ())) - set(after[key])):
            yield f"{word} {lost} is gone"
    yield from _moved(before["location"], after["location"]) if "location" in before else ()
    yield from _shifted(before.get("generalise_m"), after.get("generalise_m"))


def _shifted(before: float | None, after: float | None) -> Iterator[str]:
    """Yield that new squares overlap those in which things were shown, so that both together tell where they are."""
    if before and after and (after < before or abs(after / before - round(after / before)) > _EXACT):
        yield f"things were shown in squares of {before:g} m, and {after:g} m (generalise_m) is no multiple of that"


def _check(name: str, before: Recorded, now: Recorded) -> None:
    """Refuse a file that may not follow the one before it."""
    known = before.known()
    if lost := list(narrowings(known, shape := now.known())):
        raise WorkspaceError(
            f"register {name} {now.version} narrows version {before.version}, under which things are recorded: "
            f"{'; '.join(lost)}. A register may only gain and widen: put that back, and give a new meaning a new name",
            code="declaration-narrowed",
            details={"register": name, "recorded": before.version, "found": now.version, "narrowings": lost},
        )
    if version_key(now.version) < version_key(before.version):
        raise WorkspaceError(
            f"the file of register {name} has version {now.version}, but version {before.version} is recorded here; "
            "use the newer file, or the newer phusa that brought it",
            code="declaration-outdated",
        )
    if now.version == before.version and not _agree(known, shape):
        raise WorkspaceError(
            f"the file of register {name} demands something else than its version {before.version} that is recorded "
            "here, and still calls itself that; give the changed file a later version",
            code="declaration-changed",
        )


def _agree(before: Shape, after: Shape) -> bool:
    """Tell whether two files demand the same, as far as the older one is known."""
    fields = {
        name: {key: field[key] for key in before["fields"].get(name, field)} for name, field in after["fields"].items()
    }
    demanded = before.keys() - {"fields", *FREE}
    return before["fields"] == fields and all(after[key] == before[key] for key in demanded)


def _fields(fields: Iterable[Field]) -> dict[str, dict[str, Any]]:
    """Return what is demanded of the values of fields, by their names."""
    return {field.name: _field(field) for field in fields}


def _field(field: Field) -> dict[str, Any]:
    """Return what is demanded of the values of a field."""
    return {
        "type": field.type, "unit": field.unit, "required": field.required, "min": field.minimum, "max": field.maximum,
        "max_length": field.max_length, "pattern": field.pattern, "list": field.codes, "register": field.register,
    }  # fmt: skip


def _location(rule: LocationRule) -> dict[str, Any]:
    """Return what is demanded of the places of a register."""
    return {
        "role": rule.role, "geometry": rule.geometry, "required": rule.required,
        "max_horizontal_error_m": rule.max_horizontal_error_m, "routes": rule.routes,
    }  # fmt: skip


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what fields no longer allow."""
    for name, field in before.items():
        for what in _narrowed(field, after.get(name)):
            yield f"field {name} {what}"
    for name, field in after.items():
        if field["required"] and name not in before:
            yield f"field {name} is new and required, but what is recorded has no value for it"


def _narrowed(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what a field no longer allows."""
    if after is None:
        yield "is gone"
        return
    for key, words in _SAME.items():
        if key in before and before[key] != after[key]:
            yield f"{words} {_said(before[key])} and {_now(after[key])}"
    for key, sign in (("min", 1), ("max", -1), ("max_length", -1)):
        if key in before and after[key] is not None and (before[key] is None or sign * (after[key] - before[key]) > 0):
            yield f"had {key} {_said(before[key])} and {_now(after[key])}"
    if "pattern" in before and after["pattern"] not in {None, before["pattern"]}:
        yield f"had pattern {_said(before['pattern'])} and {_now(after['pattern'])}"
    if "required" in before and after["required"] and not before["required"]:
        yield "was optional and is now required"


_SAME = {"type": "was", "unit": "had unit", "list": "took the codes of", "register": "named things of"}
"""What may not change at all, and how an error begins to say that it did."""


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is no longer allowed of places."""
    if before["role"] != after["role"]:
        yield f"location had role {before['role']} and {_now(after['role'])}"
    if after["geometry"] != "Any" and _simple(before["geometry"]) != _simple(after["geometry"]):
        yield f"location had geometry {before['geometry']} and {_now(after['geometry'])}"
    if after["required"] and not before["required"]:
        yield "location was optional and is now required"
    if before["routes"] not in {None, after["routes"]}:
        yield f"location was measured along {before['routes']} and {_now(after['routes'])}"
    old, new = before["max_horizontal_error_m"], after["max_horizontal_error_m"]
    if new is not None and (old is None or new < old):
        yield f"location had max_horizontal_error_m {_said(old)} and {_now(new)}"


def _simple(geometry: str) -> str:
    """Return a type of geometry without Multi: each form admits the other."""
    return geometry.removeprefix("Multi")


def _said(value: object) -> str:
    """Write a value of a file."""
    return "none" if value is None else str(value)


def _now(value: object) -> str:
    """Write what a file says now."""
    return "now has none" if value is None else f"is now {value}"
