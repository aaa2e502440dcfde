"""Find things by what they are, or were, called."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from pipelines.lookup import LEVEL
from sdi.publication import Publication
from sdi.search import Found
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
    with closing(Publication.open(workspace.publication_path(LEVEL))) as publication:
        return publication.search(text, limit=limit, kinds=kinds, datetime=at)
