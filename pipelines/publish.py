"""Bring the publications up to the registry, and prove that they are."""

from __future__ import annotations

from dataclasses import dataclass

from sdi import projector
from sdi.publication import Publication
from sdi.registry import Registry
from sdi.store import raster
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


def run(workspace: Workspace, registry: Registry, *, rebuild: bool = False) -> int:
    """Bring every publication up to the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    rebuild : bool
        Start from nothing.

    Returns
    -------
    int
        Transaction that all publications have reached.
    """
    return projector.refresh(workspace, registry, rebuild=rebuild)


def verify(workspace: Workspace, registry: Registry) -> Verified:
    """Recompute hash chain, indexes and publications from the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.

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
    published = dict(projector.verified(workspace, registry))
    return Verified(transactions, registry.root_hash, published)


@dataclass(frozen=True, slots=True)
class Status:
    """What a workspace holds."""

    title: str
    transactions: int
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
    transactions = registry.last_tx
    registry.close()
    applied: dict[str, int] = {}
    counts: dict[str, int] = {}
    for level in projector.LEVELS:
        path = workspace.publication_path(level)
        if path.is_file():
            publication = Publication.open(path)
            applied[level] = publication.applied_tx
            if level == "public":
                counts = {one.name: one.count for one in publication.collections()}
            publication.close()
    coverages = [one.name for one in raster.list_coverages(workspace.rasters)]
    return Status(workspace.title.vi, transactions, applied, counts, coverages)
