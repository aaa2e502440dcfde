"""The list of collections and each of them, features and coverages alike."""

from __future__ import annotations

import numpy as np
from pygeoapi import api as core
from starlette.requests import Request
from starlette.responses import Response

from sdi.bulk.shelf import Holding
from sdi.crs import uri
from sdi.errors import NotFound
from sdi.publishing.collection import Collection
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.bulk import enclosures, is_older, told
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.feature import geometries_of, parsed
from sdi.service.inventory import Inventory
from sdi.service.library import Document
from sdi.service.link import REL, Link, itself, link, pair
from sdi.service.negotiation import DOCUMENT, GEOJSON, HTML, JSON, SCHEMA, Wish, understand
from sdi.service.phrase import say
from sdi.service.sketch import Sketch, sketch, sketch_of_box, sketch_of_boxes
from sdi.service.tiles.tileset import style_links
from sdi.service.view import render

_DRAWN = 600
"""Things of a collection that its page draws."""


def collections(context: Context, request: Request) -> Response:
    """Answer ``GET /collections``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, DOCUMENT, context.settings)
    stock = context.stock(request)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    body = {"links": itself(wish, DOCUMENT), "collections": _described(stock, wish)}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "collections.html", wish, workspace=context.workspace,
        collections=list(stock.collections.values()), coverages=list(stock.coverages.values()),
        sketch=sketch_of_boxes(stock.extents()), has_map=context.has_map,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def collection(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, DOCUMENT, context.settings)
    stock = context.stock(request)
    name = request.path_params["collection"]
    one = stock.collections.get(name) or stock.coverages.get(name)
    if one is None:
        raise NotFound(f"no collection {name!r} is published; see the list of collections")
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    body = next(entry for entry in _described(stock, wish) if entry["id"] == name)
    body = body | {"links": [*itself(wish, DOCUMENT), *body["links"][1:]]}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    holding = stock.bulk.get(name)
    html = render(
        "collection.html", wish, workspace=context.workspace, one=one, body=body, is_coverage=isinstance(one, Coverage),
        sketch=_sketch(stock, one), holding=holding, source=wish.again(f="json"),
        has_map=context.has_map,
        is_older=isinstance(one, Collection) and holding is not None and is_older(one, holding),
        as_of=told(holding) if holding else None,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def _sketch(stock: Inventory, one: Collection | Coverage) -> Sketch | None:
    """Draw a coverage as its box, and a collection as things from all over it; made once per state."""
    if isinstance(one, Coverage):
        return sketch_of_box(one.extent)
    key = ("sketch", one.name)
    kept = stock.documents.get(key)
    if kept is None:
        drawn = sketch(geometries_of(parsed(stock.publication.spread(one.name, _DRAWN))))
        kept = stock.keep(key, {"sketch": drawn})
    found: Sketch | None = kept["sketch"]
    return found


def _described(stock: Inventory, wish: Wish) -> list[Document]:
    """Describe all collections, in the order of the map; made once per state, language and address."""
    key = ("collections", wish.language, wish.base, wish.parameters.get("lang", ""))
    kept = stock.documents.get(key)
    if kept is None:
        said = {one["id"]: one for one in stock.library.document(core.describe_collections, wish)["collections"]}
        entries = [_features(said[name], one, wish, stock.bulk.get(name)) for name, one in stock.collections.items()]
        entries += [_coverage(one, wish) for name, one in stock.coverages.items() if name in said]
        kept = stock.keep(key, {"collections": entries})
    found: list[Document] = kept["collections"]
    return found


def _features(said: Document, one: Collection, wish: Wish, holding: Holding | None) -> Document:
    """Put titles, extent and links of a collection of features in place."""
    path = f"/collections/{one.name}"
    links = [
        link("self", wish.address(path), JSON, say("collection", wish.language)),
        *_items_links(path, wish),
        *_schemas(wish, path),
        *_tiles_links(one, path, wish),
    ]
    body = {"itemType": "feature", "crs": said["crs"], "storageCrs": said["storageCrs"]}
    every = [*links, *enclosures(wish, one, holding), *_licence_link(one, wish)]
    return _common(one, wish) | body | _extent(one) | {"links": every}


def _coverage(one: Coverage, wish: Wish) -> Document:
    """Put titles, extent and links of a coverage in place."""
    path = f"/collections/{one.name}"
    links = [link("self", wish.address(path), JSON, say("collection", wish.language))]
    for format_, media in one.formats:
        links.append(
            link(
                f"{REL}coverage",
                wish.address(f"{path}/coverage", f=format_),
                media,
                say("coverage_data", wish.language),
            )
        )
    links.append(
        link(f"{REL}coverage", wish.address(f"{path}/coverage", f="html"), HTML, say("coverage", wish.language))
    )
    links += _schemas(wish, path)
    extent = _extent(one)
    extent["extent"]["spatial"]["grid"] = _grid(one)
    # GDAL takes every collection for features, unless it is told in these words.
    body = {
        "layerDataType": "Coverage",
        "crs": [uri(one.crs)],
        "storageCrs": uri(one.crs),
        "fitForDecisions": one.fit_for_decisions,
    }
    if one.vertical_datum:
        body["verticalDatum"] = one.vertical_datum
    return _common(one, wish) | body | extent | {"links": [*links, *_licence_link(one, wish)]}


def _grid(one: Coverage) -> list[Document]:
    """Describe the cells along each axis, in the CRS of the grid: ``firstCoordinate`` is a centre."""
    axes = one.raster().grid
    return [
        {"cellsCount": len(each), "resolution": float(np.ptp(each)) / max(1, len(each) - 1),
         "firstCoordinate": float(each.min())}
        for each in (axes.x, axes.y)
    ]  # fmt: skip


def _schemas(wish: Wish, path: str) -> list[Link]:
    """Link to what an item holds, may be asked for by and sorted by."""
    return [
        each
        for kind in ("schema", "queryables", "sortables")
        for each in pair(wish, REL + kind, f"{path}/{kind}", SCHEMA, kind)
    ]


def _common(one: Collection | Coverage, wish: Wish) -> Document:
    """Members that every collection has."""
    body: Document = {
        "id": one.name,
        "title": one.title.of(wish.language),
        "description": one.description.of(wish.language),
    }
    if isinstance(one, Collection):
        body["keywords"] = list(one.keywords)
    if one.attribution:
        body["attribution"] = one.attribution
    if one.notice:
        body["notice"] = one.notice.of(wish.language)
    return body


def _licence_link(one: Collection | Coverage, wish: Wish) -> list[Link]:
    """Link to the licence, where it has an address."""
    if not one.licence.get("url"):
        return []
    title = say("licence_title", wish.language, name=one.licence.get("name", ""))
    return [link("license", str(one.licence["url"]), HTML, title)]


def _extent(one: Collection | Coverage) -> Document:
    """Write where and when a collection is."""
    extent: Document = {}
    if one.extent is not None:
        extent["spatial"] = {"bbox": [list(one.extent)], "crs": uri("OGC:CRS84")}
    if one.interval != (None, None):
        extent["temporal"] = {
            "interval": [list(one.interval)],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return {"extent": extent} if extent else {}


def _items_links(path: str, wish: Wish) -> list[Link]:
    """Link to the items, one per encoding."""
    name = say("items", wish.language)
    return [
        link("items", wish.address(f"{path}/items"), GEOJSON, f"{name} (GeoJSON)"),
        link("items", wish.address(f"{path}/items", f="html"), HTML, f"{name} (HTML)", wish.language),
    ]


def _tiles_links(one: Collection, path: str, wish: Wish) -> list[Link]:
    """Link to the tiles and to the style, where there are any."""
    if not one.tiles:
        return []
    return [*pair(wish, f"{REL}tilesets-vector", f"{path}/tiles", JSON, "tile_sets"), *style_links(one, wish)]
