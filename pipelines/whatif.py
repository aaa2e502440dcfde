"""What if the ground of this zone were brought to that level: two runs, their difference, and who gets wetter.

The proposal is laid over terrain and registers for the comparison alone; it is recorded as a planned thing, and what it
changes is published under its identifier.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import xarray as xr

from frmis.comparison import difference, standing_water
from frmis.ground import Ground
from frmis.result import code_version
from frmis.scenario import Scenario
from frmis.simulation import simulate
from pipelines import compared, recovery
from pipelines.affected import Things, affected, labelled
from pipelines.compared import Case, Compared
from pipelines.ground import lay
from sdi.access import level as access
from sdi.declaration import Label
from sdi.errors import InputError, NotInRegister
from sdi.identity import is_identifier
from sdi.record import Record
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import list_coverages
from sdi.workspace import Workspace
from spp.proposal import Proposal, graded

logger = logging.getLogger(__name__)

ZONES = "plan_zone"
RUN = "run"
"""Kind of the coverages that hold a run."""

Progress = Callable[[float], None]


def run(
    workspace: Workspace,
    registry: Registry,
    *,
    zone: str,
    ground_level: float,
    scenario: Scenario,
    title: Label | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Compare the flood of a scenario before and after a zone is graded to another level, and publish the change.

    The run before is the published one where that is the very same. Everything is recorded in one transaction, and the
    rasters shown after it: a comparison that is killed leaves what was there before.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    zone : str
        Identifier of a plan zone, or a code that it carries.
    ground_level : float [m, datum of the terrain]
        Level to which its ground would be brought. Standing water, crests of levees, what stands on the ground, its
        roughness and its open soil stay as they are.
    scenario : Scenario
        The flood.
    title : Label, optional
        Name of the proposal; zone and level where absent.
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    Compared
        Still to be projected into the publications.

    Raises
    ------
    NotInRegister
        If there is no such zone.
    InputError
        If few may see the zone, it lies outside the terrain, or the level is absurd.
    """
    recovery.rasters(workspace, registry)
    record = _zone(registry, zone)
    _demand_public(registry, record)
    ground = lay(scenario, workspace, registry)
    proposal = Proposal(record.eid, record.geometry, ground_level)
    before = _before(workspace, scenario, ground, _half(progress, 0))
    water = standing_water(before).values
    patch = graded(ground.source, proposal, water=water)
    plain = replace(scenario, terrain_hash=None, ground_hash=None)
    case = Case(
        record, proposal, scenario, title or _title(record, ground_level), before, patch,
        lay(plain, workspace, registry, terrain=patch.elevation), Things.read(registry),
    )  # fmt: skip
    known = compared.find(registry, case)
    if known is not None and known.values["content"] == case.content:
        return Compared.of(known, workspace)
    after = simulate(case.after, case.ground, progress=_half(progress, 1))
    change = difference(before, after)
    rows = labelled(affected(case.things, change, ~water), registry)
    return compared.publish(workspace, registry, case, after, change, rows)


def _zone(registry: Registry, name: str) -> Record:
    """Return a plan zone by its identifier or by a code."""
    register = registry.register(ZONES)
    if is_identifier(name):
        return register.find(name)
    for scheme in register.declaration.schemes:
        try:
            return register.find_by(scheme, name)
        except NotInRegister:
            continue
    raise NotInRegister(
        f"no plan zone carries {name!r} in any of {', '.join(register.declaration.schemes)}; give the code of a zone, "
        "or the identifier in its address /id/plan_zone/…"
    )


def _demand_public(registry: Registry, zone: Record) -> None:
    """Refuse a zone that few may see: what it changes lies where it lies, and everybody sees that."""
    level = access.level_of(registry, zone.eid)
    if level != "public":
        raise InputError(
            f"zone {zone.eid} is {level}, and a comparison shows everybody where it lies; name a public one",
            code="thing-restricted",
        )


def _title(zone: Record, level: float) -> Label:
    """Name a proposal by its zone and its level."""
    code = compared.code_of(zone)
    return Label(f"San nền ô {code} tới {level:g} m", f"Zone {code} graded to {level:g} m")


def _before(workspace: Workspace, scenario: Scenario, ground: Ground, progress: Progress | None) -> xr.Dataset:
    """Return the run on the ground as it is: the published one where it is the very same, else a new one."""
    identifier = ground.pin(scenario).identifier
    for said in list_coverages(workspace.rasters):
        if said.kind == RUN and said.scenario == identifier:
            found = raster.read(workspace.rasters, said.name)
            if found.attrs.get("code_version") == code_version():
                logger.info("what-if: the run before is coverage %s", said.name)
                return found
    return simulate(scenario, ground, progress=progress)


def _half(progress: Progress | None, half: int) -> Progress | None:
    """Return a listener to one of two runs."""
    return None if progress is None else lambda done: progress((half + done) / 2)
