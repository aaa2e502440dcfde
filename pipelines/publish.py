"""Bring the publications up to the registry, and prove that they are."""

from __future__ import annotations

from dataclasses import dataclass

from sdi import projector
from sdi.registry import Registry
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
