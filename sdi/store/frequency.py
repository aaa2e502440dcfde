"""How many entries have a word: what a search reads along, and what it only looks up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Counts = dict[str, tuple[int, bool]]
"""By word: how many entries have it, as far as they were counted, and whether these were all."""
Rows = Callable[[str, Sequence[object]], Iterable[tuple[Any, ...]]]
"""Runs a query with ``?`` marks and yields its rows."""
COUNTED = (300, 3_000, 30_000, 100_000)
"""Up to how many entries of a word are counted, as far as it takes to tell the rarest from the others."""
NEAR = 6
"""How many times as many entries of a word are read in the time in which those of another are looked up in it."""


class Frequency:
    """Counts the entries of words, each word no further than it takes, and once.

    Parameters
    ----------
    rows : callable
        Runs a query with ``?`` marks and yields its rows.
    frequent : dict
        What was counted of frequent words before, in the same state of the publication; more is added to it.
    """

    def __init__(self, rows: Rows, frequent: Counts) -> None:
        self._rows = rows
        self._counts: Counts = {}
        self._frequent = frequent

    def count(self, word: str, most: int = COUNTED[-1]) -> int:
        """Return how many entries have a word, at most so many."""
        known, whole = self._frequent.get(word) or self._counts.get(word, (0, False))
        if known < most and not whole:
            sql = "SELECT count(*) FROM (SELECT 1 FROM phusa_word WHERE word = ? LIMIT ?) AS counted"
            known = int(next(iter(self._rows(sql, (word, most))))[0])
            (self._frequent if known >= COUNTED[0] else self._counts)[word] = (known, known < most)
        return min(known, most)

    def is_near(self, word: str, rarest: str) -> bool:
        """Tell whether a word has so few entries that reading them costs less than looking up those of the rarest."""
        most = NEAR * self.count(rarest)
        return self.count(word, most) < most

    def rarest_first(self, choices: Sequence[tuple[str, ...]]) -> list[int]:
        """Order sets of words by how many entries have one of each; empty where nobody has one of a set.

        Parameters
        ----------
        choices : sequence of tuple of str
            Whole words.

        Returns
        -------
        list of int
            Their places, the rarest one first.
        """
        counts: list[int] = []
        for most in COUNTED:
            counts = [sum(self.count(word, most) for word in choice) for choice in choices]
            if not counts or not min(counts):
                return []
            if min(counts) < most:
                break
        return sorted(range(len(counts)), key=counts.__getitem__)
