"""Find things by what they are, or were, called, and say what took the place of those that ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import orjson

from pipelines.lookup import LEVEL
from sdi.finding.search import Found
from sdi.publishing.publication import Publication
from sdi.workspace import Workspace


def run(
    workspace: Workspace, text: str, *, kinds: Sequence[str] = (), at: str | None = None, limit: int = 10
) -> tuple[Found, ...]:
    """Search what a citizen may see.

    Parameters
    ----------
    workspace : Workspace
        The city, published.
    text : str
        Words of a name, a code or an address, in any spelling.
    kinds : sequence of str, optional
        Registers whose things are looked for; all where empty.
    at : str, optional
        Day on which they were called so; now and ever before where absent.
    limit : int, optional
        Largest number of things.

    Returns
    -------
    tuple of Found
        The best first; empty where nothing is called so.
    """
    with closing(workspace.publication(LEVEL)) as publication:
        return publication.search(text, limit=limit, kinds=kinds, datetime=at)


def successors(workspace: Workspace, found: Sequence[Found]) -> Mapping[str, Mapping[str, str]]:
    """Say what took the place of things that ended, as far as a citizen may see it.

    Parameters
    ----------
    workspace : Workspace
        The city, published.
    found : sequence of Found
        What was found.

    Returns
    -------
    mapping of str to mapping of str to str
        By identifier of a thing that ended: identifiers of its successors with their names. Empty where no source says
        what followed.
    """
    with closing(workspace.publication(LEVEL)) as publication:
        return {
            one.hit.eid: {
                eid: _called(publication, kind, eid)
                for eid, kind in publication.thing(one.kind, one.hit.eid).successors.items()
            }
            for one in found
            if one.now is None
        }


def _called(publication: Publication, kind: str, eid: str) -> str:
    """Return the name of a thing that lasts, or its kind where it has none."""
    feature = orjson.loads(publication.item(publication.thing(kind, eid).collection, eid))
    return str(feature["properties"].get("name") or kind)
