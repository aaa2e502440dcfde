"""Columns that tell where things are beside their geometry: addresses, heights and depths, measures along a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdi.declaration import Field, Label
from sdi.entry import ColumnMapping, Entry
from sdi.place.address import LONGEST
from sdi.place.placement import DEEPEST_M
from sdi.quality import cells
from sdi.quality.cells import Value
from sdi.source import Finding

_FIELDS: Mapping[str, Field] = {
    "z": Field("z", "number", Label("Cao độ", "Height"), unit="m"),
    "depth": Field("depth", "number", Label("Độ sâu", "Depth"), unit="m", minimum=0, maximum=DEEPEST_M),
    "route": Field("route", "text", Label("Tuyến", "Route"), max_length=LONGEST),
    "from": Field("from", "number", Label("Lý trình đầu", "Measure from"), unit="m", minimum=0),
    "to": Field("to", "number", Label("Lý trình cuối", "Measure to"), unit="m", minimum=0),
    "offset": Field("offset", "number", Label("Khoảng lệch", "Offset"), unit="m"),
}
_PART = Label("Địa chỉ", "Address")


def wanted(entry: Entry) -> dict[str, str]:
    """Return the columns that an entry names for addresses and places, by what they are for.

    Parameters
    ----------
    entry : Entry
        Which column is what.

    Returns
    -------
    dict of str to str
        ``address:<part>`` and ``place:<what>``, each with its column.
    """
    mapped = {f"place:{name}": one.column for name, one in entry.place.items() if one.column is not None}
    return {f"address:{part}": column for part, column in entry.address.items()} | mapped


def columns(
    source: Mapping[str, list[Any]], entry: Entry, findings: list[Finding], rows: int
) -> dict[str, list[Value]]:
    """Read them.

    Parameters
    ----------
    source : mapping of str to list (n,)
        Columns as delivered.
    entry : Entry
        Which column is what.
    findings : list of Finding
        Told what is wrong with the cells.
    rows : int
        Number of rows n.

    Returns
    -------
    dict of str to list (n,) [m where it is a number]
        By the names of `wanted`; columns that were not delivered are left out.
    """
    asked = {
        f"address:{part}": (Field(part, "text", _PART, max_length=LONGEST), ColumnMapping(column))
        for part, column in entry.address.items()
    }
    asked |= {f"place:{name}": (_FIELDS[name], one) for name, one in entry.place.items()}
    found: dict[str, list[Value]] = {}
    for name, (field, mapping) in asked.items():
        delivered = [None] * rows if mapping.column is None else source.get(mapping.column)
        if delivered is not None:
            read = cells.converted(field, mapping, delivered, None, entry.valid_from)
            found[name] = read.values
            findings.extend(read.findings)
    return found
