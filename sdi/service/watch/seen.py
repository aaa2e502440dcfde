"""One request and what became of it, as it is noted."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.types import Scope

_SOMEBODYS = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_ID = b"x-request-id"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and its answer."""

    scope: Scope
    """The request, with what was added to it on its way."""
    id: str
    """What a proxy called it, or a name of our own."""
    status: int
    size: int
    """Bytes of the body that were sent."""
    seconds: float
    """From the last byte of its head to the last byte of the answer [s]."""

    @property
    def route(self) -> str:
        """Pattern of the address, such as ``/ogc/collections/{collection}``; ``none`` where nothing stands there."""
        return getattr(self.scope.get("route"), "path", None) or "none"


def identity(scope: Scope) -> str:
    """Return what a proxy calls a request, where that is fit to be written; else a name of our own.

    Parameters
    ----------
    scope : Scope
        The request.
    """
    for name, value in scope["headers"]:
        if name == _ID and _SOMEBODYS.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
