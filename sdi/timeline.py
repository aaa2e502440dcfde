"""What a thing was, piece by piece: dated facts joined into pieces in which nothing changes.

A thing has facts of several sorts (its row in the register, its names, its codes, its place), each with the two
times. A *piece* is a rectangle of valid and recorded time in which all of them are constant.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from sdi.history import FOREVER, OPEN


class Fact(NamedTuple):
    """One dated fact about a thing."""

    slot: Hashable
    """What it says something about: at most one fact per slot holds at a time."""
    value: Any
    valid_from: str
    valid_to: str
    tx_from: int
    tx_to: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the two times in which nothing about a thing changes."""

    valid_from: str
    valid_to: str
    tx_from: int
    tx_to: int
    facts: Mapping[Hashable, Any]

    @property
    def current(self) -> bool:
        """Whether it is the latest that is known now."""
        return self.valid_to == FOREVER and self.tx_to == OPEN


def pieces(facts: Sequence[Fact]) -> list[Piece]:
    """Join facts into pieces.

    Parameters
    ----------
    facts : sequence of Fact
        Everything recorded about one thing.

    Returns
    -------
    list of Piece
        Ordered by recorded, then by valid time; stretches in which nothing is known are left out. Empty for no facts.
    """
    if not facts:
        return []
    _, _, start, end, known, until = facts[0]
    if end == FOREVER and until == OPEN and all(fact[2:] == (start, end, known, until) for fact in facts):
        return [Piece(start, end, known, until, {fact.slot: fact.value for fact in facts})]
    steps = sorted({bound for fact in facts for bound in (fact.tx_from, fact.tx_to)})
    made: list[Piece] = []
    for tx_from, tx_to in pairwise(steps):
        known_then = [fact for fact in facts if fact.tx_from <= tx_from < fact.tx_to]
        made += _in_valid_time(known_then, tx_from, tx_to)
    return _joined(made)


def _in_valid_time(facts: Sequence[Fact], tx_from: int, tx_to: int) -> list[Piece]:
    """Join what was known at one recorded time along valid time."""
    bounds = sorted({bound for fact in facts for bound in (fact.valid_from, fact.valid_to)})
    made: list[Piece] = []
    for start, end in pairwise(bounds):
        holding = {fact.slot: fact.value for fact in facts if fact.valid_from <= start < fact.valid_to}
        if not holding:
            continue
        if made and made[-1].valid_to == start and made[-1].facts == holding:
            made[-1] = Piece(made[-1].valid_from, end, tx_from, tx_to, holding)
        else:
            made.append(Piece(start, end, tx_from, tx_to, holding))
    return made


def _joined(made: Iterable[Piece]) -> list[Piece]:
    """Join pieces that differ only in recorded time and follow each other there."""
    last: dict[tuple[str, str], int] = {}
    joined: list[Piece] = []
    for piece in made:
        span = (piece.valid_from, piece.valid_to)
        at = last.get(span)
        if at is not None and joined[at].tx_to == piece.tx_from and joined[at].facts == piece.facts:
            joined[at] = Piece(*span, joined[at].tx_from, piece.tx_to, piece.facts)
            continue
        last[span] = len(joined)
        joined.append(piece)
    return joined
