"""Answers: body, media type, language, and an entity tag that is checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sdi.service.negotiation import HTML, VARY, Wish


def tag(wish: Wish, *state: object) -> str:
    """Entity tag of a resource: the state of the data, the address and the form of the answer.

    Weak, because two answers with one tag differ in ``timeStamp``.

    Parameters
    ----------
    wish : Wish
        The request.
    *state : object
        What the content depends on besides the request.

    Returns
    -------
    str
    """
    said = repr((state, wish.base, wish.path, sorted(wish.parameters.items()), wish.media, wish.language))
    return f'W/"{blake2b(said.encode(), digest_size=12).hexdigest()}"'


def unchanged(request: Request, wish: Wish, etag: str) -> Response | None:
    """Answer 304 where the client has this state already.

    Parameters
    ----------
    request : Request
        The request.
    wish : Wish
        The same, understood.
    etag : str
        Tag of the current state.

    Returns
    -------
    Response or None
        None where the client needs the body.
    """
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    weak = {one.removeprefix("W/") for one in known}
    if "*" in known or etag.removeprefix("W/") in weak:
        return Response(status_code=304, headers=headers(wish, etag))
    return None


def headers(wish: Wish, etag: str | None = None, **more: str) -> dict[str, str]:
    """Headers of every answer that is no error.

    Parameters
    ----------
    wish : Wish
        The request.
    etag : str, optional
        Entity tag; an answer without one is not kept by caches.
    **more : str
        Further headers, hyphens written as underscores.
    """
    made = {"Content-Language": wish.language, "Vary": VARY, "Cache-Control": "no-cache" if etag else "no-store"}
    if etag:
        made["ETag"] = etag
    return made | {name.replace("_", "-"): value for name, value in more.items()}


def document(
    wish: Wish, body: Mapping[str, object] | bytes, head: Mapping[str, str], media: str | None = None
) -> Response:
    """Answer with JSON.

    Parameters
    ----------
    wish : Wish
        The request.
    body : mapping or bytes
        Document, or JSON that is serialised already.
    head : mapping
        Headers.
    media : str, optional
        Media type, where it is not the one negotiated.

    Returns
    -------
    Response
    """
    content = body if isinstance(body, bytes) else orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, headers=dict(head), media_type=media or wish.media)


def page(html: str, head: Mapping[str, str]) -> Response:
    """Answer with a page.

    Parameters
    ----------
    html : str
        The page.
    head : mapping
        Headers.
    """
    return Response(html, headers=dict(head), media_type=f"{HTML}; charset=utf-8")
