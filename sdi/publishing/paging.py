"""Pages of features: what is asked of a collection, answered from its current features or from its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import orjson
import shapely

from sdi.errors import InputError
from sdi.filter.filter import Filter
from sdi.filter.term import Dialect, kind_of
from sdi.history import Interval, notations
from sdi.publishing.collection import Collection, Page
from sdi.publishing.feature import properties_of
from sdi.publishing.selection import EVERYTHING, NOWHERE, Choice, Known, Numbers, counted, selected
from sdi.store.feed import Row
from sdi.store.publication_database import Box
from sdi.store.publication_store import PublicationStore, touching
from sdi.zone import GREENWICH, Zone

Values = Mapping[str, tuple[Any, ...]]
"""Properties, each with the values of which a feature has one."""


def _whole(text: str) -> int:
    """Read a whole number that the store can hold."""
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("outside the numbers that are kept")
    return number


_TYPES: Mapping[str, Callable[[str], Any]] = {"integer": _whole, "number": float}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which features of a collection are wanted, how many of them and in which order."""

    limit: int
    offset: int = 0
    after: int | None = None
    """Key of the last feature seen."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Properties with the values they must have, as text."""
    filter: Filter | None = None
    sortby: Sequence[tuple[str, bool]] = ()
    """Properties by which to sort, each with whether it descends."""
    bbox: Box | None = None
    """Box in CRS84 [degree]."""
    held: Interval | None = None
    """When the features held; ``None`` asks for the current ones."""
    known: int = 0
    """Transaction up to which is known what is told of the past."""
    zone: Zone = GREENWICH
    """Clock of the city, by which times are asked for."""


_SPARE = 64
"""Features beside a box whose own boxes touch it, which are read for nothing."""


def page(package: PublicationStore, collection: Collection, asked: Asked, known: Known) -> Page:
    """Return a page of features.

    Parameters
    ----------
    package : PublicationStore
        The publication; one state of it is read.
    collection : Collection
        The collection.
    asked : Asked
        What is wanted.
    known : Known
        What was found out before.

    Raises
    ------
    InputError
        If a property is unknown, a value is not of its type, the filter does not fit, or it takes too long to answer.
    """
    if asked.filter is None and not asked.sortby:
        return _page(package, collection, asked, known)
    with package.base.limited():
        return _page(package, collection, asked, known)


def glance(package: PublicationStore, collection: Collection, asked: Asked, known: Known) -> Page | None:
    """Return a page of current features of a collection that is still as it was known.

    It takes one statement in place of a transaction of several, which is half of what a page from a server costs.

    Parameters
    ----------
    package : PublicationStore
        The publication.
    collection : Collection
        The collection, as it was when it was looked at last.
    asked : Asked
        What is wanted.
    known : Known
        What was found out before.

    Returns
    -------
    Page or None
        None where it takes more, or where the collection is another by now.
    """
    if asked.held is not None:
        return None
    if asked.where or asked.filter is not None or asked.sortby:
        return None if asked.bbox is not None else _glance_selected(package, collection, asked, known)
    if asked.bbox is not None:
        return _glance_around(package, collection, asked, asked.bbox, known)
    rows = package.glance(collection.name, asked.limit + 1, asked.offset, asked.after, None)
    if not rows or rows[0][3] != collection.edition:
        return None
    few = tuple(row[2] for row in rows[: asked.limit])
    return Page(few, collection.count, _next(rows, asked.limit), rows[0][4])


def _glance_selected(package: PublicationStore, collection: Collection, asked: Asked, known: Known) -> Page | None:
    """Return a page of features that were found before."""
    try:
        numbers = known.numbers(collection, _choice(package, collection, asked))
    except InputError:
        return None  # it may have that property by now
    few, more = ([], False) if numbers is None else _few(numbers, asked)
    rows = {row[0]: row for row in package.glance_at(collection.name, few)} if few else {}
    if numbers is None or len(rows) < max(1, len(few)) or rows[few[0]][2] != collection.edition:
        return None
    return Page(tuple(rows[one][1] for one in few), len(numbers), few[-1] if more else None, rows[few[0]][3])


def _glance_around(
    package: PublicationStore, collection: Collection, asked: Asked, bbox: Box, known: Known
) -> Page | None:
    """Return a page of the features in a box, where they are few and each has a place."""
    if asked.offset or asked.after is not None or known.count(collection, NOWHERE) != 0:
        return None
    most = asked.limit + _SPARE
    rows = package.glance(collection.name, most, 0, None, bbox)
    if not rows or len(rows) == most or rows[0][3] != collection.edition:
        return None
    found = touching(rows, bbox)
    return Page(tuple(row[2] for row in found[: asked.limit]), len(found), _next(found, asked.limit), rows[0][4])


def _page(package: PublicationStore, collection: Collection, asked: Asked, known: Known) -> Page:
    """Return a page of current features, or of those of the past."""
    if asked.held is not None:
        return _past(package, collection, asked, asked.held)
    choice = _choice(package, collection, asked)
    if asked.bbox is not None:
        nowhere = counted(package, collection, NOWHERE, known) > 0
        fids = package.within(collection.name, asked.bbox, choice.sql, choice.parameters, nowhere=nowhere)
        return _listed(package, collection, asked, np.array(fids, dtype=np.int64), choice.order)
    if choice != EVERYTHING:
        numbers = selected(package, collection, choice, known)
        if numbers is not None:
            return _listed(package, collection, asked, numbers)
    matched = counted(package, collection, choice, known) if choice.sql != EVERYTHING.sql else collection.count
    start, seek = (" AND c.fid > ?", (asked.after,)) if asked.after is not None else ("", ())
    rows = package.page(
        collection.name, choice.sql + start, (*choice.parameters, *seek), asked.limit + 1, asked.offset,
        choice.order or "c.fid",
    )  # fmt: skip
    return Page(tuple(row[1] for row in rows[: asked.limit]), matched, _next(rows, asked.limit))


def sortables(collection: Collection) -> tuple[str, ...]:
    """Return the properties by which features may be sorted: no places and no series."""
    properties = collection.schema["properties"]
    return tuple(name for name, one in properties.items() if kind_of(one) not in ("geometry", "array"))


def _next(rows: Sequence[Row], limit: int) -> int | None:
    """Return the key of the last feature of a page where there is another page."""
    return rows[limit - 1][0] if len(rows) > limit else None


def _choice(package: PublicationStore, collection: Collection, asked: Asked) -> Choice:
    """Return what must be true of current features, and their order."""
    where = _typed(collection, asked.where, asked.zone)
    if not where and asked.filter is None and not asked.sortby:
        return EVERYTHING
    dialect = package.base.filtering(collection.name)
    parts = [f'c."{column}" IN ({", ".join("?" * len(any_of))})' for column, any_of in where.items()]
    values = tuple(chain.from_iterable(where.values()))
    if asked.filter is not None:
        term = asked.filter.condition(collection.schema["properties"], dialect)
        parts, values = [*parts, term.sql], (*values, *term.parameters)
    order = _order(collection, asked.sortby, dialect, "c.fid") if asked.sortby else ""
    return Choice(" AND ".join(parts) or EVERYTHING.sql, values, order)


def _few(numbers: Numbers, asked: Asked) -> tuple[list[int], bool]:
    """Return the features of a page, and whether others come after them."""
    left = numbers if asked.after is None else numbers[numbers > asked.after]
    few: list[int] = left[asked.offset : asked.offset + asked.limit].tolist()
    return few, len(left) > asked.offset + asked.limit


def _listed(package: PublicationStore, collection: Collection, asked: Asked, numbers: Numbers, order: str = "") -> Page:
    """Return a page of current features whose numbers were found, in their order or in another."""
    if order:
        every = orjson.dumps(numbers.tolist()).decode()
        numbers = package.numbers(collection.name, f"c.fid IN ({package.base.listed})", (every,), order, len(numbers))
    few, more = _few(numbers, asked)
    return Page(tuple(package.features(collection.name, few)), len(numbers), few[-1] if more else None)


def _past(package: PublicationStore, collection: Collection, asked: Asked, held: Interval) -> Page:
    """Return a page of the features that held within an interval, as known then; the latest version of each."""
    name, where = collection.name, _typed(collection, asked.where, asked.zone)
    rows = package.history(name, held.start, held.end, asked.known)
    if asked.bbox is not None:
        rows = _touching(package, name, rows, asked.bbox)
    latest = {row[1]: row[0] for row in rows}
    if where:
        features = package.pieces(name, list(latest.values()))
        keep = [all(properties_of(one).get(key) in any_of for key, any_of in where.items()) for one in features]
        latest = {fid: row for (fid, row), yes in zip(latest.items(), keep, strict=True) if yes}
    if asked.filter is not None or asked.sortby:
        latest = _filtered(package, collection, asked, latest)
    left = [fid for fid in latest if asked.sortby or asked.after is None or fid > asked.after][asked.offset :]
    few = left[: asked.limit]
    found = package.pieces(name, [latest[fid] for fid in few])
    return Page(tuple(found), len(latest), few[-1] if len(left) > asked.limit else None)


def _filtered(
    package: PublicationStore, collection: Collection, asked: Asked, latest: Mapping[int, int]
) -> dict[int, int]:
    """Return those of some pieces of history that the filter lets through, sorted; fids with their rows."""
    dialect = package.base.filtering(collection.name, past=True)
    order = _order(collection, asked.sortby, dialect, "h.fid")
    met = EVERYTHING
    if asked.filter is not None:
        term = asked.filter.condition(collection.schema["properties"], dialect)
        met = Choice(term.sql, term.parameters)
    return dict(package.meeting(collection.name, list(latest.values()), met.sql, met.parameters, order))


def _touching(package: PublicationStore, name: str, rows: Sequence[Row], bbox: Box) -> list[Row]:
    """Return the pieces of history that intersect a box; one without a place matches every box."""
    if not rows:
        return []
    boxes = np.array([row[2:] for row in rows], dtype=float)
    nowhere = np.isnan(boxes[:, 0])
    xmin, ymin, xmax, ymax = boxes.T
    apart = (xmin > bbox[2]) | (xmax < bbox[0]) | (ymin > bbox[3]) | (ymax < bbox[1])
    inside = (xmin >= bbox[0]) & (xmax <= bbox[2]) & (ymin >= bbox[1]) & (ymax <= bbox[3])
    doubtful = np.flatnonzero(~apart & ~inside & ~nowhere).tolist()
    features = package.pieces(name, [rows[at][0] for at in doubtful])
    shapes = shapely.from_geojson([orjson.dumps(orjson.loads(one)["geometry"]) for one in features])
    hit = nowhere | inside
    hit[doubtful] = shapely.intersects(shapes, shapely.box(*bbox))
    return [row for row, yes in zip(rows, hit, strict=True) if yes]


def _order(collection: Collection, sortby: Sequence[tuple[str, bool]], dialect: Dialect, last: str) -> str:
    """Return the SQL of an order; what has no value comes last, what is equal stands as it was recorded."""
    properties, parts = collection.schema["properties"], []
    may = sortables(collection) if sortby else ()
    for name, descends in sortby:
        if name not in may:
            raise InputError(
                f"collection {collection.name} cannot be sorted by {name!r}; expected one of {', '.join(may)}",
                code="property-unknown",
            )
        column = dialect.column(name, kind_of(properties[name]))
        parts += [f"{column} IS NULL", f"{column} DESC" if descends else column]
    return ", ".join([*parts, last])


def _typed(collection: Collection, where: Mapping[str, str], zone: Zone) -> Values:
    """Return property conditions: values of the right type, of which a feature has any."""
    properties = collection.schema["properties"]
    typed: dict[str, tuple[Any, ...]] = {}
    for name, text in where.items():
        declared = properties.get(name)
        if declared is None or name in ("geometry", "id") or declared.get("type") == "array":
            raise InputError(
                f"collection {collection.name} has no property {name!r} to ask by", code="property-unknown"
            )
        kind = declared.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        try:
            value = {"true": True, "false": False}[text] if kind == "boolean" else _TYPES.get(kind, str)(text)
        except (ValueError, KeyError) as error:
            raise InputError(
                f"property {name} is {text!r}; expected a value of type {kind}", code="value-invalid"
            ) from error
        typed[name] = notations(text, zone) if name == "valid_from" else (value,)
    return typed
