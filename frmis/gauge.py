"""What a run gives at the gauges: the level over time where each of them stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from frmis.result import DEPTH, LEVEL
from sdi.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def hydrographs(result: xr.Dataset, places: FloatArray, names: Sequence[str]) -> xr.Dataset:
    """Level at gauges over time, from the rasters of a run.

    A gauge is read from the cell that it stands in, and from no other: what a run says of a place that it does not
    cover, or that stays dry, is that it says nothing.

    Parameters
    ----------
    result : Dataset (time, y, x)
        Result of a run with ``water_level`` [m, its ``vertical_datum``] and ``water_depth`` [m].
    places : ndarray (gauge, 2) [m, CRS of the result]
        x and y of the gauges.
    names : sequence of str (gauge,)
        Names of the gauges.

    Returns
    -------
    Dataset (time, gauge)
        ``water_level`` [m, vertical datum of the result], missing (NaN) while the cell is dry; ``water_depth`` [m]; per
        gauge ``inside``, whether the run covers it, and ``wet_share``, the share of the times with water [1]. All is
        missing for a gauge that is not inside.

    Raises
    ------
    InputError
        If places and names differ in number, or a place is not finite.
    """
    spots = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    if len(spots) != len(names):
        raise InputError(f"{len(spots)} places and {len(names)} names of gauges; expected one name for each place")
    if not np.isfinite(spots).all():
        raise InputError("a gauge has no place; leave it out, or give its coordinates")
    column, within_x = _along(result["x"].values, spots[:, 0])
    row, within_y = _along(result["y"].values, spots[:, 1])
    cells = {"y": xr.DataArray(row, dims="gauge"), "x": xr.DataArray(column, dims="gauge")}
    at = result[["water_level", "water_depth"]].isel(cells).transpose("time", "gauge")
    inside = within_x & within_y & np.isfinite(at["water_depth"].values).all(axis=0)
    level, depth = (np.where(inside, at[name].values, np.nan) for name in ("water_level", "water_depth"))
    wet = np.where(inside, np.isfinite(level).mean(axis=0), np.nan)
    datum = {"vertical_datum": result["water_level"].attrs["vertical_datum"]}
    return xr.Dataset(
        {
            "water_level": (("time", "gauge"), level, LEVEL | datum),
            "water_depth": (("time", "gauge"), depth, DEPTH),
            "inside": ("gauge", inside, {"long_name": "the run covers the gauge"}),
            "wet_share": ("gauge", wet, {"long_name": "share of the times with water", "units": "1"}),
        },
        coords={"time": result["time"].values, "gauge": list(names)},
        attrs={"Conventions": "CF-1.11", "featureType": "timeSeries"},
    )


def _along(centres: FloatArray, values: FloatArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return the cell of each value along one axis (0 outside), and whether it lies on the grid."""
    step = float(centres[1] - centres[0])
    place = np.floor((values - centres[0]) / step + 0.5)
    within = (place >= 0) & (place < len(centres))
    return np.where(within, place, 0).astype(np.intp), within
