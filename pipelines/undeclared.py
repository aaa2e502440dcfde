"""Reading a delivery whose coordinate system is not declared, or declared wrongly: told by the city, or refused."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np

from sdi import crs, detection, source
from sdi.detection import Candidate, Detection, Verdict
from sdi.entry import SourceOptions
from sdi.errors import RefusedError, refused
from sdi.registry import Registry
from sdi.source import Delivery, Finding
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

_UNKNOWN = 'LOCAL_CS["coordinates as delivered",UNIT["unknown",1]]'
"""Stands for no CRS at all, so that the coordinates are read as they stand."""
_CONTRADICTED = frozenset({"axes-exchanged", "crs-contradicted", "coordinates-outside"})
"""Refusals of a declared CRS in which the coordinates cannot be."""


def read(path: Path, options: SourceOptions, workspace: Workspace, registry: Registry) -> Delivery:
    """Read a delivery; tell its CRS from what the city knows where it declares none.

    Parameters
    ----------
    path : Path
        The file.
    options : SourceOptions
        What the entry says of it.
    workspace : Workspace
        The city; without ``detection`` in its description an undeclared CRS is refused as ever.
    registry : Registry
        What the city knows.

    Returns
    -------
    Delivery
        With a finding ``crs-detected`` where the CRS was not declared.

    Raises
    ------
    RefusedError
        If the CRS cannot be told beyond doubt, or the declared one is contradicted: a declaration is never overridden.
    """
    try:
        delivery = source.read(path, options)
    except RefusedError as error:
        if workspace.detection is None or error.code not in {"crs-undeclared", *_CONTRADICTED}:
            raise
        return _told(path, options, workspace, registry, error)
    if workspace.detection is not None and delivery.crs is not None:
        _check_declared(delivery, workspace, registry)
    return delivery


def _told(
    path: Path, options: SourceOptions, workspace: Workspace, registry: Registry, error: RefusedError
) -> Delivery:
    """Read a delivery in the CRS that the evidence tells; only say so where another was declared."""
    raw = source.read(path, dataclasses.replace(options, crs=_UNKNOWN, axes=None))
    verdict = _judge(raw, workspace, registry)
    if error.code in _CONTRADICTED:
        raise (_contradicted(error.message, verdict) if verdict.accepted else error) from None
    accepted = verdict.raise_if_unsure()
    delivery = source.read(path, dataclasses.replace(options, crs=accepted.definition, axes=accepted.axes))
    said = f"the delivery declares no CRS; what it names and lies beside tells {verdict.standings[0]}"
    logger.info("%s: CRS told to be %s, margin %.0f nat", path.name, accepted, verdict.margin)
    finding = Finding("crs-detected", None, said, "repaired", after=str(accepted))
    return dataclasses.replace(delivery, findings=(*delivery.findings, finding))


def _check_declared(delivery: Delivery, workspace: Workspace, registry: Registry) -> None:
    """Refuse a delivery that lies, beyond doubt, where another CRS than the declared one puts it."""
    verdict = _judge(delivery, workspace, registry)
    accepted = verdict.accepted
    if accepted is None or (not accepted.swapped and _equal(accepted, delivery)):
        return
    raise _contradicted(f"the delivery is declared to be in {delivery.crs_name}", verdict)


def _judge(delivery: Delivery, workspace: Workspace, registry: Registry) -> Verdict:
    """Judge in which CRS the coordinates of a delivery are, whatever it is declared to be in."""
    declared = workspace.detection or Detection(())
    reference = detection.known(registry, declared)
    names = detection.naming(delivery.table.drop(columns="geometry"), reference.areas)
    places = np.asarray(delivery.table.geometry.array, dtype=object)
    return detection.detect(places, names, declared.candidates, reference, workspace.crs)


def _equal(candidate: Candidate, delivery: Delivery) -> bool:
    """Tell whether a candidate is the CRS of a delivery, whatever its axes."""
    return delivery.crs is not None and crs.known(candidate.definition).equals(delivery.crs, ignore_axis_order=True)


def _contradicted(found: str, verdict: Verdict) -> RefusedError:
    """Build the refusal of a declared CRS."""
    best = verdict.standings[0]
    code = crs.as_proj(best.candidate.definition) if best.candidate.datum else best.candidate.crs
    wanted = f"source: {{crs: '{code}', axes: {best.candidate.axes}}}"
    found = f"{found}; but what it names and lies beside tells {best}"
    return refused("crs-contradicted", found, f"ask the supplier, and write {wanted} in the entry if that is confirmed")
