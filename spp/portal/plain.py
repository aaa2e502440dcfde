"""The pages for browsers without scripts or graphics: what there is, what lies at a place, and every thing in lists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import orjson
import shapely
from starlette.requests import Request
from starlette.responses import Response

from sdi.entry import sources
from sdi.errors import NotFound
from spp.portal.frame import Portal, language_of
from spp.portal.layer import Layer
from spp.portal.map import find
from spp.portal.series import own
from spp.portal.wording import Words

ROWS = 50
"""Things on one page of a list [1]."""
REACH = 0.00015
"""Distance within which points and lines count as being at a place [degree]; about 16 m."""
_MOST = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in words."""

    kind: str
    eid: str
    layer: str
    """Title of its layer."""
    name: str
    cells: tuple[tuple[str, str], ...]
    """Title and text of every attribute but the name; an empty text where there is no value."""


def plain_page(portal: Portal, request: Request) -> Response:
    """Answer with the list of layers and, where coordinates are given, what lies there.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; ``lat`` and ``lon`` in degrees ask for a place.
    """
    language = language_of(request)
    shown = portal.layers(language)
    asked = {name: request.query_params.get(name, "").strip() for name in ("lat", "lon")}
    place = _place(asked["lat"], asked["lon"])
    wrong = place is None and any(asked.values())
    found = None if place is None else _things_at(portal, shown, place, portal.words[language])
    attributions = sources(layer.attribution for layer in shown)
    charted = own(portal.publication().collections())
    values = {
        "layers": shown[::-1], "asked": asked, "wrong": wrong, "found": found, "attributions": attributions,
        "charted": charted,
    }  # fmt: skip
    return portal.page(request, "plain.html", values, status=400 if wrong else 200)


def list_page(portal: Portal, request: Request) -> Response:
    """Answer with one page of the things of a layer.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; its path names the collection, ``page`` counts from 1, ``choice`` names one of its alternatives.
    """
    language = language_of(request)
    name = request.path_params["collection"]
    try:
        layer = find(portal.layers(language), name)
    except NotFound:
        return portal.page(request, "missing.html", {"name": name, "attributions": []}, status=404)
    choice = layer.choice(request.query_params.get("choice"))
    count = choice.count if choice else layer.count
    pages = max(1, math.ceil(count / ROWS))
    number = min(max(_whole(request.query_params.get("page")), 1), pages)
    start = (number - 1) * ROWS
    features = portal.publication().items(layer.id, limit=ROWS, offset=start, where=layer.where(choice)).features
    rows = [_row(layer, orjson.loads(feature), portal.words[language]) for feature in features]
    used = [place for place in range(len(rows[0].cells)) if any(row.cells[place][1] for row in rows)] if rows else []
    values = {
        "layer": layer,
        "choice": choice,
        "count": count,
        "rows": rows,
        "used": used,
        "charted": own(portal.publication().collections()),
        "number": number,
        "pages": pages,
        "first": start + 1,
        "last": start + len(rows),
        "attributions": sources([layer.attribution]),
    }
    return portal.page(request, "list.html", values)


def _place(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Read longitude and latitude [degree, CRS84]; ``None`` where they are none."""
    try:
        lat, lon = float(latitude.replace(",", ".")), float(longitude.replace(",", "."))
    except ValueError:
        return None
    return (lon, lat) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _whole(text: str | None) -> int:
    """Read a page number; 1 where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1


def _things_at(portal: Portal, layers: tuple[Layer, ...], place: tuple[float, float], words: Words) -> list[Row]:
    """Things of all layers at a place: points and lines first, then areas from the smallest to the largest."""
    point = shapely.Point(place)
    west, south, east, north = shapely.buffer(point, REACH, cap_style="square").bounds
    found: list[tuple[float, Row]] = []
    for layer in reversed(layers):
        where = layer.where(layer.choice(None))
        page = portal.publication().items(layer.id, limit=_MOST, bbox=(west, south, east, north), where=where)
        for feature in page.features:
            document = orjson.loads(feature)
            if document["geometry"] is None:
                continue
            shape = shapely.from_geojson(orjson.dumps(document["geometry"]))
            if shapely.distance(shape, point) <= (0 if layer.areal else REACH):
                found.append((_size(shape, point), _row(layer, document, words)))
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def _size(shape: shapely.Geometry, point: shapely.Point) -> float:
    """Area of the part of a thing that is meant [square degree]; 0 for points and lines."""
    return min((float(part.area) for part in shapely.get_parts(shape) if shapely.intersects(part, point)), default=0.0)


def _row(layer: Layer, feature: dict[str, Any], words: Words) -> Row:
    """Write one thing."""
    properties = feature["properties"]
    name = properties.get("name") if words.language == "vi" else properties.get("name_en") or properties.get("name")
    others = [one for one in layer.attributes if one.name not in {"name", "name_en"}]
    cells = tuple((one.title, one.text(properties.get(one.name), words)) for one in others)
    return Row(layer.kind, str(feature["id"]), layer.title, str(name or ""), cells)
