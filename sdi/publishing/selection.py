"""Which features a question means, found once for each state of a collection.

For a condition or an order the database looks at every feature. The numbers of those that it finds are kept, in order:
further pages, and the same question of others, are looked up like any feature. Each state of a collection has keys of
its own, so what is kept is never stale.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdi.publishing.collection import Collection
from sdi.store.publication_store import PublicationStore

Numbers = NDArray[np.int64]
MOST = 100_000
"""Features of one question that are kept; where there are more, a page of them is soon found anyway."""
KEPT = 2_000_000
"""Features of all questions that are kept, 16 MB [1]."""
_KEPT_COUNTS = 1_000


class Choice(NamedTuple):
    """SQL of what must be true of features ``c``, with its parameters, and of their order, as recorded where empty."""

    sql: str
    parameters: tuple[Any, ...] = ()
    order: str = ""


EVERYTHING = Choice("1 = 1")
NOWHERE = Choice("c.geom IS NULL")


class Known:
    """What was found out about states of collections; for threads that ask at the same time."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = {}
        self._numbers: OrderedDict[Hashable, Numbers] = OrderedDict()
        self._size = 0
        self._turn = Lock()

    def count(self, collection: Collection, choice: Choice) -> int | None:
        """Return how many features of a collection meet a condition, ``None`` where that is not known."""
        return self._counts.get(_key(collection, choice[:2]))

    def keep_count(self, collection: Collection, choice: Choice, count: int) -> int:
        """Keep how many features of a collection meet a condition; return it."""
        if len(self._counts) >= _KEPT_COUNTS:
            self._counts.clear()
        self._counts[_key(collection, choice[:2])] = count
        return count

    def numbers(self, collection: Collection, choice: Choice) -> Numbers | None:
        """Return the features that meet a condition, in order, ``None`` where they are not known."""
        key = _key(collection, choice)
        with self._turn:
            found = self._numbers.get(key)
            if found is not None:
                self._numbers.move_to_end(key)
            return found

    def keep_numbers(self, collection: Collection, choice: Choice, numbers: Numbers) -> None:
        """Keep which features meet a condition, in order; those asked for longest ago make room."""
        with self._turn:
            key = _key(collection, choice)
            if key not in self._numbers:
                self._size += len(numbers)
                self._numbers[key] = numbers
            while self._size > KEPT or len(self._numbers) > _KEPT_COUNTS:
                self._size -= len(self._numbers.popitem(last=False)[1])


def _key(collection: Collection, asked: tuple[object, ...]) -> Hashable:
    """Return by what is kept what was found out of a state of a collection; a condition may have a million letters."""
    return collection.name, collection.edition, hashlib.blake2b(repr(asked).encode(), digest_size=16).digest()


def counted(package: PublicationStore, collection: Collection, choice: Choice, known: Known) -> int:
    """Return how many features meet a condition.

    Parameters
    ----------
    package : PublicationStore
        The publication.
    collection : Collection
        The collection, as it is.
    choice : Choice
        The condition.
    known : Known
        What was found out before.

    Returns
    -------
    int
    """
    found = known.count(collection, choice)
    if found is not None:
        return found
    return known.keep_count(collection, choice, package.count(collection.name, choice.sql, choice.parameters))


def selected(package: PublicationStore, collection: Collection, choice: Choice, known: Known) -> Numbers | None:
    """Return the features that meet a condition, in order.

    Parameters
    ----------
    package : PublicationStore
        The publication.
    collection : Collection
        The collection, as it is.
    choice : Choice
        Condition and order.
    known : Known
        What was found out before.

    Returns
    -------
    ndarray (n,) of int64 or None
        Numbers of features; None where there are more than `MOST`.
    """
    found = known.numbers(collection, choice)
    if found is not None:
        return found
    if collection.count > MOST and (choice.sql == EVERYTHING.sql or counted(package, collection, choice, known) > MOST):
        return None
    found = package.numbers(collection.name, choice.sql, choice.parameters, choice.order, MOST + 1)
    if len(found) > MOST:
        return None
    known.keep_numbers(collection, choice, found)
    return found
