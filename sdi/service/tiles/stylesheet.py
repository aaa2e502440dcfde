"""How a collection is drawn, in the words of MapLibre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import NotFound
from sdi.publishing.collection import Collection
from sdi.service.answer import document, headers, tag, unchanged
from sdi.service.context import Context
from sdi.service.library import Document
from sdi.service.negotiation import JSON, Offer, Wish, understand
from sdi.service.tiles.place import USUAL_LEVEL, middle, tiled
from sdi.tile.quad import IDENTIFIER

STYLESHEET = "application/vnd.mapbox.style+json"
_STYLE: Offer = (("mbs", STYLESHEET), ("json", JSON))
_KINDS: Mapping[str, Sequence[str]] = {
    "fill": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString"),
    "circle": ("Point", "MultiPoint"),
}


def style_path(one: Collection) -> str:
    """Return the path of the style of a collection."""
    return f"/collections/{one.name}/styles/default"


def style(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/styles/{style}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, _STYLE, context.settings)
    stock = context.stock(request)
    one = tiled(stock, request)
    if one.style is None or request.path_params["style"] != "default":
        raise NotFound(f"no such style of collection {one.name}; expected {'default' if one.style else 'none at all'}")
    etag = tag(wish, stock.state)
    return unchanged(request, wish, etag) or document(wish, stylesheet(one, one.style, wish), headers(wish, etag))


def stylesheet(one: Collection, said: Mapping[str, Any], wish: Wish) -> Document:
    """Return a style of version 8: the collection and nothing below it.

    Parameters
    ----------
    one : Collection
        The collection.
    said : mapping
        Its style, as `sdi.style.Style`.
    wish : Wish
        For language and addresses.
    """
    opened = {"center": middle(one.extent), "zoom": max(USUAL_LEVEL, said["minzoom"])} if one.extent else {}
    tiles = wish.address(f"/collections/{one.name}/tiles/{IDENTIFIER}", f="tilejson")
    return {
        "version": 8,
        "name": one.title.of(wish.language),
        **opened,
        "sources": {one.name: {"type": "vector", "url": tiles}},
        "layers": _layers(one.name, said),
    }


def _layers(name: str, said: Mapping[str, Any]) -> list[Document]:
    """Return a layer for each type of geometry; areas of a style of lines are drawn as outlines."""
    symbol, color = said["default"], _color(said)
    width, opacity = symbol["width"], symbol["opacity"]
    lines = [*_KINDS["line"], *([] if said["geometry"] == "fill" else _KINDS["fill"])]
    circle = {"circle-color": color, "circle-radius": max(width, 2), "circle-opacity": opacity}
    drawn = [
        ("line", lines, {"line-color": color, "line-width": width, "line-opacity": opacity}),
        ("circle", _KINDS["circle"], circle),
    ]
    if said["geometry"] == "fill":
        drawn.insert(0, ("fill", _KINDS["fill"], {"fill-color": color, "fill-opacity": opacity}))
    return [
        {
            "id": f"{name}-{kind}", "type": kind, "source": name, "source-layer": name, "minzoom": said["minzoom"],
            "filter": ["in", ["geometry-type"], ["literal", list(shown)]], "paint": paint,
        }
        for kind, shown, paint in drawn
    ]  # fmt: skip


def _color(said: Mapping[str, Any]) -> object:
    """Return a colour, or the expression that chooses it."""
    default = said["default"]["color"]
    if not said["by"] or not said["classes"]:
        return default
    classes = {_label(one["value"]): one["color"] for one in said["classes"]}
    chosen = [part for pair in classes.items() for part in pair]
    return ["match", ["to-string", ["get", said["by"]]], *chosen, default]


def _label(value: object) -> str:
    """Write a value as MapLibre writes it as a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.17g}" if isinstance(value, float) else str(value)
