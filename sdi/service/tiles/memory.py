"""Tiles that were sent lately, kept in memory: the same few are asked for again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Sent:
    """A tile as it is sent."""

    content: bytes
    share: str
    """What it shows; see `sdi.publishing.tiling.Share`."""
    shown: int | None
    """How many features, where they were counted."""


class Memory:
    """Tiles by everything they depend on; the one not asked for longest makes room.

    Parameters
    ----------
    room : int [byte]
        What all of them may take together; nothing is kept where 0.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._kept: OrderedDict[Hashable, Sent] = OrderedDict()
        self._turn = Lock()

    def find(self, key: Hashable) -> Sent | None:
        """Return a tile, None where it is not kept."""
        with self._turn:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, sent: Sent) -> Sent:
        """Keep a tile, where there is room for it; return it."""
        with self._turn:
            if key not in self._kept and len(sent.content) + _AROUND <= self._room:
                self._kept[key] = sent
                self._taken += len(sent.content) + _AROUND
            while self._taken > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._taken -= len(oldest.content) + _AROUND
            return sent


_AROUND = 500
"""What an empty tile takes with its key [byte]."""
