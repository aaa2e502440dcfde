"""The application: every route in one table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sdi.bulk.form import FORMS
from sdi.errors import PhusaError
from sdi.service.access.keepers import Keepers
from sdi.service.access.recognition import Recognition
from sdi.service.access.way_in import way_in
from sdi.service.bulk import bulk
from sdi.service.catalogue import collection, collections
from sdi.service.change import changes
from sdi.service.context import Context, Work
from sdi.service.crew import Crew
from sdi.service.description import description
from sdi.service.extract import coverage
from sdi.service.guard import Guard
from sdi.service.health import alive, health
from sdi.service.item import item, items
from sdi.service.landing import conformance, landing
from sdi.service.negotiation import ROOT
from sdi.service.packing import Packing
from sdi.service.problem import answer_problem
from sdi.service.schema import collection_queryables, collection_schema, collection_sortables
from sdi.service.search import search
from sdi.service.thing import thing
from sdi.service.tiles.matrix import matrix_set, matrix_sets
from sdi.service.tiles.memory import Memory
from sdi.service.tiles.stylesheet import style
from sdi.service.tiles.tile import tile
from sdi.service.tiles.tileset import tileset, tilesets
from sdi.service.version import version, versions
from sdi.service.view import STATIC
from sdi.service.watch.leave import Leave
from sdi.service.watch.observer import Observer
from sdi.settings import Settings
from sdi.tile.layer import MEDIA as TILE_MEDIA
from sdi.workspace import Workspace

FEATURES = "features"
COVERAGES = "coverages"
DOCUMENTS = "documents"
TILES = "tiles"

ROUTES: tuple[tuple[str, Work, str], ...] = (
    (f"{ROOT}/collections/{{collection}}/items", items, FEATURES),
    (f"{ROOT}/collections/{{collection}}/items/{{item}}", item, FEATURES),
    (f"{ROOT}/collections/{{collection}}/tiles/{{grid}}/{{matrix}}/{{row}}/{{column}}", tile, TILES),
    (f"{ROOT}/", landing, DOCUMENTS),
    (f"{ROOT}/conformance", conformance, DOCUMENTS),
    (f"{ROOT}/openapi", description, DOCUMENTS),
    (f"{ROOT}/collections", collections, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}", collection, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/schema", collection_schema, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/queryables", collection_queryables, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/sortables", collection_sortables, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/bulk/{{file}}", bulk, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/coverage", coverage, COVERAGES),
    (f"{ROOT}/collections/{{collection}}/tiles", tilesets, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/tiles/{{grid}}", tileset, DOCUMENTS),
    (f"{ROOT}/collections/{{collection}}/styles/{{style}}", style, DOCUMENTS),
    (f"{ROOT}/tileMatrixSets", matrix_sets, DOCUMENTS),
    (f"{ROOT}/tileMatrixSets/{{grid}}", matrix_set, DOCUMENTS),
    ("/id/{kind}/{uuid}", thing, FEATURES),
    ("/id/{kind}/{uuid}/v", versions, FEATURES),
    ("/id/{kind}/{uuid}/v/{n}", version, FEATURES),
    ("/changes", changes, FEATURES),
    ("/search", search, FEATURES),
    ("/healthz", health, DOCUMENTS),
)
"""Path, handler and the crew that does its work; tried in this order, so what is asked most comes first."""
_WAITING = 64
"""Requests of one kind that may wait for a thread."""
_LIBRARY = ("leaflet.js", "leaflet.css")
"""What the maps of the pages are drawn by."""


def application(
    workspace: Workspace,
    *,
    pages: Sequence[BaseRoute] = (),
    settings: Settings | None = None,
    library: Path | None = None,
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
    library : Path, optional
        Folder with ``leaflet.js`` and ``leaflet.css``, all of which is served; where they are missing, pages show
        drawings instead of maps.

    Returns
    -------
    Starlette
        An ASGI application.
    """
    settings = settings or Settings()
    context = Context(workspace, settings, Keepers(workspace), bool(pages), Memory(settings.tile_memory << 20))
    if library is not None and all((library / name).is_file() for name in _LIBRARY):
        context = replace(context, has_map=True)
    crews = {
        FEATURES: Crew(FEATURES, settings.threads, _WAITING),
        DOCUMENTS: Crew(DOCUMENTS, settings.threads, _WAITING),
        # A database draws beside this process; of a file we draw in it, and others wait meanwhile.
        TILES: Crew(TILES, settings.threads if workspace.reader else max(1, settings.threads // 2), _WAITING),
        COVERAGES: Crew(COVERAGES, max(1, settings.threads // 2), _WAITING),
    }

    recognition = Recognition(workspace, settings)
    observer = Observer(settings)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        recognition.start()
        observer.start(crews.values(), context.keepers)
        yield
        recognition.close()
        observer.close()
        for crew in crews.values():
            crew.close()

    own = [Route(path, _endpoint(work, context, crews[kind])) for path, work, kind in ROUTES]
    beside: list[BaseRoute] = [Mount(f"{ROOT}/static", StaticFiles(directory=STATIC)), Route(ROOT, _to_landing)]
    beside.append(Route("/livez", alive))
    if library is not None and context.has_map:
        beside.insert(0, Mount(f"{ROOT}/static/library", StaticFiles(directory=library)))
    offered = (form.media.partition(";")[0] for form in FORMS)
    unpacked = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "image/tiff", TILE_MEDIA, *offered)  # tiles pack themselves
    made = Starlette(
        routes=[*own, *beside, *pages, Route("/", _to_landing), Route("/{path:path}/", _without_slash)],
        middleware=[
            *observer.middleware,
            Middleware(Leave),
            Middleware(Packing),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5, exclude_content_types=unpacked),
            Middleware(Guard),
            *way_in(recognition, settings),
        ],
        exception_handlers={PhusaError: answer_problem, HTTPException: answer_problem, Exception: answer_problem},
        lifespan=life,
    )
    made.state.workspace = workspace  # pages of errors name the city
    made.router.redirect_slashes = False  # `_without_slash` does it, whatever host the request names
    return made


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


async def _without_slash(request: Request) -> Response:
    """Send whoever wrote a slash too many to the address without it; one that begins with two would name a host."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{quote(request.path_params['path'].strip('/'))}{query}")
