"""Whether a delivery entry fits the register it delivers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from sdi.catalog.conformity import suggestion
from sdi.catalog.consistency import Problem, raise_first, value_problem
from sdi.catalog.document import Document, Pointer
from sdi.declaration import CodeList, Declaration
from sdi.entry import ColumnMapping, Entry


def check_entry(
    document: Document, entry: Entry, registers: Mapping[str, Declaration], codes: Mapping[str, CodeList]
) -> None:
    """Check one delivery entry.

    Parameters
    ----------
    document : Document
        The file.
    entry : Entry
        The entry.
    registers : mapping of str to Declaration
        All registers.
    codes : mapping of str to CodeList
        All code lists.

    Raises
    ------
    CatalogError
        If it does not fit the register it delivers to, or contradicts itself.
    """
    raise_first(document, _entry_problems(entry))
    if entry.register is None:
        raise_first(document, _raster_problems(entry))
        return
    if entry.register not in registers:
        cure = suggestion(entry.register, registers)
        raise document.error(("register",), f"there is no register '{entry.register}'", cure)
    raise_first(document, _target_problems(entry, registers[entry.register]))
    raise_first(document, _mapping_problems(entry, registers[entry.register], codes))


def _entry_problems(entry: Entry) -> Iterator[Problem]:
    path = PurePosixPath(entry.source.path)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.source.path:
        found = f"the path {entry.source.path} leaves the folder of deliveries"
        yield ("source", "path"), found, "write it relative to that folder, with /"
    if entry.licence.grade == "B" and entry.licence.bulk:
        found = "data of grade B are offered as whole files"
        yield ("licence", "bulk"), found, "write bulk: false; grade B may only be shown"
    if entry.accuracy.horizontal_m is None and entry.accuracy.method != "unknown":
        found = f"places from '{entry.accuracy.method}' have no stated accuracy"
        yield ("accuracy", "method"), found, "add horizontal_m, or write method: unknown"


def _raster_problems(entry: Entry) -> Iterator[Problem]:
    for key in ("identifiers", "names", "fields", "address", "place"):
        if getattr(entry, key):
            yield (key,), f"a raster has no {key}", f"remove {key}, or name a register instead of a raster"


def _target_problems(entry: Entry, register: Declaration) -> Iterator[Problem]:
    names = [field.name for field in register.fields]
    offered = (("identifiers", register.schemes), ("names", register.languages), ("fields", names))
    for key, known in offered:
        for name in getattr(entry, key):
            if (name.partition(".")[0] if key == "names" else name) not in known:
                found = f"the register '{register.name}' keeps no '{name}' among its {key}"
                yield (key, name), found, suggestion(name, known)
    if entry.address and register.address is None:
        cure = f"remove it, or let the things of {register.name} have addresses (address: {{streets: REGISTER}})"
        yield ("address",), f"the register '{register.name}' keeps no addresses", cure
    if "route" in entry.place and register.location.routes is None:
        cure = f"remove it, or name the register of routes in that of {register.name} (location: {{routes: REGISTER}})"
        yield ("place", "route"), f"the register '{register.name}' names no routes", cure
    if ("route" in entry.place) != ("from" in entry.place):
        yield ("place",), "a route needs a measure and a measure a route", "write route and from, or neither"
    for field in register.fields:
        if field.required and field.name not in entry.fields:
            found = f"nothing is delivered for the required field '{field.name}'"
            yield ("fields",), found, f"add {field.name}: <column>, or {field.name}: {{value: <constant>}}"


def _mapping_problems(entry: Entry, register: Declaration, codes: Mapping[str, CodeList]) -> Iterator[Problem]:
    for name, mapping in entry.fields.items():
        field = register.field(name)
        if field is None:
            continue
        if (mapping.column is None) == (mapping.value is None):
            found = f"the field '{name}' needs either a column or a constant"
            yield ("fields", name), found, "write column: <name> or value: <constant>"
        if mapping.unit is not None and field.unit is None:
            yield ("fields", name, "unit"), f"the field '{name}' has no unit to convert to", "remove the unit"
        for pointer, value in _constants(mapping):
            problem = value_problem(field, value, codes)
            if problem:
                yield ("fields", name, *pointer), *problem


def _constants(mapping: ColumnMapping) -> Iterator[tuple[Pointer, Any]]:
    """Values that a mapping puts into a field by itself."""
    for key in ("value", "default"):
        if getattr(mapping, key) is not None:
            yield (key,), getattr(mapping, key)
    for key, value in mapping.map.items():
        if value is not None:
            yield ("map", key), value
