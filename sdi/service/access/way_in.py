"""The middleware on the way in, in its order: whose address it is, which pages may ask, and the gate."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from sdi.service.access.gate import Gate
from sdi.service.access.recognition import Recognition
from sdi.settings import Settings

_TOLD = ("Content-Crs", "Content-Disposition", "ETag", "Link", "Retry-After")
"""Headers of an answer that a page of another site may read."""
_SENT = ("Authorization", "X-API-Key", "If-None-Match", "Range")
"""Headers that a page of a site on the list may send."""


def way_in(recognition: Recognition, settings: Settings) -> list[Middleware]:
    """Return what a request passes before it is routed.

    Parameters
    ----------
    recognition : Recognition
        Tells who asks.
    settings : Settings
        Proxies, web sites, limits.

    Returns
    -------
    list of Middleware
        The outermost first.
    """
    made = [Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))] if settings.proxies else []
    if settings.origins:
        # A page of any site may read what everybody may; a key belongs in no page of a site that is not named.
        sent = ("If-None-Match", "Range") if settings.origins == ("*",) else _SENT
        made.append(
            Middleware(
                CORSMiddleware, allow_origins=settings.origins, allow_methods=("GET", "HEAD"), allow_headers=sent,
                expose_headers=_TOLD,
            )
        )  # fmt: skip
    return [*made, Middleware(Gate, recognition=recognition, settings=settings)]
