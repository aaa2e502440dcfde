"""What somebody may see: a level, and where only some collections are meant, which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sdi.declaration import Level
from sdi.errors import InputError

SERVED: tuple[Level, ...] = ("public", "restricted")
"""Levels that a service shows to somebody; what is secret it shows to nobody."""


@dataclass(frozen=True, slots=True)
class Right:
    """A level of the access model, narrowed to some collections or not."""

    level: Level
    collections: frozenset[str] | None = None
    """All collections of the level where absent."""

    @classmethod
    def read(cls, said: Any) -> Right:
        """Read a right as it stands in a file: ``restricted``, or ``{level: restricted, collections: [lamps]}``.

        Parameters
        ----------
        said : str or mapping
            What stands there.

        Raises
        ------
        InputError
            If it is neither, or nothing of the level is served.
        """
        given = said if isinstance(said, Mapping) else {"level": said}
        level, names = given.get("level"), given.get("collections")
        is_list = isinstance(names, list) and names and all(isinstance(one, str) for one in names)
        if level not in SERVED or set(given) - {"level", "collections"} or not (names is None or is_list):
            raise InputError(
                f"{said!r} is no right; expected one of {', '.join(SERVED)}, or {{level: …, collections: [NAME, …]}}"
            )
        return cls(level, None if names is None else frozenset(names))


def widest(rights: Iterable[Right]) -> Right | None:
    """Return what somebody may see who has several rights, ``None`` where he has none.

    Parameters
    ----------
    rights : iterable of Right
        All of them; the highest level counts, and of that level every collection that one of them names.

    Examples
    --------
    >>> widest([Right("public"), Right("restricted", frozenset({"lamps"}))])
    Right(level='restricted', collections=frozenset({'lamps'}))
    """
    found = list(rights)
    if not found:
        return None
    level = max((one.level for one in found), key=SERVED.index)
    named = [one.collections for one in found if one.level == level]
    return Right(level, None if None in named else frozenset().union(*(one for one in named if one is not None)))
