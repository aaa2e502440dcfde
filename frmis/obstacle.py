"""Buildings in the way of the water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from frmis.cover import FINE, share
from sdi.errors import InputError
from sdi.grid import Grid


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
