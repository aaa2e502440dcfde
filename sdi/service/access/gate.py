"""What every request passes first: its size, who sent it, how often he asks; and how long an answer may take."""

from __future__ import annotations

import asyncio
from math import ceil

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sdi.errors import PhusaError
from sdi.service.access.bucket import Buckets, origin_of
from sdi.service.access.caller import ANYBODY, Caller, introduce
from sdi.service.access.credential import Headers, refuse_in_address, shown
from sdi.service.access.recognition import Recognition
from sdi.service.problem import answer_problem
from sdi.settings import Settings

MAXIMUM_QUERY = 65_000
"""Longest query of an address [byte]; a filter of 8,000 Vietnamese letters has about that."""
MAXIMUM_PARAMETERS = 100
MAXIMUM_HEADERS = 32_768
"""Longest headers together [byte]."""
MAXIMUM_BODY = 65_536
"""Largest body [byte]; none is read today."""


class Gate:
    """Middleware that lets a request in, or says why not.

    Parameters
    ----------
    app : ASGIApp
        What it stands before.
    recognition : Recognition
        Tells who asks.
    settings : Settings
        How often one may ask, and how long an answer may take.
    """

    def __init__(self, app: ASGIApp, recognition: Recognition, settings: Settings) -> None:
        self._app = app
        self._recognition = recognition
        self._strangers = Buckets(settings.rate)
        self._known = Buckets(settings.key_rate)
        self._answer_s = settings.answer_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            caller = self._admitted(scope)
        except (PhusaError, HTTPException) as error:
            await (await answer_problem(Request(scope), error))(scope, receive, send)
            return
        if caller.is_known:
            introduce(scope, caller)
            send = _kept_private(send)
        await self._answered(scope, receive, send)

    def _admitted(self, scope: Scope) -> Caller:
        """Return who asks, or refuse him."""
        _check_size(scope)
        host = scope["client"][0] if scope.get("client") else None
        credential = shown(scope["headers"])
        caller = ANYBODY if credential is None else self._recognition.at_once(credential)
        if caller is not None and caller.is_known:
            _wait(self._known.take(caller))
            return caller
        # Whoever shows nothing, or something that is not known yet, takes from the bucket of his address.
        origin = origin_of(host)
        if origin is not None:
            _wait(self._strangers.take(origin))
        return ANYBODY if credential is None else self._recognition.checked(credential, host)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered; what has not begun in time never will."""
        limit = asyncio.timeout(self._answer_s)

        async def begin(message: Message) -> None:
            if message["type"] == "http.response.start":
                limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, begin)
        except TimeoutError as error:
            if not limit.expired():
                raise
            late = HTTPException(503, f"no answer within {self._answer_s} s; ask for less", {"Retry-After": "10"})
            late.__cause__ = error
            await (await answer_problem(Request(scope), late))(scope, receive, send)


def _check_size(scope: Scope) -> None:
    """Refuse what is larger than anything that makes sense here."""
    query = scope["query_string"]
    if query:
        if len(query) > MAXIMUM_QUERY or query.count(b"&") >= MAXIMUM_PARAMETERS:
            raise HTTPException(
                414,
                f"the query has {len(query)} bytes and {query.count(b'&') + 1} parameters; at most {MAXIMUM_QUERY} and "
                f"{MAXIMUM_PARAMETERS} are read",
            )
        refuse_in_address(query)
    length = 0
    for name, value in scope["headers"]:
        length += len(name) + len(value)
        if name == b"content-length" and not (value.isdigit() and int(value[:20]) <= MAXIMUM_BODY):
            raise HTTPException(413, f"the body is larger than {MAXIMUM_BODY} bytes; nothing here takes as much")
        if name == b"transfer-encoding":
            raise HTTPException(411, "say how long the body is; nothing here takes one of unknown length")
    if length > MAXIMUM_HEADERS:
        raise HTTPException(431, f"the headers have {length} bytes; at most {MAXIMUM_HEADERS} are read")


def _wait(seconds: float) -> None:
    """Send somebody away who asks too often."""
    if seconds:
        headers = {"Retry-After": str(max(1, ceil(seconds)))}
        raise HTTPException(429, "too many requests; wait as long as Retry-After says, or ask for a key", headers)


def _kept_private(send: Send) -> Send:
    """Keep an answer to somebody who was recognised out of caches that others share."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _private(message.get("headers", ()))
        await send(message)

    return complete


def _private(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return headers that let nobody keep an answer but whoever it is for."""
    made, control, varies = [], [b"private"], []
    for name, value in headers:
        if name == b"cache-control":
            said = [one.strip() for one in value.split(b",")]
            control += [
                one for one in said if one and one != b"public" and not one.startswith((b"s-maxage", b"private"))
            ]
        elif name == b"vary":
            varies.append(value)
        else:
            made.append((name, value))
    if not any(b"uthorization" in one for one in varies):
        varies.append(b"Authorization, X-API-Key")
    return [*made, (b"cache-control", b", ".join(control)), (b"vary", b", ".join(varies))]
