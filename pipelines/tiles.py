"""Make the overviews of the collections: tiles for looking from far away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing

from sdi.errors import NotFound
from sdi.publishing import overview
from sdi.publishing.projector import LEVELS
from sdi.publishing.publication import Publication
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

Told = Callable[[str, float], None]


def run(workspace: Workspace, names: Sequence[str] = (), *, told: Told = lambda _step, _share: None) -> dict[str, int]:
    """Make the overviews of every level of access that is published.

    Parameters
    ----------
    workspace : Workspace
        The city; only its publications are read.
    names : sequence of str
        Collections; all that have classes to dissolve where empty.
    told : callable
        Is told each step and the share that is done [1].

    Returns
    -------
    dict of str to int
        Deepest level of tiles by ``level/collection``; those that need no overview are left out.

    Raises
    ------
    NotFound
        If a collection is not published, or has no tiles or no classes.
    ConflictError
        If a publication was laid out anew meanwhile.
    """
    found: dict[str, int] = {}
    levels = [one for one in LEVELS if workspace.home(one).exists()]
    for place, level in enumerate(levels):
        with closing(workspace.publication(level)) as publication:
            able = _able(publication)
            overview.empty(workspace.tiles(level), kept=able)
            chosen = _chosen(able, names)
            for done, name in enumerate(chosen):
                told(f"{level} {name}", (place + done / len(chosen)) / len(levels))
                deepest = overview.build(publication, name, workspace.tiles(level))
                if deepest is not None:
                    found[f"{level}/{name}"] = deepest
    return found


def _able(publication: Publication) -> list[str]:
    """Return the collections that have tiles and classes to dissolve."""
    return [one.name for one in publication.collections() if overview.is_dissolved(one)]


def _chosen(able: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the collections to dissolve."""
    for name in set(names) - set(able):
        raise NotFound(
            f"no collection {name!r} with tiles and classes is published; expected one of {', '.join(able) or 'none'}",
            code="collection-unknown",
        )
    return [name for name in able if not names or name in names]
