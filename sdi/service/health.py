"""``/healthz``: whether the service serves, for whoever watches it."""

from __future__ import annotations

import logging
import time
from importlib.metadata import PackageNotFoundError, version

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import PhusaError
from sdi.service.context import Context
from sdi.service.negotiation import JSON

logger = logging.getLogger(__name__)


def health(context: Context, request: Request) -> Response:
    """Answer ``GET /healthz``: 200 while data are served, 503 otherwise.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request; its parameters do not matter.
    """
    body: dict[str, object] = {"workspace": context.workspace.name, "version": software_version()}
    body["uptime_s"] = round(time.monotonic() - context.started, 1)
    try:
        stock = context.stock(request)
    except (PhusaError, OSError) as error:
        logger.warning("nothing can be served: %s", error)
        body["status"] = "unavailable"
        status = 503
    else:
        body |= {
            "status": "ok",
            "sequence": stock.sequence,
            "level": stock.publication.level,
            "collections": len(stock.collections),
            "coverages": len(stock.coverages),
            "features": sum(one.count for one in stock.collections.values()),
        }
        status = 200
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, JSON)


async def alive(_: Request) -> Response:
    """Answer ``GET /livez``: the process answers, whatever it has to show and however much it has to do.

    Parameters
    ----------
    _ : Request
        The request; nothing of it matters.
    """
    return Response(b'{"status":"alive"}', headers={"Cache-Control": "no-store"}, media_type=JSON)


def software_version() -> str:
    """Version of the installed software.

    Returns
    -------
    str
        ``unknown`` where it runs from a folder that was never installed.
    """
    try:
        return version("phusa")
    except PackageNotFoundError:
        return "unknown"
