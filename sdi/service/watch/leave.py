"""Middleware that notices when whoever asked has gone, and then lets nobody work for him any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE_S = 0.1
"""How long nobody looks whether he is still there: most answers are sent before that [s]."""
GONE = "phusa.gone"
"""Where a request says that whoever sent it has gone."""


class Leave:
    """Middleware that cancels a request without a body whose sender has closed the connection.

    Parameters
    ----------
    app : ASGIApp
        What it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look after a while whether anybody waits for the answer."""
        task = asyncio.current_task()
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or task is None:
            await self._app(scope, receive, send)
            return
        look = _Look(scope, receive, task)
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, look.begin)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if GONE not in scope:
                raise
            task.uncancel()
        finally:
            timer.cancel()
            look.end()


@dataclass(slots=True)
class _Look:
    """Looks whether the sender of a request is still there."""

    scope: Scope
    receive: Receive
    task: asyncio.Task[object]
    looking: asyncio.Task[None] | None = field(default=None)

    def begin(self) -> None:
        """Begin to look."""
        self.looking = asyncio.create_task(self._until_gone())

    def end(self) -> None:
        """Look no more."""
        if self.looking is not None:
            self.looking.cancel()

    async def _until_gone(self) -> None:
        """Wait until the connection is closed, then cancel the request."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.scope[GONE] = True
        self.task.cancel()
