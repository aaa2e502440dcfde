"""Landing page and conformance declaration."""

from __future__ import annotations

from pygeoapi import api as core
from starlette.requests import Request
from starlette.responses import Response

from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.link import REL, itself, link, pair
from sdi.service.negotiation import DOCUMENT, HTML, JSON, OPENAPI, understand
from sdi.service.phrase import say
from sdi.service.sketch import sketch_of_boxes
from sdi.service.view import render

_COMMON = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/"
_COMMON_2 = "https://www.opengis.net/spec/ogcapi-common-2/1.0/conf/"
"""A draft: its classes have addresses of their own kind."""
_COMMON_3 = "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/"
"""The same as Features 5."""
_FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_FEATURES_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_TILES_1 = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
PROVED = frozenset(
    {
        *(_COMMON + name for name in ("core", "landing-page", "json", "html", "oas30")),
        *(_COMMON_2 + name for name in ("collections", "json", "html")),
        *(
            _COMMON_3 + name
            for name in (
                "schemas",
                "advanced-property-roles",
                "references",
                "returnables-and-receivables",
                "queryables",
                "sortables",
                "profile-codelists",
            )
        ),
        *(_FEATURES_1 + name for name in ("core", "geojson", "html", "oas30")),
        "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
        *(_TILES_1 + name for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30")),
        *(_FEATURES_3 + name for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
        *(
            _CQL2 + name
            for name in (
                "cql2-text",
                "cql2-json",
                "basic-cql2",
                "advanced-comparison-operators",
                "case-insensitive-comparison",
                "accent-insensitive-comparison",
                "basic-spatial-functions",
                "basic-spatial-functions-plus",
                "spatial-functions",
                "temporal-functions",
                "property-property",
                "arithmetic",
            )
        ),
    }
)
"""Conformance classes with a test per requirement in ``tests/conformance``; pygeoapi claims others for itself."""


def landing(context: Context, request: Request) -> Response:
    """Answer ``GET /``.

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
    said = stock.library.document(core.landing_page, wish)
    body = {
        "title": context.workspace.title.of(wish.language),
        "description": said["description"],
        "links": [
            *itself(wish, DOCUMENT),
            link("service-desc", wish.address("/openapi"), OPENAPI, say("api_definition", wish.language)),
            link("service-doc", wish.address("/openapi", f="html"), HTML, say("api_documentation", wish.language)),
            *pair(wish, "conformance", "/conformance", JSON, "conformance"),
            *pair(wish, "data", "/collections", JSON, "collections"),
            *pair(wish, f"{REL}tiling-schemes", "/tileMatrixSets", JSON, "tile_matrix_sets"),
        ],
    }
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "landing.html", wish, workspace=context.workspace, body=body, site=wish.site if context.has_portal else None,
        collections=list(stock.collections.values()), coverages=list(stock.coverages.values()),
        sketch=sketch_of_boxes(stock.extents()), has_map=context.has_map,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def conformance(context: Context, request: Request) -> Response:
    """Answer ``GET /conformance`` with the classes that tests prove.

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
    body = {"conformsTo": sorted(PROVED), "links": itself(wish, DOCUMENT)}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "conformance.html", wish, workspace=context.workspace, body=body,
    )  # fmt: skip
    return page(html, headers(wish, etag))
