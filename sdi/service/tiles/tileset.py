"""What is said of the tiles of a collection, in the words of OGC and in those of map libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.publishing.collection import Collection
from sdi.publishing.tiling import properties
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.library import Document
from sdi.service.link import REL, Link, itself, link, pair
from sdi.service.negotiation import DOCUMENT, HTML, JSON, Offer, Wish, understand
from sdi.service.phrase import say
from sdi.service.sketch import sketch_of_box
from sdi.service.tiles.matrix import PATH
from sdi.service.tiles.place import USUAL_LEVEL, check_grid, middle, tiled
from sdi.service.tiles.stylesheet import STYLESHEET, style_path
from sdi.service.view import render
from sdi.tile.layer import MEDIA
from sdi.tile.quad import CRS, DEEPEST, IDENTIFIER, URI, limits

TILEJSON = "application/vnd.mapbox.tile+json"
TILESET: Offer = (("json", JSON), ("tilejson", TILEJSON), ("html", HTML))
_DIMENSIONS = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}
_FIELDS = {"text": "String", "number": "Number", "integer": "Number", "boolean": "Boolean"}


def tilesets(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/tiles``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, DOCUMENT, context.settings)
    stock = context.stock(request)
    one = tiled(stock, request)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    links = [
        link("self", wish.address(_path(one), f="json"), JSON, say("tile_set", wish.language)),
        *pair(wish, f"{REL}tiling-scheme", PATH, JSON, "tile_matrix_set"),
        _item(one, wish),
    ]
    body = {"tilesets": [_summary(one, wish) | {"links": links}], "links": itself(wish, DOCUMENT)}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    shown = [*pair(wish, "item", _path(one), JSON, "tile_set"), *itself(wish, DOCUMENT)]
    return page(_page(context, one, wish, say("tile_sets", wish.language), shown), headers(wish, etag))


def tileset(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/tiles/{grid}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, TILESET, context.settings)
    stock = context.stock(request)
    one = tiled(stock, request)
    check_grid(request)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    if wish.html:
        html = _page(context, one, wish, say("tile_set", wish.language), _links(one, wish))
        return page(html, headers(wish, etag))
    body = _tilejson(one, wish) if wish.format == "tilejson" else _described(one, wish)
    return document(wish, body, headers(wish, etag))


def _path(one: Collection) -> str:
    """Return the path of the tile set of a collection."""
    return f"/collections/{one.name}/tiles/{IDENTIFIER}"


def _summary(one: Collection, wish: Wish) -> Document:
    """Return what the list says of a tile set too."""
    return {"title": one.title.of(wish.language), "dataType": "vector", "crs": CRS, "tileMatrixSetURI": URI}


def _item(
    one: Collection, wish: Wish, matrix: str = "tileMatrix", row: str = "tileRow", col: str = "tileCol"
) -> Document:
    """Link to the tiles by a template."""
    href = f"{wish.base}{_path(one)}/{{{matrix}}}/{{{row}}}/{{{col}}}"
    return {**link("item", href, MEDIA, say("tile", wish.language)), "templated": True}


def _links(one: Collection, wish: Wish) -> Sequence[Document]:
    """Link a tile set to its tiles, its grid, its collection and its style."""
    return [
        *itself(wish, TILESET),
        _item(one, wish),
        *pair(wish, f"{REL}tiling-scheme", PATH, JSON, "tile_matrix_set"),
        *pair(wish, f"{REL}geodata", f"/collections/{one.name}", JSON, "collection"),
        *style_links(one, wish),
    ]


def style_links(one: Collection, wish: Wish) -> list[Link]:
    """Link to the style of a collection, where it has one."""
    if one.style is None:
        return []
    return [link("stylesheet", wish.address(style_path(one)), STYLESHEET, say("style", wish.language))]


def _described(one: Collection, wish: Wish) -> Document:
    """Describe a tile set as OGC does."""
    body = _summary(one, wish) | {
        "description": one.description.of(wish.language), "keywords": list(one.keywords), "version": str(one.version),
        "mediaTypes": [MEDIA], "layers": [_layer(one, wish)], "links": _links(one, wish),
        "tileMatrixSetLimits": [_limit(one, level) for level in range(DEEPEST + 1)] if one.extent else [],
    }  # fmt: skip
    if one.attribution:
        body["attribution"] = one.attribution
    if one.licence.get("name"):
        body["license"] = one.licence["name"]
    if one.extent is not None:
        west, south, east, north = one.extent
        corners = {"lowerLeft": [west, south], "upperRight": [east, north]}
        body["boundingBox"] = corners | {"crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
    if one.style is not None:
        body["style"] = {"id": "default", "links": style_links(one, wish)}
    return body


def _limit(one: Collection, level: int) -> Document:
    """Return which rows and columns of a level a collection may touch."""
    found = limits(one.extent or (), level)
    return {
        "tileMatrix": str(level), "minTileRow": found.first_row, "maxTileRow": found.last_row,
        "minTileCol": found.first_column, "maxTileCol": found.last_column,
    }  # fmt: skip


def _layer(one: Collection, wish: Wish) -> Document:
    """Describe the layer of the tiles."""
    said: Document = {
        "id": one.name, "title": one.title.of(wish.language), "dataType": "vector", "minTileMatrix": "0",
        "maxTileMatrix": str(DEEPEST), "propertiesSchema": {"type": "object", "properties": _fields(one)},
        "links": [link("geodata", wish.address(f"/collections/{one.name}"), JSON, one.title.of(wish.language))],
    }  # fmt: skip
    dimension = _DIMENSIONS.get(one.geometry)
    return said if dimension is None else said | {"geometryDimension": dimension}


def _fields(one: Collection) -> Mapping[str, Mapping[str, Any]]:
    """Return what is said of the properties of a tile."""
    return {name: {"type": "string" if kind == "text" else kind} for name, kind in properties(one).items()}


def _tilejson(one: Collection, wish: Wish) -> Document:
    """Describe a tile set as TileJSON 3.0, which MapLibre, QGIS and others read."""
    body: Document = {
        "tilejson": "3.0.0", "name": one.title.of(wish.language), "description": one.description.of(wish.language),
        "version": f"1.0.{one.version}", "scheme": "xyz", "minzoom": 0, "maxzoom": DEEPEST,
        "tiles": [_item(one, wish, "z", "y", "x")["href"]], "attribution": one.attribution,
        "vector_layers": [{
            "id": one.name, "description": one.title.of(wish.language), "minzoom": 0, "maxzoom": DEEPEST,
            "fields": {name: _FIELDS[kind] for name, kind in properties(one).items()},
        }],
    }  # fmt: skip
    if one.extent is not None:
        body |= {"bounds": list(one.extent), "center": [*middle(one.extent), USUAL_LEVEL]}
    return body


def _page(context: Context, one: Collection, wish: Wish, heading: str, links: Sequence[Mapping[str, Any]]) -> str:
    """Render a page about tiles of a collection."""
    facts = [
        (say("collection", wish.language), one.title.of(wish.language)),
        (say("tile_matrix_set", wish.language), IDENTIFIER),
        (say("tile_levels", wish.language), f"0 – {DEEPEST}"),
        (say("tile_format", wish.language), MEDIA),
    ]
    return render(
        "tiles.html", wish, workspace=context.workspace, one=one, heading=heading,
        lead=say("tile_sets_lead", wish.language), facts=facts, links=links,
        sketch=sketch_of_box(one.extent) if one.extent else None, has_map=context.has_map,
    )  # fmt: skip
