"""The application: every route in one table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sdi.errors import PhusaError
from sdi.service.catalogue import collection, collections
from sdi.service.change import changes
from sdi.service.context import Context, Work
from sdi.service.crew import Crew
from sdi.service.description import description
from sdi.service.extract import coverage
from sdi.service.guard import Guard
from sdi.service.health import health
from sdi.service.inventory import Keeper
from sdi.service.item import item, items
from sdi.service.landing import conformance, landing
from sdi.service.negotiation import ROOT
from sdi.service.problem import answer_problem
from sdi.service.schema import collection_queryables, collection_schema
from sdi.service.search import search
from sdi.service.thing import thing
from sdi.service.version import version, versions
from sdi.service.view import STATIC
from sdi.settings import Settings
from sdi.workspace import Workspace

FEATURES = "features"
COVERAGES = "coverages"
DOCUMENTS = "documents"

ROUTES: tuple[tuple[str, Work, str], ...] = (
    (f"{ROOT}/", landing, DOCUMENTS),
    (f"{ROOT}/conformance", conformance, DOCUMENTS),
    (f"{ROOT}/openapi", description, DOCUMENTS),
    (f"{ROOT}/collections", collections, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}", collection, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/schema", collection_schema, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/queryables", collection_queryables, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/items", items, FEATURES),
    (f"{ROOT}/collections/{{collection}}/items/{{item}}", item, FEATURES),
    (f"{ROOT}/collections/{{collection}}/coverage", coverage, COVERAGES),
    ("/id/{kind}/{uuid}", thing, FEATURES),
    ("/id/{kind}/{uuid}/v", versions, FEATURES),
    ("/id/{kind}/{uuid}/v/{n}", version, FEATURES),
    ("/changes", changes, FEATURES),
    ("/search", search, FEATURES),
    ("/healthz", health, DOCUMENTS),
)
"""Path, handler and the crew that does its work."""
_WAITING = 64
"""Requests of one kind that may wait for a thread."""


def application(
    workspace: Workspace, *, pages: Sequence[BaseRoute] = (), settings: Settings | None = None
) -> Starlette:
    """Build the service of a city.

    Parameters
    ----------
    workspace : Workspace
        The city; only its publication and its rasters are opened, and only for reading.
    pages : sequence of BaseRoute
        Further pages, such as the public map at ``/``; they come before the redirect to the API.
    settings : Settings, optional
        Limits, threads and public address; the defaults where absent.

    Returns
    -------
    Starlette
        An ASGI application.
    """
    settings = settings or Settings()
    context = Context(workspace, settings, Keeper(workspace), has_portal=bool(pages))
    crews = {
        FEATURES: Crew(FEATURES, settings.workers, _WAITING),
        DOCUMENTS: Crew(DOCUMENTS, settings.workers, _WAITING),
        COVERAGES: Crew(COVERAGES, max(1, settings.workers // 2), _WAITING),
    }

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        for crew in crews.values():
            crew.close()

    own = [Route(path, _endpoint(work, context, crews[kind])) for path, work, kind in ROUTES]
    beside = [Mount(f"{ROOT}/static", StaticFiles(directory=STATIC)), Route(ROOT, _to_landing)]
    unpacked = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "image/tiff")
    return Starlette(
        routes=[*own, *beside, *pages, Route("/", _to_landing)],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5, exclude_content_types=unpacked),
            Middleware(Guard),
        ],
        exception_handlers={PhusaError: answer_problem, HTTPException: answer_problem, Exception: answer_problem},
        lifespan=life,
    )


def _endpoint(work: Work, context: Context, crew: Crew) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of a blocking handler."""

    async def endpoint(request: Request) -> Response:
        try:
            return await crew.run(work, context, request)
        except (PhusaError, HTTPException):
            raise
        except Exception as error:  # noqa: BLE001 - logged and answered; the server's own handler would lose the headers
            return await answer_problem(request, error)

    return endpoint


async def _to_landing(request: Request) -> Response:
    """Send a browser to the landing page, with what it asked for."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{ROOT}/{query}")
