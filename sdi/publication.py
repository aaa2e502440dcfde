"""A publication: what one audience may see, opened for reading only.

What is not in it cannot leak, because the service opens nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
import shapely

from sdi.collection import Collection, Match, Page, Thing
from sdi.declaration import Label
from sdi.errors import Gone, InputError, NotFound
from sdi.feature import properties_of
from sdi.history import ALWAYS, FOREVER, OPEN, TERMINAL, Interval, query_interval
from sdi.store.geopackage import Box, GeoPackage, Row
from sdi.text import words

MOST_WORDS = 20
"""Words of a text that a search looks at [1]."""


def _whole(text: str) -> int:
    """Read a whole number that the store can hold."""
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("outside the numbers that are kept")
    return number


_TYPES: Mapping[str, Callable[[str], Any]] = {"integer": _whole, "number": float}


class Publication:
    """What one audience may see.

    Parameters
    ----------
    package : GeoPackage
        The file behind it.
    """

    def __init__(self, package: GeoPackage) -> None:
        self._package = package

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the publication of a workspace for reading.

        Raises
        ------
        WorkspaceError
            If the file is missing or is no publication.
        """
        return cls(GeoPackage(path))

    def close(self) -> None:
        """Close this thread's connection."""
        self._package.close()

    def reading(self) -> AbstractContextManager[None]:
        """Read one state of everything over several questions."""
        return self._package.reading()

    @property
    def applied_tx(self) -> int:
        """Transaction of the registry that it has reached."""
        return int(self._package.get("applied_tx") or 0)

    @property
    def level(self) -> str:
        """Access level: ``public`` or ``restricted``."""
        return self._package.get("level") or "public"

    def collections(self) -> tuple[Collection, ...]:
        """Return the collections, in the order of the map."""
        found = [_collection(row) for row in self._package.collections()]
        return tuple(sorted(found, key=lambda one: (one.order, one.name)))

    def collection(self, name: str) -> Collection:
        """Return one collection.

        Raises
        ------
        NotFound
            If none of that name is published.
        """
        return _collection(self._package.collection(name))

    def items(
        self,
        name: str,
        *,
        limit: int,
        offset: int = 0,
        after: int | None = None,
        bbox: Box | None = None,
        where: Mapping[str, str] | None = None,
        datetime: str | None = None,
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
        datetime : str, optional
            Features as they were: an instant or an interval as OGC API writes it. Current ones where absent.

        Returns
        -------
        Page
            In the order in which the things were recorded.

        Raises
        ------
        NotFound
            If the collection is not published.
        InputError
            If a property is unknown or a value cannot be of its type.
        """
        with self._package.reading():
            collection = self.collection(name)
            asked = _conditions(collection, where or {})
            if datetime is not None:
                return self._past(name, query_interval(datetime), asked, bbox, limit, offset, after)
            condition = " AND ".join([f'c."{column}" = ?' for column in asked] or ["1"])
            values = tuple(asked.values())
            if bbox is not None:
                return self._boxed(name, bbox, condition, values, limit, offset, after)
            matched = self._package.count(name, condition, values) if asked else collection.count
            start, seek = (" AND c.fid > ?", (after,)) if after is not None else ("", ())
            rows = self._package.page(name, condition + start, (*values, *seek), limit + 1, offset)
            return Page(
                tuple(row[1] for row in rows[:limit]), matched, rows[limit - 1][0] if len(rows) > limit else None
            )

    def _boxed(
        self, name: str, bbox: Box, condition: str, values: Sequence[Any], limit: int, offset: int, after: int | None
    ) -> Page:
        """Return a page of the current features within a box."""
        fids = self._package.within(name, bbox, condition, values)
        left = [fid for fid in fids if after is None or fid > after][offset:]
        page = left[:limit]
        return Page(tuple(self._package.features(name, page)), len(fids), page[-1] if len(left) > limit else None)

    def _past(
        self,
        name: str,
        held: Interval,
        asked: Mapping[str, Any],
        bbox: Box | None,
        limit: int,
        offset: int,
        after: int | None,
    ) -> Page:
        """Return a page of the features that held within an interval; the latest version of each in it."""
        rows = self._package.history(name, held.start, held.end, OPEN - 1)
        if bbox is not None:
            rows = self._touching(name, rows, bbox)
        latest = {row[1]: row[0] for row in rows}
        if asked:
            features = self._package.pieces(name, list(latest.values()))
            keep = [all(properties_of(one).get(key) == value for key, value in asked.items()) for one in features]
            latest = {fid: row for (fid, row), yes in zip(latest.items(), keep, strict=True) if yes}
        left = [fid for fid in latest if after is None or fid > after][offset:]
        page = left[:limit]
        found = self._package.pieces(name, [latest[fid] for fid in page])
        return Page(tuple(found), len(latest), page[-1] if len(left) > limit else None)

    def _touching(self, name: str, rows: Sequence[Row], bbox: Box) -> list[Row]:
        """Return the pieces of history that intersect a box; one without a place matches every box."""
        if not rows:
            return []
        boxes = np.array([row[2:] for row in rows], dtype=float)
        nowhere = np.isnan(boxes[:, 0])
        xmin, ymin, xmax, ymax = boxes.T
        apart = (xmin > bbox[2]) | (xmax < bbox[0]) | (ymin > bbox[3]) | (ymax < bbox[1])
        inside = (xmin >= bbox[0]) & (xmax <= bbox[2]) & (ymin >= bbox[1]) & (ymax <= bbox[3])
        doubtful = np.flatnonzero(~apart & ~inside & ~nowhere).tolist()
        features = self._package.pieces(name, [rows[at][0] for at in doubtful])
        shapes = shapely.from_geojson([orjson.dumps(orjson.loads(one)["geometry"]) for one in features])
        hit = nowhere | inside
        hit[doubtful] = shapely.intersects(shapes, shapely.box(*bbox))
        return [row for row, yes in zip(rows, hit, strict=True) if yes]

    def search(self, name: str, text: str, *, limit: int) -> tuple[Match, ...]:
        """Find features by words of their names, codes and short texts, whatever the spelling.

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
        asked = tuple(dict.fromkeys(words(text)))[:MOST_WORDS]
        with self._package.reading():
            self.collection(name)
            found = self._package.with_words(name, asked, limit)
            features = self._package.features(name, [fid for fid, _ in found])
        return tuple(Match(feature, count / len(asked)) for feature, (_, count) in zip(features, found, strict=True))

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

    def item(self, name: str, eid: str) -> bytes:
        """Return one current feature.

        Raises
        ------
        NotFound
            If the collection has no such thing and never had.
        Gone
            If the thing has ended.
        """
        with self._package.reading():
            self._package.collection(name)
            found = self._package.feature(name, eid)
            if found is not None:
                return found
            row = self._package.thing(eid)
        if row is None or row[1] != name:
            raise NotFound(
                f"collection {name} has no item {eid!r}; identifiers are UUIDs, see the list of items",
                code="item-unknown",
            )
        raise Gone(f"{row[0]} {eid} ended on {row[4][:10]} ({row[2]})")

    def thing(self, kind: str, eid: str) -> Thing:
        """Return what is published of a thing, whatever became of it.

        Raises
        ------
        NotFound
            If no thing of that kind and identifier was ever published.
        """
        row = self._package.thing(eid)
        if row is None or row[0] != kind:
            raise NotFound(f"no {kind} {eid!r} is published here", code="thing-unknown")
        _, collection, status, start, end = row
        return Thing(kind, eid, collection, status, start, end if status in TERMINAL else None)


def _collection(row: Row) -> Collection:
    """Make a collection from its row."""
    name, kind, _, text, count, xmin, ymin, xmax, ymax, starts, ends, version = row
    said = orjson.loads(text)
    notice = said.pop("notice")
    return Collection(
        name=name, kind=kind, count=count, version=version,
        title=Label(**said.pop("title")), description=Label(**said.pop("description")),
        keywords=tuple(said.pop("keywords")), notice=Label(**notice) if notice else None,
        extent=None if xmin is None else (xmin, ymin, xmax, ymax),
        interval=(None if starts in (None, ALWAYS) else starts, None if ends in (None, FOREVER) else ends),
        **said,
    )  # fmt: skip


def _conditions(collection: Collection, where: Mapping[str, str]) -> dict[str, Any]:
    """Return property conditions with values of the right type."""
    properties = collection.schema["properties"]
    asked: dict[str, Any] = {}
    for name, text in where.items():
        declared = properties.get(name)
        if declared is None or name in ("geometry", "id") or declared.get("type") == "array":
            raise InputError(
                f"collection {collection.name} has no property {name!r} to ask by", code="property-unknown"
            )
        kind = declared.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        try:
            asked[name] = {"true": True, "false": False}[text] if kind == "boolean" else _TYPES.get(kind, str)(text)
        except (ValueError, KeyError) as error:
            raise InputError(
                f"property {name} is {text!r}; expected a value of type {kind}", code="value-invalid"
            ) from error
    return asked
