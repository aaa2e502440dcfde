"""Search: from what somebody types to the things that are, or were, called so.

A text is searched in steps: all words as they stand, the last one as a beginning; and only where nothing has them, with
a typing error, or by at least half of the words. So a right spelling is never buried under guesses.
"""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice, product
from typing import Any, Literal

import orjson

from sdi.finding.ranking import Asked, Judgement, ranked
from sdi.finding.saying import called
from sdi.history import ALWAYS, FOREVER
from sdi.store.words import Entry, Reach, Term, Words, each

How = Literal["exact", "prefix", "typo", "part"]
"""How a thing was found: by all words, by the beginning of the last, despite a typing error, by some of the words."""

SHORTEST_PREFIX = 2
"""Letters from which the last word counts as the beginning of one [1]."""
SHORTEST_MISTYPED = 3
"""Letters from which a word is taken for a mistyped one [1]; a code or number never is, its neighbour is another."""
LONGEST_MISTYPED = 40
"""Letters up to which it is [1]: no word is longer, and every letter is exchanged for every other one."""
HALF = 0.5
"""Share of the words below which nothing is offered [1]."""
COMBINED = 20
"""Most ways to leave some of the words out that are tried."""
_WEIGHED = 60
"""Entries of one collection and word that are compared with each other."""
_OTHERS = 48
"""Words that begin alike and are looked at."""
_GUESSED = 1_000
"""Entries of one collection and word that are read along for what was not typed."""
_OF_EACH = 8
"""Entries of one collection and word where many words may stand for one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found."""

    feature: int
    """Number of the feature."""
    eid: str
    collection: str
    texts: Mapping[str, str]
    """What it was called then, by property."""
    field: str
    """Property in which it was found."""
    valid_from: str
    valid_to: str | None
    """First moment at which it was no longer called so; ``None`` where it still is."""
    how: How
    share: float
    """Share of the words asked for that it has [1]; words that only say what follows count nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that was found, with what a publication tells of it besides."""

    hit: Hit
    kind: str
    now: Mapping[str, str] | None
    """What it is called now, by property; ``None`` where it has ended."""
    box: tuple[float, float, float, float] | None
    """Where it was when it was called so, ``(xmin, ymin, xmax, ymax)`` [degree, CRS84]; ``None`` without a place."""

    def document(self, language: str) -> dict[str, Any]:
        """Return it as plain JSON.

        Parameters
        ----------
        language : str
            Of the names, where a thing has one in it.
        """
        hit = self.hit
        return {
            "id": hit.eid, "kind": self.kind, "collection": hit.collection, "title": called(hit.texts, language),
            "field": hit.field, "text": hit.texts[hit.field], "match": hit.how, "share": round(hit.share, 3),
            "validFrom": None if hit.valid_from == ALWAYS else hit.valid_from, "validTo": hit.valid_to,
            "now": None if self.now is None else called(self.now, language), "bbox": self.box,
        }  # fmt: skip


def search(index: Words, text: str, *, limit: int, reach: Sequence[Reach] = (Reach(),)) -> tuple[Hit, ...]:
    """Find things by words of their names, codes and short texts, those of the past included.

    Parameters
    ----------
    index : Words
        Of one publication.
    text : str
        What is looked for, in any spelling.
    limit : int
        Largest number of things.
    reach : sequence of Reach
        Where; everywhere and at all times where not said.

    Returns
    -------
    tuple of Hit
        The best first, each thing once; empty where the text has no words.
    """
    asked = Asked.read(text)
    if not asked.words:
        return ()
    seek = _Seek(index, asked, reach, max(limit, _WEIGHED), sorted(asked.generic))
    guess = seek.guessing()
    found: dict[int, Hit] = {}
    for how, step in _STEPS:
        if found and (how != "prefix" or not asked.words[-1].isalpha()):
            break  # a whole code is no beginning of another
        for entry, judgement in ranked(
            step(guess if how in ("typo", "part") else seek), asked, max(3 * limit, _WEIGHED)
        ):
            if len(found) == limit:
                return tuple(found.values())
            if entry.feature not in found:
                found[entry.feature] = _hit(entry, judgement, asked, how)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Seek:
    """One search: what is asked, where, and what was found on the way."""

    index: Words
    asked: Asked
    reach: Sequence[Reach]
    limit: int
    beside: Sequence[str] = ()
    """Words that are asked for besides later on."""
    found: dict[tuple[Term, ...], list[Entry]] = field(default_factory=dict)

    def guessing(self) -> _Seek:
        """Return the same search for what was not typed: short names first, and not all of the long ones."""
        return replace(self, reach=[replace(one, deepest=_GUESSED) for one in self.reach], beside=(), found={})

    def beyond(self, found: Sequence[Entry]) -> _Seek:
        """Return the same search in the collections that may have more than was found."""
        counts = Counter(entry.collection for entry in found)
        full = [name for name, count in counts.items() if count >= self.limit]
        return replace(self, reach=[replace(self.reach[0], collection=name) for name in full], found={})

    def along(self, drivers: Sequence[str], terms: Sequence[Term]) -> Iterator[Entry]:
        """Yield entries with any of some words and all of some terms."""
        share = self.limit if len(drivers) < 2 else max(self.limit // len(drivers), _OF_EACH)
        for reach in self.reach:
            for word in drivers:
                yield from self.index.found(word, terms, reach, share, beside=self.beside)

    def all_of(self, terms: Sequence[Term]) -> list[Entry]:
        """Return entries that have every term, read along the rarest that is no beginning."""
        key = tuple(terms)
        if key not in self.found:
            whole = self.index.rarest_first([term for term in terms if not term.prefix])
            others = [*whole[1:], *(term for term in terms if term.prefix)]
            self.found[key] = list(self.along(whole[0].words, others)) if whole else []
        return self.found[key]

    def any_of(self, choices: Sequence[Sequence[str]]) -> Iterator[Entry]:
        """Yield entries that have one of each of some sets of words."""
        for chosen in islice(product(*choices), _OTHERS):
            yield from self.all_of([Term((word,)) for word in chosen])


def _exact(seek: _Seek) -> Iterable[Entry]:
    """Entries with every word that tells something; those that also have the rest may be beyond the first of these."""
    telling = [Term((word,)) for word in seek.asked.words]
    found = seek.all_of(telling)
    yield from found
    if seek.asked.generic and (more := seek.beyond(found)).reach:
        yield from more.all_of([*telling, *(Term((word,)) for word in sorted(seek.asked.generic))])


def _begun(seek: _Seek) -> Iterable[Entry]:
    """Entries with every word but the last, and one that begins as the last does."""
    *whole, last = seek.asked.words
    if len(last) < SHORTEST_PREFIX:
        return
    begun = seek.index.completions(last, _OTHERS)
    if not whole:
        yield from seek.along(begun, [])
    elif len(begun) == _OTHERS:
        yield from seek.all_of([*(Term((word,)) for word in whole), Term((last,), prefix=True)])
    elif (terms := _together(seek, whole, begun)) is not None:
        yield from seek.all_of(terms)
    else:
        yield from seek.any_of([*([word] for word in whole), begun])


def _together(seek: _Seek, whole: Sequence[str], begun: Sequence[str]) -> list[Term] | None:
    """Terms that ask for some words and any of others at once; ``None`` where it is quicker to ask for each of these.

    Two words leave so few entries that the others are looked up in them; one word alone does not.
    """
    terms = [*(Term((word,)) for word in whole), Term(tuple(begun))]
    rarest = seek.index.rarest_first(terms)
    return terms if len(whole) > 1 and rarest and len(rarest[0].words) == 1 else None


def _mistyped(seek: _Seek) -> Iterable[Entry]:
    """Entries with every word, of which one, or each that nobody has, is mistyped."""
    asked = seek.asked.words
    known = set(seek.index.known(asked))
    near = {word: _others(seek.index, word) for word in [one for one in asked if one not in known] or asked}
    if len(known) < len(asked) or len(asked) < 3:  # of two words, one alone says too little
        for changed in [near] if len(known) < len(asked) else [[word] for word in asked]:
            yield from seek.any_of([near[word] if word in changed else [word] for word in asked])
        return
    seek = replace(seek, beside=asked)
    for word in asked:
        if not (others := set(near[word])):
            continue
        rest = seek.all_of([Term((one,)) for one in asked if one != word])
        yield from (entry for entry in rest if not others.isdisjoint(each(entry.words)))


def _others(index: Words, word: str) -> tuple[str, ...]:
    """Return the words of the publication that differ from a word by one typing error."""
    if not SHORTEST_MISTYPED <= len(word) <= LONGEST_MISTYPED or not word.isalpha():
        return ()
    return tuple(index.known(sorted(one_error(word))))


def one_error(word: str) -> set[str]:
    """Return everything that one typing error makes of a word: a letter lost, doubled, wrong, or two exchanged.

    Parameters
    ----------
    word : str
        Folded.

    Returns
    -------
    set of str
        Without the word itself.
    """
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    lost = {left + right[1:] for left, right in halves if right}
    exchanged = {left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1}
    wrong = {left + letter + right[1:] for left, right in halves if right for letter in string.ascii_lowercase}
    added = {left + letter + right for left, right in halves for letter in string.ascii_lowercase}
    return (lost | exchanged | wrong | added) - {word}


def _some(seek: _Seek) -> Iterable[Entry]:
    """Entries with as many of the words as any has, at least half of them."""
    asked = seek.asked.words
    known = seek.index.known(asked)
    seek, left = replace(seek, beside=known), COMBINED
    for count in range(min(len(known), len(asked) - 1), math.ceil(HALF * len(asked)) - 1, -1):
        found = False
        for chosen in islice(combinations(known, count), left):
            left -= 1
            if not any(letter.isalpha() for word in chosen for letter in word):
                continue  # every street has a house of that number
            for entry in seek.all_of([Term((word,)) for word in chosen]):
                found = True
                yield entry
        if found or not left:
            return


_STEPS: tuple[tuple[How, Callable[[_Seek], Iterable[Entry]]], ...] = (
    ("exact", _exact),
    ("prefix", _begun),
    ("typo", _mistyped),
    ("part", _some),
)


def _hit(entry: Entry, judgement: Judgement, asked: Asked, how: How) -> Hit:
    """Make a hit of an entry."""
    texts: dict[str, str] = orjson.loads(entry.said)
    return Hit(
        entry.feature, entry.eid, entry.collection, texts, list(texts)[judgement.place], entry.valid_from,
        None if entry.valid_to == FOREVER else entry.valid_to, how,
        judgement.matched / len(asked.words) if how == "part" else 1.0,
    )  # fmt: skip
