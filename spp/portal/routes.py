"""Where each public page stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal.asset import Asset, assets
from spp.portal.frame import Portal
from spp.portal.lookup import lookup_page
from spp.portal.map import generalised, map_page, site_description, still_picture
from spp.portal.opened import Opened
from spp.portal.plain import list_page, plain_page
from spp.portal.series import series_picture

STATIC = Path(__file__).with_name("static")
"""Folder of the map's own files and, below ``vendor``, of the map library that ``make assets`` puts there."""

Handler = Callable[..., Response]


def pages(workspace: Workspace, settings: Settings) -> list[BaseRoute]:
    """Routes of the public map of a city.

    Parameters
    ----------
    workspace : Workspace
        The city; only its public publication and its published rasters are opened, and only for reading.
    settings : Settings
        For the public address.

    Returns
    -------
    list of BaseRoute
        To be given to the service's application.
    """
    publication = Opened(workspace)
    return routes(Portal.of(workspace, publication, settings))


def routes(portal: Portal) -> list[BaseRoute]:
    """Routes of prepared pages. A handler is a plain function and gets a thread, because reading a publication blocks.

    Parameters
    ----------
    portal : Portal
        The public pages.
    """
    handlers: Mapping[str, Handler] = {
        "/": map_page,
        "/portal/layers.json": site_description,
        "/portal/overview/{collection}.json": generalised,
        "/portal/city.svg": still_picture,
        "/portal/series/{collection}/{item}.svg": series_picture,
        "/lookup": lookup_page,
        "/plain": plain_page,
        "/plain/{collection}": list_page,
    }
    files = assets(STATIC)
    return [
        *(Route(path, partial(handler, portal), name=handler.__name__) for path, handler in handlers.items()),
        Route("/static/{path:path}", partial(_file, files), name="static"),
    ]


def _file(files: Mapping[str, Asset], request: Request) -> Response:
    """Answer with one of the map's files."""
    found = files.get(request.path_params["path"])
    if found is None:
        raise HTTPException(
            404, f"no file {request.path_params['path']!r}; a missing map library is installed by `make assets`"
        )
    return found.answer(request)
