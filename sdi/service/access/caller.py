"""Who asks: everybody, or somebody who showed a key or a token."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from sdi.declaration import Level

_PLACE = "phusa.caller"
"""Where a request carries its caller."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks, and what he may see."""

    name: str
    """What logs call him; never a secret."""
    level: Level = "public"
    """Access level of the publication that he is shown."""
    collections: frozenset[str] | None = None
    """Collections that there are for him; all where absent."""

    @property
    def is_known(self) -> bool:
        """He showed a key or a token."""
        return self is not ANYBODY


ANYBODY = Caller("anybody")
"""Whoever shows nothing."""


def caller_of(scope: Scope) -> Caller:
    """Return who sent a request.

    Parameters
    ----------
    scope : Scope
        The request.

    Returns
    -------
    Caller
        Anybody where nobody was recognised.
    """
    found: Caller = scope.get(_PLACE, ANYBODY)
    return found


def introduce(scope: Scope, caller: Caller) -> None:
    """Note who sent a request.

    Parameters
    ----------
    scope : Scope
        The request.
    caller : Caller
        Who was recognised.
    """
    scope[_PLACE] = caller
