"""Middleware that notes what becomes of each request."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sdi.service.watch.counts import Counts
from sdi.service.watch.journal import Journal
from sdi.service.watch.leave import GONE
from sdi.service.watch.seen import Seen, identity

CLIENT_GONE = 499
"""Status under which logs know a request that nobody waited for; never sent."""


class Watch:
    """Middleware that stands before everything else, so that nothing is answered unseen.

    Parameters
    ----------
    app : ASGIApp
        What it stands before.
    journal : Journal or None
        Where each request is written.
    counts : Counts or None
        Where it is counted.
    """

    def __init__(self, app: ASGIApp, journal: Journal | None, counts: Counts | None) -> None:
        self._app = app
        self._journal = journal
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, name = time.perf_counter(), identity(scope)
        status, size = 0, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
            else:
                size += len(message.get("body", b""))
            await send(message)

        if self._counts is not None:
            self._counts.running.inc()
        try:
            await self._app(scope, receive, noted)
        finally:
            status = status or (CLIENT_GONE if GONE in scope else 500)
            self._note(Seen(scope, name, status, size, time.perf_counter() - began))

    def _note(self, seen: Seen) -> None:
        """Tell everybody who listens."""
        if self._counts is not None:
            self._counts.running.dec()
            self._counts.note(seen)
        if self._journal is not None:
            self._journal.note(seen)
