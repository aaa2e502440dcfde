"""From a terrain and the registers to the ground a run needs: land cover, obstacles, levees and gates."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shapely
import xarray as xr

from frmis import barrier, landcover, obstacle
from frmis.barrier import Barriers, Levee, Site
from frmis.connectivity import Mask, border
from frmis.ground import Ground
from frmis.landcover import LandCover, Surfaces
from frmis.scenario import Scenario
from frmis.structure import CLOSED, OPEN, Schedule, Structure
from sdi.declaration import Declaration
from sdi.errors import InputError, NotInRegister
from sdi.grid import Grid
from sdi.record import Record
from sdi.registry import Registry
from sdi.store import raster
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

STRUCTURES = "flood_structure"
LEVEES = frozenset({"embankment", "flood_wall"})
"""Kinds of structure that hold water back along a line."""
GATES = frozenset({"tide_gate", "sluice", "lock"})
"""Kinds of structure that close a gap."""
TABLES = "landcover"
"""Folder of the land-cover tables in a catalogue."""


def lay(
    scenario: Scenario,
    workspace: Workspace,
    registry: Registry,
    *,
    terrain: xr.DataArray | None = None,
    recorded: int | str | None = None,
) -> Ground:
    """Lay everything a scenario names on its terrain.

    Parameters
    ----------
    scenario : Scenario
        The run: names its terrain, land cover, obstacles and structures.
    workspace : Workspace
        The city, with the terrain among its coverages and the tables in its catalogue.
    registry : Registry
        Its registry.
    terrain : DataArray (y, x) [m, ``attrs["vertical_datum"]``], optional
        A terrain to be used instead, for example one that is planned.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date. A run of the past is made again as it was then, whatever
        was corrected since; now where absent.

    Returns
    -------
    Ground
        Bare where the scenario names nothing but the terrain.

    Raises
    ------
    NotFound
        If there is no such terrain, coverage or table.
    NotInRegister
        If no structure carries one of the identifiers.
    InputError
        If a structure, a level or a code cannot be used; says which and why.
    """
    if terrain is None:
        terrain = raster.read(workspace.rasters, scenario.terrain)["elevation"].load()
    terrain = terrain.transpose("y", "x")
    ground = Ground.of(terrain)
    if scenario.land_cover is None and scenario.obstacles is None and not scenario.structures:
        return ground
    grid = Grid.from_dataarray(terrain)
    _demand_storage_crs(grid, workspace)
    if scenario.land_cover is not None:
        surfaces = _surfaces(scenario.land_cover, workspace, registry, grid, recorded)
        ground = replace(ground, roughness=surfaces.roughness, pervious=surfaces.pervious)
        logger.info("%s: %.0f %% of the area without land cover", scenario.terrain, 100 * surfaces.unknown)
    if scenario.obstacles is not None:
        shapes = _areas(registry, scenario.obstacles.register, recorded=recorded).geometry
        ground = replace(ground, elevation=obstacle.build(terrain, shapes, scenario.obstacles), terrain=terrain)
        logger.info("%s: %d obstacles from register %s", scenario.terrain, len(shapes), scenario.obstacles.register)
    if scenario.structures:
        barriers = _barriers(scenario, registry, ground, recorded)
        ground = replace(ground, crest_x=barriers.crest_x, crest_y=barriers.crest_y, gates=barriers.gates)
    return ground


def _demand_storage_crs(grid: Grid, workspace: Workspace) -> None:
    """Refuse a terrain on which the places of the registers would lie elsewhere."""
    if grid.crs != Grid.definition(workspace.crs.code):
        raise InputError(
            f"the terrain lies in {grid.authority}, the registers in {workspace.crs.code}; ingest the terrain, "
            "which brings it to the storage CRS"
        )


# land cover and obstacles --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """Things with an area."""

    geometry: Sequence[Any]
    codes: Sequence[str | None]


def _areas(registry: Registry, name: str, field: str | None = None, *, recorded: int | str | None = None) -> _Areas:
    """Return the areas of a register, with the code of one of its fields."""
    if name not in registry.catalog.registers:
        raise InputError(f"there is no register {name!r}; known are {', '.join(registry.catalog.registers)}")
    _demand_public(registry.catalog.registers[name], field)
    table = registry.register(name).table(*([field] if field else []), recorded=recorded, level="public")
    shapes = table.geometry
    area = np.array([shape is not None and shapely.get_dimensions(shape) == 2 for shape in shapes], dtype=bool)
    if len(table) and not area.any():
        raise InputError(f"the {len(table)} things of register {name} have no area; name one whose things have")
    rows = np.flatnonzero(area).tolist()
    values = table.values[field] if field else [None] * len(table)
    return _Areas([shapes[row] for row in rows], [values[row] for row in rows])


def _demand_public(declaration: Declaration, name: str | None) -> None:
    """Refuse a field that is not public: its values would stand in messages, and show in a result that is."""
    field = declaration.field(name or "")
    if field is not None and field.access != "public":
        public = ", ".join(one.name for one in declaration.published("public"))
        raise InputError(
            f"field {field.name} of register {declaration.name} is {field.access}, and a result shows what it is made "
            f"of; name a public one ({public or 'it has none'})",
            code="field-restricted",
        )


def _surfaces(
    cover: LandCover, workspace: Workspace, registry: Registry, grid: Grid, recorded: int | str | None
) -> Surfaces:
    """Lay the land cover of a scenario on its grid."""
    table = landcover.find(cover.table, [folder / TABLES for folder in workspace.catalogs])
    if cover.register is not None:
        areas = _areas(registry, cover.register, cover.field, recorded=recorded)
        return landcover.lay(table, areas.geometry, areas.codes, grid)
    return landcover.classified(table, _codes(str(cover.coverage), workspace, grid))


def _codes(name: str, workspace: Workspace, grid: Grid) -> xr.DataArray:
    """Return the codes of a coverage at the cells of a grid, each the nearest one."""
    coverage = raster.read(workspace.rasters, name)
    codes = coverage[next(iter(coverage.data_vars))]
    source = Grid.from_dataarray(codes)
    if source.crs != grid.crs:
        raise InputError(f"coverage {name} lies in {source.authority}, the terrain in {grid.authority}; resample it")
    return codes.reindex(x=grid.x, y=grid.y, method="nearest", tolerance=max(source.cell)).load()


# structures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The structures of a scenario."""

    levees: list[Levee]
    sites: list[Site]

    @classmethod
    def found(
        cls, structures: Sequence[Structure], registry: Registry, datum: str, recorded: int | str | None
    ) -> _Parts:
        """Find structures in the register, by identifier."""
        parts = cls([], [])
        for structure in structures:
            record = _record(structure, registry, recorded)
            kind = record.values["structure_kind"]
            if kind in LEVEES:
                parts.levees.append(_levee(structure, record, datum))
            elif kind in GATES:
                parts.sites.append(_site(structure, record, datum))
            else:
                raise InputError(
                    f"structure {structure.value} is a {kind}; a run can use {', '.join(sorted(LEVEES | GATES))}",
                    code="structure-kind",
                )
        return parts


def _barriers(scenario: Scenario, registry: Registry, ground: Ground, recorded: int | str | None) -> Barriers:
    """Lay the levees and gates of a scenario on the sides of cells."""
    datum = str(ground.elevation.attrs.get("vertical_datum", "unknown"))
    parts = _Parts.found(scenario.structures, registry, datum, recorded)
    bed, grid = ground.elevation.values, Grid.from_dataarray(ground.elevation)
    barriers = barrier.lay(bed, grid, parts.levees, parts.sites, _outside(scenario, bed))
    logger.info("%s: %d levees, %d gates", scenario.terrain, len(parts.levees), len(parts.sites))
    return barriers


def _record(structure: Structure, registry: Registry, recorded: int | str | None) -> Record:
    """Find a structure by its identifier."""
    if structure.scheme not in registry.catalog.schemes:
        raise InputError(
            f"there is no identifier scheme {structure.scheme!r}; known are {', '.join(registry.catalog.schemes)}",
            code="scheme-unknown",
        )
    try:
        return registry.register(STRUCTURES).find_by(structure.scheme, structure.value, recorded=recorded)
    except NotInRegister as error:
        raise NotInRegister(
            f"no flood structure carries {structure.scheme} {structure.value!r}; was the register loaded, or the "
            "structure taken down? Name one that stands, or take it out of the scenario",
            code="structure-unknown",
        ) from error


def _levee(structure: Structure, record: Record, datum: str) -> Levee:
    """Return a levee as the grid needs it."""
    if structure.state is not None or structure.line is not None:
        raise InputError(
            f"structure {structure.value} is a {record.values['structure_kind']} and cannot be opened; take state and "
            "line away"
        )
    if record.geometry is None or shapely.get_dimensions(record.geometry) != 1:
        raise InputError(f"levee {structure.value} is no line in the register; survey its crest")
    return Levee(structure.value, record.geometry, _level(record, structure, "crest_level", datum))


def _site(structure: Structure, record: Record, datum: str) -> Site:
    """Return a gate as the grid needs it."""
    if record.geometry is None:
        raise InputError(f"gate {structure.value} has no place in the register; survey it")
    return Site(
        structure.value, shapely.centroid(record.geometry),
        sill=_level(record, structure, "sill_level", datum), crest=_level(record, structure, "crest_level", datum),
        width=record.values["opening_width"], openings=_openings(structure, record), line=structure.line,
    )  # fmt: skip


def _level(record: Record, structure: Structure, field: str, datum: str) -> float:
    """Return a level of a structure, which must stand over the datum of the terrain [m]."""
    value, stated = record.values[field], record.values["datum"] or record.accuracy.vertical_datum
    if value is None:
        raise InputError(f"structure {structure.value} has no {field} in the register; survey it", code="level-missing")
    if stated in {None, "unknown"}:
        raise InputError(
            f"the levels of structure {structure.value} state no vertical datum; a level means nothing without one: "
            "correct its datum in the register",
            code="vertical-datum-undeclared",
        )
    if stated != datum:
        raise InputError(
            f"the levels of structure {structure.value} stand over datum {stated}, the terrain over {datum}; bring "
            "both to one datum",
            code="vertical-datum-differs",
        )
    return float(value)


def _openings(structure: Structure, record: Record) -> Schedule | Literal["automatic"]:
    """Return what a gate does: what the scenario says, else the state it has in the register."""
    if structure.state == "automatic" or isinstance(structure.state, Schedule):
        return structure.state
    state = structure.state or record.values["gate_state"]
    if state not in {"open", "closed"}:
        raise InputError(
            f"gate {structure.value} is {state or 'in no known state'} in the register; give its state in the "
            "scenario: open, closed, automatic, or a schedule",
            code="gate-state-unknown",
        )
    return OPEN if state == "open" else CLOSED


def _outside(scenario: Scenario, bed: np.ndarray[Any, Any]) -> Mask:
    """Mark the cells from which the outer water comes: those at edges with a level, else at free edges."""
    edges = scenario.boundary.edges()
    kind = "level" if any(edge.kind == "level" for edge in edges.values()) else "free"
    outside = np.zeros(bed.shape, dtype=bool)
    for side, edge in edges.items():
        if edge.kind == kind:
            highest = np.inf if edge.highest_bed is None else edge.highest_bed
            outside |= border((bed.shape[0], bed.shape[1]), side) & (np.nan_to_num(bed, nan=np.inf) < highest)
    return outside
