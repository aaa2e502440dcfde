"""``/search``: from what somebody types to the things that are, or were, called so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import InputError
from sdi.finding.search import Found
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.inventory import Inventory
from sdi.service.link import itself
from sdi.service.negotiation import DOCUMENT, Wish, understand
from sdi.service.parameter import integer
from sdi.service.sketch import sketch_of_list
from sdi.service.view import render

Line = dict[str, Any]
"""What is told of one thing that was found."""
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
    wish = understand(request, DOCUMENT, context.settings, PARAMETERS)
    stock = context.stock(request)
    if wish.html and "q" not in wish.parameters:
        return page(_page(context, wish, stock, "", []), headers(wish))
    query = SearchQuery.of(wish)
    etag = tag(wish, stock.file, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    found = stock.search(query.text, limit=query.limit, kinds=query.kinds, datetime=query.datetime)
    hits = [_line(wish, one) for one in found]
    if wish.html:
        return page(_page(context, wish, stock, query.text, hits, query.limit), headers(wish, etag))
    body = {"q": query.text, "numberReturned": len(found), "hits": hits, "links": itself(wish, DOCUMENT)}
    return document(wish, body, headers(wish, etag))


def _page(context: Context, wish: Wish, stock: Inventory, text: str, hits: Sequence[Line], limit: int = MOST) -> str:
    """Render the page: what to look for, and what was found, with the titles of its collections."""
    titles = {name: one.title.of(wish.language) for name, one in stock.collections.items()}
    shown = [hit | {"of": titles.get(hit["collection"], hit["kind"])} for hit in hits]
    is_cut = len(hits) == limit
    more = wish.again(limit=str(MOST)) if is_cut and limit < MOST else None
    kept = [(name, wish.parameters[name]) for name in ("kind", "datetime") if name in wish.parameters]
    return render(
        "search.html", wish, workspace=context.workspace, here=wish.site + wish.path, text=text, hits=shown,
        longest=LONGEST, is_cut=is_cut, more=more, kept=kept, sketch=sketch_of_list([hit["bbox"] for hit in hits]),
    )  # fmt: skip


def _line(wish: Wish, one: Found) -> Line:
    """Describe one hit with its lasting address."""
    return one.document(wish.language) | {"href": f"{wish.site}/id/{one.kind}/{one.hit.eid}"}
