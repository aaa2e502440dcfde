"""From a delivered terrain to a published one: check, repair, bring to the storage CRS, say what is wrong with it."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
import xarray as xr

from frmis.conditioning import Repair, condition
from frmis.terrain import TerrainReport, check
from sdi.crs import project
from sdi.declaration import Label
from sdi.entry import Entry
from sdi.grid import Grid
from sdi.resample import resample
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.store.durable import write_whole
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

REPAIRED = frozenset({"crs-geographic", "unit-feet", "unit-undeclared"})
"""Findings that are no longer true once a terrain is conditioned and resampled."""


@dataclass(frozen=True, slots=True)
class Elevation:
    """What became of a delivered terrain."""

    terrain: xr.DataArray
    """(y, x) [m, vertical datum in its attributes], storage CRS."""
    report: TerrainReport
    """What was found in it as delivered."""
    repairs: tuple[Repair, ...]
    description: RasterDescription


def run(delivered: xr.DataArray, entry: Entry, workspace: Workspace, *, dry_run: bool = False) -> Elevation:
    """Publish a delivered terrain.

    Parameters
    ----------
    delivered : DataArray (y, x) [``attrs["units"]``, vertical datum of the entry]
        As `sdi.source.read_raster` gives it.
    entry : Entry
        What the delivery says of itself.
    workspace : Workspace
        The city.
    dry_run : bool
        Check only; write nothing.

    Returns
    -------
    Elevation
        With every trap that was found.
    """
    delivered = delivered.assign_attrs(vertical_datum=entry.accuracy.vertical_datum or "unknown")
    report = check(delivered)
    conditioned = condition(delivered)
    grid = _storage_grid(conditioned.terrain, workspace)
    terrain = resample(conditioned.terrain, grid, workspace.crs.operation)
    terrain.attrs = {"units": "m", "standard_name": "surface_altitude", "long_name": entry.title.en}
    terrain.attrs["vertical_datum"] = report.vertical_datum or "unknown"
    remaining = TerrainReport(tuple(one for one in report.findings if one.code not in REPAIRED), report.vertical_datum)
    description = _description(entry, remaining)
    if not dry_run:
        description = raster.write(workspace.rasters, terrain.to_dataset(name="elevation"), description)
        _keep_report(workspace, entry, report, conditioned.repairs)
    found = ", ".join(one.code for one in report.findings)
    logger.info("%s: %d x %d cells of %g m; found %s", entry.name, *grid.shape, grid.cell[0], found or "nothing wrong")
    return Elevation(terrain, report, conditioned.repairs, description)


def publish_synthetic(workspace: Workspace, terrain: xr.DataArray, name: str = "terrain") -> RasterDescription:
    """Publish a terrain that was invented.

    Parameters
    ----------
    workspace : Workspace
        The city.
    terrain : DataArray (y, x) [m, synthetic datum]
        Ground of the synthetic city, in the storage CRS.
    name : str
        Name of the coverage.

    Returns
    -------
    RasterDescription
        As published.
    """
    report = check(terrain)
    description = RasterDescription(
        name=name, title=Label("Địa hình mô phỏng", "Synthetic terrain"), kind="elevation",
        vertical_datum=report.vertical_datum, fit_for_decisions=report.fit_for_decisions,
        notice=_notice(report), attribution="phusa (synthetic)",
        licence={"name": "Apache-2.0", "grade": "A", "url": None}, bulk=True,
    )  # fmt: skip
    return raster.write(workspace.rasters, terrain.to_dataset(name="elevation"), description)


def _storage_grid(terrain: xr.DataArray, workspace: Workspace) -> Grid:
    """Return the terrain's own grid, or the largest box it fills in the storage CRS in cells as large as its own."""
    source = Grid.from_dataarray(terrain)
    if source.crs == Grid.definition(workspace.crs.code):
        return source
    x, y = source.x[[0, -1]], source.y[[0, -1]]
    sides = {
        "west": (np.full_like(source.y, x[0]), source.y),
        "east": (np.full_like(source.y, x[1]), source.y),
        "north": (source.x, np.full_like(source.x, y[0])),
        "south": (source.x, np.full_like(source.x, y[1])),
    }
    moved = {
        side: shapely.get_coordinates(
            project(shapely.points(*line), source.authority, workspace.crs.code, workspace.crs.operation)
        )
        for side, line in sides.items()
    }
    west, east = float(moved["west"][:, 0].max()), float(moved["east"][:, 0].min())
    south, north = float(moved["south"][:, 1].max()), float(moved["north"][:, 1].min())
    cell = round((north - south) / (source.shape[0] - 1), 1)
    columns, rows = int((east - west) // cell), int((north - south) // cell)
    return Grid.from_bounds((west, north - rows * cell, west + columns * cell, north), cell, workspace.crs.code)


def _description(entry: Entry, report: TerrainReport) -> RasterDescription:
    """Describe a delivered terrain for those who will see it."""
    licence = {"name": entry.licence.name, "grade": entry.licence.grade, "url": entry.licence.url}
    return RasterDescription(
        name=entry.name, title=entry.title, kind=entry.raster or "elevation", vertical_datum=report.vertical_datum,
        fit_for_decisions=report.fit_for_decisions, notice=_notice(report),
        attribution=entry.licence.attribution, licence=licence, bulk=entry.licence.bulk,
    )  # fmt: skip


def _notice(report: TerrainReport) -> Label | None:
    """Return what must be said beside the terrain."""
    return None if report.fit_for_decisions else report.notice()


def _keep_report(workspace: Workspace, entry: Entry, report: TerrainReport, repairs: tuple[Repair, ...]) -> None:
    """Keep what was found and done, for machines and for people."""
    workspace.reports.mkdir(parents=True, exist_ok=True)
    said: dict[str, Any] = {
        "entry": entry.name,
        "fit_for_decisions": report.fit_for_decisions,
        "vertical_datum": report.vertical_datum,
        "findings": [{**asdict(one), "figures": dict(one.figures)} for one in report.findings],
        "repairs": [asdict(one) for one in repairs],
    }
    content = json.dumps(said, ensure_ascii=False, indent=1).encode()
    write_whole(workspace.reports / f"{entry.name}.json", content)
    lines = [f"{one.severity}: {one.code}: {one.message.vi} / {one.message.en}" for one in report.findings]
    lines += [f"repaired: {one.code}: {one.message.vi} / {one.message.en}" for one in repairs]
    write_whole(workspace.reports / f"{entry.name}.txt", ("\n".join(lines) + "\n").encode())
