"""The projector: it turns what the registry knows into what a publication shows.

It reads the outbox from where it stopped, works out every thing that changed anew, and stores the transaction it has
reached together with the rows. Applied twice it changes nothing; killed between, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager

from sdi.access import numbering
from sdi.access.numbering import Reached
from sdi.declaration import Level
from sdi.errors import IntegrityError, PhusaError
from sdi.publishing.renewal import Renewal, bring_up, outgrown
from sdi.registry import Registry
from sdi.store.choice import Home
from sdi.store.publication_store import LAYOUT, PublicationStore
from sdi.sweep import unswept
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

LEVELS: tuple[Level, ...] = ("public", "restricted")
"""Levels that have a publication beside the registry."""


def refresh(workspace: Workspace, registry: Registry, *, rebuild: bool = False) -> int:
    """Bring every publication of a workspace up to its registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; of a secret one nothing is published.
    rebuild : bool
        Start from nothing instead of from where the projector stopped.

    Returns
    -------
    int
        Transaction that all publications have reached.
    """
    if registry.beside is not None:
        return 0  # nothing of a secret registry is published
    with unswept():
        try:
            return _refresh(workspace, registry, LEVELS, rebuild=rebuild)
        except Exception as error:  # one that fails holds no other back: what was withdrawn must go
            logger.warning("the publications are brought up one by one, because of: %s", error)
            told = min(_refresh(workspace, registry, [level], rebuild=rebuild) for level in LEVELS)
            if isinstance(error, (PhusaError, sqlite3.Error, OSError)):
                return told  # it was in the way and is no more
            raise


def _refresh(workspace: Workspace, registry: Registry, levels: Sequence[Level], *, rebuild: bool) -> int:
    """Bring some publications up to the registry side by side: what they have in common is worked out once.

    They are opened and locked in one order, so that no two processes wait for each other, and written in the other: the
    widest audience comes first, from which something may have been withdrawn.
    """
    with ExitStack() as opened:
        renewals = []
        for level in reversed(levels):
            renewal = opened.enter_context(_opened(workspace, registry, level, rebuild=rebuild))
            opened.enter_context(renewal.package.writing())
            renewals.append(renewal)
        bring_up(registry, renewals)
    told = {one.level: _kept(registry, one.news) for one in renewals}
    # Others may have brought up the ones whose place was taken.
    late = [one.level for one in reversed(renewals) if one.anew and one.news.tx != registry.last_tx]
    done = [tx for level, tx in told.items() if level not in late]
    return min([*done, _refresh(workspace, registry, late, rebuild=False)] if late else done)


@contextmanager
def _opened(workspace: Workspace, registry: Registry, level: Level, *, rebuild: bool) -> Iterator[Renewal]:
    """Open the publication of a level where it can be brought up, else one beside it that takes its place."""
    home = workspace.home(level)
    if not rebuild and home.exists() and _layout(home) == LAYOUT:
        with closing(home.open_to_write()) as package:
            if package.base.may_redefine or not outgrown(workspace, registry, package, level):
                yield Renewal(workspace, registry, level, package)
                return
    with home.beside() as package:
        yield Renewal(workspace, registry, level, package, anew=True)


def _kept(registry: Registry, news: Reached) -> int:
    """Keep how far a publication is that readers see now, unless that is known; return its transaction."""
    if not news.leads and news.since < news.tx:
        numbering.keep(registry, news)
    return news.tx


def _layout(home: Home) -> str | None:
    """Return the version of the tables of a publication."""
    with closing(home.open()) as package:
        return package.get("layout")


def reached(workspace: Workspace, registry: Registry, level: Level) -> int:
    """Return the transaction of the registry up to which a publication is brought."""
    with closing(workspace.home(level).open()) as package:
        return numbering.reached(registry, level, package)[1]


def verified(workspace: Workspace, registry: Registry) -> Mapping[str, str]:
    """Compare every publication with one built anew from the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.

    Returns
    -------
    mapping of str to str
        Content hash by level.

    Raises
    ------
    IntegrityError
        If a publication is behind, damaged, or differs from what the registry says.
    """
    return {level: _verified(workspace, registry, level) for level in LEVELS}


def _verified(workspace: Workspace, registry: Registry, level: Level) -> str:
    """Compare one publication with one built anew; return its content hash."""
    home = workspace.home(level)
    # The publication is looked at first, so that the registry knows all that it has applied, whoever writes meanwhile.
    with closing(home.open()) as package, registry.store.reading():
        with package.reading():
            found = _sound(registry, package, level)
        with home.trial() as fresh:
            with fresh.writing():
                bring_up(registry, [Renewal(workspace, registry, level, fresh, trial=True)])
            built = content_hash(fresh)
        if found != built:
            raise IntegrityError(
                f"{package.name} differs from what the registry says; rebuild it with `phusa publish --rebuild`"
            )
    return found


def _sound(registry: Registry, package: PublicationStore, level: Level) -> str:
    """Check that a publication is whole and has applied everything; return its content hash."""
    if wrong := package.check():
        raise IntegrityError(f"{package.name}: {'; '.join(wrong)}; rebuild it with `phusa publish --rebuild`")
    applied = numbering.reached(registry, level, package)[1]
    if applied != registry.last_tx:
        raise IntegrityError(
            f"{package.name} has reached transaction {applied} of {registry.last_tx}; run `phusa publish`"
        )
    return content_hash(package)


def content_hash(package: PublicationStore) -> str:
    """Hash everything a publication shows, independent of how it came there."""
    digest = hashlib.sha256()
    for row in package.content():
        digest.update(repr(row).encode())
    return digest.hexdigest()
