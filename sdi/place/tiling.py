"""Tiling: whether the units of a level cover the ground once and only once, at a date.

Units that share a border share its corners exactly. Where they do not, slivers lie between them that belong to two
units or to none, and what stands there is counted twice or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.history import LATEST, OPEN, instant

if TYPE_CHECKING:
    from sdi.registry import Registry

Geometries = NDArray[np.object_]

SLIVER_M2 = 1.0
"""Largest overlap or gap that is no fault [m2]."""
REACH_M = 1.0
"""How far a unit that is around a gap may lie from it [m]."""
_CHILDREN = (
    "SELECT eid, other FROM relation WHERE verb = 'contains' AND tx_to = {0} AND valid_from <= ? AND ? < valid_to"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Ground that belongs to two units, or to none."""

    what: Literal["overlap", "gap"]
    units: tuple[str, ...]
    """The two units, or those around the gap: their identifiers, in order."""
    area_m2: float
    x: float
    """Easting of a point in it [m, storage CRS]."""
    y: float
    """Northing of it [m, storage CRS]."""


def faults(geometry: Geometries, names: Sequence[str], within: Any = None) -> list[Fault]:
    """Return where areas overlap, or leave a gap.

    Parameters
    ----------
    geometry : ndarray (n,) of shapely geometry [m, storage CRS]
        The areas.
    names : sequence of str (n,)
        What they are called.
    within : geometry, optional [m, storage CRS]
        What they shall cover together; the holes between them are gaps in any case.

    Returns
    -------
    list of Fault
        Those of more than `SLIVER_M2`, overlaps first, the larger before the smaller. Empty for no areas.

    Examples
    --------
    >>> [one.area_m2 for one in faults(np.array([shapely.box(0, 0, 10, 10), shapely.box(9, 0, 20, 10)]), ["a", "b"])]
    [10.0]
    """
    found = [*_overlaps(geometry, names), *_gaps(geometry, names, within)]
    return sorted(found, key=lambda one: (one.what != "overlap", -one.area_m2, one.units))


def _overlaps(geometry: Geometries, names: Sequence[str]) -> Iterator[Fault]:
    """Yield what belongs to two areas."""
    met = shapely.STRtree(geometry).query(geometry, predicate="intersects").T
    for first, second in met[met[:, 0] < met[:, 1]].tolist():
        shape = shapely.intersection(geometry[first], geometry[second])
        if shape.area > SLIVER_M2:
            yield _fault("overlap", sorted((names[first], names[second])), shape)


def _gaps(geometry: Geometries, names: Sequence[str], within: Any) -> Iterator[Fault]:
    """Yield what belongs to no area."""
    covered = shapely.union_all(geometry)
    shells = [shapely.polygons(ring) for part in shapely.get_parts(covered) for ring in part.interiors]
    whole = shapely.union_all([*shells, *([within] if within is not None else [])])
    for part in shapely.get_parts(shapely.difference(whole, covered)):
        if part.area > SLIVER_M2:
            around = np.flatnonzero(shapely.dwithin(geometry, part, REACH_M)).tolist()
            yield _fault("gap", sorted(names[at] for at in around), part)


def _fault(what: Literal["overlap", "gap"], units: Sequence[str], shape: Any) -> Fault:
    """Make a fault of a piece of ground."""
    point = shapely.point_on_surface(shape)
    return Fault(what, tuple(units), float(shape.area), point.x, point.y)


def check(
    registry: Registry, units: str, *, by: str | None = None, at: str | None = None
) -> Mapping[str, Sequence[Fault]]:
    """Check the units in force at a date, level by level.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    units : str
        Their register.
    by : str, optional
        Field that tells their levels; all are of one level where absent.
    at : str, optional
        The date, ISO 8601; the latest where absent.

    Returns
    -------
    mapping of str to sequence of Fault
        By level. What a unit contains, by the relation of that name, is also held against its own area. Units without
        a place are left out.
    """
    table = registry.register(units).table(*([by] if by else []), valid=at)
    levels = table.values[by] if by else [""] * len(table)
    placed = {eid: shape for eid, shape in zip(table.eids, table.geometry, strict=True) if shape is not None}
    parents = _parents(registry, at)
    found: dict[str, Sequence[Fault]] = {}
    for level in sorted({level or "" for level in levels}):
        eids = [eid for eid, one in zip(table.eids, levels, strict=True) if (one or "") == level and eid in placed]
        above = [placed[eid] for eid in sorted({parents[eid] for eid in eids if eid in parents} & placed.keys())]
        within = shapely.union_all(above) if above else None
        found[level] = faults(np.array([placed[eid] for eid in eids], dtype=object), eids, within)
    return found


def _parents(registry: Registry, at: str | None) -> dict[str, str]:
    """Return what contains a thing at a date, by the thing."""
    moment = instant(at, registry.zone, LATEST)
    return {child: eid for eid, child in registry.store.select(_CHILDREN.format(OPEN), (moment, moment))}
