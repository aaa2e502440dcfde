"""Repair what can be repaired in a terrain, and say what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from frmis.relief import FloatArray, local_median, pits
from frmis.terrain import FEET
from sdi.declaration import Label


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was done to a terrain."""

    code: str
    cells: int
    """How many cells changed."""
    message: Label


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A terrain after its repairs."""

    terrain: xr.DataArray
    repairs: tuple[Repair, ...]


def condition(terrain: xr.DataArray) -> Conditioned:
    """Repair a terrain: feet become metres, ground hidden as no data comes back, pits are filled.

    A datum, a bias and roofs cannot be repaired here: `frmis.terrain.check` goes on naming them.

    Parameters
    ----------
    terrain : DataArray (y, x) [``attrs["units"]``]
        Elevation, NaN where missing; ``attrs["nodata_declared"]`` is the value its file declares as no data.

    Returns
    -------
    Conditioned
        The terrain [m] on the same grid and datum, and what was done to it.
    """
    heights = np.array(terrain.transpose("y", "x").values, dtype=float)
    repairs = []
    factor = FEET.get(str(terrain.attrs.get("units", "")).strip().lower())
    if factor:
        heights *= factor
        repairs.append(
            _repair("feet-to-metres", np.isfinite(heights).sum(), "đổi feet sang mét", "converted from feet to metres")
        )
    if terrain.attrs.get("nodata_declared") == 0:
        hidden = ~np.isfinite(heights)
        # What was delivered as 0 is 0 again. It may still be a margin without data: the finding stays.
        heights[hidden] = 0.0
        repairs.append(_repair("zero-restored", hidden.sum(), "khôi phục cao độ 0 m", "restored to the 0 m delivered"))
    deep = pits(heights)
    heights[deep] = _surroundings(heights, deep)[deep]
    repairs.append(
        _repair("pits-filled", deep.sum(), "lấp bằng trung vị xung quanh", "filled with the median around them")
    )
    attrs = {**terrain.attrs, "units": "m"} if factor else dict(terrain.attrs)
    done = tuple(one for one in repairs if one.cells)
    return Conditioned(terrain.transpose("y", "x").copy(data=heights).assign_attrs(attrs), done)


def _surroundings(heights: FloatArray, without: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    """Median around each cell, some cells left out, in a window that always holds some."""
    return local_median(np.where(without, np.nan, heights), 13)


def _repair(code: str, cells: np.integer[Any], vi: str, en: str) -> Repair:
    return Repair(code, int(cells), Label(f"{int(cells)} ô: {vi}", f"{int(cells)} cells {en}"))
