"""``/id/{kind}/{uuid}``: the lasting address of a thing, which answers for ever."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import Gone, NotFound
from sdi.identity import is_identifier
from sdi.publishing.collection import Thing
from sdi.publishing.dictionary import localised
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.feature import parsed
from sdi.service.heading import heading
from sdi.service.inventory import Inventory
from sdi.service.link import Link, itself, link
from sdi.service.listing import cells
from sdi.service.negotiation import DOCUMENT, GEOJSON, HTML, JSON, Wish, understand
from sdi.service.phrase import say
from sdi.service.view import render

_KIND = re.compile(r"[a-z][a-z0-9_]{0,62}")


def thing(context: Context, request: Request) -> Response:
    """Answer ``GET /id/{kind}/{uuid}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.

    Raises
    ------
    NotFound
        If no such thing was ever published, or what was asked for is no identifier.
    Gone
        If the thing has ended; its successors are named.
    """
    wish = understand(request, DOCUMENT, context.settings)
    kind, eid = named(request)
    stock = context.stock(request)
    found = stock.thing(kind, eid)
    if found.valid_to is not None:
        raise Gone(f"{kind} {eid} ended on {found.valid_to[:10]} ({found.status})", found.successors)
    etag = tag(wish, stock.state, found)
    if answer := unchanged(request, wish, etag):
        return answer
    links = _links(wish, found)
    head = headers(wish, etag)
    if not wish.html:
        return document(wish, _body(found, links), head)
    return page(_page(context, wish, stock, found), head)


def _page(context: Context, wish: Wish, stock: Inventory, found: Thing) -> str:
    """Render the page of a thing: what it is called, what it is, and the way to its item."""
    one = stock.collection(found.collection)
    (feature,) = parsed([stock.item(one.name, found.eid, datetime=None, recorded=None)])
    schema = localised(one.schema["properties"], wish.language)
    (status,) = cells({"status": found.status}, ["status"], schema, wish.language)
    return render(
        "thing.html", wish, workspace=context.workspace,
        thing=found, collection=one, name=heading(feature, one, wish.language), status=status["value"],
    )  # fmt: skip


def named(request: Request) -> tuple[str, str]:
    """Return the kind and the identifier that an address names.

    Parameters
    ----------
    request : Request
        The request.

    Raises
    ------
    NotFound
        If they cannot be any.
    """
    kind, eid = request.path_params["kind"], request.path_params["uuid"].lower()
    if not _KIND.fullmatch(kind) or not is_identifier(eid):
        raise NotFound(f"{kind!r}/{eid!r} names nothing; expected /id/<kind>/<uuid>")
    return kind, eid


def _body(found: Thing, links: list[Link]) -> dict[str, object]:
    """Describe a thing."""
    return {
        "id": found.eid,
        "kind": found.kind,
        "collection": found.collection,
        "status": found.status,
        "validFrom": found.valid_from,
        "validTo": found.valid_to,
        "successors": list(found.successors),
        "links": links,
    }


def _links(wish: Wish, found: Thing) -> list[Link]:
    """Link a thing to its item and its collection."""
    path = f"/collections/{found.collection}"
    return [
        *itself(wish, DOCUMENT),
        link("item", wish.address(f"{path}/items/{found.eid}"), GEOJSON, say("see_item", wish.language)),
        link(
            "item",
            wish.address(f"{path}/items/{found.eid}", f="html"),
            HTML,
            say("see_item", wish.language),
            wish.language,
        ),
        link("collection", wish.address(path), JSON, say("collection", wish.language)),
        link("version-history", f"{wish.site}/id/{found.kind}/{found.eid}/v", JSON, say("versions", wish.language)),
    ]
