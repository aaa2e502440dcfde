"""``/changes``: what happened, for systems that keep what is published here beside their own."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import Gone, InputError
from sdi.identity import is_identifier
from sdi.publishing.change import Change, Feed
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.link import itself, link
from sdi.service.negotiation import DOCUMENT, Wish, understand
from sdi.service.parameter import integer
from sdi.service.phrase import say
from sdi.service.view import render
from sdi.settings import Settings

PARAMETERS = ("since", "after", "limit", "feed")


def changes(context: Context, request: Request) -> Response:
    """Answer ``GET /changes``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.

    Raises
    ------
    Gone
        If the numbers began anew since the client read them.
    HTTPException
        With status 403 where the caller is shown some of the collections only: the numbers count the others too.
    """
    wish = understand(request, DOCUMENT, context.settings, PARAMETERS)
    since, after, limit = _asked(wish, context.settings)
    stock = context.stock(request)
    if not stock.is_whole:
        raise HTTPException(403, "the feed tells of all collections; this key is for some, read their items instead")
    found = stock.publication.changes(since=since, after=after, limit=limit)
    _refuse_another(found, since, wish.parameters.get("feed"))
    etag = tag(wish, stock.file, found.name, found.last)
    if answer := unchanged(request, wish, etag):
        return answer
    body = _body(wish, found, since)
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    onward = next((one["href"] for one in body["links"] if one["rel"] == "next"), None)
    shown = render("changes.html", wish, workspace=context.workspace, body=body, next=onward)
    return page(shown, headers(wish, etag))


def _asked(wish: Wish, settings: Settings) -> tuple[int, str | None, int]:
    """Read where to begin and how many changes are wanted."""
    given = wish.parameters
    after = given.get("after")
    if after is not None and not is_identifier(after):
        raise InputError(f"parameter after is {after!r}; expected the identifier that the next link names")
    limit = given.get("limit", str(settings.default_items))
    return (
        integer("since", given.get("since", "0"), minimum=0),
        after,
        integer("limit", limit, minimum=1, maximum=settings.maximum_items),
    )


def _refuse_another(found: Feed, since: int, name: str | None) -> None:
    """Refuse to go on where the numbers that a client knows are not those of this feed."""
    if since > found.last or name not in (None, found.name):
        raise Gone(
            f"the feed has begun anew as {found.name or 'an empty one'} with {found.last} transactions, you asked for "
            f"what came after {since} of {name or 'another one'}; read everything again from since=0"
        )


def _body(wish: Wish, found: Feed, since: int) -> dict[str, Any]:
    """Describe a page of the feed."""
    links = itself(wish, DOCUMENT)
    end = found.changes[-1] if found.changes else None
    if end is not None and found.more:
        onward = wish.again(since=str(end.sequence), after=end.eid, feed=found.name)
        links.append(link("next", onward, wish.media, say("next", wish.language)))
    return {
        "feed": found.name,
        "last": found.last,
        "since": since if end is None or found.more else end.sequence,
        "numberReturned": len(found.changes),
        "changes": [_line(wish, one) for one in found.changes],
        "links": links,
    }


def _line(wish: Wish, one: Change) -> dict[str, object]:
    """Describe one change."""
    return {
        "sequence": one.sequence,
        "recorded": one.recorded_at,
        "id": one.eid,
        "kind": one.kind,
        "collection": one.collection,
        "change": one.change,
        "href": f"{wish.site}/id/{one.kind}/{one.eid}",
    }
