"""What a service was asked: the proof that a client leaves the work to it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send


class Ear:
    """Stands before an application and notes the questions it gets."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []
        """Path and parameters of each request, in order."""

    def before(self, app: ASGIApp) -> ASGIApp:
        """Return the application with the ear before it."""

        async def listening(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                self.heard.append((scope["path"], dict(parse_qsl(scope["query_string"].decode()))))
            await app(scope, receive, send)

        return listening

    def pages(self, collection: str) -> list[dict[str, str]]:
        """Return the parameters of the pages of a collection that were asked for, and forget everything."""
        found = [query for path, query in self.heard if path == f"/ogc/collections/{collection}/items"]
        self.heard.clear()
        return found
