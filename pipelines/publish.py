"""Bring the publications up to the registry, and prove that they are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sdi.access import readership
from sdi.place import membership
from sdi.publishing import projector
from sdi.registry import Registry
from sdi.safety import witness
from sdi.store.description import list_coverages
from sdi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found true."""

    transactions: int
    """Transactions whose hash was recomputed."""
    root_hash: str
    """Hash of everything the registry knows."""
    publications: dict[str, str]
    """Content hash of each publication, by level."""
    witnesses: int = 0
    """Root hashes exported before with which the chain agrees."""


def run(workspace: Workspace, registry: Registry, *, rebuild: bool = False) -> int:
    """Bring the units in which things lie, and every publication, up to the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; of a secret one nothing is published.
    rebuild : bool
        Start from nothing.

    Returns
    -------
    int
        Transaction that all publications have reached.
    """
    if registry.beside is not None:
        return 0
    membership.refresh(registry)
    return projector.refresh(workspace, registry, rebuild=rebuild)


def verify(workspace: Workspace, registry: Registry, *, export: Path | None = None) -> Verified:
    """Recompute hash chain, indexes and publications from the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    export : Path, optional
        File of root hashes of earlier days: the chain is compared with them, then that of today is added.

    Returns
    -------
    Verified
        What was found true.

    Raises
    ------
    IntegrityError
        Naming what does not agree and what to do.
    """
    transactions = registry.verify()
    membership.verify(registry)
    readership.readings(registry.store)
    told = witness.read(export) if export else []
    witness.check(registry, workspace.name, told)
    published = dict(projector.verified(workspace, registry))
    if export:
        witness.export(export, witness.take(registry, workspace.name))
    return Verified(transactions, registry.root_hash, published, len(told))


@dataclass(frozen=True, slots=True)
class Status:
    """What a workspace holds."""

    title: str
    transactions: int
    root_hash: str
    """Hash of everything the registry knows."""
    applied: dict[str, int]
    """Transaction that each publication has reached, by level."""
    counts: dict[str, int]
    """Current things, by public collection."""
    coverages: list[str]


def status(workspace: Workspace) -> Status:
    """Say what a workspace holds and how far its publications are.

    Parameters
    ----------
    workspace : Workspace
        The city.

    Returns
    -------
    Status
        Counts and transaction numbers.
    """
    registry = workspace.registry()
    transactions, root_hash = registry.last_tx, registry.root_hash
    there = [level for level in projector.LEVELS if workspace.home(level).exists()]
    applied: dict[str, int] = {level: projector.reached(workspace, registry, level) for level in there}
    registry.close()
    counts: dict[str, int] = {}
    if "public" in there:
        with closing(workspace.publication("public")) as publication:
            counts = {one.name: one.count for one in publication.collections()}
    coverages = [one.name for one in list_coverages(workspace.rasters)]
    return Status(workspace.title.vi, transactions, root_hash, applied, counts, coverages)
