"""The numbers of a publication: transactions and features counted by rank among those that it shows.

A publication holds no number of the registry, because the gaps between them would tell how much it does not show. Which
transaction has which number stands in the registry, in ``projected_number``, and how far the publication is in
``projected_reach``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import numpy as np
import orjson

from sdi.access.level import withdrawn
from sdi.declaration import Level
from sdi.errors import IntegrityError
from sdi.history import OPEN
from sdi.registry import Registry
from sdi.store.feed import FeedTables, Row
from sdi.store.store import Store

NAME_BYTES = 8
"""Length of the hash after which a feed is named."""
_NOTED = "SELECT t.tx FROM tx t WHERE t.tx > ? AND EXISTS (SELECT 1 FROM outbox o WHERE o.tx_from = t.tx) ORDER BY t.tx"


class Numbered(Protocol):
    """What is asked of a publication."""

    feed: FeedTables

    @property
    def name(self) -> str:
        """What messages call it."""

    def get(self, key: str) -> str | None:
        """Return a fact about the publication."""

    def put(self, key: str, value: str) -> None:
        """Keep a fact about the publication."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a publication was brought, to be kept in the registry."""

    level: Level
    feed: str
    sequence: int
    """Its last number, 0 where it shows nothing [1]."""
    tx: int
    """Transaction of the registry up to which all is applied."""
    since: int = 0
    """Transaction up to which all was applied before, 0 where it was worked out anew."""
    news: tuple[tuple[int, int], ...] = ()
    """Numbers given now and the transactions of the registry that have them."""
    renamed: bool = False
    """Its feed has another name now."""

    @property
    def leads(self) -> bool:
        """Tell whether the registry must know of it before the publication tells it.

        Where the publication tells no other number or name it looks as it did: were it kept before, a process killed
        between would leave it behind for good. Whatever is applied again comes out the same, so it is kept afterwards.
        """
        return self.renamed or bool(self.news)


class Numbers:
    """Numbers of transactions, while a publication is brought up to its registry.

    Parameters
    ----------
    registry : Registry
        What is known.
    level : {'public', 'restricted'}
        Access level of the publication.
    package : PublicationStore
        The publication.
    whole : bool
        Everything is worked out anew, as if nothing had been published.

    Raises
    ------
    IntegrityError
        If the publication told of transactions that this registry does not know.
    """

    def __init__(self, registry: Registry, level: Level, package: Numbered, *, whole: bool) -> None:
        self._registry = registry
        self._level: Level = level
        self._package = package
        self.whole = whole
        self._name = package.get("feed") or ""
        told = reached(registry, level, package)
        self._kept, self.since = (0, 0) if whole else told
        # Every later transaction gets a provisional number, whether it will show or not.
        self._slots = [tx for (tx,) in registry.store.select(_NOTED, (self.since,))]

    def of(self, txs: Iterable[int]) -> dict[int, int]:
        """Return the numbers of transactions; that of the end of recorded time is itself.

        Raises
        ------
        IntegrityError
            If one of them wrote something that shows and told the outbox nothing.
        """
        wanted = set(txs) - {OPEN}
        found = {tx: self._provisional(tx) for tx in wanted if tx > self.since}
        old = [tx for tx in wanted if tx <= self.since]
        if old:
            store = self._registry.store
            sql = "SELECT tx, sequence FROM projected_number WHERE level = ? AND feed = ? AND tx IN "
            given = (self._level, self._name, orjson.dumps(old).decode())
            found |= dict(store.select(f"{sql}({store.listed(int)})", given))
        if missing := wanted - set(found):
            raise IntegrityError(
                f"{self._package.name} shows transaction {min(missing)} only now; run `phusa publish --rebuild`"
            )
        return found | {OPEN: OPEN}

    def _provisional(self, tx: int) -> int:
        """Return the number of a transaction that is right where all before it show."""
        at = bisect_left(self._slots, tx)
        if at == len(self._slots) or self._slots[at] != tx:
            raise IntegrityError(f"transaction {tx} wrote something that shows, but told the outbox nothing")
        return self._kept + at + 1

    def finish(self, collections: Sequence[str]) -> tuple[Reached, dict[int, int]]:
        """Close the gaps that those left that do not show, and name the feed.

        Parameters
        ----------
        collections : sequence of str
            All collections of the publication.

        Returns
        -------
        tuple of Reached and dict of int to int
            What the registry is to keep, and the final numbers by the provisional ones.
        """
        feed = self._package.feed
        shown = feed.shown(self._kept)
        txs = [self._slots[number - self._kept - 1] for number in shown]
        times = _times(self._registry, txs)
        final = {provisional: number for number, provisional in enumerate(shown, self._kept + 1)}
        feed.number([(final[one], one, time) for one, time in zip(shown, times, strict=True)])
        if any(one != number for one, number in final.items()):
            feed.close_up(collections, self._kept)
        pairs = tuple(zip(final.values(), txs, strict=True))
        name, known = self._named(txs, times)
        if name != self._name:
            self._package.put("feed", name)
        last, renamed = self._kept + len(txs), name != self._name
        return Reached(self._level, name, last, self._registry.last_tx, self.since, pairs[known:], renamed), final

    def _named(self, txs: Sequence[int], times: Sequence[str]) -> tuple[str, int]:
        """Return the name of the feed, and how many of some transactions have their numbers in it already.

        It is another one where numbers that were told mean something else now, or what they told of was withdrawn.
        """
        if not self.whole and (self._name or not txs):
            return self._name, 0
        last = self._registry.store.select(
            'SELECT feed, tx FROM projected_reach WHERE level = ? ORDER BY tx DESC, "row" DESC LIMIT 1', (self._level,)
        )
        before, until = last[0] if last else ("", 0)
        numbered = _numbered(self._registry, self._level, before)
        same = numbered == list(txs[: len(numbered)]) and (numbered or not txs)
        if same and not withdrawn(self._registry, self._level, until):
            return before, len(numbered)
        said = orjson.dumps([before, self._level, list(times)])
        return blake2b(said, digest_size=NAME_BYTES).hexdigest(), 0


class Features:
    """Numbers of features: the rank of a thing among all that the publication shows, in the order of recording.

    Parameters
    ----------
    package : PublicationStore
        The publication.
    new : sequence of int (n,)
        Entity rows of the things that come to it now, in order.
    """

    def __init__(self, package: Numbered, new: Sequence[int]) -> None:
        self._package = package
        self._rows = np.asarray(new, dtype=np.int64)
        last = package.query("SELECT coalesce(max(fid), 0) FROM phusa_thing")[0][0] if len(new) else 0
        self._first = int(last) + 1

    def new(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the numbers of those things, given by entity row, that come to the publication now."""
        asked = np.asarray(rows, dtype=np.int64)
        places = np.searchsorted(self._rows, asked)
        there = np.append(self._rows, -1)[places] == asked
        return dict(zip(asked[there].tolist(), (self._first + places[there]).tolist(), strict=True))

    def known(self, eids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of things that are there already."""
        sql = "SELECT fid FROM phusa_thing WHERE id = ?"
        return {eid: row[0] for eid in eids for row in self._package.query(sql, (eid,))}


def reached(registry: Registry, level: Level, package: Numbered) -> tuple[int, int]:
    """Return the last number of a publication, and the transaction of the registry up to which all is applied.

    Raises
    ------
    IntegrityError
        If it told of transactions that this registry does not know: another one was put in its place.
    """
    name, times = package.get("feed") or "", package.feed.last_time()
    found = registry.store.select(
        "SELECT r.sequence, r.tx, t.recorded_at FROM projected_reach r LEFT JOIN projected_number n "
        "ON n.level = r.level AND n.feed = r.feed AND n.sequence = r.sequence LEFT JOIN tx t ON t.tx = n.tx "
        "WHERE r.level = ? AND r.feed = ? AND r.sequence = ? ORDER BY r.tx DESC LIMIT 1",
        (level, name, times[0]),
    )
    if found and found[0][2] == times[1]:
        return found[0][0], found[0][1]
    if not times[0]:
        return 0, 0
    raise IntegrityError(
        f"{package.name} has applied transactions of another registry than the one that is here now; "
        "was an older one restored? run `phusa publish --rebuild`"
    )


def _numbered(registry: Registry, level: Level, name: str) -> list[int]:
    """Return the transactions that a feed numbered, in order."""
    sql = "SELECT DISTINCT sequence, tx FROM projected_number WHERE level = ? AND feed = ? ORDER BY sequence"
    return [tx for _, tx in registry.store.select(sql, (level, name))]


def _times(registry: Registry, txs: Sequence[int]) -> list[str]:
    """Return when transactions were recorded."""
    if not txs:
        return []
    found: dict[int, str] = dict(
        registry.store.select("SELECT tx, recorded_at FROM tx WHERE tx BETWEEN ? AND ?", (txs[0], txs[-1]))
    )
    return [found[tx] for tx in txs]


def keep(registry: Registry, news: Reached) -> None:
    """Keep in the registry how far a publication is going to be, before it is, or is, where it tells no other numbers.

    Where a process is killed between the two, the publication is where an older row says: the numbers that were kept
    too early are given to the same transactions again, and what was applied already is applied again.
    """
    _keep(registry.store, news)


def begin_anew(store: Store, levels: Iterable[Level], tx: int, said: str) -> None:
    """Let the feeds of a registry that was restored have names of their own: numbers told before may mean other things.

    Parameters
    ----------
    store : Store
        What keeps the registry.
    levels : iterable of {'public', 'restricted'}
        Access levels of its publications.
    tx : int
        Its last transaction.
    said : str
        What no other restored registry has in common with it.
    """
    for level in levels:
        name = blake2b(orjson.dumps([said, level]), digest_size=NAME_BYTES).hexdigest()
        _keep(store, Reached(level, name, 0, tx))


def _keep(store: Store, news: Reached) -> None:
    """Add the rows of how far a publication is."""
    columns = ("level", "feed", "sequence", "tx")
    with store.writing():
        if news.news:
            store.insert("projected_number", columns, [(news.level, news.feed, *pair) for pair in news.news])
        store.insert("projected_reach", columns, [(news.level, news.feed, news.sequence, news.tx)])
