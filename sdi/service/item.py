"""Items of a collection and each of them: our own handlers, on the bytes of the publication.

pygeoapi's handler decodes and encodes every feature, which costs it nine tenths of a large page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.crs import CRS84, uri
from sdi.publishing.collection import Collection, Page
from sdi.publishing.dictionary import localised
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.feature import collection_bytes, feature_bytes, geometries_of, in_crs, narrowed, parsed
from sdi.service.inventory import Inventory
from sdi.service.link import Link, itself, link, pair
from sdi.service.negotiation import FEATURES, JSON, Wish, understand
from sdi.service.parameter import codes
from sdi.service.phrase import say
from sdi.service.query import PARAMETERS, ItemsQuery, moments, queryables
from sdi.service.reference import asked, one_side
from sdi.service.sketch import sketch
from sdi.service.view import render

_COLUMNS = 8
"""Properties shown in the table of a page of items."""
_CHOICES = 60
"""Longest list of codes offered in the filter of a page."""


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
        return page(_items_page(context, wish, one, query, found), head)
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


def _items_page(context: Context, wish: Wish, one: Collection, query: ItemsQuery, found: Page) -> str:
    """Render a page of items: table, sketch, filter; paged by offset, so that it can go back."""
    features = parsed(found.features)
    schema = localised(one.schema["properties"], wish.language)
    filled = {name for each in features for name, value in each["properties"].items() if value is not None}
    columns = [name for name in schema if name in filled][:_COLUMNS]
    rows = [
        {"id": each["id"], "cells": _cells(each["properties"], columns, schema, wish.language)} for each in features
    ]
    last = query.offset + len(features)
    onward = wish.again(after=None, offset=str(last)) if query.after is None else wish.again(after=str(found.next_key))
    return render(
        "items.html", wish, workspace=context.workspace,
        one=one, rows=rows, columns=[(name, schema[name].get("title", name)) for name in columns], found=found,
        first=query.offset + 1 if query.after is None else None, last=last, query=query,
        next=onward if found.next_key is not None else None,
        previous=wish.again(offset=str(max(0, query.offset - query.limit))) if query.offset else None,
        sketch=sketch(geometries_of(features)), filters=_filters(schema, one, wish), given=wish.parameters,
        source=wish.again(f="json", crs=None, skipGeometry=None), has_map=context.has_map,
    )  # fmt: skip


def _item_page(context: Context, wish: Wish, one: Collection, found: bytes, links: list[Link]) -> str:
    """Render the page of an item."""
    (feature,) = parsed([found])
    (geometry,) = geometries_of([feature])
    schema = localised(one.schema["properties"], wish.language)
    names = list(feature["properties"])
    cells = _cells(feature["properties"], names, schema, wish.language)
    rows = [(schema.get(name, {}).get("title", name), name, cell) for name, cell in zip(names, cells, strict=True)]
    point = None if geometry is None else geometry.representative_point()
    return render(
        "item.html", wish, workspace=context.workspace,
        one=one, feature=feature, rows=rows, links=links, name=feature["properties"].get("name") or feature["id"],
        sketch=sketch([geometry]), place=None if point is None else (point.x, point.y), crs=uri(CRS84),
        source=wish.again(f="json", crs=None), has_map=context.has_map,
    )  # fmt: skip


def _cells(
    properties: dict[str, Any], names: Sequence[str], schema: dict[str, Any], language: str
) -> list[dict[str, Any]]:
    """Values for a table: codes by their titles, numbers with their units."""
    cells = []
    for name in names:
        declared = schema.get(name, {})
        titles = {
            each["const"]: each["title"] for each in declared.get("oneOf") or [] if "title" in each and "const" in each
        }
        value = properties.get(name)
        unit = declared.get("x-ogc-unit", "")
        told = titles.get(value, value) if isinstance(value, str) else value
        cells.append({"value": told, "unit": "" if unit == "1" or value is None else unit, "language": language})
    return cells


def _filters(schema: dict[str, Any], one: Collection, wish: Wish) -> list[dict[str, Any]]:
    """Queryables with a short list of codes, for the form of the page."""
    filters = []
    for name in queryables(one):
        choices = codes(schema[name])
        if 0 < len(choices) <= _CHOICES:
            titles = {
                str(each["const"]): each.get("title") for each in schema[name].get("oneOf") or [] if "const" in each
            }
            options = [(code, titles.get(code) or code) for code in choices]
            title = schema[name].get("title", name)
            filters.append({"name": name, "title": title, "options": options, "chosen": wish.parameters.get(name)})
    return filters
