"""``/search``: from what somebody types to the things that are, or were, called so."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import InputError
from sdi.finding.search import Found
from sdi.service.answer import document, headers, tag, unchanged
from sdi.service.context import Context
from sdi.service.link import itself
from sdi.service.negotiation import JSON, Offer, Wish, understand
from sdi.service.parameter import integer

OFFER: Offer = (("json", JSON),)
"""A page that searches asks for what it needs."""
PARAMETERS = ("q", "kind", "datetime", "limit")
LONGEST = 200
"""Longest text that is looked for [characters]."""
MOST = 100
"""Largest ``limit``: who needs more of what has a name reads the collection."""
USUAL = 10


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for."""

    text: str
    kinds: tuple[str, ...]
    datetime: str | None
    limit: int

    @classmethod
    def of(cls, wish: Wish) -> SearchQuery:
        """Read the parameters of a search.

        Parameters
        ----------
        wish : Wish
            The request.

        Raises
        ------
        InputError
            If nothing is looked for, or a value cannot be used.
        """
        given = wish.parameters
        text = given.get("q", "")
        if not text.strip() or len(text) > LONGEST:
            raise InputError(
                f"parameter q has {len(text)} characters; expected words of a name, a code or an address, at most "
                f"{LONGEST} characters"
            )
        kinds = tuple(dict.fromkeys(given["kind"].split(","))) if "kind" in given else ()
        limit = integer("limit", given.get("limit", str(USUAL)), minimum=1, maximum=MOST)
        return cls(text, kinds, given.get("datetime"), limit)


def search(context: Context, request: Request) -> Response:
    """Answer ``GET /search``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, OFFER, context.settings, PARAMETERS)
    query = SearchQuery.of(wish)
    stock = context.stock(request)
    etag = tag(wish, stock.file, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    found = stock.search(query.text, limit=query.limit, kinds=query.kinds, datetime=query.datetime)
    body = {
        "q": query.text,
        "numberReturned": len(found),
        "hits": [_line(wish, one) for one in found],
        "links": itself(wish, OFFER),
    }
    return document(wish, body, headers(wish, etag))


def _line(wish: Wish, one: Found) -> dict[str, object]:
    """Describe one hit with its lasting address."""
    return one.document(wish.language) | {"href": f"{wish.site}/id/{one.kind}/{one.hit.eid}"}
