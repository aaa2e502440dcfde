"""The list of collections and each of them, features and coverages alike."""

from __future__ import annotations

from pygeoapi import api as core
from starlette.requests import Request
from starlette.responses import Response

from sdi.crs import uri
from sdi.errors import NotFound
from sdi.publishing.collection import Collection
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.inventory import Inventory
from sdi.service.library import Document
from sdi.service.link import REL, Link, itself, link, pair
from sdi.service.negotiation import DOCUMENT, GEOJSON, HTML, JSON, SCHEMA, Wish, understand
from sdi.service.phrase import say
from sdi.service.sketch import sketch_of_box
from sdi.service.view import render


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
    stock = context.keeper.current()
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    body = {"links": itself(wish, DOCUMENT), "collections": _described(stock, wish)}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "collections.html", wish, workspace=context.workspace,
        collections=list(stock.collections.values()), coverages=list(stock.coverages.values()),
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
    stock = context.keeper.current()
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
    html = render(
        "collection.html", wish, workspace=context.workspace, one=one, body=body, is_coverage=isinstance(one, Coverage),
        sketch=sketch_of_box(one.extent) if one.extent else None,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def _described(stock: Inventory, wish: Wish) -> list[Document]:
    """Describe all collections, in the order of the map; made once per state, language and address."""
    key = ("collections", wish.language, wish.base, wish.parameters.get("lang", ""))
    kept = stock.documents.get(key)
    if kept is None:
        said = {one["id"]: one for one in stock.library.document(core.describe_collections, wish)["collections"]}
        entries = [_features(said[name], one, wish) for name, one in stock.collections.items()]
        entries += [_coverage(said[name], one, wish) for name, one in stock.coverages.items() if name in said]
        kept = stock.keep(key, {"collections": entries})
    found: list[Document] = kept["collections"]
    return found


def _features(said: Document, one: Collection, wish: Wish) -> Document:
    """Put titles, extent and links of a collection of features in place."""
    path = f"/collections/{one.name}"
    links = [
        link("self", wish.address(path), JSON, say("collection", wish.language)),
        *_items_links(path, wish),
        *pair(wish, f"{REL}schema", f"{path}/schema", SCHEMA, "schema"),
        *pair(wish, f"{REL}queryables", f"{path}/queryables", SCHEMA, "queryables"),
    ]
    body = {"itemType": "feature", "crs": said["crs"], "storageCrs": said["storageCrs"]}
    return _common(one, wish) | body | _extent(one) | {"links": [*links, *_licence_link(one, wish)]}


def _coverage(said: Document, one: Coverage, wish: Wish) -> Document:
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
    links += pair(wish, f"{REL}schema", f"{path}/schema", SCHEMA, "schema")
    extent = _extent(one)
    extent["extent"]["spatial"]["grid"] = said["extent"]["spatial"]["grid"]
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
