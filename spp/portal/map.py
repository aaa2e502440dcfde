"""The map page, the description of its layers and its generalised pictures."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sdi.entry import sources
from sdi.errors import NotFound
from spp.portal.asset import Asset
from spp.portal.frame import Portal, language_of
from spp.portal.gallery import extent, for_picture
from spp.portal.layer import LIMIT, Layer
from spp.portal.series import charts, for_map


def map_page(portal: Portal, request: Request) -> Response:
    """Answer with the map page.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request.
    """
    shown = portal.layers(language_of(request))
    attributions = sources(layer.attribution for layer in shown)
    has_parcels = any(layer.id == "parcels" for layer in shown)
    return portal.page(request, "map.html", {"attributions": attributions, "has_parcels": has_parcels})


def site_description(portal: Portal, request: Request) -> Response:
    """Answer with the layers, their styles and the words for their fields.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; ``lang`` chooses the language.
    """
    language = language_of(request)
    prefix = portal.prefix(request)
    shown = portal.layers(language)
    charted = charts(portal.publication().collections())
    document = {
        "title": portal.site.title.of(language),
        "language": language,
        "synthetic": portal.site.synthetic,
        "notice": portal.notice(language),
        "extent": extent(tuple(layer for layer in shown if layer.visible) or shown),
        "things": f"{prefix}/id",
        "lookup": f"{prefix}/lookup",
        "limit": LIMIT,
        "layers": [layer.description_for_map(prefix) | for_map(prefix, charted.get(layer.id)) for layer in shown],
    }
    return Asset.of(orjson.dumps(document), "application/json").answer(request, Content_Language=language)


def generalised(portal: Portal, request: Request) -> Response:
    """Answer with the generalised features of one layer.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; its path names the collection, ``choice`` one of its alternatives.

    Raises
    ------
    NotFound
        If there is no such layer, or it needs no generalising.
    """
    layer = find(portal.layers(language_of(request)), request.path_params["collection"])
    if not layer.general:
        raise NotFound(f"layer {layer.id} has no generalised picture; its {layer.count} things are at {layer.id}/items")
    return portal.gallery.geojson(portal.publication(), layer, request.query_params.get("choice")).answer(request)


def still_picture(portal: Portal, request: Request) -> Response:
    """Answer with the picture of the city.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; ``lang`` chooses the language of its title.
    """
    language = language_of(request)
    shown = for_picture(portal.layers(language))
    title = portal.words[language].say("overview_alt", title=portal.site.title.of(language))
    return portal.gallery.picture(portal.publication(), title, language, shown).answer(
        request, Content_Security_Policy="default-src 'none'"
    )


def find(layers: tuple[Layer, ...], name: str) -> Layer:
    """Layer of a collection.

    Parameters
    ----------
    layers : tuple of Layer
        All layers.
    name : str
        Name of the collection.

    Raises
    ------
    NotFound
        If it is no layer.
    """
    found = next((layer for layer in layers if layer.id == name), None)
    if found is None:
        known = ", ".join(layer.id for layer in layers) or "none"
        raise NotFound(f"no layer {name!r} on this map; there are: {known}")
    return found
