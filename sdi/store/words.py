"""The words by which published things are found: plain tables and an index, the same on both stores.

An *entry* is what a thing was called during a stretch of valid time. Each of its words is a row of ``phusa_word``,
ordered so that reading along one word meets the entries that say least besides it first: a search stops when it has
enough. What is deleted is gone, which a full-text index does not promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from sdi.store.crossing import Crossing, Path, steps
from sdi.store.frequency import Counts, Frequency

Row = tuple[Any, ...]

SCHEMA = """
CREATE TABLE phusa_entry (entry INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL,
  valid_from TEXT NOT NULL, valid_to TEXT NOT NULL, weight INTEGER NOT NULL, said TEXT NOT NULL, words TEXT NOT NULL);
CREATE TABLE phusa_word (word TEXT NOT NULL, collection TEXT NOT NULL, weight INTEGER NOT NULL, entry INTEGER NOT NULL,
  PRIMARY KEY (word, collection, weight, entry)) WITHOUT ROWID;
"""
_COLUMNS = "entry, collection, id, valid_from, valid_to, weight, said, words"
LOOKED_AT = 10_000
"""Most entries with all words, of one collection, that are read; who looks for a rarer pair of words gives a third."""
CHUNK = 64
"""Entries read at a time."""
FORMER = 1000
"""Weight from which an entry holds no longer."""
BITS = 12
"""The last bits of an entry's number count what one thing was called."""
BETWEEN = " | "
"""Stands between the texts of an entry in ``words``; no word has this sign."""


class Entry(NamedTuple):
    """What a thing was called during a stretch of valid time."""

    number: int
    """Number of the feature, then which of its entries."""
    collection: str
    eid: str
    valid_from: str
    valid_to: str
    weight: int
    """Small where few words besides the one looked for are said; `FORMER` and more where it holds no longer."""
    said: str
    """Texts by property, as JSON."""
    words: str
    """Their words, a space before and after each, `BETWEEN` between the texts."""

    @property
    def feature(self) -> int:
        """Number of the feature."""
        return self.number >> BITS


@dataclass(frozen=True, slots=True)
class Term:
    """One of the words asked for: any of these will do."""

    words: tuple[str, ...]
    prefix: bool = False
    """A word that begins so will do as well."""

    def met_by(self, entry: Entry) -> bool:
        """Tell whether an entry has such a word."""
        end = "" if self.prefix else " "
        return any(f" {word}{end}" in entry.words for word in self.words)


@dataclass(frozen=True, slots=True)
class Reach:
    """Among which entries is searched."""

    collection: str | None = None
    """Every collection where absent."""
    former: bool = True
    """Also those that hold no longer."""
    moment: str | None = None
    """Only those that held then, ISO 8601 as valid time is kept."""
    deepest: int | None = None
    """How many entries of one word and collection are read along; all where absent."""

    def holds(self, entry: Entry) -> bool:
        """Tell whether an entry held at the moment."""
        return self.moment is None or entry.valid_from <= self.moment < entry.valid_to


class Words:
    """The words of a publication in one state.

    Parameters
    ----------
    rows : callable
        Runs a query with ``?`` marks and yields its rows.
    write : callable
        Runs a statement for many rows.
    frequent : dict, optional
        What was counted of frequent words before, in the same state of the publication; more is added to it.
    """

    def __init__(
        self,
        rows: Callable[[str, Sequence[object]], Iterable[Row]],
        write: Callable[[str, Iterable[Sequence[object]]], object],
        frequent: Counts | None = None,
    ) -> None:
        self._rows = rows
        self._write = write
        self._frequency = Frequency(rows, {} if frequent is None else frequent)
        self._crossing = Crossing(rows, self._frequency)
        self._collections: dict[str, list[str]] = {}

    # writing -------------------------------------------------------------------------------------------------------

    def add(self, entries: Sequence[Entry]) -> None:
        """Let things be found by what they were called."""
        self._write(f"INSERT INTO phusa_entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
        self._write(
            "INSERT INTO phusa_word (word, collection, weight, entry) VALUES (?, ?, ?, ?)",
            # Sorted, because an index that is filled in its own order is filled several times as fast.
            sorted((word, one.collection, one.weight, one.number) for one in entries for word in each(one.words)),
        )

    def forget(self, features: Iterable[int]) -> None:
        """Remove all entries of some features."""
        for feature in features:
            self._remove("entry >= ? AND entry < ?", (feature << BITS, (feature + 1) << BITS))

    def drop(self, collection: str) -> None:
        """Remove all entries of a collection."""
        self._remove("collection = ?", (collection,))

    def _remove(self, condition: str, values: Sequence[object]) -> None:
        """Remove entries with their words."""
        old = list(self._rows(f"SELECT words, collection, weight, entry FROM phusa_entry WHERE {condition}", values))
        self._write(
            "DELETE FROM phusa_word WHERE word = ? AND collection = ? AND weight = ? AND entry = ?",
            ((word, *rest) for words, *rest in old for word in each(words)),
        )
        self._write("DELETE FROM phusa_entry WHERE entry = ?", ((row[3],) for row in old))

    # reading -------------------------------------------------------------------------------------------------------

    def known(self, words: Sequence[str]) -> list[str]:
        """Return those of some words that any entry has, in their order."""
        if not words:
            return []
        asked = ", ".join(["(?)"] * len(words))
        found = self._rows(
            f"WITH asked (word) AS (VALUES {asked}) SELECT word FROM asked a "
            "WHERE EXISTS (SELECT 1 FROM phusa_word w WHERE w.word = a.word)",
            words,
        )
        there = {row[0] for row in found}
        return [word for word in words if word in there]

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Return words that begin with some letters: words of letters first, codes only where there are none.

        Parameters
        ----------
        prefix : str
            The letters; a word that consists of them alone counts.
        limit : int
            Largest number of words.
        """
        spelled = list(islice(self._spelled(prefix), limit)) if prefix.isalpha() else []
        return spelled or list(islice(self._beginning(prefix), limit))

    def _beginning(self, prefix: str) -> Iterator[str]:
        """Yield the words that begin with a prefix."""
        word = self._next(prefix)
        while word is not None and word.startswith(prefix):
            yield word
            word = self._next(word + " ")

    def _spelled(self, prefix: str) -> Iterator[str]:
        """Yield the words of letters that begin with a prefix, stepping over all codes that begin alike at once."""
        word = self._next(prefix)
        while word is not None and word.startswith(prefix):
            letters = next((place for place, sign in enumerate(word) if not sign.isalpha()), len(word))
            if letters == len(word):
                yield word
            word = self._next(word + " " if letters == len(word) else max(word[:letters] + "a", word + " "))

    def _next(self, start: str) -> str | None:
        """Return the first word from a place in the alphabet on."""
        found: str | None = next(iter(self._rows("SELECT min(word) FROM phusa_word WHERE word >= ?", (start,))))[0]
        return found

    def rarest_first(self, terms: Sequence[Term]) -> list[Term]:
        """Order terms by how many entries have them; empty where nobody has one of them.

        Parameters
        ----------
        terms : sequence of Term
            Whole words.
        """
        return [terms[place] for place in self._frequency.rarest_first([term.words for term in terms])]

    def collections(self, word: str) -> list[str]:
        """Return the collections in which a word occurs."""
        if word not in self._collections:
            least = "SELECT min(collection) FROM phusa_word WHERE word = ? AND collection > ?"
            self._collections[word] = list(steps(self._rows, least, (word,), ""))
        return self._collections[word]

    def found(
        self, word: str, terms: Sequence[Term], reach: Reach, limit: int, beside: Sequence[str] = ()
    ) -> list[Entry]:
        """Return entries that have a word and all of some terms, those that say least besides it first.

        Parameters
        ----------
        word : str
            Along which is read; the rarest one.
        terms : sequence of Term
            What they must have besides, rare ones first.
        reach : Reach
            Among which entries.
        limit : int
            Largest number of entries of one collection.
        beside : sequence of str, optional
            Words that the next question may ask for besides; they are looked up along with the rest.
        """
        whole = [term.words for term in terms if not term.prefix]
        begun = [term for term in terms if term.prefix]
        few, below = min(limit, CHUNK), None if reach.former else FORMER
        found: list[Entry] = []
        for name in self.collections(word) if reach.collection is None else (reach.collection,):
            path = Path(word, name, below, reach.deepest)
            numbers = islice(self._crossing.numbers(path, whole, [(one,) for one in beside], few), LOOKED_AT)
            found += islice(self._fitting(numbers, begun, reach, few), limit)
        return found

    def _fitting(self, numbers: Iterator[int], terms: Sequence[Term], reach: Reach, chunk: int) -> Iterator[Entry]:
        """Yield entries, read some at a time, that meet what their words alone do not tell."""
        while some := list(islice(numbers, chunk)):
            sql = f"SELECT {_COLUMNS} FROM phusa_entry WHERE entry IN ({', '.join('?' * len(some))})"
            read = {row[0]: Entry(*row) for row in self._rows(sql, some)}
            for entry in (read[number] for number in some):
                if reach.holds(entry) and all(term.met_by(entry) for term in terms):
                    yield entry

    def now(self, feature: int) -> Entry | None:
        """Return what a thing is called now."""
        sql = f"SELECT {_COLUMNS} FROM phusa_entry WHERE entry >= ? AND entry < ? AND weight < {FORMER}"
        row = next(iter(self._rows(sql, (feature << BITS, (feature + 1) << BITS))), None)
        return None if row is None else Entry(*row)

    def content(self) -> Iterator[Row]:
        """Yield everything, in an order that does not depend on how it came there."""
        yield from self._rows(f"SELECT {_COLUMNS} FROM phusa_entry ORDER BY entry", ())
        yield from self._rows(
            "SELECT word, collection, weight, entry FROM phusa_word ORDER BY word, collection, weight, entry", ()
        )


def each(words: str) -> tuple[str, ...]:
    """Return the words of an entry, each once."""
    return tuple(dict.fromkeys(words.replace(BETWEEN, " ").split()))
