"""What a run gives: depth, level, maxima and hazard with CF names and units, ledger and warnings in the attributes."""

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

from frmis.hazard import hazard_class
from frmis.ledger import Ledger
from frmis.obstacle import HEIGHT
from frmis.scenario import Scenario
from frmis.solver.inertial import ARRIVAL_DEPTH
from frmis.solver.state import State
from frmis.terrain import TerrainReport
from sdi.declaration import Label
from sdi.grid import FloatArray, Grid

HAZARD = "dry h1 h2 h3 h4 h5 h6"
"""Meaning of the numbers of hazard classes, as in the code list ``hazard_class``."""

DEPTH = {"standard_name": "flood_water_thickness", "units": "m"}
SPACE, TIME_SPACE = ("y", "x"), ("time", "y", "x")
LEVEL = {"standard_name": "water_surface_height_above_reference_datum", "units": "m"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The water at one time."""

    time: float
    """After the start of the run [s]."""
    depth: np.ndarray[Any, np.dtype[np.floating[Any]]]
    """ndarray (y, x) [m]; 0 where nothing flows."""


@dataclass(frozen=True, slots=True)
class Said:
    """What must be said beside a result."""

    notices: tuple[Label, ...] = ()
    """For everybody who sees it."""
    warnings: tuple[Label, ...] = ()
    """For those who work with it."""


NOTHING_SAID = Said()


def dataset(
    scenario: Scenario, grid: Grid, state: State, ledger: Ledger, snapshots: Sequence[Snapshot], report: TerrainReport,
    said: Said = NOTHING_SAID, obstacles: FloatArray | None = None,
) -> xr.Dataset:  # fmt: skip
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
    said : Said
        What else must be said beside it.
    obstacles : ndarray (y, x) [m], optional
        How much higher the bed is than the ground, where obstacles were raised from it.

    Returns
    -------
    Dataset
        Missing (NaN) outside the terrain; levels and the time of the maximum also where the depth stays below the
        wet threshold of the scenario, because no water means no level, and the time of arrival where it never came.
    """
    datum = report.vertical_datum or "unknown"
    bed = state.elevation
    depth = np.where(state.active, np.stack([one.depth for one in snapshots]), np.nan)
    wet = scenario.wet_threshold
    level = LEVEL | {"vertical_datum": datum}
    variables = {
        "water_depth": (TIME_SPACE, depth, DEPTH | {"long_name": "depth of water above ground"}),
        "water_level": (TIME_SPACE, _where_wet(bed + depth, depth, wet), level | {"long_name": "level of the water"}),
        **_maxima(state, bed, wet, level),
    }
    if obstacles is not None:
        height = np.where(state.active, obstacles, np.nan)
        variables[HEIGHT] = (SPACE, height, {"long_name": "height of obstacles above ground", "units": "m"})
    coords = {"time": _times(scenario, snapshots), **grid.coords()}
    result = xr.Dataset(variables, coords=coords, attrs=_attributes(scenario, ledger, report, datum, said))
    for variable in result.data_vars.values():
        variable.attrs["grid_mapping"] = "spatial_ref"
    return result


def _maxima(state: State, bed: Any, wet: float, level: dict[str, str]) -> dict[str, Any]:
    """Return the variables without time by name."""
    flat = {name: np.where(state.active, state.recorded(name), np.nan) for name in state.record._fields}
    peak, speed, depth_speed = flat["depth"], np.sqrt(flat["speed"]), np.sqrt(flat["discharge"])
    arrival = np.where(np.isfinite(flat["arrival"]), flat["arrival"], np.nan)
    hazard = np.where(state.active, hazard_class(peak, speed, depth_speed, wet_threshold=wet), np.nan)
    largest = {"cell_methods": "time: maximum"}
    threshold = {"units": "s", "depth_threshold_m": ARRIVAL_DEPTH}
    return {
        "maximum_water_depth": (SPACE, peak, DEPTH | largest | {"long_name": "largest depth"}),
        "maximum_water_level": (
            SPACE, _where_wet(bed + peak, peak, wet), level | largest | {"long_name": "highest level"},
        ),
        "time_of_maximum": (
            SPACE, _where_wet(flat["depth_time"], peak, wet),
            {"long_name": "time after the start at which the depth is largest", "units": "s"},
        ),
        "maximum_speed": (
            SPACE, speed,
            largest | {"standard_name": "flood_water_speed", "long_name": "largest speed", "units": "m s-1"},
        ),
        "maximum_depth_speed": (
            SPACE, depth_speed, largest | {"long_name": "largest product of depth and speed", "units": "m2 s-1"},
        ),
        "arrival_time": (
            SPACE, arrival, threshold | {"long_name": "time after the start at which the place is flooded first"},
        ),
        "inundation_duration": (
            SPACE, flat["duration"], threshold | {"long_name": "time for which the place is flooded"},
        ),
        "hazard_class": (
            SPACE, hazard,
            largest | {
                "long_name": "flood hazard class, Australian guideline 7-3", "units": "1",
                "flag_values": list(range(len(HAZARD.split()))), "flag_meanings": HAZARD,
            },
        ),
    }  # fmt: skip


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


def _attributes(scenario: Scenario, ledger: Ledger, report: TerrainReport, datum: str, said: Said) -> dict[str, Any]:
    """Attributes of the whole result; what is a structure is JSON, because files keep text and numbers only."""
    warnings = dict.fromkeys([*(one.message.en for one in report.findings), *(one.en for one in said.warnings)])
    attributes: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "title": scenario.title.en if scenario.title else scenario.name or "flood run",
        "scenario": scenario.identifier,
        "scenario_name": scenario.name,
        "scenario_description": scenario.canonical(),
        "terrain_hash": scenario.terrain_hash or "",
        "ground_hash": scenario.ground_hash or "",
        "vertical_datum": datum,
        "code_version": code_version(),
        # What must be said of a run is always that something in it is supposed.
        "fit_for_decisions": int(report.fit_for_decisions and not (said.notices or scenario.notices)),
        "warnings": json.dumps(list(warnings), ensure_ascii=False),
        "ledger_m3": json.dumps({name: value for name, value in ledger.figures().items() if name != "volume_error"}),
        "volume_error": ledger.error,
    }
    told = [] if report.fit_for_decisions else [report.notice()]
    told += [*said.notices, *scenario.notices]
    if told:
        vi, en = (" ".join(dict.fromkeys(getattr(one, tongue) for one in told)) for tongue in ("vi", "en"))
        attributes |= {"notice": en, "notice_vi": vi}
    return attributes


def notice(result: xr.Dataset) -> Label | None:
    """Return what must be said beside a result; None where nothing must.

    Parameters
    ----------
    result : Dataset
        Of a run.
    """
    return Label(result.attrs["notice_vi"], result.attrs["notice"]) if "notice" in result.attrs else None


def code_version() -> str:
    """Version of the program, as installed; ``source`` where it runs from files that are not installed."""
    try:
        return version("phusa")
    except PackageNotFoundError:
        return "source"
