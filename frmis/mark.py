"""Hold a run against marks: levels that somebody surveyed after a flood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sdi.errors import InputError
from sdi.grid import FloatArray

WITHIN = 5.0
"""How far from a mark water is looked for [m]: marks are found on walls, where a grid has the wall itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far a run is from marks; NaN where no water came near one."""

    level: FloatArray
    """Level of the nearest wet cell, ndarray (mark,) [m, datum of the run]."""
    distance: FloatArray
    """How far its centre lies from the mark, ndarray (mark,) [m]."""
    difference: FloatArray
    """Level of the run less that of the mark, ndarray (mark,) [m]."""

    @property
    def bias(self) -> float:
        """Mean difference over the marks that water came near [m]; NaN where it came near none."""
        return float(np.nanmean(self.difference)) if np.isfinite(self.difference).any() else float("nan")

    @property
    def largest(self) -> float:
        """Largest difference in either direction [m]; infinite where water did not come near a mark."""
        return float(np.abs(np.nan_to_num(self.difference, nan=np.inf)).max(initial=0.0))


def compare(
    level: xr.DataArray, places: FloatArray, observed: FloatArray, *, datum: str, within: float = WITHIN
) -> Agreement:
    """Compare the levels of a run with marks.

    The level of the nearest wet cell is taken, as in the published comparison of the Merewether flood: a mark on the
    wall of a house, or on ground that the terrain shows a little too high, lies in a cell that stays dry.

    Parameters
    ----------
    level : DataArray (y, x) [m, ``attrs["vertical_datum"]``]
        Water level, of one time or the highest; NaN where it is dry.
    places : ndarray (mark, 2) [m, CRS of the run]
        x and y of the marks.
    observed : ndarray (mark,) [m, datum]
        Their levels.
    datum : str
        Code of the vertical datum of the marks.
    within : float [m]
        Largest distance from a mark to that cell.

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
        If marks and run count from different zeros.
    """
    if level.attrs.get("vertical_datum") != datum:
        raise InputError(
            f"the marks stand on {datum}, the run on {level.attrs.get('vertical_datum')}; convert one of them first",
            code="datum-differs",
        )
    values = level.transpose("y", "x").values
    rows, columns = np.nonzero(np.isfinite(values))
    x, y, levels = level["x"].values[columns], level["y"].values[rows], values[rows, columns]
    found, distances = np.full(len(places), np.nan), np.full(len(places), np.nan)
    for number, place in enumerate(np.asarray(places, dtype=float)):
        away = np.hypot(x - place[0], y - place[1])
        if away.size and away.min() <= within:
            nearest = int(away.argmin())
            found[number], distances[number] = levels[nearest], away[nearest]
    return Agreement(found, distances, found - observed)
