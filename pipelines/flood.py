"""A flood run from its scenario to the public: simulate, outline, record, publish; all of it or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import xarray as xr

from frmis.ground import Ground
from frmis.hazard import depth_classes
from frmis.result import notice
from frmis.scenario import Scenario
from frmis.simulation import simulate
from pipelines import level, recorded, recovery
from pipelines.ground import STRUCTURES, lay
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, Licence, joined
from sdi.errors import InputError
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.transaction import Transaction
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

REGISTER = "flood_depth"
ACTOR = "phusa flood"


@dataclass(frozen=True, slots=True)
class Flooded:
    """What a run gave."""

    identifier: str
    """Identifier of the scenario, pinned to its terrain and to what was laid on it."""
    coverage: str
    """Name of the coverage with depths, levels and maxima."""
    areas: int
    """Number of depth class polygons recorded."""
    hydrographs: int
    """Number of gauges whose level was recorded; 0 where the very same result was there already."""
    transaction: int
    """Transaction that recorded them; 0 where the very same result was there already."""
    volume_error: float
    """Share of the water that appeared or vanished [1]."""
    fit_for_decisions: bool
    notice: str


def run(
    scenario: Scenario,
    workspace: Workspace,
    registry: Registry,
    *,
    ground: Ground | None = None,
    result: xr.Dataset | None = None,
    progress: Callable[[float], None] | None = None,
) -> Flooded:
    """Run a scenario and publish its result.

    The rasters are written without being shown, polygons and hydrographs recorded in one transaction, then the rasters
    shown. A run that is killed leaves what was there before; between the last two steps `recover` completes it.

    Parameters
    ----------
    scenario : Scenario
        The run, described completely.
    workspace : Workspace
        The city, with the terrain among its coverages.
    registry : Registry
        Its registry.
    ground : Ground, optional
        What the water runs over; laid as the scenario says where absent.
    result : Dataset, optional
        What `frmis.simulation.simulate` gave for this scenario on this ground; simulated here where absent.
    progress : callable, optional
        Told the share of the run that is done.

    Returns
    -------
    Flooded
        Still to be projected into the publications.
    """
    recovery.rasters(workspace, registry)
    _refuse_namesake(scenario, registry)
    source = RasterDescription.read(workspace.rasters / scenario.terrain)
    ground = ground or lay(scenario, workspace, registry)
    if result is None:
        result = simulate(scenario, ground, progress=progress)
    _refuse_another(result, ground.pin(scenario))
    areas = depth_classes(result["maximum_water_depth"], standing=result["water_depth"][0])
    terms = joined([source.terms, *terms_of(scenario, registry)])
    prepared = raster.prepare(workspace.rasters, result, _description(scenario, result, terms))
    number = hydrographs = 0
    if not recovery.is_recorded(registry, prepared):
        number, hydrographs = _record(registry, scenario, areas, result, prepared)
    raster.complete(workspace.rasters, prepared.name)
    logger.info("run %s: %d areas in transaction %d, coverage %s", scenario.name, len(areas), number, prepared.name)
    return Flooded(
        result.attrs["scenario"], prepared.name, len(areas), hydrographs, number, result.attrs["volume_error"],
        prepared.fit_for_decisions, prepared.notice.en if prepared.notice else "",
    )  # fmt: skip


def terms_of(scenario: Scenario, registry: Registry) -> list[Licence]:
    """Return the terms of what a run is made of beside its terrain.

    Parameters
    ----------
    scenario : Scenario
        Names its tides and the registers that are laid on the terrain.
    registry : Registry
        Knows under which terms these were loaded.

    Returns
    -------
    list of Licence
        Empty where the run has rain and a terrain alone.
    """
    cover, obstacles = scenario.land_cover, scenario.obstacles
    used = [cover.register if cover else None, obstacles.register if obstacles else None]
    used.append(STRUCTURES if scenario.structures else None)
    return [*scenario.terms, *(one for name in used if name for one in provenance.licences(registry, name, "public"))]


def coverage_of(scenario: str) -> str:
    """Return the name of the coverage that shows a scenario."""
    return f"flood-{scenario.replace('_', '-')}"


def _refuse_namesake(scenario: Scenario, registry: Registry) -> None:
    """Refuse a scenario whose coverage is that of another one: ``a_b`` and ``a-b`` would take turns in it."""
    for name in dict.fromkeys(registry.register(REGISTER).table("scenario").values["scenario"]):
        if name != scenario.name and coverage_of(name) == coverage_of(scenario.name):
            raise InputError(
                f"scenario {scenario.name} would take the coverage {coverage_of(name)} of scenario {name}; "
                "give it another name",
                code="scenario-namesake",
            )


def _refuse_another(result: xr.Dataset, scenario: Scenario) -> None:
    """Refuse the result of another run."""
    if result.attrs["scenario"] != scenario.identifier:
        raise InputError(
            f"the result is that of run {result.attrs['scenario'][:12]}; expected that of {scenario.name}, run "
            f"{scenario.identifier[:12]}: simulate it on the ground as it is now"
        )


def _record(
    registry: Registry, scenario: Scenario, areas: gpd.GeoDataFrame, result: xr.Dataset, prepared: RasterDescription
) -> tuple[int, int]:
    """Record the polygons and hydrographs of a run in place of those of an earlier run of the same name."""
    with registry.transaction(ACTOR, f"run of scenario {scenario.name}", source_sha256=prepared.version) as tx:
        register = registry.register(REGISTER)
        recorded.retire_last(register, tx, scenario=scenario.name)
        register.add(_batch(scenario, areas, result, prepared, tx), tx)
        provenance.record(
            tx, prepared.name, REGISTER, custodian=ACTOR, sha256=prepared.version, accepted=len(areas),
            licence=prepared.terms,
        )  # fmt: skip
        hydrographs = level.record(registry, tx, scenario, result, licence=prepared.terms)
    return tx.number, hydrographs


def _batch(
    scenario: Scenario, areas: gpd.GeoDataFrame, result: xr.Dataset, prepared: RasterDescription, tx: Transaction
) -> Batch:
    """Return the polygons of a run as things to be added."""
    count = len(areas)
    cell = float(np.abs(np.diff(result["x"].values[:2]))[0])
    return Batch(
        geometry=areas.geometry.to_numpy(),
        values={
            "scenario": [scenario.name] * count,
            "depth_class": areas["depth_class"].tolist(),
            "lower_m": areas["lower_m"].tolist(),
            "upper_m": areas["upper_m"].tolist(),
            "return_period": [scenario.return_period] * count,
            "fit_for_decisions": [prepared.fit_for_decisions] * count,
            "notice": [recorded.short(prepared.notice)] * count,
        },
        valid_from=tx.moment,
        accuracy=Accuracy(horizontal_m=cell, method="derived"),
    )


def _description(scenario: Scenario, result: xr.Dataset, terms: Licence) -> RasterDescription:
    """Describe the rasters of a run; what may be done with all that it is made of may be done with them."""
    title = scenario.title or Label(scenario.name, scenario.name)
    fit = bool(result.attrs["fit_for_decisions"])
    return RasterDescription(
        name=coverage_of(scenario.name),
        title=title,
        description=Label(
            f"Độ sâu và mực nước của kịch bản {title.vi}, mỗi {scenario.output_interval / 60:g} phút, và cực đại",
            f"Depth and level of scenario {title.en}, every {scenario.output_interval / 60:g} minutes, and maxima",
        ),
        kind="run",
        vertical_datum=result.attrs["vertical_datum"],
        fit_for_decisions=fit,
        notice=notice(result),
        scenario=result.attrs["scenario"],
        return_period=scenario.return_period,
        **RasterDescription.under(terms),
    )
