"""The grids in which tiles lie: one, that of all web maps."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.library import Document
from sdi.service.link import itself, pair
from sdi.service.negotiation import DOCUMENT, JSON, understand
from sdi.service.phrase import say
from sdi.service.tiles.place import check_grid
from sdi.service.view import render
from sdi.tile.quad import AROUND, CRS, IDENTIFIER, LEVELS, SCREEN, URI, cell, scale

PATH = f"/tileMatrixSets/{IDENTIFIER}"
_TITLE = "Google Maps Compatible for the World"
"""Title under which OGC registered the set."""


def matrix_sets(context: Context, request: Request) -> Response:
    """Answer ``GET /tileMatrixSets``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, DOCUMENT, context.settings)
    etag = tag(wish, IDENTIFIER)
    if answer := unchanged(request, wish, etag):
        return answer
    links = pair(wish, "self", PATH, JSON, "tile_matrix_set")
    one = {"id": IDENTIFIER, "title": _TITLE, "uri": URI, "crs": CRS, "links": links}
    body: Document = {"tileMatrixSets": [one], "links": itself(wish, DOCUMENT)}
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "tiles.html", wish, workspace=context.workspace, one=None, heading=say("tile_matrix_sets", wish.language),
        lead=say("tile_matrix_sets_lead", wish.language), facts=[(say("identifier", wish.language), IDENTIFIER)],
        links=[*links, *body["links"]], sketch=None,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def matrix_set(context: Context, request: Request) -> Response:
    """Answer ``GET /tileMatrixSets/{grid}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, DOCUMENT, context.settings)
    check_grid(request)
    etag = tag(wish, IDENTIFIER)
    if answer := unchanged(request, wish, etag):
        return answer
    body = web_mercator_quad()
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    facts = [(say("identifier", wish.language), IDENTIFIER), ("URI", URI), (say("storage_crs", wish.language), CRS)]
    html = render(
        "tiles.html", wish, workspace=context.workspace, one=None, heading=_TITLE,
        lead=say("tile_matrix_sets_lead", wish.language), facts=facts, links=itself(wish, DOCUMENT), sketch=None,
    )  # fmt: skip
    return page(html, headers(wish, etag))


def web_mercator_quad() -> Document:
    """Return the definition of the grid, worked out by its rule: every level halves the one before."""
    return {
        "id": IDENTIFIER, "title": _TITLE, "uri": URI, "crs": CRS, "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(level) for level in range(LEVELS)],
    }  # fmt: skip


def _matrix(level: int) -> Document:
    """Return a level of the grid."""
    return {
        "id": str(level), "scaleDenominator": scale(level), "cellSize": cell(level), "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-AROUND / 2, AROUND / 2], "tileWidth": SCREEN, "tileHeight": SCREEN,
        "matrixWidth": 2**level, "matrixHeight": 2**level,
    }  # fmt: skip
