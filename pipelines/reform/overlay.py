"""How old units lay over new ones, by a map that is older than the reform: an estimate and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from pipelines.reform.cleaning import Row, cells
from pipelines.reform.conversion import laid
from pipelines.reform.delivered import Told, Unit
from pipelines.reform.reform_file import Overlay, Table
from sdi import source
from sdi.crs import StorageCRS
from sdi.source import Delivery
from sdi.text import fold_alias

Shapes = Mapping[str, Any]
"""Code to shapely geometry [storage CRS]."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The places of a map, given to the units of a list."""

    shapes: Shapes
    """By code of the unit; of several places together where they had become one before the reform."""
    by_alias: tuple[str, ...]
    """Names on the map that were found by another spelling or a former name."""
    unmatched: tuple[str, ...]
    """Names on the map that belong to no unit, or to several."""
    told: Told
    """The map as a delivery."""


def match(overlay: Overlay, units: Sequence[Unit], crs: StorageCRS, data: Path) -> Matched:
    """Give the places of a map to the units of a list, by their full names and by where those lie.

    Parameters
    ----------
    overlay : Overlay
        Names the map and the other names of units.
    units : sequence of Unit
        The list.
    crs : StorageCRS
        CRS of the result.
    data : Path
        Folder of delivered data.

    Returns
    -------
    Matched
        A name that could mean two units is given to none.
    """
    delivery = _read(overlay.table, data)
    taken = cells(delivery, overlay.table)
    places = shapely.make_valid(
        crs.to_storage(np.asarray(delivery.table.geometry.array, dtype=object), delivery.table.crs.to_string())
    )
    aliases = cells(_read(overlay.aliases, data), overlay.aliases).rows if overlay.aliases else []
    shapes: dict[str, list[Any]] = {}
    by_alias, unmatched = [], {}
    for number, row, place in zip(taken.numbers, taken.rows, places, strict=True):
        unit = _one(row, units)
        if unit is None and (unit := _aliased(row, units, aliases)) is not None:
            by_alias.append(row["name"])
        if unit is None:
            unmatched[number] = row["name"]
        else:
            shapes.setdefault(unit.code, []).append(place)
    joined = {code: shapely.union_all(parts) for code, parts in shapes.items()}
    names = tuple(unmatched.values())
    return Matched(joined, tuple(by_alias), names, laid(overlay.table, taken, unmatched))


def shares(old: Any, new: Shapes) -> dict[str, float]:
    """Return how a place divides among others, as parts of what lies in any of them.

    Parameters
    ----------
    old : shapely geometry [storage CRS]
        The place.
    new : mapping of str to shapely geometry [storage CRS]
        The others.

    Returns
    -------
    dict of str to float [1]
        Parts that sum to 1; empty where it meets none of them.
    """
    areas = {code: float(shapely.intersection(old, place).area) for code, place in new.items()}
    total = sum(areas.values())
    return {code: area / total for code, area in areas.items()} if total else {}


def _read(table: Table, data: Path) -> Delivery:
    """Read a table as it was delivered."""
    return source.read(data / table.source.path, table.source)


def _one(row: Row, units: Iterable[Unit]) -> Unit | None:
    """Return the unit of a full name within a province, and within a district where several bear it."""
    return _told_apart([one for one in units if _key(one.full_name) == _key(row["name"])], row)


def _aliased(row: Row, units: Iterable[Unit], aliases: Iterable[Row]) -> Unit | None:
    """Return the unit that bears a name as another spelling, or that took in the unit of that name."""
    name, province = _key(row["name"]), _key(row.get("province", ""))
    pairs = [
        (_key(alias["name"]), _key(alias["unit"])) for alias in aliases if alias.get("province", "").endswith(province)
    ]
    wanted = {unit for other, unit in pairs if other == name} | {other for other, unit in pairs if unit == name}
    return _told_apart([one for one in units if _key(one.full_name) in wanted], row)


def _told_apart(named: Sequence[Unit], row: Row) -> Unit | None:
    """Return the one unit that lies where a row says; ``None`` where that is none or several."""
    inside = [one for one in named if _within(one, row, "province")]
    if len(inside) > 1:
        inside = [one for one in inside if _within(one, row, "district")]
    return inside[0] if len(inside) == 1 else None


def _within(unit: Unit, row: Row, part: str) -> bool:
    """Tell whether a unit lay in what a row names; a name without its type is found in one with it."""
    return part not in row or _key(getattr(unit, part)).endswith(_key(row[part]))


@lru_cache(maxsize=20_000)
def _key(name: str) -> str:
    """Return a name as keys of names are written: folded, without spaces."""
    return fold_alias(name).replace(" ", "")
