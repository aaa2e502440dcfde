"""What a run gives: depth, level and maxima with CF names and units, ledger and warnings in the attributes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from frmis.ledger import Ledger
from frmis.scenario import Scenario
from frmis.solver.state import State
from frmis.terrain import TerrainReport
from sdi.grid import Grid

DEPTH = {"standard_name": "flood_water_thickness", "units": "m"}
LEVEL = {"standard_name": "water_surface_height_above_reference_datum", "units": "m"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The water at one time."""

    time: float
    """After the start of the run [s]."""
    depth: np.ndarray[Any, np.dtype[np.floating[Any]]]
    """ndarray (y, x) [m]; 0 where nothing flows."""


def dataset(
    scenario: Scenario, grid: Grid, state: State, ledger: Ledger, snapshots: Sequence[Snapshot], report: TerrainReport
) -> xr.Dataset:
    """Lay the results of a run out.

    Parameters
    ----------
    scenario : Scenario
        The run, pinned to its terrain.
    grid : Grid
        Where it ran.
    state : State
        Its last state, with the maxima.
    ledger : Ledger
        Its volumes.
    snapshots : sequence of Snapshot
        Depths over time.
    report : TerrainReport
        What is known against the terrain.

    Returns
    -------
    Dataset
        Missing (NaN) outside the terrain; levels and the time of the maximum also where the depth stays below the
        wet threshold of the scenario, because no water means no level.
    """
    datum = report.vertical_datum or "unknown"
    bed = state.elevation
    depth = np.where(state.active, np.stack([one.depth for one in snapshots]), np.nan)
    wet = scenario.wet_threshold
    peak = np.where(state.active, state.maximum_depth, np.nan)
    space, time_space = ("y", "x"), ("time", "y", "x")
    level = LEVEL | {"vertical_datum": datum}
    variables = {
        "water_depth": (time_space, depth, DEPTH | {"long_name": "depth of water above ground"}),
        "water_level": (time_space, _where_wet(bed + depth, depth, wet), level | {"long_name": "level of the water"}),
        "maximum_water_depth": (space, peak, DEPTH | {"long_name": "largest depth", "cell_methods": "time: maximum"}),
        "maximum_water_level": (
            space, _where_wet(bed + peak, peak, wet),
            level | {"long_name": "highest level", "cell_methods": "time: maximum"},
        ),
        "time_of_maximum": (
            space, _where_wet(state.time_of_maximum, peak, wet),
            {"long_name": "time after the start at which the depth is largest", "units": "s"},
        ),
    }  # fmt: skip
    coords = {"time": _times(scenario, snapshots), **grid.coords()}
    result = xr.Dataset(variables, coords=coords, attrs=_attributes(scenario, ledger, report, datum))
    for variable in result.data_vars.values():
        variable.attrs["grid_mapping"] = "spatial_ref"
    return result


def _where_wet(values: Any, depth: Any, threshold: float) -> Any:
    """Values where the depth reaches the threshold, else missing."""
    return np.where(depth >= threshold, values, np.nan)


def _times(scenario: Scenario, snapshots: Sequence[Snapshot]) -> xr.DataArray:
    """Return the times of the snapshots, UTC."""
    start = pd.Timestamp(scenario.start.astimezone(UTC).replace(tzinfo=None))
    times = start + pd.to_timedelta([one.time for one in snapshots], unit="s")
    return xr.DataArray(
        times.astype("datetime64[ns]"),
        dims="time",
        attrs={"standard_name": "time", "axis": "T", "long_name": "time, UTC"},
    )


def _attributes(scenario: Scenario, ledger: Ledger, report: TerrainReport, datum: str) -> dict[str, Any]:
    """Attributes of the whole result; what is a structure is JSON, because files keep text and numbers only."""
    attributes: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "title": scenario.title.en if scenario.title else scenario.name or "flood run",
        "scenario": scenario.identifier,
        "scenario_name": scenario.name,
        "scenario_description": scenario.canonical(),
        "terrain_hash": scenario.terrain_hash or "",
        "vertical_datum": datum,
        "code_version": code_version(),
        "fit_for_decisions": int(report.fit_for_decisions),
        "warnings": json.dumps(list(dict.fromkeys(one.message.en for one in report.findings)), ensure_ascii=False),
        "ledger_m3": json.dumps({name: value for name, value in ledger.figures().items() if name != "volume_error"}),
        "volume_error": ledger.error,
    }
    if not report.fit_for_decisions:
        notice = report.notice()
        attributes |= {"notice": notice.en, "notice_vi": notice.vi}
    return attributes


def code_version() -> str:
    """Version of the program, as installed; ``source`` where it runs from files that are not installed."""
    try:
        return version("phusa")
    except PackageNotFoundError:
        return "source"
