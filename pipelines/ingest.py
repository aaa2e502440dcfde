"""From a delivered file to the public: read, check, record, publish."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipelines import elevation, outlying, publish, undeclared, whereabouts
from sdi import provenance, quality, source
from sdi.declaration import Declaration, Level
from sdi.entry import Accuracy, Entry
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.quality import Report, checking, position, repair
from sdi.quality.report import count
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.source import Finding
from sdi.store.durable import write_whole
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

Geometries = NDArray[np.object_]
Progress = Callable[[str, float], None]
"""Told the step and the share of it that is done [1]."""


def silent(step: str, done: float) -> None:
    """Tell nobody how far a step is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    entry: str
    report: Report | None
    """Outcome of every row; ``None`` for a raster."""
    things: int
    """Number of things recorded, or of cells with a value in a raster."""
    transaction: int
    """Transaction that recorded them; 0 after a dry run, and where nothing was new."""


def run(
    entry: Entry,
    workspace: Workspace,
    registry: Registry,
    data: Path,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
    told: Callable[[Report], None] = lambda _report: None,
) -> Loaded:
    """Bring one delivery from its file to the public.

    Parameters
    ----------
    entry : Entry
        What the delivery says of itself.
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    data : Path
        Folder that the entry's path starts from.
    dry_run : bool
        Read and check only; write nothing.
    progress : callable
        Told how far it is.
    told : callable
        Told the report of the check, also where the delivery is then refused.

    Returns
    -------
    Loaded
        The report of every row, and what was recorded.

    Raises
    ------
    RefusedError
        If the delivery is refused; nothing was written.
    """
    if entry.raster:
        return _run_raster(entry, workspace, data, dry_run=dry_run, progress=progress)
    declaration = _declaration(entry, registry)
    progress("read", 0.0)
    delivery = undeclared.read(data / entry.source.path, entry.source, workspace, registry.beside or registry)
    known = _known_delivery(entry, delivery.sha256, registry)
    progress("check", 0.2)
    checked = quality.check(delivery, declaration, registry.catalog, entry)
    told(checked.report)
    checked.report.raise_if_refused()
    if dry_run:
        return Loaded(entry.name, checked.report, 0, 0)
    if known:
        publish.run(workspace, registry)  # the load before may have been killed between record and publish
        return Loaded(entry.name, checked.report, 0, 0)
    if not len(checked.accepted):  # recorded, it would stand in the way of the file that was meant
        return Loaded(entry.name, checked.report, 0, 0)
    progress("record", 0.4)
    places = stored_places(checked.accepted, registry)
    further = _compared(checked.accepted, places, registry)
    further += outlying.flagged(places.stored, declaration, workspace, registry)
    report = _with_findings(checked.report, places.findings + further)
    batch = batch_of(checked.accepted, places, declaration, entry.accuracy, entry.valid_from, entry.access)
    where = whereabouts.columns(checked.accepted, declaration, registry, entry.valid_from)
    batch = dataclasses.replace(batch, **where)
    with registry.transaction(
        entry.custodian, f"load of {entry.name}", decision=entry.decision, source_sha256=delivery.sha256
    ) as tx:
        if _known_delivery(entry, delivery.sha256, registry):  # another process was faster
            return Loaded(entry.name, checked.report, 0, 0)
        eids = registry.register(declaration.name).add(batch, tx)
        provenance.record(
            tx,
            entry.name,
            declaration.name,
            custodian=entry.custodian,
            licence=entry.licence,
            sha256=delivery.sha256,
            accepted=len(eids),
            quarantined=len(checked.quarantined),
        )
    logger.info("%s: %d things recorded in transaction %d", entry.name, len(eids), tx.number)
    progress("publish", 0.8)
    publish.run(workspace, registry)
    if registry.beside is None:
        keep_report(workspace, report)
    progress("publish", 1.0)
    return Loaded(entry.name, report, len(eids), tx.number)


def _declaration(entry: Entry, registry: Registry) -> Declaration:
    """Return the register that an entry loads into."""
    found = registry.catalog.registers.get(entry.register or "")
    if found is None:
        raise NotInRegister(
            f"entry {entry.name} loads into register {entry.register!r}, which the catalogue does not declare"
        )
    return found


def _known_delivery(entry: Entry, sha256: str, registry: Registry) -> bool:
    """Tell whether this very file was loaded before; refuse another file under the same entry.

    Raises
    ------
    ConflictError
        If the entry was loaded from another file: the two would stand beside each other.
    """
    found = provenance.last(registry, entry.name)
    if found is None:
        return False
    if found[0] == sha256:
        logger.info("%s: this file was loaded in transaction %d already", entry.name, found[1])
        return True
    raise ConflictError(
        f"entry {entry.name} was loaded in transaction {found[1]} from another file; a newer delivery of the same "
        "things is not merged yet: record it through the five verbs, or give it an entry of its own",
        code="delivery-superseded",
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Where delivered things are, as they will be stored."""

    delivered: Geometries
    """As delivered [``crs``]."""
    crs: str
    stored: Geometries
    """In the storage CRS, valid there."""
    findings: tuple[Finding, ...] = ()
    """What the reprojection broke and was repaired."""


def stored_places(frame: gpd.GeoDataFrame, registry: Registry) -> Places:
    """Bring delivered places to the storage CRS.

    Parameters
    ----------
    frame : GeoDataFrame [any CRS]
        Rows with their geometry.
    registry : Registry
        Whose storage CRS they are brought to.

    Returns
    -------
    Places
        A polygon whose edges nearly touch may cross itself after rounding in another CRS: it is repaired there, and
        the area this moves is stated. The delivered geometry is kept beside it.

    Raises
    ------
    InputError
        If the rows have places but no CRS.
    """
    delivered = np.asarray(frame.geometry.array, dtype=object)
    if frame.crs is None:
        if frame.geometry.notna().any():
            raise InputError(
                "the rows have no CRS; declare it in the entry (source: {crs: EPSG:...})", code="crs-undeclared"
            )
        return Places(delivered, registry.crs.code, delivered)  # a table without any place needs no CRS
    crs = _crs_name(frame)
    stored = registry.crs.to_storage(delivered, crs)
    numbers = frame[checking.ROW] if checking.ROW in frame.columns else range(len(frame))
    broken = np.flatnonzero(~shapely.is_valid(stored) & ~shapely.is_missing(stored))
    findings = []
    for at, row in zip(broken, np.asarray(numbers)[broken], strict=True):
        mended = repair.valid(stored[at])
        moved = float(mended.symmetric_difference(repair.drawn(stored[at])).area)
        said = f"the polygon crosses itself in {registry.crs.code}; repaired there, as delivered kept beside it"
        findings.append(Finding("geometry-reprojected", int(row), said, "repaired", moved_area_m2=moved))
        stored[at] = mended
    return Places(delivered, crs, stored, tuple(findings))


def _compared(frame: gpd.GeoDataFrame, places: Places, registry: Registry) -> tuple[Finding, ...]:
    """Return what codes that tell a position say otherwise than the places."""
    rows = [int(row) for row in frame[checking.ROW]]
    return tuple(
        finding
        for name, scheme in registry.catalog.schemes.items()
        if scheme.position and f"identifier:{name}" in frame.columns
        for finding in position.compared(scheme, list(frame[f"identifier:{name}"]), places.stored, rows, registry.crs)
    )


def _with_findings(report: Report, findings: tuple[Finding, ...]) -> Report:
    """Add what was found while the places were brought to the storage CRS."""
    together = (*report.findings, *findings)
    return dataclasses.replace(report, findings=together, counts=count(report.rows, together, "quarantined"))


def batch_of(
    frame: gpd.GeoDataFrame, places: Places, declaration: Declaration, accuracy: Accuracy, valid_from: str | None,
    access: Level = "public",
) -> Batch:  # fmt: skip
    """Return checked rows as things to be added.

    Parameters
    ----------
    frame : GeoDataFrame [any CRS]
        Columns are fields, ``identifier:<scheme>`` and ``name:<language>``.
    places : Places
        Where they are.
    declaration : Declaration
        The register they are for.
    accuracy : Accuracy
        How exact the places are.
    valid_from : str, optional
        Since when the facts hold.
    access : {'public', 'restricted', 'secret'}
        Who may see them.

    Returns
    -------
    Batch
        Places in the storage CRS; the delivered ones are kept beside them where the CRS differs.
    """
    columns = {str(name) for name in frame.columns}
    same = places.delivered is places.stored or bool(shapely.equals_identical(places.delivered, places.stored).all())
    return Batch(
        values={one.name: frame[one.name] for one in declaration.fields if one.name in columns},
        geometry=places.stored,
        identifiers={one: frame[f"identifier:{one}"] for one in declaration.schemes if f"identifier:{one}" in columns},
        names={one.removeprefix("name:"): frame[one] for one in sorted(columns) if one.startswith("name:")},
        valid_from=valid_from,
        accuracy=accuracy,
        access=access,
        source_geometry=None if same else places.delivered,
        source_crs=None if same else places.crs,
    )


def _crs_name(frame: gpd.GeoDataFrame) -> str:
    """Return the CRS of a table as ``EPSG:n`` where it has a code."""
    authority = frame.crs.to_authority()
    return ":".join(authority) if authority else str(frame.crs.to_wkt())


def keep_report(workspace: Workspace, report: Report) -> None:
    """Keep the report of a load, for machines and for people.

    Parameters
    ----------
    workspace : Workspace
        The city.
    report : Report
        Named after its entry.
    """
    workspace.reports.mkdir(parents=True, exist_ok=True)
    write_whole(workspace.reports / f"{report.entry}.json", report.to_json().encode())
    write_whole(workspace.reports / f"{report.entry}.txt", report.to_text().encode())


def _run_raster(entry: Entry, workspace: Workspace, data: Path, *, dry_run: bool, progress: Progress) -> Loaded:
    """Bring a delivered raster to the public: check it, bring it to the storage CRS, write it beside and rename."""
    progress("read", 0.0)
    delivered = source.read_raster(data / entry.source.path, entry.source)
    progress("check", 0.3)
    made = elevation.run(delivered, entry, workspace, dry_run=dry_run)
    progress("record", 1.0)
    return Loaded(entry.name, None, int(np.isfinite(made.terrain.to_numpy()).sum()), 0)
