"""A publication: what one audience may see, opened for reading only.

What is not in it cannot leak, because the service opens nothing else.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Self

import orjson

from sdi.declaration import Label
from sdi.errors import Gone, InputError, NotFound, Outdated
from sdi.filter.filter import Filter
from sdi.finding.search import Found, Hit, search
from sdi.history import ALWAYS, FOREVER, LATEST, OPEN, TERMINAL, Interval, instant, second, utc
from sdi.period import query_interval
from sdi.publishing import tiling
from sdi.publishing.change import Change, Feed, Version
from sdi.publishing.collection import Collection, Match, Page, Thing
from sdi.publishing.paging import Asked, glance, page
from sdi.publishing.selection import Known
from sdi.publishing.tiling import Share
from sdi.store.feed import Row
from sdi.store.geopackage import GeoPackage
from sdi.store.publication_database import Box
from sdi.store.publication_store import PublicationStore
from sdi.store.words import Reach
from sdi.tile.cut import Drawn
from sdi.tile.quad import Tile
from sdi.zone import GREENWICH, Zone

CURRENT = Interval(LATEST, FOREVER)
"""Asks for the latest fact known, whenever it begins."""


class Publication:
    """What one audience may see.

    Parameters
    ----------
    package : PublicationStore
        The tables behind it.
    zone : Zone
        Clock of the city, by which dates are asked for.
    """

    def __init__(self, package: PublicationStore, zone: Zone = GREENWICH) -> None:
        self._package = package
        self._zone = zone
        self._known = Known()
        self._collections: dict[str, tuple[Row, Collection]] = {}
        """Rows that describe collections, each with the edition of its features, and what they say."""

    @classmethod
    def open(cls, path: Path, zone: Zone = GREENWICH) -> Self:
        """Open a publication file for reading; that of a workspace is opened by the workspace, which knows its store.

        Parameters
        ----------
        path : Path
            The file.
        zone : Zone
            Clock of the city, which the file does not tell.

        Raises
        ------
        WorkspaceError
            If the file is missing or is no publication.
        """
        return cls(PublicationStore(GeoPackage(path)), zone)

    def close(self) -> None:
        """Close this thread's connection."""
        self._package.close()

    def reading(self) -> AbstractContextManager[None]:
        """Read one state of everything over several questions."""
        return self._package.reading()

    def identity(self) -> str:
        """Return what differs where the same numbers may mean something else; it tells nothing of what is not shown."""
        laid_out = [(name, structure) for name, _, structure, *_ in self._package.collections()]
        said = orjson.dumps([self._package.get("feed"), laid_out, version("phusa")])
        return blake2b(said, digest_size=12).hexdigest()

    def state(self) -> Hashable:
        """Return what differs between any two states of it; to ask costs little."""
        return self._package.base.state()

    def _refuse_another(self, only: Hashable) -> None:
        """Refuse to answer where only one state was wanted, and there is another."""
        if only is not None and self.state() != only:
            raise Outdated(f"{self._package.name} is in another state by now")

    @property
    def is_told(self) -> bool:
        """Whether a statement tells which state it saw, so that a page may be asked of one state alone."""
        return self._package.base.state_sql is not None

    def is_replaced(self) -> bool:
        """Tell whether another one took its place, which is seen only where it is opened again."""
        return self._package.base.is_replaced()

    @property
    def level(self) -> str:
        """Access level: ``public`` or ``restricted``."""
        return self._package.get("level") or "public"

    @property
    def sequence(self) -> int:
        """Number of the last transaction that it shows, 0 where it shows nothing [1]."""
        return self._package.feed.last()

    @property
    def recorded_at(self) -> str | None:
        """When the last transaction that it shows was recorded [UTC]; ``None`` where it shows nothing."""
        return self._package.feed.last_time()[1]

    def collections(self) -> tuple[Collection, ...]:
        """Return the collections, in the order of the map."""
        found = [self._described(row) for row in self._package.described()]
        return tuple(sorted(found, key=lambda one: (one.order, one.name)))

    def collection(self, name: str) -> Collection:
        """Return one collection.

        Raises
        ------
        NotFound
            If none of that name is published.
        """
        return self._described(self._package.collection(name))

    def _described(self, row: Row) -> Collection:
        """Make a collection from its row, once for each state of it."""
        known = self._collections.get(row[0])
        if known is None or known[0] != row:
            known = self._collections[row[0]] = (row, _collection(row))
        return known[1]

    def rows(self, name: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield all current features of a collection, in the order in which the things were recorded.

        Parameters
        ----------
        name : str
            Collection.
        columns : sequence of str
            Properties, of those that its schema names.

        Yields
        ------
        tuple
            Identifier, the properties as the store keeps them, place as WKB [CRS84], ``None`` without a place.
        """
        return self._package.current(name, columns)

    def spread(self, name: str, most: int) -> list[bytes]:
        """Return some current features from all over a collection, for a first look at it.

        Parameters
        ----------
        name : str
            Collection.
        most : int
            Largest number of features.

        Returns
        -------
        list of bytes
            Serialised features in order; all of them where they are few and nothing was ever taken out.
        """
        return self._package.spread(name, most)

    def time_of(self, sequence: int) -> str | None:
        """Return when the transaction of a number was recorded, ``None`` where none has it."""
        return self._package.feed.time(sequence)

    def items(
        self,
        name: str,
        *,
        limit: int,
        offset: int = 0,
        after: int | None = None,
        bbox: Box | None = None,
        where: Mapping[str, str] | None = None,
        filter: Filter | None = None,
        sortby: Sequence[tuple[str, bool]] = (),
        datetime: str | None = None,
        recorded: str | None = None,
        only: Hashable = None,
    ) -> Page:
        """Return a page of features.

        Parameters
        ----------
        name : str
            Collection.
        limit : int
            Largest number of features.
        offset : int
            Number of features to pass over.
        after : int, optional
            Key of the last feature seen: goes on from there, in constant time.
        bbox : (float, float, float, float), optional [degree, CRS84]
            Features that intersect this box ``(xmin, ymin, xmax, ymax)``, and those without a place.
        where : mapping of str to str, optional
            Properties that must have these values.
        filter : Filter, optional
            What must be true of a feature besides.
        sortby : sequence of (str, bool), optional
            Properties by which to sort, each with whether it descends; features without a value come last.
        datetime : str, optional
            Features as they were: an instant or an interval as OGC API writes it. Current ones where absent.
        recorded : str, optional
            What was known: a date or time, which means the last transaction that shows at or before it. Now where
            absent.
        only : hashable, optional
            State of which alone the page may be; any where absent.

        Returns
        -------
        Page
            In the order asked for, else in that in which the things were recorded.

        Raises
        ------
        NotFound
            If the collection is not published.
        InputError
            If a property is unknown or a value cannot be of its type.
        Outdated
            If only one state was wanted, and there is another.
        """
        asked = Asked(limit, offset, after, where or {}, filter, sortby, bbox, zone=self._zone)
        if datetime is not None or recorded is not None:
            held = CURRENT if datetime is None else query_interval(datetime, self._zone)
            asked = replace(asked, held=held, known=self.known_at(recorded))
        elif name in self._collections:
            found = glance(self._package, self._collections[name][1], asked, self._known)
            if found is not None and only in (None, found.of_state):
                return found
        with self._package.reading():
            self._refuse_another(only)
            return page(self._package, self.collection(name), asked, self._known)

    def tile(self, name: str, square: Tile) -> tuple[Drawn, Share]:
        """Cut a collection into a tile.

        Parameters
        ----------
        name : str
            Collection.
        square : Tile
            Which tile.

        Returns
        -------
        Drawn
            The tile.
        str
            What it shows; see `sdi.publishing.tiling`.

        Raises
        ------
        NotFound
            If the collection is not published.
        InputError
            If to choose among its features takes longer than a question may.
        """
        with self._package.reading():
            return tiling.tile(self._package.base, self.collection(name), square)

    def search(
        self, text: str, *, limit: int, kinds: Sequence[str] = (), datetime: str | None = None
    ) -> tuple[Found, ...]:
        """Find things of any kind by words of their names, codes and short texts, those of the past included.

        Parameters
        ----------
        text : str
            What is looked for, in any spelling; see `sdi.finding.search`.
        limit : int
            Largest number of things.
        kinds : sequence of str, optional
            Registers whose things are looked for; all where empty.
        datetime : str, optional
            Day or instant at which they were called so; now and ever before where absent.

        Returns
        -------
        tuple of Found
            The best first; empty where the text has no words.

        Raises
        ------
        NotFound
            If nothing of a kind is published.
        """
        moment = None if datetime is None else instant(datetime, self._zone)
        with self._package.reading():
            published = self._package.kinds()
            refuse_unpublished(set(kinds) - set(published.values()))
            names = [name for name, kind in published.items() if kind in kinds] if kinds else [None]
            reach = [Reach(name, moment=moment) for name in names]
            hits = search(self._package.words, text, limit=limit, reach=reach)
            return tuple(self._found(hit, published[hit.collection]) for hit in hits)

    def _found(self, hit: Hit, kind: str) -> Found:
        """Complete a hit."""
        now = self._package.words.now(hit.feature)
        box = self._package.place(hit.collection, hit.feature, hit.valid_to or FOREVER)
        return Found(hit, kind, None if now is None else orjson.loads(now.said), box)

    def matches(self, name: str, text: str, *, limit: int) -> tuple[Match, ...]:
        """Find current features of one collection by words of their names, codes and short texts.

        Parameters
        ----------
        name : str
            Collection.
        text : str
            What is looked for.
        limit : int
            Largest number of features.

        Returns
        -------
        tuple of Match
            Those with the most of the words first; empty where the text has no words.

        Raises
        ------
        NotFound
            If the collection is not published.
        """
        with self._package.reading():
            self.collection(name)
            found = search(self._package.words, text, limit=limit, reach=[Reach(name, former=False)])
            features = self._package.features(name, [hit.feature for hit in found])
        return tuple(Match(feature, hit.share) for feature, hit in zip(features, found, strict=True))

    def counts(self, name: str, column: str) -> dict[str, int]:
        """Return the values of a property with the number of current features that have each.

        Parameters
        ----------
        name : str
            Collection.
        column : str
            Property.

        Returns
        -------
        dict of str to int
            In the order of the values; features without the property count nowhere.

        Raises
        ------
        NotFound
            If the collection is not published.
        InputError
            If it has no such property.
        """
        with self._package.reading():
            if column not in self.collection(name).schema["properties"]:
                raise InputError(f"collection {name} has no property {column!r}", code="property-unknown")
            return {str(value): count for value, count in self._package.counts(name, column) if value is not None}

    def known_at(self, recorded: str | None) -> int:
        """Return the number of the transaction up to which a recorded time reaches here.

        Parameters
        ----------
        recorded : str or None
            A date or time, which means the last transaction that shows at or before it; ``None`` for now.
        """
        return OPEN - 1 if recorded is None else self._package.feed.known_at(second(utc(recorded, self._zone)))

    def item(
        self,
        name: str,
        eid: str,
        *,
        datetime: str | None = None,
        recorded: str | None = None,
        only: Hashable = None,
    ) -> bytes:
        """Return one feature.

        Parameters
        ----------
        name : str
            Collection.
        eid : str
            The thing.
        datetime, recorded : str, optional
            As for :meth:`items`; the current feature where both are absent.
        only : hashable, optional
            As for :meth:`items`.

        Raises
        ------
        NotFound
            If the collection has no such thing and never had, or nothing of it was known for that moment.
        Gone
            If the thing has ended, and no moment was given.
        Outdated
            As for :meth:`items`.
        """
        dated = datetime is not None or recorded is not None
        if name in self._collections and not dated:
            current = self._package.feature(name, eid)
            if current is not None and only in (None, current[1]):
                return bytes(current[0])
        with self._package.reading():
            self._refuse_another(only)
            self._package.collection(name)
            held = CURRENT if datetime is None else query_interval(datetime, self._zone)
            if dated:
                found = self._package.feed.piece(name, eid, held.start, held.end, self.known_at(recorded))
            else:
                current = self._package.feature(name, eid)
                found = None if current is None else bytes(current[0])
            if found is not None:
                return found
            row, successors = self._package.thing(eid), self._package.successors.of(eid)
        if row is None or row[1] != name:
            raise NotFound(
                f"collection {name} has no item {eid!r}; identifiers are UUIDs, see the list of items",
                code="item-unknown",
            )
        if dated:
            raise NotFound(
                f"nothing of {row[0]} {eid} is published for {datetime or 'its latest state'} as known "
                f"{recorded or 'now'}; its versions are listed at /id/{row[0]}/{eid}/v",
                code="item-unknown-then",
            )
        raise Gone(f"{row[0]} {eid} ended on {row[4][:10]} ({row[2]})", successors)

    def thing(self, kind: str, eid: str) -> Thing:
        """Return what is published of a thing, whatever became of it.

        Raises
        ------
        NotFound
            If no thing of that kind and identifier was ever published.
        """
        with self._package.reading():
            row, successors = self._package.thing(eid), self._package.successors.of(eid)
        if row is None or row[0] != kind:
            raise nothing_of(kind, eid)
        _, collection, status, start, end = row
        return Thing(kind, eid, collection, status, start, end if status in TERMINAL else None, successors)

    def versions(self, kind: str, eid: str) -> tuple[Version, ...]:
        """Return every version of a thing, those of times past and those that are no longer believed included.

        Raises
        ------
        NotFound
            If no thing of that kind and identifier was ever published.
        """
        with self._package.reading():
            found = self._package.feed.versions(self.thing(kind, eid).collection, eid)
        return tuple(
            Version(
                number=number, valid_from=start, valid_to=None if end == FOREVER else end, recorded_from=known,
                recorded_to=until, feature=feature,
            )
            for number, (start, end, known, until, feature) in enumerate(found, 1)
        )  # fmt: skip

    def changes(self, *, since: int = 0, after: str | None = None, limit: int) -> Feed:
        """Return what happened since a transaction, to follow what this audience may see.

        Parameters
        ----------
        since : int
            Number of the last transaction seen [1]; from the beginning where 0.
        after : str, optional
            Last thing seen in that transaction; all of it was seen where absent.
        limit : int
            Largest number of changes.

        Returns
        -------
        Feed
            In the order of the transactions; of no changes where nothing happened.
        """
        with self._package.reading():
            rows = self._package.feed.page(since, after, limit + 1)
            told = tuple(Change(*row) for row in rows[:limit])
            return Feed(self._package.get("feed") or "", self.sequence, told, len(rows) > limit)


def nothing_of(kind: str, eid: str) -> NotFound:
    """Return the error that says that a thing is not published, whatever the reason."""
    return NotFound(f"no {kind} {eid!r} is published here", code="thing-unknown")


def refuse_unpublished(kinds: Iterable[str]) -> None:
    """Refuse to look for things of kinds that are not published.

    Raises
    ------
    NotFound
        Naming the first.
    """
    for kind in kinds:
        raise NotFound(f"no things of kind {kind!r} are published", code="kind-unknown")


def _collection(row: Row) -> Collection:
    """Make a collection from its row."""
    name, kind, _, text, count, xmin, ymin, xmax, ymax, starts, ends, version, edition = row
    said = orjson.loads(text)
    notice = said.pop("notice")
    return Collection(
        name=name, kind=kind, count=count, version=version, edition=edition,
        title=Label(**said.pop("title")), description=Label(**said.pop("description")),
        keywords=tuple(said.pop("keywords")), notice=Label(**notice) if notice else None,
        extent=None if xmin is None else (xmin, ymin, xmax, ymax),
        interval=(None if starts in (None, ALWAYS) else starts, None if ends in (None, FOREVER) else ends),
        **said,
    )  # fmt: skip
