"""A flood run from its scenario to the public: simulate, outline, record, publish; all of it or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import xarray as xr

from frmis.hazard import depth_classes
from frmis.scenario import Scenario
from frmis.simulation import simulate
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, Licence
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.transaction import Transaction
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

REGISTER = "flood_depth"
ACTOR = "phusa flood"
MAXIMUM_NOTICE = 500
"""Longest notice the register keeps [characters]."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """What a run gave."""

    identifier: str
    """Identifier of the scenario, pinned to its terrain."""
    coverage: str
    """Name of the coverage with depths, levels and maxima."""
    areas: int
    """Number of depth class polygons recorded."""
    transaction: int
    """Transaction that recorded them; 0 where the very same result was there already."""
    volume_error: float
    """Share of the water that appeared or vanished [1]."""
    fit_for_decisions: bool
    notice: str


def run(
    scenario: Scenario, workspace: Workspace, registry: Registry, *, progress: Callable[[float], None] | None = None
) -> Flooded:
    """Run a scenario and publish its result.

    The rasters are written without being shown, the polygons recorded in one transaction, then the rasters shown. A
    run that is killed leaves what was there before; between the last two steps `recover` completes it.

    Parameters
    ----------
    scenario : Scenario
        The run, described completely.
    workspace : Workspace
        The city, with the terrain among its coverages.
    registry : Registry
        Its registry.
    progress : callable, optional
        Told the share of the run that is done.

    Returns
    -------
    Flooded
        Still to be projected into the publications.
    """
    recover(workspace, registry)
    terrain = raster.read(workspace.rasters, scenario.terrain)["elevation"].load()
    result = simulate(scenario, terrain, progress=progress)
    areas = depth_classes(result["maximum_water_depth"], standing=result["water_depth"][0])
    source = RasterDescription.read(workspace.rasters / scenario.terrain)
    prepared = raster.prepare(workspace.rasters, result, _description(scenario, result, source))
    number = 0
    if not _is_recorded(registry, prepared):
        number = _record(registry, scenario, areas, result, prepared)
    raster.complete(workspace.rasters, prepared.name)
    logger.info("run %s: %d areas in transaction %d, coverage %s", scenario.name, len(areas), number, prepared.name)
    return Flooded(
        result.attrs["scenario"], prepared.name, len(areas), number, result.attrs["volume_error"],
        prepared.fit_for_decisions, prepared.notice.en if prepared.notice else "",
    )  # fmt: skip


def recover(workspace: Workspace, registry: Registry) -> None:
    """Finish or forget what a killed run left behind.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry: what it has recorded is finished, everything else forgotten.
    """
    raster.sweep(workspace.rasters)
    for waiting in raster.list_pending(workspace.rasters):
        if _is_recorded(registry, waiting):
            raster.complete(workspace.rasters, waiting.name)
        else:
            raster.abandon(workspace.rasters, waiting.name)


def _record(
    registry: Registry, scenario: Scenario, areas: gpd.GeoDataFrame, result: xr.Dataset, prepared: RasterDescription
) -> int:
    """Record the polygons of a run in place of those of an earlier run of the same name."""
    with registry.transaction(ACTOR, f"run of scenario {scenario.name}", source_sha256=prepared.version) as tx:
        register = registry.register(REGISTER)
        for eid in register.list():
            if register.find(eid).values["scenario"] == scenario.name:
                register.retire(eid, tx, valid_from=tx.recorded_at)
        register.add(_batch(scenario, areas, result, prepared, tx), tx)
        provenance.record(
            tx, prepared.name, REGISTER, custodian=ACTOR, sha256=prepared.version, accepted=len(areas),
            licence=Licence(**prepared.licence, attribution=prepared.attribution, bulk=prepared.bulk),
        )  # fmt: skip
    return tx.number


def _batch(
    scenario: Scenario, areas: gpd.GeoDataFrame, result: xr.Dataset, prepared: RasterDescription, tx: Transaction
) -> Batch:
    """Return the polygons of a run as things to be added."""
    count = len(areas)
    notice = prepared.notice.vi[:MAXIMUM_NOTICE] if prepared.notice else None
    cell = float(np.abs(np.diff(result["x"].values[:2]))[0])
    return Batch(
        geometry=areas.geometry.to_numpy(),
        values={
            "scenario": [scenario.name] * count,
            "depth_class": areas["depth_class"].tolist(),
            "lower_m": areas["lower_m"].tolist(),
            "upper_m": areas["upper_m"].tolist(),
            "fit_for_decisions": [prepared.fit_for_decisions] * count,
            "notice": [notice] * count,
        },
        valid_from=tx.recorded_at,
        accuracy=Accuracy(horizontal_m=cell, method="derived"),
    )


def _is_recorded(registry: Registry, written: RasterDescription) -> bool:
    """Tell whether the registry holds the polygons of this very result."""
    last = provenance.last(registry, written.name)
    return last is not None and last[0] == written.version


def _description(scenario: Scenario, result: xr.Dataset, terrain: RasterDescription) -> RasterDescription:
    """Describe the rasters of a run; what may be done with the terrain may be done with them."""
    title = scenario.title or Label(scenario.name, scenario.name)
    fit = bool(result.attrs["fit_for_decisions"])
    return RasterDescription(
        name=f"flood-{scenario.name.replace('_', '-')}",
        title=title,
        description=Label(
            f"Độ sâu và mực nước của kịch bản {title.vi}, mỗi {scenario.output_interval / 60:g} phút, và cực đại",
            f"Depth and level of scenario {title.en}, every {scenario.output_interval / 60:g} minutes, and maxima",
        ),
        kind="run",
        vertical_datum=result.attrs["vertical_datum"],
        fit_for_decisions=fit,
        notice=None if fit else Label(result.attrs["notice_vi"], result.attrs["notice"]),
        attribution=terrain.attribution,
        licence=terrain.licence,
        scenario=result.attrs["scenario"],
        bulk=terrain.bulk,
    )
