"""Which of the things that were found is meant: how well what a thing was called answers what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from sdi.store.words import BETWEEN, FORMER, Entry
from sdi.text import GENERIC, nfc, told_apart, tone_alias

MOST_WORDS = 12
"""Words of a text that are looked at [1]."""
_LETTERS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, taken apart."""

    words: tuple[str, ...]
    """Words that must be there."""
    generic: frozenset[str]
    """Words that only say what follows: they order what is found."""
    spelled: frozenset[str]
    """The same words with their marks; empty where the text has none."""

    @classmethod
    def read(cls, text: str) -> Asked:
        """Take a text apart.

        Parameters
        ----------
        text : str
            Any spelling.
        """
        telling, generic = told_apart(text)
        return cls(telling[:MOST_WORDS], generic, frozenset() if text.isascii() else spelled(text))


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well an entry answers."""

    key: tuple[Any, ...]
    """Smaller is better: words missing, missing in the best text, out of order, what else it says, former, weight."""
    place: int
    """Which text answers best."""
    matched: int


def ranked(found: Iterable[Entry], asked: Asked, compared: int) -> list[tuple[Entry, Judgement]]:
    """Order what was found, the best first.

    Parameters
    ----------
    found : iterable of Entry
        In any order, some perhaps more than once.
    asked : Asked
        What was typed.
    compared : int
        How many of the best are compared by their marks, where marks were typed; the others are left out then.
    """
    every = {entry.number: entry for entry in found}.values()
    judged = sorted(((entry, _judged(entry, asked)) for entry in every), key=lambda pair: pair[1].key)
    if asked.spelled:
        close = judged[:compared]
        judged = sorted(close, key=lambda pair: (pair[1].key[:3], _misspelled(pair[0], pair[1], asked), pair[1].key))
    return judged


def _judged(entry: Entry, asked: Asked) -> Judgement:
    """Judge an entry by the text of it that has most of the words, in their order, and least besides."""
    wanted, phrase = frozenset(asked.words), f" {' '.join(asked.words)} "
    judged = []
    everywhere: set[str] = set()
    for place, text in enumerate(entry.words.split(BETWEEN.strip())):
        there = set(text.split())
        has = there & wanted
        everywhere |= has
        besides = len(there - GENERIC - has) / (len(there - GENERIC) or 1)
        judged.append((len(wanted) - len(has), phrase not in text, besides, -len(there & asked.generic), place))
    best = min(judged)
    key = (len(wanted) - len(everywhere), *best[:-1], entry.weight >= FORMER, best[-1], entry.weight, entry.number)
    return Judgement(key, best[-1], len(everywhere))


def _misspelled(entry: Entry, judgement: Judgement, asked: Asked) -> int:
    """Count the words that stand in the text with other marks than they were asked for with."""
    texts = list(orjson.loads(entry.said).values())
    return len(asked.spelled - spelled(texts[judgement.place]))


def spelled(text: str) -> frozenset[str]:
    """Return the words of a text with their marks, in one spelling.

    Parameters
    ----------
    text : str
        Any spelling.
    """
    return frozenset(_one_spelling(word) for word in _LETTERS.findall(nfc(text).lower()))


@lru_cache(maxsize=10_000)
def _one_spelling(word: str) -> str:
    """Return a word with its tone where every text has it; names share their words, so most are known already."""
    return tone_alias(word)
