"""Where each public page stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sdi.publication import Publication
from sdi.settings import Settings
from spp.portal.asset import Asset, assets
from spp.portal.frame import Portal
from spp.portal.map import generalised, map_page, site_description, still_picture
from spp.portal.plain import list_page, plain_page
from spp.portal.site import Site

STATIC = Path(__file__).with_name("static")
"""Folder of the map's own files and, below ``vendor``, of the map library that ``make assets`` puts there."""

Handler = Callable[[Portal, Request], Response]


def pages(publication: Publication, site: Site, settings: Settings) -> list[BaseRoute]:
    """Routes of the public map.

    Parameters
    ----------
    publication : Publication
        What the map shows; the public level.
    site : Site
        The city.
    settings : Settings
        For the public address.

    Returns
    -------
    list of BaseRoute
        To be given to the service's application.
    """
    portal = Portal.of(site, publication, settings)
    routes: dict[str, Handler] = {
        "/": map_page,
        "/portal/layers.json": site_description,
        "/portal/overview/{collection}.json": generalised,
        "/portal/city.svg": still_picture,
        "/plain": plain_page,
        "/plain/{collection}": list_page,
    }
    files = assets(STATIC)
    return [
        *(Route(path, _endpoint(portal, handler), name=handler.__name__) for path, handler in routes.items()),
        Route("/static/{path:path}", partial(_file, files), name="static"),
    ]


def _endpoint(portal: Portal, handler: Handler) -> Callable[[Request], Response]:
    """Bind a handler to its portal; a plain function runs in a thread of its own, as reading a publication blocks."""

    def endpoint(request: Request) -> Response:
        return handler(portal, request)

    return endpoint


def _file(files: Mapping[str, Asset], request: Request) -> Response:
    """Answer with one of the map's files."""
    found = files.get(request.path_params["path"])
    if found is None:
        raise HTTPException(404, f"no file {request.path_params['path']!r}; a missing map library is installed by `make assets`")
    return found.answer(request)
