"""Where words meet: the entries of a collection that have several words, read along the rarest of them.

Of two words the lists are read together, or the shorter one is read and each of its entries looked up in the other,
whichever costs less. Which word comes second is asked of a sample: of «nhà văn hóa Lai» every entry of one of the first
three words has the other two, so the second one to ask for is the fourth. All further words are looked up for what two
have in common. So a search costs about what its two most telling words cost, however many there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sdi.store.frequency import COUNTED, Frequency, Rows

Row = tuple[Any, ...]
Choice = tuple[str, ...]
"""Words any of which will do."""

PAGE = 256
"""Entries with the first two words that are read at first; twice as many each time that is not enough."""
WEIGHTS = 6
"""Weights of which some entries are taken for a sample."""
SAMPLE = 8
"""Entries of each of these weights in the sample."""
_READ = "SELECT weight, entry FROM phusa_word WHERE word = ? AND collection = ?"
_LATER = "(weight, entry) > (?, ?)"
_FIRST = (-1, -1)
"""Weight and number before all others."""


@dataclass(frozen=True, slots=True)
class Path:
    """The entries of one word along which is read, those that say least besides it first."""

    word: str
    collection: str
    below: int | None = None
    """Weight below which they lie; any where absent."""
    deepest: int | None = None
    """How many of them are read; all where absent."""


class Crossing:
    """Finds the entries in which words meet, and keeps what it read of two words for the next question.

    Parameters
    ----------
    rows : callable
        Runs a query with ``?`` marks and yields its rows.
    frequency : Frequency
        How many entries have a word.
    """

    def __init__(self, rows: Rows, frequency: Frequency) -> None:
        self._rows = rows
        self._frequency = frequency
        self._orders: dict[Hashable, list[Choice]] = {}
        self._pages: dict[Hashable, list[Row]] = {}

    def numbers(
        self, path: Path, whole: Sequence[Choice], beside: Sequence[Choice] = (), few: int = PAGE
    ) -> Iterator[int]:
        """Yield the numbers of entries that have a word and one of each choice, those that say least besides first.

        Parameters
        ----------
        path : Path
            Along which is read.
        whole : sequence of tuple of str
            What they must have besides.
        beside : sequence of tuple of str, optional
            What the next question may ask for besides: it is looked up along with the rest. Where a path has an end,
            each of these alone, otherwise all of them together.
        few : int, optional
            How many entries are enough, as a rule.
        """
        second, groups = self._plan(path, whole, beside)
        needed = [2 + place for place, group in enumerate(groups) if not set(group).isdisjoint(whole)]
        most = few if set(whole) <= {second, *beside} else PAGE
        if path.deepest is not None and beside and groups:
            most = path.deepest
        after: Row = _FIRST
        while after:
            page = self._page(path, second, groups, after, most)
            yield from (row[1] for row in page if all(row[place] for place in needed))
            after, most = page[-1][:2] if len(page) == most else (), 2 * most

    def _plan(
        self, path: Path, whole: Sequence[Choice], beside: Sequence[Choice]
    ) -> tuple[Choice, tuple[tuple[Choice, ...], ...]]:
        """Return what is asked for second, and by groups what is looked up then; the same for questions of one kind."""
        each = path.deepest is not None
        others = [one for one in dict.fromkeys([*whole, *beside]) if one != (path.word,)]
        telling = [one for one in others if len(one) == 1 and (each or one not in beside)]
        order = [*self._order(path, telling), *(one for one in others if one not in telling)]
        second = next((one for one in order if one in whole), ())
        later = order[order.index(second) + 1 :] if second else []
        if each:
            return second, tuple((one,) for one in later)
        asked, others = [one for one in later if one in whole], [one for one in later if one not in whole]
        groups = (
            [one for one in asked if one not in beside], [one for one in asked if one in beside], others,
        )  # fmt: skip
        return second, tuple(tuple(group) for group in groups if group)

    def _order(self, path: Path, words: Sequence[Choice]) -> list[Choice]:
        """Order words by how few of the entries of a path have them, as far as a sample tells."""
        rare = sorted(words, key=lambda one: (self._frequency.count(one[0]), one))
        if len(rare) < 2 or self._frequency.count(path.word, COUNTED[1]) < COUNTED[1]:
            return rare
        key = (path.word, path.collection, *rare)
        if key not in self._orders:
            counts = self._sampled(path, rare)
            self._orders[key] = [rare[place] for place in sorted(range(len(rare)), key=counts.__getitem__)]
        return self._orders[key]

    def _sampled(self, path: Path, words: Sequence[Choice]) -> Row:
        """Count words in some entries of a path, of each weight as many: light ones alone have no room for most."""
        along = (path.word, path.collection)
        least = "SELECT min(weight) FROM phusa_word WHERE word = ? AND collection = ? AND weight > ?"
        weights = list(islice(steps(self._rows, least, along, -1), WEIGHTS))
        if not weights:
            return (0,) * len(words)
        some = " UNION ALL ".join(
            f"SELECT * FROM ({_READ} AND weight = ? ORDER BY entry LIMIT {SAMPLE}) AS s{place}"
            for place in range(len(weights))
        )
        having = ", ".join(f"sum({_told([one])})" for one in words)
        values = [value for one in words for value in (*one, path.collection)]
        sampled = [value for weight in weights for value in (*along, weight)]
        return next(iter(self._rows(f"SELECT {having} FROM ({some}) AS w", [*values, *sampled])))

    def _page(
        self, path: Path, second: Choice, groups: tuple[tuple[Choice, ...], ...], after: Row, most: int
    ) -> list[Row]:
        """Return weight and number of entries with two words, and by group whether they have all of it as well."""
        key = (path, second, groups, after, most)
        if key not in self._pages:
            both, values = self._both(path, second, after)
            told = "".join(f", {_told(group)}" for group in groups)
            asked = [value for group in groups for one in group for value in (*one, path.collection)]
            sql = f"SELECT weight, entry{told} FROM ({both} ORDER BY weight, entry LIMIT {most}) AS w"
            self._pages[key] = list(self._rows(f"{sql} ORDER BY weight, entry", [*asked, *values]))
        return self._pages[key]

    def _both(self, path: Path, second: Choice, after: Row) -> tuple[str, list[object]]:
        """Return the query for the entries of a path that have a second word as well, from a place on."""
        read = _READ if path.below is None else f"{_READ} AND weight < {path.below}"
        first = read if path.deepest is None else f"{read} ORDER BY weight, entry LIMIT {path.deepest}"
        sql, values = f"SELECT weight, entry FROM ({first}) AS w WHERE {_LATER}", [path.word, path.collection, *after]
        if not second:
            return sql, values
        if len(second) == 1 and self._frequency.is_near(second[0], path.word):
            return f"{sql} INTERSECT {read} AND {_LATER}", [*values, *second, path.collection, *after]
        return f"{sql} AND {_also(second)}", [*values, *second, path.collection]


def steps(rows: Rows, least: str, values: Sequence[object], start: object) -> Iterator[Any]:
    """Yield every value of an indexed column once, in order.

    Parameters
    ----------
    rows : callable
        Runs a query with ``?`` marks and yields its rows.
    least : str
        Query for the least value that is greater than the last mark.
    values : sequence
        For the other marks.
    start : object
        Less than all values.
    """
    found = next(iter(rows(least, (*values, start))))[0]
    while found is not None:
        yield found
        found = next(iter(rows(least, (*values, found))))[0]


def _told(group: Sequence[Choice]) -> str:
    """Return the SQL that is 1 where an entry ``w`` has one of each choice; who lacks one is asked for no other."""
    return f"CASE WHEN {' AND '.join(_also(one) for one in group)} THEN 1 ELSE 0 END"


def _also(choice: Choice) -> str:
    """Return the condition that an entry ``w`` has one of some words; its values are these and the collection."""
    return (
        f"EXISTS (SELECT 1 FROM phusa_word x WHERE x.word IN ({', '.join('?' * len(choice))}) "
        "AND x.collection = ? AND x.weight = w.weight AND x.entry = w.entry)"
    )
