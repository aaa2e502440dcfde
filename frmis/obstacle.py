"""Buildings in the way of the water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from frmis.connectivity import reachable
from frmis.cover import FINE, share
from frmis.hazard import DEPTH_CLASSES
from sdi.errors import InputError
from sdi.grid import Grid

HEIGHT = "obstacle_height"
"""Variable of a run that says how much higher its bed was than the ground [m]; missing where nothing was raised."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Things of a register that stand in the water's way."""

    register: str
    """Name of a register whose things have an area, for example ``building``."""
    method: Literal["blocked", "raised"] = "raised"
    """Cells that nothing enters, or cells whose bed is higher."""
    height: float = 3.0
    """How much higher, where the method is ``raised`` [m]."""
    minimum_share: float = 0.5
    """A cell is an obstacle from this covered share on [1]."""

    def __post_init__(self) -> None:
        if not 0 < self.height <= 1000:
            raise InputError(f"obstacles are raised by {self.height:g} m; expected more than 0, at most 1000 m")
        if not 0 < self.minimum_share <= 1:
            raise InputError(
                f"a share of {self.minimum_share:g} of a cell makes an obstacle; expected more than 0, at most 1"
            )


def build(elevation: xr.DataArray, geometries: Sequence[Any], obstacles: Obstacles) -> xr.DataArray:
    """Put obstacles on a terrain.

    Parameters
    ----------
    elevation : DataArray (y, x) [m, ``attrs["vertical_datum"]``]
        Bed elevation; NaN where nothing flows.
    geometries : sequence of geometry (n,) [CRS of the terrain]
        Areas they stand on.
    obstacles : Obstacles
        How they stand in the way.

    Returns
    -------
    DataArray (y, x) [m, datum of the terrain]
        NaN under blocked cells; unchanged where there is no obstacle.
    """
    bed = elevation.transpose("y", "x")
    covered = share(geometries, Grid.from_dataarray(bed))
    # Shares come in steps: half a step below the minimum is the minimum.
    standing = covered >= obstacles.minimum_share - 0.5 / FINE**2
    raised = np.nan if obstacles.method == "blocked" else bed.values + obstacles.height
    return bed.copy(data=np.where(standing, raised, bed.values))


def depth_above_ground(run: xr.Dataset) -> xr.DataArray:
    """Return the largest depth of a run above the ground, also where an obstacle was raised from it.

    A raised bed lifts the water with it: a house that stands in the flood looks dry in its own cells.

    Parameters
    ----------
    run : Dataset
        Result with ``maximum_water_depth`` and, where obstacles were raised, ``obstacle_height`` (y, x) [m].

    Returns
    -------
    DataArray (y, x) [m]
        In single precision, as runs are published. Missing (NaN) under an obstacle that stays dry, as under a blocked
        one: the water beside it tells how deep it stands. Where the flood overtops it, the depth is that above the
        ground; rain in a hollow of a roof, cut off from the water on the ground, is no flood.
    """
    depth = run["maximum_water_depth"].transpose("y", "x").astype(np.float32)
    if HEIGHT not in run:
        return depth
    height = run[HEIGHT].transpose("y", "x").fillna(0.0).astype(np.float32)
    ground, wet = height.values == 0, depth.values >= np.float32(DEPTH_CLASSES[0])
    return depth.copy(data=np.where(ground | reachable(wet, wet & ground), depth.values + height.values, np.nan))
