"""A proposal: the ground of one zone brought to another level, as a patch of the terrain.

The registers stay as they are: what is proposed is laid over them for a comparison, and becomes fact by a plan alone.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from sdi.errors import InputError
from sdi.grid import Grid

BoolArray = npt.NDArray[np.bool_]

MAXIMUM_CHANGE = 20.0
"""Nobody raises or lowers a zone by more than this on average [m]; above it somebody mistook the unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """One zone and the level to which its ground would be brought."""

    zone: str
    """Identifier of the zone in the register."""
    extent: Any
    """shapely polygon [CRS of the terrain]."""
    ground_level: float
    """[m, datum of the terrain]"""

    def __post_init__(self) -> None:
        if not math.isfinite(self.ground_level):
            raise InputError(
                f"the proposed ground level is {self.ground_level}; expected a height in metres above the datum of "
                "the terrain",
                code="ground-level",
            )
        if self.extent is None or shapely.is_empty(self.extent):
            raise InputError(f"zone {self.zone} has no extent; expected a polygon to grade", code="zone-empty")

    def digest(self) -> str:
        """Hash what is proposed: which zone, where it lies, how high.

        Returns
        -------
        str
            SHA-256, 64 hexadecimal digits.
        """
        said = json.dumps({"zone": self.zone, "ground_level": float(self.ground_level)}, sort_keys=True)
        return hashlib.sha256(said.encode() + shapely.to_wkb(shapely.normalize(self.extent))).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """A terrain after a proposal, and the earth that this moves."""

    elevation: xr.DataArray
    """(y, x) [m, ``attrs["vertical_datum"]``]; NaN where it was NaN."""
    cells: BoolArray
    """Cells that got the new level, ndarray (y, x)."""
    level_before: float
    """Mean level of these cells as they were [m, datum of the terrain]."""
    fill: float
    """Earth brought in [m3]."""
    cut: float
    """Earth taken away [m3]."""
    area: float
    """Area brought to the new level [m2]."""
    kept: float
    """Area of the zone that stays as it is: standing water, and ground without a height [m2]."""


def graded(terrain: xr.DataArray, proposal: Proposal, *, water: BoolArray | None = None) -> Graded:
    """Lay a proposal over a terrain.

    Cells whose centre lies in the zone get the proposed level; each counts with its whole area.

    Parameters
    ----------
    terrain : DataArray (y, x) [m, ``attrs["vertical_datum"]``]
        Ground as it is; NaN where nothing flows.
    proposal : Proposal
        Zone and level.
    water : ndarray of bool (y, x), optional
        Cells of rivers, canals and ponds: grading a zone does not fill them.

    Returns
    -------
    Graded

    Raises
    ------
    InputError
        If no ground of the zone lies on the terrain, or the level is absurdly far from it.

    Examples
    --------
    A zone of four cells of 100 m2, at 1.0 m each, brought to 1.5 m: 200 m3 of fill, no cut.
    """
    grid, values = Grid.from_dataarray(terrain), terrain.transpose("y", "x").values
    inside = _cells_within(grid, proposal.extent)
    fixed = ~np.isfinite(values) if water is None else ~np.isfinite(values) | water
    cells = inside & ~fixed
    if not cells.any():
        raise InputError(_why_nothing(proposal, grid, inside), code="zone-off-terrain")
    before = values[cells].astype(float)
    change = proposal.ground_level - before
    if abs(float(change.mean())) > MAXIMUM_CHANGE:
        raise InputError(
            f"a ground level of {proposal.ground_level:g} m changes zone {proposal.zone} by {change.mean():+.1f} m on "
            f"average, more than {MAXIMUM_CHANGE:g} m; is it in metres above the datum of the terrain?",
            code="ground-level",
        )
    elevation = terrain.transpose("y", "x").copy(data=np.where(cells, proposal.ground_level, values))
    return Graded(
        elevation.astype(terrain.dtype), cells, float(before.mean()),
        fill=float(change.clip(min=0).sum()) * grid.cell_area, cut=float((-change).clip(min=0).sum()) * grid.cell_area,
        area=float(cells.sum()) * grid.cell_area, kept=float((inside & fixed).sum()) * grid.cell_area,
    )  # fmt: skip


def _cells_within(grid: Grid, extent: Any) -> BoolArray:
    """Tell which cells have their centre in an area, ndarray (y, x)."""
    x, y = np.meshgrid(grid.x, grid.y)
    return np.asarray(shapely.contains_xy(extent, x, y))


def _why_nothing(proposal: Proposal, grid: Grid, inside: BoolArray) -> str:
    """Say why a zone has no cell to grade."""
    if inside.any():
        return (
            f"zone {proposal.zone} holds nothing but water or missing heights; there is no ground to bring to a level"
        )
    if shapely.intersects(proposal.extent, shapely.box(*grid.bounds)):
        return (
            f"zone {proposal.zone} ({proposal.extent.area:.0f} m2) holds the centre of no cell of {grid.cell[0]:g} x "
            f"{grid.cell[1]:g} m; choose a larger zone or a finer terrain"
        )
    bounds = tuple(round(side) for side in grid.bounds)
    return f"zone {proposal.zone} lies outside the terrain {bounds}; choose a zone on it"
