"""Changes: what a publication tells of a thing, transaction by transaction.

They are told from the pieces that an access level shows and from nothing else. What was written to something that the
level does not show leaves no piece behind there, so the feed of the level has no line of it either.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sdi.history import OPEN, TERMINAL
from sdi.publishing.timeline import ROW, Piece

WORDS = ("added", "changed", "corrected", "moved", "retired", "lineage")
"""What a transaction did to a thing; the last: nothing but saying what it came from or what came of it."""
STATUS = 0
"""Place of the status among the values of a row."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a change feed."""

    sequence: int
    """Number of the transaction among those that the publication shows [1]."""
    recorded_at: str
    eid: str
    kind: str
    collection: str
    change: str
    """One of `WORDS`."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of the changes of a publication."""

    name: str
    """Another one means that the numbers began anew: whoever follows reads everything again."""
    last: int
    """Number of the latest transaction of the publication, 0 where it shows nothing [1]."""
    changes: tuple[Change, ...]
    more: bool
    """Whether changes are left after these."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a thing: a stretch of the two times in which nothing of what is published of it changes."""

    number: int
    """Counted from 1, in the order in which the versions became known [1]; it never becomes another version's."""
    valid_from: str
    valid_to: str | None
    """``None`` where it has not ended."""
    recorded_from: str
    recorded_to: str | None
    """``None`` where it is still what is known."""
    feature: bytes
    """Serialised GeoJSON feature [CRS84]."""


def changes(story: Sequence[Piece]) -> list[tuple[int, str]]:
    """Tell what every transaction did to a thing.

    Parameters
    ----------
    story : sequence of Piece
        Pieces of the thing that an access level shows, those in which it has ended included.

    Returns
    -------
    list of (int, str)
        Transaction and one of `WORDS`, in order. Empty for no pieces.

    Examples
    --------
    >>> from sdi.history import FOREVER
    >>> changes([Piece("2025-01-01T00:00:00Z", FOREVER, 7, OPEN, {"row": ("active", 4)})])
    [(7, 'added')]
    """
    if len(story) == 1 and story[0].tx_to == OPEN:
        return [(story[0].tx_from, "added")]
    came: dict[int, list[Piece]] = {}
    gone: dict[int, list[Piece]] = {}
    for piece in story:
        came.setdefault(piece.tx_from, []).append(piece)
        if piece.tx_to != OPEN:
            gone.setdefault(piece.tx_to, []).append(piece)
    told: list[tuple[int, str]] = []
    known = 0
    for tx in sorted({*came, *gone}):
        before, after = gone.get(tx, []), came.get(tx, [])
        told.append((tx, _word(before, after) if known else "added"))
        known += len(after) - len(before)
    return told


def _word(before: Sequence[Piece], after: Sequence[Piece]) -> str:
    """Say what a transaction did that took some pieces away and put others there."""
    if any(_ended(piece) for piece in after) and not any(_ended(piece) for piece in before):
        return "retired"
    if any(_slots(piece, _holding(after, piece.valid_from)) for piece in before):
        return "corrected"
    slots = {slot for piece in after for slot in _slots(piece, _holding(before, piece.valid_from))}
    return "moved" if slots == {"geometry"} else "changed"


def _ended(piece: Piece) -> bool:
    """Tell whether a thing has ended in a piece."""
    return piece.facts[ROW][STATUS] in TERMINAL


def _holding(pieces: Sequence[Piece], moment: str) -> Piece | None:
    """Return the piece that holds at a moment."""
    return next((piece for piece in pieces if piece.valid_from <= moment < piece.valid_to), None)


def _slots(piece: Piece, other: Piece | None) -> set[Hashable]:
    """Return what two pieces say differently; everything where there is no other."""
    facts = {} if other is None else other.facts
    return {slot for slot in {*piece.facts, *facts} if piece.facts.get(slot) != facts.get(slot)}
