"""Items of a collection and each of them: our own handlers, on the bytes of the publication.

pygeoapi's handler decodes and encodes every feature, which costs it nine tenths of a large page.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from sdi.crs import CRS84, uri
from sdi.publishing.collection import Collection, Page
from sdi.publishing.dictionary import localised
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.feature import collection_bytes, feature_bytes, geometries_of, in_crs, narrowed, parsed
from sdi.service.heading import heading
from sdi.service.inventory import Inventory
from sdi.service.link import Link, itself, link, pair
from sdi.service.listing import cells, listing
from sdi.service.negotiation import FEATURES, JSON, Wish, understand
from sdi.service.phrase import say
from sdi.service.query import PARAMETERS, ItemsQuery, moments
from sdi.service.reference import asked, one_side
from sdi.service.sketch import sketch
from sdi.service.view import render


def items(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/items``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    return context.answer(request, _items)


def _items(context: Context, request: Request, stock: Inventory) -> Response:
    """Answer a page from an inventory."""
    one = stock.collection(request.path_params["collection"])
    known = stock.queryables[one.name]
    wish = understand(request, FEATURES, context.settings, (*PARAMETERS, *known))
    query = ItemsQuery.of(wish, one, known, stock.systems, context.workspace, context.settings)
    etag = _tag(wish, stock, one)
    if answer := unchanged(request, wish, etag):
        return answer
    found = stock.publication.items(
        one.name, limit=query.limit, offset=query.offset, after=query.after, where=query.where, datetime=query.datetime,
        recorded=query.recorded, bbox=one_side(query.bbox, one.extent) if query.bbox else None, filter=query.filter,
        sortby=query.sortby, only=stock.of_state,
    )  # fmt: skip
    head = headers(wish, etag, Content_Crs=f"<{uri(query.crs)}>")
    if wish.html:
        return page(listing(context, wish, one, query, found), head)
    members = {
        "numberMatched": found.number_matched,
        "numberReturned": len(found.features),
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": _page_links(wish, one, query, found),
    }
    features = in_crs(narrowed(found.features, query.properties, places=query.places), query.crs, context.workspace.crs)
    return document(wish, collection_bytes(features, members), head)


def item(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/items/{item}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    return context.answer(request, _item)


def _item(context: Context, request: Request, stock: Inventory) -> Response:
    """Answer a feature from an inventory."""
    one = stock.collection(request.path_params["collection"])
    wish = understand(request, FEATURES, context.settings, ("crs", "datetime", "recorded"))
    system = asked("crs", wish.parameters.get("crs"), stock.systems)
    eid = request.path_params["item"]
    datetime, recorded = moments(wish, context.workspace.zone)
    found = stock.item(one.name, eid, datetime=datetime, recorded=recorded)
    etag = _tag(wish, stock, one)
    if answer := unchanged(request, wish, etag):
        return answer
    head = headers(wish, etag, Content_Crs=f"<{uri(system)}>")
    links = [*itself(wish, FEATURES), *pair(wish, "collection", f"/collections/{one.name}", JSON, "collection")]
    links.append(link("canonical", f"{wish.site}/id/{one.kind}/{eid}", JSON, say("thing", wish.language)))
    links.append(link("version-history", f"{wish.site}/id/{one.kind}/{eid}/v", JSON, say("versions", wish.language)))
    if wish.html:
        return page(_item_page(context, wish, one, found, links), head)
    (feature,) = in_crs([found], system, context.workspace.crs)
    return document(wish, feature_bytes(feature, {"links": links}), head)


def _tag(wish: Wish, stock: Inventory, one: Collection) -> str:
    """Entity tag: features depend on their own collection alone, pages also on titles and notices."""
    return tag(wish, stock.file, one.name, one.version, stock.state if wish.html else None)


def _page_links(wish: Wish, one: Collection, query: ItemsQuery, found: Page) -> list[Link]:
    """Link a page to itself, its neighbours and its collection.

    ``next`` goes by key, which costs the same at any depth, unless the page is sorted by something else; ``offset`` is
    understood for clients that count.
    """
    links = itself(wish, FEATURES)
    if found.next_key is not None:
        last = str(query.offset + len(found.features))
        onward = wish.again(offset=last) if query.sortby else wish.again(offset=None, after=str(found.next_key))
        links.append(link("next", onward, wish.media, say("next", wish.language)))
    if query.offset:
        back = wish.again(offset=str(max(0, query.offset - query.limit)))
        links.append(link("prev", back, wish.media, say("previous", wish.language)))
    return [*links, *pair(wish, "collection", f"/collections/{one.name}", JSON, "collection")]


def _item_page(context: Context, wish: Wish, one: Collection, found: bytes, links: list[Link]) -> str:
    """Render the page of an item."""
    (feature,) = parsed([found])
    (geometry,) = geometries_of([feature])
    schema = localised(one.schema["properties"], wish.language)
    names = list(feature["properties"])
    values = cells(feature["properties"], names, schema, wish.language)
    rows = [(schema.get(name, {}).get("title", name), name, value) for name, value in zip(names, values, strict=True)]
    point = None if geometry is None else geometry.representative_point()
    return render(
        "item.html", wish, workspace=context.workspace,
        one=one, feature=feature, rows=rows, links=links, name=heading(feature, one, wish.language),
        sketch=sketch([geometry]), place=None if point is None else (point.x, point.y), crs=uri(CRS84),
        source=wish.again(f="json", crs=None), has_map=context.has_map,
    )  # fmt: skip
