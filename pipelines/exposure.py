"""The things of a city that water can reach, read from its registers and laid on the grid of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from frmis.overlay import Geometries, Overlay, fingerprint, overlay
from sdi.declaration import Declaration, Level
from sdi.grid import FloatArray, Grid, IndexArray
from sdi.recording import Table
from sdi.register import Register
from sdi.registry import Registry
from sdi.store import arrays
from sdi.workspace import Workspace

WARD, BUILDING, STREET = "administrative_unit", "building", "street"
LOWEST = "commune"
"""Level of the units for which figures are made."""
BASE = "base_height"
"""Field of an asset that says how high it stands above ground [m]: below it, it is dry."""

SEEN: Level = "public"
"""Who sees the figures, and so the things of which they are made: what others may not see is not in them."""

CACHE = "cache"
"""Folder of a workspace for what can be computed again."""
KEPT = 64
"""Overlays kept there; six lie on each grid."""

_NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Assets:
    """The points of one network register."""

    geometry: Geometries
    """ndarray (asset,) of shapely point [storage CRS]."""
    base: FloatArray
    """ndarray (asset,) [m above ground]."""
    ward: IndexArray
    """ndarray (asset,): place among the wards, -1 outside all of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """What stands in a city, as of now."""

    wards: Table
    buildings: Table
    """With the fields ``building_use``, ``floor_height`` and ``residents``."""
    building_ward: IndexArray
    """ndarray (building,): place among the wards, -1 outside all of them."""
    streets: Table
    assets: Mapping[str, Assets]
    """Points by register."""
    sha256: str
    """Hash of everything above that decides a figure."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The things of a city on one grid."""

    buildings: Overlay
    streets: Overlay
    street_ward: IndexArray
    """ndarray (pair,): ward of the centre of the cell in which a piece of a street lies."""
    assets: Mapping[str, Overlay]


def things(registry: Registry, declaration: Declaration) -> Things:
    """Read what stands in a city.

    Parameters
    ----------
    registry : Registry
        Its registry.
    declaration : Declaration
        Register of the exposure: a field of it that is named like a register asks for that register's points.

    Returns
    -------
    Things
    """
    wards = _only(_table(registry, WARD, "level"), lambda table: [one == LOWEST for one in table.values["level"]])
    buildings = _table(registry, BUILDING, "building_use", "floor_height", "residents")
    streets = _table(registry, STREET)
    known = registry.catalog.registers
    assets = {one.name: _assets(registry, one.name, wards) for one in declaration.fields if one.name in known}
    parts = [_content(table) for table in (wards, buildings, streets)]
    parts += [f"{name}{_shapes(one.geometry)}{one.base.tolist()}" for name, one in assets.items()]
    return Things(
        wards, buildings, ward_of(wards.geometry, shapely.point_on_surface(buildings.geometry)), streets, assets,
        hashlib.sha256("\n".join(parts).encode()).hexdigest(),
    )  # fmt: skip


def laid(workspace: Workspace, grid: Grid, city: Things) -> Laid:
    """Lay the things of a city on a grid; what was laid before is taken from the cache.

    Parameters
    ----------
    workspace : Workspace
        The city; the cache lies in its folder.
    grid : Grid
        The cells.
    city : Things
        What stands there.

    Returns
    -------
    Laid
    """
    streets = _kept(workspace, grid, city.streets.geometry)
    cells, place = np.unique(streets.cell, return_inverse=True)
    centres = shapely.points(grid.x[cells % grid.shape[1]], grid.y[cells // grid.shape[1]])
    return Laid(
        buildings=_kept(workspace, grid, city.buildings.geometry),
        streets=streets,
        street_ward=ward_of(city.wards.geometry, centres)[place],
        assets={name: _kept(workspace, grid, one.geometry) for name, one in city.assets.items()},
    )


def _kept(workspace: Workspace, grid: Grid, geometries: Geometries) -> Overlay:
    """Return an overlay from the cache, or make it and keep it there."""
    path = workspace.folder / CACHE / f"overlay-{fingerprint(grid, geometries)[:32]}.npz"
    found = arrays.recall(path)
    if found is not None:
        return Overlay(**found)
    made = overlay(grid, geometries)
    arrays.keep(path, {"first": made.first, "cell": made.cell, "length": made.length})
    arrays.forget(path.parent, KEPT)
    return made


def _table(registry: Registry, name: str, *fields: str) -> Table:
    """Read a register; a city whose catalogue has none has none of its things."""
    if name not in registry.catalog.registers:
        return Table((), {field: [] for field in fields}, np.array([], dtype=object), ())
    return registry.register(name).table(*fields, level=SEEN)


def _only(table: Table, wanted: Any) -> Table:
    """Return the rows of a table that have a place and fit."""
    fits = [one is not None and fit for one, fit in zip(table.geometry, wanted(table), strict=True)]
    rows = np.flatnonzero(fits).tolist()
    return Table(
        tuple(table.eids[row] for row in rows),
        {name: [column[row] for row in rows] for name, column in table.values.items()},
        table.geometry[rows],
        tuple(table.locations[row] for row in rows),
    )


def _assets(registry: Registry, name: str, wards: Table) -> Assets:
    """Read the points of a network register."""
    register: Register = registry.register(name)
    fields = (BASE,) if register.declaration.field(BASE) else ()
    found = _only(register.table(*fields, level=SEEN), lambda table: shapely.get_dimensions(table.geometry) == 0)
    base = np.array([one or 0.0 for one in found.values.get(BASE, [0.0] * len(found))], dtype=float)
    return Assets(found.geometry, base, ward_of(wards.geometry, found.geometry))


def ward_of(wards: Geometries, points: Geometries) -> IndexArray:
    """Find the ward that points lie in.

    Parameters
    ----------
    wards : ndarray (ward,) of shapely geometry [storage CRS]
        Their areas.
    points : ndarray (n,) of shapely point [storage CRS]
        What lies in them.

    Returns
    -------
    ndarray (n,) of int
        Place among the wards: the first of them on a common border, -1 in none.
    """
    place = np.full(len(points), _NOWHERE, dtype=np.intp)
    if len(wards) and len(points):
        point, ward = shapely.STRtree(wards).query(points, predicate="intersects")
        order = np.lexsort((-ward, point))
        place[point[order]] = ward[order]
    return place


def _content(table: Table) -> str:
    """Write the content of a table in a form to be hashed."""
    columns = {name: list(column) for name, column in sorted(table.values.items())}
    return json.dumps([list(table.eids), columns, _shapes(table.geometry)])


def _shapes(geometry: NDArray[np.object_]) -> str:
    """Hash geometries."""
    digest = hashlib.sha256()
    for blob in shapely.to_wkb(geometry):
        digest.update(blob or b"-")
    return digest.hexdigest()


def counted(
    ward: IndexArray, number: IndexArray, wards: int, classes: int, weight: FloatArray | None = None
) -> FloatArray:
    """Add up figures by ward and class.

    Parameters
    ----------
    ward : ndarray (n,) of int
        Place of the ward, -1 for none.
    number : ndarray (n,) of int
        Class of depth, 0 for none.
    wards, classes : int
        How many there are.
    weight : ndarray (n,) [any unit], optional
        What is added up; 1 where absent.

    Returns
    -------
    ndarray (ward, class) [unit of the weights]
        The first column is class 1.
    """
    there = (ward >= 0) & (number > 0)
    key = ward[there] * classes + number[there] - 1
    chosen = None if weight is None else weight[there]
    return np.bincount(key, weights=chosen, minlength=wards * classes).reshape(wards, classes).astype(float)
