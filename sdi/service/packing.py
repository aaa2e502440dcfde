"""Whether an answer may be packed: a client that refuses it by ``gzip;q=0`` gets it as it is (RFC 9110, 12.5.3)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from sdi.service.negotiation import takes

_HEADER = b"accept-encoding"


class Packing:
    """Middleware that takes out an ``Accept-Encoding`` which names gzip to refuse it: what packs looks for the name.

    Parameters
    ----------
    app : ASGIApp
        What packs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            said = b",".join(value for name, value in scope["headers"] if name == _HEADER)
            if b"gzip" in said and not takes(said.decode("latin-1"), "gzip"):
                kept = [one for one in scope["headers"] if one[0] != _HEADER]
                scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)
