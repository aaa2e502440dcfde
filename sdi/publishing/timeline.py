"""What a thing was, piece by piece: dated facts joined into pieces in which nothing changes.

A thing has facts of several sorts (its row in the register, its names, its codes, its place), each with the two
times. A *piece* is a rectangle of valid and recorded time in which all of them are constant.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sdi.history import FOREVER, OPEN

ROW = "row"
"""Slot of the status and the fields of a thing."""


class Fact(NamedTuple):
    """One dated fact about a thing."""

    slot: Hashable
    """What it says something about: at most one fact per slot holds at a time."""
    value: Any
    valid_from: str
    valid_to: str
    tx_from: int
    tx_to: int


class Piece(NamedTuple):
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

    A sweep along recorded time: what a transaction changes is worked out anew where it changes it, everything else
    stays as it was. The cost of a step is the part of valid time that it touches, not all that was ever known.

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
    held = _, end, _, until = facts[0][2:]
    if end == FOREVER and until == OPEN and [fact[2:] for fact in facts].count(held) == len(facts):
        return [Piece(*held, {fact[0]: fact[1] for fact in facts})]
    begun, ended = _steps(facts)
    made: list[Piece] = []
    now: list[_Stretch] = []
    for tx in sorted({*begun, *ended}):
        _step(now, ended.get(tx, []), begun.get(tx, []), tx, made)
    made += [Piece(one.start, one.end, one.known, OPEN, one.facts) for one in now]
    return sorted(made, key=lambda piece: (piece.tx_from, piece.valid_from))


class _Stretch(NamedTuple):
    """A stretch of valid time as it is known at the transaction that the sweep has reached."""

    start: str
    end: str
    known: int
    """Transaction since which it is known like this."""
    facts: dict[Hashable, Any]


def _steps(facts: Sequence[Fact]) -> tuple[dict[int, list[Fact]], dict[int, list[Fact]]]:
    """Return the facts that become known and that stop being known, by transaction; those never known are left out."""
    begun: dict[int, list[Fact]] = {}
    ended: dict[int, list[Fact]] = {}
    for fact in facts:
        if fact.valid_from < fact.valid_to and fact.tx_from < fact.tx_to:
            begun.setdefault(fact.tx_from, []).append(fact)
            if fact.tx_to != OPEN:
                ended.setdefault(fact.tx_to, []).append(fact)
    return begun, ended


def _step(now: list[_Stretch], ended: Sequence[Fact], begun: Sequence[Fact], tx: int, made: list[Piece]) -> None:
    """Bring what is known to the next transaction; what is not known like that any more is a piece that is made."""
    touched = [*ended, *begun]
    first = bisect_left(now, min(fact.valid_from for fact in touched), key=lambda one: one.end)
    last = bisect_right(now, max(fact.valid_to for fact in touched), key=lambda one: one.start)
    before = now[first:last]
    kept = {(one.start, one.end): one for one in before}
    fresh: list[_Stretch] = []
    for start, end, facts in _rewritten(before, ended, begun):
        old = kept.get((start, end))
        same = old is not None and old.facts == facts
        fresh.append(kept.pop((start, end)) if same else _Stretch(start, end, tx, facts))
    made += [Piece(one.start, one.end, one.known, tx, one.facts) for one in kept.values()]
    now[first:last] = fresh


def _rewritten(
    before: Sequence[_Stretch], ended: Sequence[Fact], begun: Sequence[Fact]
) -> list[tuple[str, str, dict[Hashable, Any]]]:
    """Return stretches with some facts taken away and others added; neighbours that say the same are one."""
    spans = [*((one.start, one.end) for one in before), *((one.valid_from, one.valid_to) for one in (*ended, *begun))]
    bounds = sorted({bound for span in spans for bound in span})
    held: list[dict[Hashable, Any]] = [{} for _ in bounds]
    for one in before:
        for at in range(bisect_left(bounds, one.start), bisect_left(bounds, one.end)):
            held[at] |= one.facts
    for fact in ended:
        for at in range(bisect_left(bounds, fact.valid_from), bisect_left(bounds, fact.valid_to)):
            held[at].pop(fact.slot, None)
    for fact in begun:
        for at in range(bisect_left(bounds, fact.valid_from), bisect_left(bounds, fact.valid_to)):
            held[at][fact.slot] = fact.value
    made: list[tuple[str, str, dict[Hashable, Any]]] = []
    for (start, end), facts in zip(pairwise(bounds), held, strict=False):
        if made and made[-1][1] == start and made[-1][2] == facts:
            made[-1] = (made[-1][0], end, facts)
        elif facts:
            made.append((start, end, facts))
    return made
