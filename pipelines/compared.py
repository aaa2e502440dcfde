"""A comparison on its way to the public: the proposal, what it changes, the rasters of the change."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import xarray as xr

from frmis.comparison import NOISE, summary
from frmis.ground import Ground
from frmis.result import code_version, notice
from frmis.scenario import Scenario
from pipelines import recorded
from pipelines.affected import DRIER, KINDS, WETTER, Row, Things
from pipelines.exposure import SEEN
from pipelines.flood import terms_of
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import joined
from sdi.grid import Grid
from sdi.record import Record
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.transaction import Transaction
from sdi.workspace import Workspace
from spp.proposal import Graded, Proposal

logger = logging.getLogger(__name__)

ACTOR = "phusa whatif"
PROPOSALS, CHANGES = "proposal", "flood_change"
MAXIMUM_NAME = 200
"""Longest name of a comparison the register keeps [characters]."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison gave."""

    proposal: str
    """Identifier of the proposal, a thing of the register."""
    coverage: str
    """Name of the coverage with the changes."""
    zone: str
    """Identifier of the zone."""
    scenario: str
    run_before: str
    """Identifier of the run on the ground as it is."""
    run_after: str
    """Identifier of the run on the ground as proposed."""
    ground_level: float
    """[m, datum of the terrain]"""
    fill_volume: float
    """[m3]"""
    cut_volume: float
    """[m3]"""
    largest_rise: float
    """Of the depth [m]."""
    largest_fall: float
    """Of the depth [m]."""
    wetter: Mapping[str, int]
    """Number of things that get wetter, by register."""
    drier: Mapping[str, int]
    """Number of things that get drier, by register."""
    transaction: int
    """Transaction that recorded it; 0 where the very same comparison was there already."""
    fit_for_decisions: bool
    notice: str

    @classmethod
    def of(cls, recorded: Record, workspace: Workspace, *, transaction: int = 0) -> Self:
        """Read what a comparison gave from its proposal.

        Parameters
        ----------
        recorded : Record
            The proposal.
        workspace : Workspace
            The city, with the coverage of the change.
        transaction : int
            Transaction that recorded it; 0 where nothing was written.
        """
        said, name = recorded.values, coverage_of(recorded.eid)
        notice = RasterDescription.read(workspace.rasters / name).notice
        same = (
            "zone", "scenario", "run_before", "run_after", "ground_level", "fill_volume", "cut_volume", "largest_rise",
            "largest_fall",
        )  # fmt: skip
        return cls(
            proposal=recorded.eid, coverage=name, **{key: said[key] for key in same}, transaction=transaction,
            wetter={kind: int(said[f"{kind}s_wetter"]) for kind in KINDS},
            drier={kind: int(said[f"{kind}s_drier"]) for kind in KINDS},
            fit_for_decisions=bool(said["fit_for_decisions"]), notice=notice.en if notice else "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One comparison before its second run."""

    zone: Record
    proposal: Proposal
    scenario: Scenario
    title: Label
    before: xr.Dataset
    """Run on the ground as it is."""
    graded: Graded
    ground: Ground
    """Ground as proposed."""
    things: Things

    @property
    def after(self) -> Scenario:
        """The run on the ground as proposed."""
        return self.ground.pin(replace(self.scenario, terrain_hash=None, ground_hash=None))

    @property
    def content(self) -> str:
        """Hash of everything that decides the result."""
        runs = [self.before.attrs["scenario"], self.after.identifier]
        things = self.things.fingerprint(Grid.from_dataarray(self.ground.source))
        parts = [self.proposal.digest(), *runs, things, NOISE, code_version(), asdict(self.title)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def coverage_of(proposal: str) -> str:
    """Return the name of the coverage that shows what a proposal changes."""
    return f"proposal-{proposal}"


def code_of(zone: Record) -> str:
    """Return what a zone goes by: its official code, or its identifier."""
    return next(iter(zone.identifiers.values()), zone.eid)


def find(registry: Registry, case: Case) -> Record | None:
    """Return the proposal that is recorded already for a zone, a level and a scenario.

    Parameters
    ----------
    registry : Registry
        Where proposals are kept.
    case : Case
        Names the three.

    Returns
    -------
    Record or None
        None where nobody compared it before.
    """
    register = registry.register(PROPOSALS)
    wanted = (case.proposal.zone, float(case.proposal.ground_level), case.scenario.name)
    held = register.table("zone", "ground_level", "scenario")
    eids = [eid for eid, *said in zip(held.eids, *held.values.values(), strict=True) if tuple(said) == wanted]
    return register.find(eids[0]) if eids else None


def publish(
    workspace: Workspace, registry: Registry, case: Case, after: xr.Dataset, change: xr.Dataset, rows: Sequence[Row]
) -> Compared:
    """Record a comparison in place of an earlier one of the same proposal, and show its rasters.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    case : Case
        What was compared.
    after : Dataset
        Run on the ground as proposed.
    change : Dataset
        Of `frmis.comparison.difference`.
    rows : sequence of Row
        Who gets wetter or drier.

    Returns
    -------
    Compared
    """
    reason = f"what-if: {case.title.en}, scenario {case.scenario.name}"
    with registry.transaction(ACTOR, reason, source_sha256=case.content) as tx:
        trust = _trust(case.before, after)
        eid = _record_proposal(registry, case, _values(registry, case, change, rows) | trust, tx)
        prepared = raster.prepare(workspace.rasters, change, _description(workspace, registry, case, after, eid))
        _record_changes(registry, case, rows, eid, trust, tx)
        for register, accepted in ((PROPOSALS, 1), (CHANGES, len(rows))):
            provenance.record(
                tx, prepared.name, register, custodian=ACTOR, sha256=prepared.version, accepted=accepted,
                licence=prepared.terms,
            )  # fmt: skip
    raster.complete(workspace.rasters, prepared.name)
    logger.info(
        "proposal %s: %.0f m3 of fill, %d things changed, transaction %d", eid, case.graded.fill, len(rows), tx.number
    )
    return Compared.of(registry.register(PROPOSALS).find(eid), workspace, transaction=tx.number)


def _trust(before: xr.Dataset, after: xr.Dataset) -> dict[str, Any]:
    """Say whether both runs may be decided upon, and what must be said beside the result."""
    fit = all(bool(run.attrs["fit_for_decisions"]) for run in (before, after))
    return {"fit_for_decisions": fit, "notice": recorded.short(notice(after))}


def _values(registry: Registry, case: Case, change: xr.Dataset, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the fields of a proposal but those about trust."""
    figures, patch = summary(change["depth_change"]), case.graded
    counts = {
        f"{kind}s_{way}": sum(row.entity_kind == kind and row.change in codes for row in rows)
        for kind in KINDS
        for way, codes in (("wetter", WETTER), ("drier", DRIER))
    }
    datum = str(patch.elevation.attrs.get("vertical_datum"))
    return {
        "zone": case.zone.eid, "zone_code": code_of(case.zone), "ground_level": float(case.proposal.ground_level),
        "ground_level_before": round(patch.level_before, 3), "ground_level_planned": case.zone.values["ground_level"],
        "datum": datum if registry.catalog.codes["vertical_datum"].code(datum) else None,
        "graded_area": patch.area, "kept_area": patch.kept, "fill_volume": round(patch.fill, 1),
        "cut_volume": round(patch.cut, 1), "scenario": case.scenario.name, "run_before": change.attrs["run_before"],
        "run_after": change.attrs["run_after"], "content": case.content, "noise": NOISE,
        "largest_rise": round(figures["largest_rise_m"], 3), "largest_fall": round(figures["largest_fall_m"], 3),
        "deeper_area": figures["deeper_m2"], "shallower_area": figures["shallower_m2"], **counts,
    }  # fmt: skip


def _record_proposal(registry: Registry, case: Case, values: Mapping[str, Any], tx: Transaction) -> str:
    """Record a proposal, or what a new comparison says of it; return its identifier."""
    register, names = registry.register(PROPOSALS), asdict(case.title)
    known = find(registry, case)
    if known is not None:
        register.change(known.eid, values, tx, valid_from=tx.moment, names=names)
        return known.eid
    batch = Batch(
        values={name: [value] for name, value in values.items()}, geometry=np.array([case.zone.geometry], dtype=object),
        names={language: [text] for language, text in names.items()}, valid_from=tx.moment, status="planned",
        accuracy=case.zone.accuracy,
    )  # fmt: skip
    (eid,) = register.add(batch, tx)
    register.relate(eid, "affects", [case.zone.eid], tx, valid_from=tx.moment)
    return eid


def _record_changes(
    registry: Registry, case: Case, rows: Sequence[Row], proposal: str, trust: Mapping[str, Any], tx: Transaction
) -> None:
    """Record who gets wetter or drier in place of what was known before."""
    register = registry.register(CHANGES)
    recorded.retire_last(register, tx, proposal=proposal)
    copied = (
        "entity", "entity_kind", "label", "change", "rank", "depth_before", "depth_after", "depth_change",
        "buildings_wetter", "buildings_drier", "people_wetter",
    )  # fmt: skip
    name = f"{case.title.vi} ({case.scenario.name})"[:MAXIMUM_NAME]
    shared = {"proposal": proposal, "comparison": name, "scenario": case.scenario.name, **trust}
    values = {name: [getattr(row, name) for row in rows] for name in copied}
    values |= {name: [value] * len(rows) for name, value in shared.items()}
    register.add(Batch(values, locations=[row.location for row in rows], valid_from=tx.moment), tx)


def _description(
    workspace: Workspace, registry: Registry, case: Case, after: xr.Dataset, proposal: str
) -> RasterDescription:
    """Describe the rasters of a change; what may be done with all that it is made of may be done with them."""
    terrain = RasterDescription.read(workspace.rasters / case.scenario.terrain)
    things = [one for kind in KINDS for one in provenance.licences(registry, kind, SEEN)]
    flood = case.scenario.title or Label(case.scenario.name, case.scenario.name)
    level, noise = case.proposal.ground_level, NOISE * 1000
    return RasterDescription(
        name=coverage_of(proposal),
        title=case.title,
        description=Label(
            f"Thay đổi của độ sâu và mực nước lớn nhất trong kịch bản {flood.vi} nếu nền ô {code_of(case.zone)} ở "
            f"{level:g} m. Giả định: mặt nước, cao trình đê, công trình trên nền, độ nhám và độ thấm giữ nguyên; "
            f"chênh lệch dưới {noise:g} mm coi như không đổi.",
            f"Change of the largest depth and level of scenario {flood.en} if the ground of zone {code_of(case.zone)} "
            f"lay at {level:g} m. Supposed: standing water, crests of levees, what stands on the ground, roughness and "
            f"open soil stay as they are; less than {noise:g} mm counts as no change.",
        ),
        kind="difference",
        vertical_datum=after.attrs["vertical_datum"],
        fit_for_decisions=_trust(case.before, after)["fit_for_decisions"],
        notice=notice(after),
        scenario=after.attrs["scenario"],
        **RasterDescription.under(joined([terrain.terms, *terms_of(case.scenario, registry), *things])),
    )  # fmt: skip
