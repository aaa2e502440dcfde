"""One scenario on several terrains: what the runs agree upon, what they do not, and how much that is.

Where nobody knows the ground, one run looks surer than it is. The members of an ensemble show what the choice of the
terrain alone does to the answer.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import xarray as xr

from frmis.comparison import FLOODED, depth_on_land
from frmis.ensemble import Agreement, agreements, areas, on_one_grid, statistics
from frmis.result import code_version
from frmis.scenario import Scenario
from frmis.simulation import simulate
from pipelines import flood, recorded, recovery
from pipelines.ground import lay
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, joined
from sdi.errors import InputError
from sdi.grid import Grid
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.transaction import Transaction
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

REGISTER = "flood_agreement"
ACTOR = "phusa flood ensemble"

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Ensembled:
    """What an ensemble gave."""

    identifier: str
    """Hash of the identifiers of the members and of what decides their summary."""
    coverage: str
    """Name of the coverage with mean, range and shares."""
    members: Mapping[str, str]
    """Identifier of the run on each terrain."""
    agreements: tuple[Agreement, ...]
    """Of every two members."""
    mean_disagreement: float
    """Mean range of the depths over cells flooded in any member [m]; 0 where all stay dry."""
    areas: int
    """Number of polygons recorded."""
    transaction: int
    """Transaction that recorded them; 0 where the very same result was there already."""
    fit_for_decisions: bool
    notice: str


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The members of an ensemble and their summary."""

    scenario: Scenario
    runs: Mapping[str, xr.Dataset]
    """By terrain."""
    summary: xr.Dataset
    """Of `frmis.ensemble.statistics`."""
    agreements: tuple[Agreement, ...]
    moved: tuple[str, ...]
    """Members that were brought to the grid of the first."""
    disagreement: float
    """Mean range of the depths over cells flooded in any member [m]."""

    @property
    def identifier(self) -> str:
        """Hash of everything that decides the summary."""
        runs = {terrain: run.attrs["scenario"] for terrain, run in self.runs.items()}
        said = json.dumps([list(runs.items()), FLOODED, code_version()])
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def index(self) -> float | None:
        """Area flooded in all members over the area flooded in any [1]; None where all stay dry."""
        share = self.summary["share_wet"].values
        any_member = share > 0
        return float((share[any_member] == 1).mean()) if any_member.any() else None

    @property
    def fit_for_decisions(self) -> bool:
        """Whether every member may be decided upon."""
        return all(bool(run.attrs["fit_for_decisions"]) for run in self.runs.values())

    @property
    def notice(self) -> Label:
        """What must be said beside the summary: how far the members disagree, then what each says of itself."""
        return Label(self._notice("vi"), self._notice("en"))

    def _notice(self, language: str) -> str:
        """Say it in one language; what the scenario says stands once, before the terrains."""
        shared = [one.of(language) for one in self.scenario.notices]
        key = "notice_vi" if language == "vi" else "notice"
        own = [(terrain, str(one.attrs.get(key, ""))) for terrain, one in self.runs.items()]
        for said in shared:
            own = [(terrain, text.replace(said, "").strip()) for terrain, text in own]
        named = [f"{terrain}: {text}" for terrain, text in own if text]
        return " ".join([self._disagreement.of(language), *shared, *named])

    @property
    def _disagreement(self) -> Label:
        """How far the members disagree."""
        count, index, moved = len(self.runs), _figure(self.index), ", ".join(self.moved)
        vi = f"{count} địa hình cho kết quả khác nhau: trùng khớp vùng ngập {index}, độ sâu chênh trung bình "
        vi += f"{self.disagreement:.2f} m" + (f"; {moved} được đưa về lưới của địa hình đầu" if moved else "")
        en = f"{count} terrains give different answers: extents agree by {index}, depths differ by "
        en += f"{self.disagreement:.2f} m on average" + (f"; {moved} brought to the grid of the first" if moved else "")
        return Label(f"{vi}.", f"{en}.")


def run(
    scenario: Scenario,
    workspace: Workspace,
    registry: Registry,
    *,
    terrains: Sequence[str],
    progress: Progress | None = None,
) -> Ensembled:
    """Run a scenario on several terrains and publish what they agree upon.

    Parameters
    ----------
    scenario : Scenario
        The run; its own terrain plays no part unless it is among those given.
    workspace : Workspace
        The city, with the terrains among its coverages.
    registry : Registry
        Its registry.
    terrains : sequence of str
        Names of at least two coverages; the result lies on the grid of the first.
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    Ensembled
        Still to be projected into the publications.

    Raises
    ------
    InputError
        If fewer than two terrains are given, or one of them twice.
    """
    if len(set(terrains)) != len(terrains) or len(terrains) < 2:
        raise InputError(
            f"an ensemble needs at least two different terrains, found {', '.join(terrains) or 'none'}; name each once",
            code="ensemble-small",
        )
    recovery.rasters(workspace, registry)
    runs = {}
    for number, terrain in enumerate(terrains):
        member = replace(scenario, terrain=terrain, terrain_hash=None, ground_hash=None)
        runs[terrain] = simulate(
            member, lay(member, workspace, registry), progress=_part(progress, number, len(terrains))
        )
    return _publish(workspace, registry, _found(scenario, runs, workspace))


def _part(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Return a listener to one of several runs."""
    return None if progress is None else lambda done: progress((number + done) / count)


def _found(scenario: Scenario, runs: Mapping[str, xr.Dataset], workspace: Workspace) -> Found:
    """Summarise the runs."""
    depths, moved = on_one_grid({name: depth_on_land(one) for name, one in runs.items()}, workspace.crs.operation)
    summary = statistics(list(depths.values()))
    flooded = summary["disagreement"].values[summary["share_wet"].values > 0]
    disagreement = float(flooded.mean()) if flooded.size else 0.0
    return Found(scenario, runs, summary, agreements(depths), moved, disagreement)


def _publish(workspace: Workspace, registry: Registry, found: Found) -> Ensembled:
    """Record the polygons of an ensemble in place of those of an earlier one of its name, and show its rasters."""
    outlines = areas(found.summary, len(found.runs))
    prepared = raster.prepare(workspace.rasters, found.summary, _description(workspace, registry, found))
    number = 0 if recovery.is_recorded(registry, prepared) else _record(registry, found, outlines, prepared)
    raster.complete(workspace.rasters, prepared.name)
    logger.info(
        "ensemble %s: %d members, %d areas, transaction %d", prepared.name, len(found.runs), len(outlines), number
    )
    return Ensembled(
        found.identifier, prepared.name, {name: one.attrs["scenario"] for name, one in found.runs.items()},
        found.agreements, found.disagreement, len(outlines), number, found.fit_for_decisions, found.notice.en,
    )  # fmt: skip


def _record(registry: Registry, found: Found, outlines: gpd.GeoDataFrame, prepared: RasterDescription) -> int:
    """Record the polygons and where they come from; return the transaction."""
    name = found.scenario.name
    with registry.transaction(ACTOR, f"ensemble of scenario {name}", source_sha256=prepared.version) as tx:
        register = registry.register(REGISTER)
        recorded.retire_last(register, tx, scenario=name)
        register.add(_batch(found, outlines, tx), tx)
        provenance.record(
            tx, prepared.name, REGISTER, custodian=ACTOR, sha256=prepared.version, accepted=len(outlines),
            licence=prepared.terms,
        )  # fmt: skip
    return tx.number


def _batch(found: Found, outlines: gpd.GeoDataFrame, tx: Transaction) -> Batch:
    """Return the polygons as things to be added."""
    shared = {
        "scenario": found.scenario.name, "members": len(found.runs),
        "terrains": ", ".join(found.runs)[: recorded.MAXIMUM_NOTICE],
        "flooded_from": FLOODED, "critical_success_index": found.index,
        "fit_for_decisions": found.fit_for_decisions, "notice": recorded.short(found.notice),
    }  # fmt: skip
    cell = max(Grid.from_dataarray(found.summary).cell)
    return Batch(
        values={
            "agreement": outlines["agreement"].tolist(),
            **{key: [one] * len(outlines) for key, one in shared.items()},
        },
        geometry=np.asarray(outlines.geometry.to_numpy(), dtype=object),
        valid_from=tx.moment,
        accuracy=Accuracy(cell, method="derived"),
    )


def _description(workspace: Workspace, registry: Registry, found: Found) -> RasterDescription:
    """Describe the rasters of an ensemble; what may be done with all that it is made of may be done with them."""
    terrains = [RasterDescription.read(workspace.rasters / name) for name in found.runs]
    terms = [one.terms for one in terrains]
    title = found.scenario.title or Label(found.scenario.name, found.scenario.name)
    count, told = len(terrains), "; ".join(_told(one) for one in found.agreements)
    runs = ", ".join(f"{name} {one.attrs['scenario'][:12]}" for name, one in found.runs.items())
    return RasterDescription(
        name=f"ensemble-{found.scenario.name.replace('_', '-')}",
        title=Label(f"{title.vi}: {count} địa hình", f"{title.en}: {count} terrains"),
        description=Label(
            f"Độ sâu trung bình, nhỏ nhất, lớn nhất, tỷ lệ ngập từ {FLOODED:g} m và mức chênh của {count} lần chạy "
            f"kịch bản {title.vi}: {runs}. Trùng khớp vùng ngập, tương quan, chênh lệch trung bình: {told}.",
            f"Mean, smallest and largest depth, share flooded from {FLOODED:g} m and disagreement of {count} runs of "
            f"scenario {title.en}: {runs}. Agreement of the extents, correlation, mean difference: {told}.",
        ),
        kind="ensemble",
        fit_for_decisions=found.fit_for_decisions,
        notice=found.notice,
        scenario=found.identifier,
        **RasterDescription.under(joined([*terms, *flood.terms_of(found.scenario, registry)])),
    )


def _told(pair: Agreement) -> str:
    """Tell how well two members agree, in figures that need no language."""
    figures = f"{_figure(pair.critical_success_index)}, {_figure(pair.correlation)}, {pair.mean_difference:+.2f} m"
    return f"{pair.first} – {pair.second} {figures}"


def _figure(value: float | None) -> str:
    """Return a figure [1] as text; a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"
