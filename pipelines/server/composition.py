"""The service and the portal as one application."""

from __future__ import annotations

from starlette.applications import Starlette

from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages
from spp.portal.routes import STATIC


def compose(workspace: Workspace, settings: Settings) -> Starlette:
    """Put the service and the portal together.

    Parameters
    ----------
    workspace : Workspace
        The city.
    settings : Settings
        Limits, threads and public address.

    Returns
    -------
    Starlette
        An ASGI application: the map at ``/``, the OGC API at ``/ogc/``.
    """
    return application(workspace, pages=pages(workspace, settings), settings=settings, library=STATIC / "vendor")
