"""What a request shows to be recognised: a key or a token, in a header, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from starlette.exceptions import HTTPException

from sdi.access.key import names_one

ASKING = {"WWW-Authenticate": 'Bearer realm="phusa"'}
REFUSING = {"WWW-Authenticate": 'Bearer realm="phusa", error="invalid_token"'}
_NAMES = (b"authorization", b"x-api-key")

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or a token, as it was sent."""

    kind: Literal["key", "token"]
    text: str


def shown(headers: Headers) -> Credential | None:
    """Return what a request shows, ``None`` where it shows nothing.

    Parameters
    ----------
    headers : iterable of (bytes, bytes)
        Headers of the request.

    Raises
    ------
    HTTPException
        With status 400 where there are several, since it is not said which counts; with 401 where it is neither a key
        nor a token.
    """
    found = [one for one in headers if one[0] in _NAMES]
    if not found:
        return None
    if len(found) > 1:
        raise HTTPException(400, f"{len(found)} headers name a key or a token; send one, Authorization or X-API-Key")
    name, value = found[0]
    said = value.decode("latin-1")
    if name == b"x-api-key":
        return Credential("key", said.strip())
    scheme, _, text = said.partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "only `Authorization: Bearer …` and `X-API-Key: …` are understood here", ASKING)
    text = text.strip()
    return Credential("key" if text.startswith("phusa_") else "token", text)


def refuse_in_address(query: bytes) -> None:
    """Refuse a key in an address.

    Parameters
    ----------
    query : bytes
        What stands behind the ``?``.

    Raises
    ------
    HTTPException
        With status 400.
    """
    if b"phusa" in query and names_one(unquote(query.decode("latin-1"))):
        raise HTTPException(
            400,
            "a key stands in the address, which logs and histories keep; send it as `X-API-Key: …`, and have this one "
            "revoked (`phusa user revoke`)",
        )
