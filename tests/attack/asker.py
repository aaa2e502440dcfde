"""Requests that no library would send, straight into the application: nothing on the way tidies an address up."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.types import Message

HOST = "city.test"
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """As a client sees it, unpacked."""
    took_s: float
    """Processor time of the whole process until the last byte [s]."""


class Asker:
    """Asks an application in this process.

    Parameters
    ----------
    app : Starlette
        The application.
    loop : asyncio.AbstractEventLoop
        Runs nothing but it, in a thread of its own: a browser driven by a test has one in the test's.
    """

    def __init__(self, app: Starlette, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self._loop = loop

    def __call__(self, address: str, headers: Headers = (), *, method: str = "GET", body: bytes = b"") -> Answer:
        """Send a request as a server on a socket would hand it over, and wait for the whole answer.

        Parameters
        ----------
        address : str
            Path and query as they stand in the first line of a request.
        headers : tuple of (bytes, bytes), optional
            Besides ``Host``, unless that is among them.
        method : str, optional
            Method.
        body : bytes, optional
            Body.
        """
        path, _, query = address.partition("?")
        given = headers if any(name == b"host" for name, _ in headers) else ((b"host", HOST.encode()), *headers)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": method, "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
            "headers": list(given), "client": ("127.0.0.1", 50_000), "server": (HOST, 80), "state": {},
        }  # fmt: skip
        begun = time.process_time()
        status, said, content = asyncio.run_coroutine_threadsafe(self._answered(scope, body), self._loop).result()
        took = time.process_time() - begun
        read = {name.decode().lower(): value.decode("latin-1") for name, value in said}
        packed = read.get("content-encoding") == "gzip" and content
        return Answer(status, read, gzip.decompress(content) if packed else content, took)

    async def _answered(self, scope: dict, body: bytes) -> tuple[int, Headers, bytes]:
        """Run the application on a request."""
        told: list[Message] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return waiting.pop() if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(message: Message) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        begin = next(one for one in told if one["type"] == "http.response.start")
        return begin["status"], tuple(begin["headers"]), b"".join(one.get("body", b"") for one in told)


@contextmanager
def asking(app: Starlette) -> Iterator[Asker]:
    """Start an application and give what asks it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="asked", daemon=True)
    thread.start()
    life = app.router.lifespan_context(app)
    asyncio.run_coroutine_threadsafe(life.__aenter__(), loop).result()
    try:
        yield Asker(app, loop)
    finally:
        asyncio.run_coroutine_threadsafe(life.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
