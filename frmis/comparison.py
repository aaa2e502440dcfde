"""One run against another on the same grid: where it gets deeper, where shallower."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from frmis.hazard import DEPTH_CLASSES
from frmis.obstacle import depth_above_ground
from frmis.overlay import Overlay
from frmis.result import DEPTH, LEVEL
from sdi.errors import InputError
from sdi.grid import FloatArray, Grid

NOISE = 0.005
"""Smaller differences [m] say nothing.

Steps follow the deepest water on the grid, so a change at one end of a city alters the steps everywhere. Runs of one
scenario that differ in their steps alone stay within this (see the tests).
"""

FLOODED = DEPTH_CLASSES[0]
"""Depth from which a place counts as flooded [m]: the first class of the flood maps.

Where the water is that deep at the start there is a river or a pond, no flood.
"""


def standing_water(run: xr.Dataset) -> xr.DataArray:
    """Tell where water stands from the start: rivers, canals, ponds.

    Parameters
    ----------
    run : Dataset
        Result of a run, with ``water_depth`` (time, y, x) [m].

    Returns
    -------
    DataArray of bool (y, x)
    """
    found: xr.DataArray = run["water_depth"][0] >= FLOODED
    return found.drop_vars("time", errors="ignore")


def depth_on_land(run: xr.Dataset) -> xr.DataArray:
    """Return the largest depth where water does not stand anyway: 0 in rivers and ponds.

    Parameters
    ----------
    run : Dataset
        Result of a run, with ``water_depth`` (time, y, x) and ``maximum_water_depth`` (y, x) [m].

    Returns
    -------
    DataArray (y, x) [m]
        NaN where nothing flows.
    """
    depth = run["maximum_water_depth"].astype(np.float32)
    return depth.where(~standing_water(run) | depth.isnull(), 0.0)


def difference(before: xr.Dataset, after: xr.Dataset, *, noise: float = NOISE) -> xr.Dataset:
    """Compare the maxima of two runs.

    Parameters
    ----------
    before, after : Dataset
        Results of two runs on one grid, with ``maximum_water_depth`` and ``maximum_water_level`` (y, x) [m, vertical
        datum in ``attrs``].
    noise : float
        Differences that are smaller count as none [m].

    Returns
    -------
    Dataset
        ``depth_change`` and ``level_change`` (y, x) [m], after minus before, with the depths behind them,
        ``depth_before`` and ``depth_after`` (y, x) [m]. A change is 0 below the noise; of the depth it is missing (NaN)
        where nothing flows in one of the runs or a raised obstacle stays dry, of the level also where one of them does.

    Raises
    ------
    InputError
        If the runs lie on different grids, or their levels on different datums.

    Examples
    --------
    0.20 m before and 0.50 m after is a change of +0.30 m; 0.200 m and 0.204 m is none.
    """
    _check(before, after)
    # Published runs are kept in single precision: a run read back must compare like the one just made.
    depths = [depth_above_ground(run).values for run in (before, after)]
    levels = [run["maximum_water_level"].transpose("y", "x").values.astype(np.float32) for run in (before, after)]
    datum = before["maximum_water_level"].attrs.get("vertical_datum", "unknown")
    space, depth, level = ("y", "x"), {"units": "m"}, LEVEL | {"vertical_datum": datum}
    variables = {
        "depth_change": (space, _change(depths, noise), depth | {"long_name": "change of the largest depth"}),
        "level_change": (space, _change(levels, noise), depth | {"long_name": "change of the highest level"}),
        "depth_before": (space, depths[0], DEPTH | {"long_name": "largest depth before"}),
        "depth_after": (space, depths[1], DEPTH | {"long_name": "largest depth after"}),
        "level_before": (space, levels[0], level | {"long_name": "highest level before"}),
        "level_after": (space, levels[1], level | {"long_name": "highest level after"}),
    }
    attributes = {"noise_m": noise, "run_before": before.attrs["scenario"], "run_after": after.attrs["scenario"]}
    found = xr.Dataset(variables, coords=Grid.from_dataarray(before).coords(), attrs=attributes)
    for variable in found.data_vars.values():
        variable.attrs["grid_mapping"] = "spatial_ref"
    return found


def _change(values: Sequence[FloatArray], noise: float) -> FloatArray:
    """Return the second minus the first, 0 below the noise."""
    change = values[1] - values[0]
    return np.where(np.abs(change) < np.float32(noise), np.float32(0.0), change)


def _check(before: xr.Dataset, after: xr.Dataset) -> None:
    """Raise where two runs cannot be compared cell by cell."""
    first, second = Grid.from_dataarray(before), Grid.from_dataarray(after)
    if first != second:
        raise InputError(
            f"the runs lie on {first} and {second}; run both on one terrain, or bring them to one grid first",
            code="grid-differs",
        )
    datums = [run["maximum_water_level"].attrs.get("vertical_datum") for run in (before, after)]
    if datums[0] != datums[1]:
        raise InputError(
            f"the levels of the runs stand on {datums[0]} and {datums[1]}; run both on one vertical datum",
            code="vertical-datum-differs",
        )


def summary(change: xr.DataArray) -> dict[str, float]:
    """Say in a few figures how much changed.

    Parameters
    ----------
    change : DataArray (y, x) [m]
        ``depth_change`` of `difference`.

    Returns
    -------
    dict of str to float
        Area that gets deeper and shallower [m2], largest rise and fall [m]; zeros where nothing changed.
    """
    values = np.nan_to_num(change.values, nan=0.0).astype(float)
    area = Grid.from_dataarray(change).cell_area
    return {
        "deeper_m2": float((values > 0).sum()) * area,
        "shallower_m2": float((values < 0).sum()) * area,
        "largest_rise_m": max(0.0, float(values.max(initial=-math.inf))),
        "largest_fall_m": max(0.0, float(-values.min(initial=math.inf))),
    }


def mean_depth(overlay: Overlay, depth: FloatArray, land: npt.NDArray[np.bool_]) -> FloatArray:
    """Return the mean depth over the land of things; dry cells count as 0.

    Parameters
    ----------
    overlay : Overlay
        The cells of the things: a line weighs each by the length in it, everything else all alike.
    depth : ndarray (y, x) [m]
        Largest depth; NaN where nothing flows.
    land : ndarray of bool (y, x)
        Where water does not stand anyway.

    Returns
    -------
    ndarray (thing,) [m]
        NaN for a thing without a cell on land that is known.
    """
    values = depth.reshape(-1)[overlay.cell]
    counts = land.reshape(-1)[overlay.cell] & np.isfinite(values)
    weight = np.where(overlay.length > 0, overlay.length, 1.0) * counts
    total = np.bincount(overlay.thing, weight, minlength=len(overlay))
    water = np.bincount(overlay.thing, weight * np.where(counts, values, 0.0), minlength=len(overlay))
    return np.asarray(np.divide(water, total, out=np.full(len(overlay), np.nan), where=total > 0))


def kind_of_change(before: FloatArray, after: FloatArray, *, noise: float = NOISE) -> npt.NDArray[Any]:
    """Say in a word what happens to things.

    Parameters
    ----------
    before, after : ndarray (thing,) [m]
        Depths in them; NaN where nothing is known.
    noise : float
        Differences that are smaller count as none [m].

    Returns
    -------
    ndarray (thing,) of str
        Code of the list ``flood_change``: ``newly_flooded`` and ``no_longer_flooded`` where the change crosses the
        first class of the flood maps, else ``wetter`` or ``drier``; empty where nothing changes.
    """
    change = after - before
    return np.select(
        [
            ~(np.abs(change) >= noise),
            (before < FLOODED) & (after >= FLOODED),
            (before >= FLOODED) & (after < FLOODED),
            change > 0,
        ],
        ["", "newly_flooded", "no_longer_flooded", "wetter"],
        default="drier",
    )
