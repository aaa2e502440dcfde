"""A reform of administrative units: old units end, new ones begin, and every source says what became of which.

Units are never joined by a bare code or a bare name. Codes are looked up as of a date; what became of a unit is what
the tables say, each as a source of its own: where they differ, both are kept and `Lineage.conflicts` lists them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import ingest, publish
from pipelines.ingest import Progress, silent
from pipelines.reform import evidence, hierarchy, matching, overlay, succession
from pipelines.reform.delivered import Saying, Told
from pipelines.reform.evidence import Sources
from pipelines.reform.matching import Difference, Eids
from pipelines.reform.reform_file import Later, Reform
from sdi import provenance
from sdi.errors import ConflictError
from sdi.lineage.step import Conflict, Step
from sdi.quality import Report
from sdi.registry import Registry
from sdi.transaction import Transaction
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reformed:
    """What a reform did."""

    name: str
    ended: int
    """Old units that ended."""
    begun: int
    """New units."""
    unchanged: int
    """Units that went on as they were."""
    above: int
    """Units that the old ones belonged to, which ended with them."""
    steps: Mapping[str, int]
    """Rows of lineage, by source."""
    conflicts: tuple[Conflict, ...]
    """What two sources state differently, with both values; empty after a dry run."""
    differences: tuple[Difference, ...]
    unmatched: tuple[str, ...]
    """Names on older maps that belong to no old unit, or to several."""
    reports: tuple[Report, ...]
    """Outcome of every row of each delivery."""
    transaction: int
    """Transaction that recorded it; 0 after a dry run, and where it was recorded before."""

    @property
    def repairs(self) -> Mapping[str, Mapping[str, int]]:
        """What was mended in the cells of each delivery."""
        mended = {
            one.entry: Counter(found.message for found in one.findings if found.action == "repaired")
            for one in self.reports
        }
        return {entry: counts for entry, counts in mended.items() if counts}


def run(
    reform: Reform, workspace: Workspace, registry: Registry, data: Path, *, dry_run: bool = False,
    progress: Progress = silent, told: Callable[[Report], None] = lambda _report: None,
) -> Reformed:  # fmt: skip
    """Record a reform: the old units, the new ones, and what every source says became of which.

    Parameters
    ----------
    reform : Reform
        Says where the lists and tables lie, and what their words mean.
    workspace : Workspace
        The city.
    registry : Registry
        Its registry. Units that it knows already, by their codes as of the date, are those that are meant.
    data : Path
        Folder of delivered data.
    dry_run : bool
        Read and check only; write nothing.
    progress : callable
        Told how far it is.
    told : callable
        Told the report of each delivery once all of them were read and held against each other.

    Returns
    -------
    Reformed
        Counts, conflicts and differences.

    Raises
    ------
    RefusedError
        If the sources name units that no list has; nothing is written.
    ConflictError
        If the reform was recorded from other files.
    """
    progress("read", 0.0)
    sources = evidence.read(reform, registry.crs, data)
    reports = tuple(one.report(reform.register, reform.title) for one in (*sources.all, *sources.lists))
    for report in reports:
        told(report)
    steps: Mapping[str, int] = {}
    differences: list[Difference] = []
    number = 0
    if not dry_run:
        progress("record", 0.4)
        if not _known(sources.all, registry):
            steps, differences, number = _reform(reform, sources, registry)
        for listed, later in zip(sources.lists, reform.lists, strict=True):
            differences += [] if _known([listed], registry) else _compare(listed, later, reform, registry)
        progress("publish", 0.8)
        publish.run(workspace, registry)
        for report in reports:
            ingest.keep_report(workspace, report)
    unchanged = len(sources.unchanged)
    return Reformed(
        reform.name, len(sources.before.units) - unchanged, len(sources.tables[0].units) - unchanged, unchanged,
        sum(map(len, sources.before.above)), steps,
        registry.lineage.conflicts(kind=reform.register), tuple(differences),
        tuple(name for _, matched in sources.maps for name in matched.unmatched),
        reports, number,
    )  # fmt: skip


def _reform(reform: Reform, sources: Sources, registry: Registry) -> tuple[Mapping[str, int], list[Difference], int]:
    """Record it all in one transaction; return the rows of lineage, the names that differ, and the transaction."""
    with registry.transaction(reform.custodian, f"reform {reform.name}", decision=reform.decision) as tx:
        if _known(sources.all, registry):  # another process was faster
            return {}, [], 0
        old, new, differences = succession.record(reform, sources, registry, tx)
        steps = _record(reform, sources, (old, new), registry, tx)
        hierarchy.record(reform, sources, (old, new), registry, tx)
        for told in sources.all:
            _keep(told, reform, tx)
    logger.info("%s: %d rows of lineage recorded in transaction %d", reform.name, sum(steps.values()), tx.number)
    return steps, differences, tx.number


def _compare(told: Told, later: Later, reform: Reform, registry: Registry) -> list[Difference]:
    """Hold a later list against what is known, and record the names that changed."""
    with registry.transaction(reform.custodian, f"list {told.entry}", decision=later.decision) as tx:
        if _known([told], registry):
            return []
        differences = matching.compare(told, later, reform, registry, tx)
        _keep(told, reform, tx)
    return differences


def _keep(told: Told, reform: Reform, tx: Transaction) -> None:
    """Say where something came from."""
    provenance.record(
        tx, told.entry, reform.register, custodian=reform.custodian, licence=told.licence, sha256=told.sha256,
        accepted=len(told.sayings) or len(told.units),
    )  # fmt: skip


def _known(given: Sequence[Told], registry: Registry) -> bool:
    """Tell whether these very files were recorded before.

    Raises
    ------
    ConflictError
        If some of them are others than those that were recorded.
    """
    last = [provenance.last(registry, told.entry) for told in given]
    same = [kept is not None and kept[0] == told.sha256 for kept, told in zip(last, given, strict=True)]
    if not any(last) or all(same):
        return all(same)
    raise ConflictError(
        f"the reform was recorded before, and {given[same.index(False)].entry} from another file or not at all; what "
        "a source says otherwise is a correction (Lineage.correct)",
        code="delivery-superseded",
    )


# lineage -----------------------------------------------------------------------------------------------------------


def _record(
    reform: Reform, sources: Sources, units: tuple[Eids, Eids], registry: Registry, tx: Transaction
) -> dict[str, int]:
    """Record what every source says; return the number of rows by source."""
    said = {told.entry: _steps(told.entry, told.sayings, units, reform) for told in sources.tables}
    divided = sources.divided
    for told, matched in sources.maps:
        shapes = _shapes(units[1], registry, reform)
        said[told.entry] = [
            step
            for old in divided
            for step in _laid_over(told.entry, old, divided[old], matched, shapes, units, reform)
        ]
    return {entry: registry.lineage.record(steps, tx) for entry, steps in said.items()}


def _steps(entry: str, sayings: Iterable[Saying], units: tuple[Eids, Eids], reform: Reform) -> list[Step]:
    """Return what a source says as steps between things; a unit that went on has none."""
    old, new = units
    return [
        Step(
            old[one.old], new[one.new], one.verb, reform.effective, entry, reform.decision, one.area_share,
            one.population_share, one.area_m2, one.population,
        )
        for one in sayings
        if old[one.old] != new[one.new]
    ]  # fmt: skip


def _shapes(new: Eids, registry: Registry, reform: Reform) -> overlay.Shapes:
    """Return the places of the new units that have one, by code."""
    table = registry.register(reform.register).table(valid=reform.effective)
    by_eid = dict(zip(table.eids, table.geometry, strict=True))
    return {code: by_eid[eid] for code, eid in new.items() if by_eid.get(eid) is not None}


def _laid_over(
    entry: str, old: str, news: Sequence[str], matched: overlay.Matched, shapes: overlay.Shapes,
    units: tuple[Eids, Eids], reform: Reform,
) -> list[Step]:  # fmt: skip
    """Return the parts of a divided unit by a map, where the map and all its successors are known."""
    if old not in matched.shapes or any(code not in shapes for code in news):
        return []
    parts = overlay.shares(matched.shapes[old], {code: shapes[code] for code in news})
    return [
        Step(
            units[0][old], units[1][code], "split", reform.effective, entry, reform.decision, area_share=share,
            method="overlay",
        )
        for code, share in parts.items()
    ]  # fmt: skip
