"""Who gets wetter, who drier: the change between two floods told in things of the registers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from frmis.comparison import kind_of_change, mean_depth
from frmis.overlay import fingerprint, overlay
from pipelines.exposure import BUILDING, LOWEST, SEEN, WARD, ward_of
from pipelines.recorded import people
from sdi.grid import FloatArray, Grid
from sdi.recording import Table
from sdi.register import Register
from sdi.registry import Registry

KINDS = (BUILDING, "parcel", "street")
"""Registers whose things a flood makes wet."""

WETTER = ("newly_flooded", "wetter")
DRIER = ("no_longer_flooded", "drier")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that gets wetter or drier."""

    entity: str
    entity_kind: str
    change: str
    """Code of the list ``flood_change``."""
    location: str | None = None
    """Location of the thing, which the row shares; None for a ward."""
    depth_before: float | None = None
    """Mean over its land [m]; None for a ward."""
    depth_after: float | None = None
    """[m]"""
    rank: int = 0
    """1 changes most among the things of its register that change the same way."""
    label: str | None = None
    """Official code or name."""
    buildings_wetter: int | None = None
    """In a ward."""
    buildings_drier: int | None = None
    """In a ward."""
    people_wetter: int | None = None
    """In a ward, as `pipelines.recorded.people` tells it."""

    @property
    def depth_change(self) -> float | None:
        """After minus before [m]; None for a ward."""
        if self.depth_before is None or self.depth_after is None:
            return None
        return round(self.depth_after - self.depth_before, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """Things of the registers that may get wet."""

    tables: Mapping[str, Table]
    """By register; buildings with their residents."""
    wards: Table

    @classmethod
    def read(cls, registry: Registry) -> Things:
        """Read them as they are now.

        Parameters
        ----------
        registry : Registry
            Where they are kept.
        """
        columns = {BUILDING: ("residents",)}
        tables = {kind: registry.register(kind).table(*columns.get(kind, ()), level=SEEN) for kind in KINDS}
        return cls(tables, registry.register(WARD).table("level", level=SEEN))

    def fingerprint(self, grid: Grid) -> str:
        """Hash what decides who is affected: which things, where they lie, who lives there.

        Parameters
        ----------
        grid : Grid
            The cells they are laid on.

        Returns
        -------
        str
            SHA-256, 64 hexadecimal digits.
        """
        digest = hashlib.sha256(repr(self.tables[BUILDING].values["residents"]).encode())
        for table in (*self.tables.values(), self.wards):
            digest.update("\n".join(table.eids).encode() + fingerprint(grid, table.geometry).encode())
        return digest.hexdigest()


def affected(things: Things, change: xr.Dataset, land: npt.NDArray[np.bool_]) -> list[Row]:
    """Find the things that get wetter or drier.

    Parameters
    ----------
    things : Things
        Buildings, parcels, streets and wards.
    change : Dataset
        Of `frmis.comparison.difference`: ``depth_before`` and ``depth_after`` (y, x) [m].
    land : ndarray of bool (y, x)
        Where water does not stand anyway.

    Returns
    -------
    list of Row
        Wetter things of each register first, the most changed first; then the drier ones; wards at the end. Empty where
        nothing changes.
    """
    grid = Grid.from_dataarray(change)
    depths = [change[name].values.astype(float) for name in ("depth_before", "depth_after")]
    found: list[Row] = []
    for kind, table in things.tables.items():
        cells = overlay(grid, table.geometry)
        found += _of_kind(kind, table, *(mean_depth(cells, depth, land) for depth in depths))
    return [*found, *_of_wards(things, [row for row in found if row.entity_kind == BUILDING])]


def labelled(rows: Sequence[Row], registry: Registry) -> list[Row]:
    """Give things the code or name they go by.

    Parameters
    ----------
    rows : sequence of Row
        Things without a label.
    registry : Registry
        Knows their codes and names.

    Returns
    -------
    list of Row
    """
    return [replace(row, label=_label(registry.register(row.entity_kind), row.entity)) for row in rows]


def _of_kind(kind: str, table: Table, before: FloatArray, after: FloatArray) -> list[Row]:
    """Return the things of one register that change, ranked."""
    codes = kind_of_change(before, after)
    rows = [
        Row(
            table.eids[at],
            kind,
            str(codes[at]),
            table.locations[at],
            round(float(before[at]), 4),
            round(float(after[at]), 4),
        )
        for at in np.flatnonzero(codes != "")
    ]
    return [row for codes in (WETTER, DRIER) for row in _ranked(rows, codes, lambda row: abs(row.depth_change or 0.0))]


def _ranked(rows: Sequence[Row], codes: Sequence[str], size: Callable[[Row], float]) -> list[Row]:
    """Put the rows of some codes in order, the largest first, and number them."""
    chosen = sorted((row for row in rows if row.change in codes), key=lambda row: (-size(row), row.entity))
    return [replace(row, rank=rank) for rank, row in enumerate(chosen, start=1)]


def _of_wards(things: Things, buildings: Sequence[Row]) -> list[Row]:
    """Count the buildings that change, and the people in those that get wetter, ward by ward."""
    table = things.tables[BUILDING]
    number = {eid: at for at, eid in enumerate(table.eids)}
    changed = np.array([number[row.entity] for row in buildings], dtype=np.intp)
    inside: dict[int, list[Row]] = {}
    communes = np.flatnonzero([level == LOWEST for level in things.wards.values["level"]])
    wards = ward_of(things.wards.geometry[communes], shapely.point_on_surface(table.geometry[changed]))
    for at in np.flatnonzero(wards >= 0).tolist():
        inside.setdefault(int(communes[wards[at]]), []).append(buildings[at])
    residents = {eid: table.values["residents"][at] for eid, at in number.items()}
    rows = [_of_ward(things.wards.eids[ward], found, residents) for ward, found in sorted(inside.items())]
    return _ranked(rows, (*WETTER, *DRIER), lambda row: row.buildings_wetter or 0)


def _of_ward(eid: str, rows: Sequence[Row], residents: Mapping[str, int | None]) -> Row:
    """Sum one ward up."""
    wetter = [row.entity for row in rows if row.change in WETTER]
    return Row(
        eid, WARD, "wetter" if wetter else "drier", buildings_wetter=len(wetter),
        buildings_drier=len(rows) - len(wetter),
        people_wetter=people(np.array([residents[one] for one in wetter], dtype=float)),
    )  # fmt: skip


def _label(register: Register, eid: str) -> str | None:
    """Return the official name of a thing, or its code."""
    known = register.find(eid)
    return known.names.get("vi") or next(iter(known.identifiers.values()), None)
