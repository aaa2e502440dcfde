"""What things were called, stretch by stretch: what a search reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

from sdi.history import FOREVER
from sdi.publishing.timeline import Piece
from sdi.store.words import BETWEEN, BITS, FORMER, Entry
from sdi.text import words

_HEAVIEST = 99
_UNNAMED = 100
"""Weight of an entry without a name: things that only mention the words come after those called so."""


class Saying(NamedTuple):
    """What a thing was called, before it becomes an entry."""

    valid_from: str
    valid_to: str
    texts: dict[str, str]
    """By property: names first, then codes, then short texts."""


def entries(feature: int, eid: str, collection: str, sayings: Sequence[Saying], named: bool) -> Iterator[Entry]:
    """Write what a thing was called as entries, one for each stretch in which that did not change.

    Parameters
    ----------
    feature : int
        Number of the feature.
    eid : str
        Identifier of the thing.
    collection : str
        Where it is published.
    sayings : sequence of Saying
        In the order of valid time.
    named : bool
        Whether things of its kind have names.

    Yields
    ------
    Entry
        None for a thing that has no words.
    """
    whole = sayings if len(sayings) == 1 else _joined(sayings)[-(2**BITS) :]
    for place, (start, end, said) in enumerate(whole):
        texts = [words(text) for text in said.values()]
        count = len({word for text in texts for word in text})
        weight = min(count, _HEAVIEST) + (0 if named else _UNNAMED) + (0 if end == FOREVER else FORMER)
        if count:
            yield Entry(
                (feature << BITS) + place, collection, eid, start, end, weight, orjson.dumps(said).decode(),
                f" {BETWEEN.join([' '.join(text) for text in texts])} ",
            )  # fmt: skip


def other_names(piece: Piece) -> dict[str, str]:
    """Return the names of a thing beside the official one, by kind and language.

    Parameters
    ----------
    piece : Piece
        What is known of the thing.

    Returns
    -------
    dict of str to str
        ``local_name``, ``local_name_en``; a second one of a kind is ``local_name_no_2``. Empty where it has none.
    """
    found: dict[str, str] = {}
    slots = [slot[1] for slot in piece.facts if isinstance(slot, tuple) and slot[0] == "other_name"]
    if not slots:
        return found
    for language, kind, text in sorted(slot.split(".", 2) for slot in slots):
        key = f"{kind}_name" if language == "vi" else f"{kind}_name_{language}"
        count = sum(one == key or one.startswith(f"{key}_no_") for one in found)
        found[key if not count else f"{key}_no_{count + 1}"] = text
    return found


def _joined(sayings: Sequence[Saying]) -> list[Saying]:
    """Join stretches that follow each other and say the same."""
    joined = list(sayings[:1])
    for one in sayings[1:]:
        last = joined[-1]
        if last.valid_to == one.valid_from and last.texts == one.texts:
            joined[-1] = Saying(last.valid_from, one.valid_to, one.texts)
        else:
            joined.append(one)
    return joined


def called(texts: Mapping[str, str], language: str) -> str:
    """Return what a thing is called: its name in a language, in Vietnamese, or the first text it has.

    Parameters
    ----------
    texts : mapping of str to str
        By property; not empty.
    language : str
        Such as ``en``.
    """
    return texts.get(f"name_{language}") or next(iter(texts.values()))
