"""The published flood runs, as their descriptions tell of them: nothing of their data is read."""

from __future__ import annotations

from pathlib import Path

from sdi.store.description import RasterDescription, list_coverages

RUN = "run"
DEPTH = "maximum_water_depth"


def runs(rasters: Path) -> tuple[RasterDescription, ...]:
    """List the published runs, by return period, then those without one by name.

    Parameters
    ----------
    rasters : Path
        Folder of all rasters.
    """
    found = [
        one
        for one in list_coverages(rasters)
        if one.kind == RUN and one.cog and any(variable["name"] == DEPTH for variable in one.variables)
    ]
    return tuple(sorted(found, key=lambda one: (one.return_period is None, one.return_period or 0.0, one.name)))
