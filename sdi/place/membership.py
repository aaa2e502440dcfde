"""Membership: in which unit a thing lies, by date. It is derived from places and kept, never delivered.

The rule: a thing lies in the unit that holds its *interior point* (a point itself, the middle of a line, a point within
an area). Where that point lies on the border of several units, as that of a street that is the border does, the unit
with the *lowest identifier* has it. Both are kept as the method. The confidence is the share of the thing, as wide as
its horizontal error, that lies in the unit. A reform or a move begins another row; nothing is rewritten.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from sdi import asof
from sdi.declaration import Declaration
from sdi.errors import InputError, IntegrityError
from sdi.history import CONDITION, OPEN, TERMINAL, Interval
from sdi.store.schema import REGISTER_PREFIX, column_name
from sdi.transaction import TIMES, Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry

logger = logging.getLogger(__name__)

Geometries = NDArray[np.object_]

INSIDE = "interior_point"
BORDER = "lowest_eid"
METHODS = (INSIDE, BORDER)
DIGITS = 3
"""Decimal places of a confidence."""
_MANY = 10_000
"""Changes after which it is noted that they changed no membership, so that they are not looked at for ever."""
_COLUMNS = ("eid", "units", "level", "unit", "method", "confidence")
_ENDED = ", ".join(f"'{status}'" for status in sorted(TERMINAL))
_SAYS_NOTHING = "('changed', 'related', 'lineage', 'noted')"
"""Words of the outbox that move nothing."""


@dataclass(frozen=True, slots=True)
class Membership:
    """In which unit a thing lies."""

    units: str
    """Register of the unit."""
    level: str
    """Level of the unit, empty where its register has none."""
    unit: str
    """Identifier of the unit."""
    method: str
    """One of `METHODS`."""
    confidence: float
    """Share of the thing, as wide as its horizontal error, that lies in the unit [1]."""
    valid: Interval


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where things of a kind are, stretch by stretch, as known now."""

    eids: Sequence[str]
    levels: Sequence[str]
    spans: Sequence[Interval]
    geometry: Geometries
    """ndarray (n,) of shapely geometry [storage CRS]."""
    error: NDArray[np.float64]
    """ndarray (n,) [m]; 0 where it is not known."""


class _Fact(NamedTuple):
    """One row to be kept."""

    eid: str
    units: str
    level: str
    unit: str
    method: str
    confidence: float
    start: str
    end: str


def at(
    registry: Registry, eid: str, *, valid: str | None = None, recorded: int | str | None = None
) -> tuple[Membership, ...]:
    """Return the units in which a thing lies.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    valid : str, optional
        When, ISO 8601; the latest where absent.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date.

    Returns
    -------
    tuple of Membership
        One for each level of each register of units; empty where it lies in none, or none was derived.
    """
    rows = registry.store.select(
        "SELECT units, level, unit, method, confidence, valid_from, valid_to FROM membership "
        f"WHERE eid = ? AND {CONDITION.format('')} ORDER BY units, level",
        (eid, *asof.moment(registry, valid, recorded)),
    )
    return tuple(
        Membership(units, level, unit, method, confidence, Interval.kept(start, end))
        for units, level, unit, method, confidence, start, end in rows
    )


def derive(registry: Registry, units: str, *, by: str | None = None, actor: str = "phusa") -> int:
    """Work out, for every thing of every register, in which units it lay at any date; from then on it is kept up.

    Parameters
    ----------
    registry : Registry
        Where things and units are recorded.
    units : str
        Register of the units.
    by : str, optional
        Field that tells their levels, such as province and commune; a thing lies in one unit of each.
    actor : str
        Who asks for it.

    Returns
    -------
    int
        Rows written; 0 where nothing changed.

    Raises
    ------
    InputError
        If the register of units has no such field.
    """
    declared = registry.register(units).declaration
    if by is not None and declared.field(by) is None:
        known = ", ".join(one.name for one in declared.fields)
        raise InputError(f"register {units} has no field {by!r} to tell levels; it has {known}", code="field-unknown")
    with registry.transaction(actor, f"units of all things, from {units}") as tx:
        written = _write(registry, declared, by, tx, None)
        if written or (units, by) not in [(one, field) for one, field, _ in _derivations(registry)]:
            _note(tx, units, by)
    logger.info("%s: %d memberships written", units, written)
    return written


def refresh(registry: Registry) -> int:
    """Work out anew what happened since, for every register of units that was derived once.

    Parameters
    ----------
    registry : Registry
        Where things and units are recorded.

    Returns
    -------
    int
        Rows written; 0 where nothing changed, and where nothing was ever derived.
    """
    return sum(_refresh(registry, units) for units, _, _ in _derivations(registry))


def verify(registry: Registry) -> int:
    """Work out every membership anew and compare it with what is kept.

    Parameters
    ----------
    registry : Registry
        Where things and units are recorded.

    Returns
    -------
    int
        Rows compared; 0 where nothing was ever derived.

    Raises
    ------
    IntegrityError
        If something differs, or was not derived yet.
    """
    count = 0
    for units, by, _ in _derivations(registry):
        gone, new = _differences(registry, registry.register(units).declaration, by, None)
        if gone or new:
            raise IntegrityError(
                f"in which {units} things lie does not follow from their places: {len(new)} rows are missing, "
                f"{len(gone)} do not hold; run `phusa publish`, and where that does not mend it "
                f"`phusa units derive {units}`"
            )
        count += sum(1 for _ in _kept(registry, units, None))
    return count


def _refresh(registry: Registry, units: str) -> int:
    """Bring the memberships of one register of units up to what is recorded."""
    if not _changed(registry, units):
        return 0
    with registry.transaction("phusa", f"units of what changed, from {units}") as tx:
        by = next(field for one, field, _ in _derivations(registry) if one == units)
        changed = _changed(registry, units)  # another process may have been faster
        declared = registry.register(units).declaration
        moved = None if any(kind == units for _, kind in changed) else sorted(eid for eid, _ in changed)
        written = _write(registry, declared, by, tx, moved)
        if written or len(changed) > _MANY:
            _note(tx, units, by)
    return written


def _derivations(registry: Registry) -> list[tuple[str, str | None, int]]:
    """Return the registers of units that are kept up: register, field of the level, transaction reached."""
    rows = registry.store.select(
        'SELECT units, field, reached FROM derivation WHERE "row" IN '
        '(SELECT max("row") FROM derivation GROUP BY units) ORDER BY units'
    )
    return [row for row in rows if row[0] in registry.catalog.registers]


def _note(tx: Transaction, units: str, by: str | None) -> None:
    """Note that everything up to this transaction has been looked at."""
    tx.insert("derivation", ("units", "field", "reached", "tx_from"), [(units, by, tx.number, tx.number)])


def _changed(registry: Registry, units: str) -> list[tuple[str, str]]:
    """Return the things, with their kinds, that may lie elsewhere than when it was last looked."""
    return registry.store.select(
        f"SELECT DISTINCT eid, kind FROM outbox WHERE tx_from > ? AND (kind = ? OR change NOT IN {_SAYS_NOTHING})",
        (next(reached for one, _, reached in _derivations(registry) if one == units), units),
    )


def _write(registry: Registry, units: Declaration, by: str | None, tx: Transaction, eids: Sequence[str] | None) -> int:
    """Write what differs from what is kept, of some things or of all; return the number of rows."""
    gone, new = _differences(registry, units, by, eids)
    tx.close("membership", gone)
    tx.insert("membership", (*_COLUMNS, *TIMES), [(*fact, tx.number) for fact in new])
    return len(gone) + len(new)


def _differences(
    registry: Registry, units: Declaration, by: str | None, eids: Sequence[str] | None
) -> tuple[list[int], list[_Fact]]:
    """Return the rows that are kept and do not hold, and what holds and is not kept, of some things or of all."""
    areas = _places(registry, units, by=by)
    wanted: set[_Fact] = set()
    for name, declared in registry.catalog.registers.items():
        if name != units.name:
            wanted.update(_facts(units.name, _places(registry, declared, eids=eids), areas))
    kept = dict(_kept(registry, units.name, eids))
    return sorted(row for fact, row in kept.items() if fact not in wanted), sorted(wanted - kept.keys())


def _kept(registry: Registry, units: str, eids: Sequence[str] | None) -> Iterator[tuple[_Fact, int]]:
    """Yield what is kept now of some things or of all, with its row."""
    some, listed = _among(registry, "eid", eids)
    facts = f'SELECT "row", {", ".join(_COLUMNS)}, valid_from, valid_to FROM membership'
    for row, *fact in registry.store.select(f"{facts} WHERE units = ? AND tx_to = ?{some}", (units, OPEN, *listed)):
        yield _Fact(*fact), row


def _among(registry: Registry, column: str, eids: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition that a column is one of some things, none where all are meant, and its parameter."""
    if eids is None:
        return "", ()
    return f" AND {column} IN ({registry.store.listed(str)})", (orjson.dumps(list(eids)).decode(),)


def _places(
    registry: Registry, declared: Declaration, *, by: str | None = None, eids: Sequence[str] | None = None
) -> _Places:
    """Return where the things of a register are while they last, as known now."""
    some, listed = _among(registry, "r.eid", eids)
    field = declared.field(by) if by else None
    level = f'r."{column_name(field)}"' if field else "''"
    rows = registry.store.select(
        f"SELECT r.eid, {level}, r.valid_from, l.valid_from, v.valid_from, r.valid_to, l.valid_to, v.valid_to, "
        f'v.geometry, v.horizontal_accuracy_m FROM "{REGISTER_PREFIX}{declared.name}" r '
        "JOIN locates l ON l.eid = r.eid JOIN location_version v ON v.lid = l.lid "
        f"WHERE r.tx_to = {OPEN} AND l.tx_to = {OPEN} AND v.tx_to = {OPEN} AND l.role = ? "
        f'AND r.status NOT IN ({_ENDED}){some} ORDER BY r.eid, r."row", v."row"',
        (declared.location.role, *listed),
    )
    held = [(row, Interval(max(row[2:5]), min(row[5:8]))) for row in rows]
    kept = [(row, span) for row, span in held if span.start < span.end]
    return _Places(
        [row[0] for row, _ in kept],
        [row[1] or "" for row, _ in kept],
        [span for _, span in kept],
        np.asarray(shapely.from_wkb([row[8] for row, _ in kept]), dtype=object),
        np.array([row[9] or 0.0 for row, _ in kept], dtype=np.float64),
    )


def interior_points(geometry: Geometries) -> Geometries:
    """Return the point that tells where a thing lies.

    Parameters
    ----------
    geometry : ndarray (n,) of shapely geometry [storage CRS]
        Places.

    Returns
    -------
    ndarray (n,) of shapely geometry [storage CRS]
        A point itself, the middle of a line, a point within anything else. Empty for no places.

    Examples
    --------
    >>> interior_points(np.array([shapely.LineString([(0, 0), (10, 0)])]))[0].wkt
    'POINT (5 0)'
    """
    points = np.asarray(shapely.point_on_surface(geometry), dtype=object)
    lines = shapely.get_type_id(geometry) == shapely.GeometryType.LINESTRING
    points[lines] = shapely.line_interpolate_point(geometry[lines], 0.5, normalized=True)
    single = shapely.get_type_id(geometry) == shapely.GeometryType.POINT
    points[single] = geometry[single]
    return points


def _facts(units: str, things: _Places, areas: _Places) -> Iterator[_Fact]:
    """Yield in which areas things lie, and when."""
    if not len(things.eids) or not len(areas.eids):
        return
    tree = shapely.STRtree(areas.geometry)
    holding: dict[tuple[int, str], list[int]] = {}
    for thing, area in tree.query(interior_points(things.geometry), predicate="intersects").T.tolist():
        if things.spans[thing].overlaps(areas.spans[area]):
            holding.setdefault((thing, areas.levels[area]), []).append(area)
    chosen = [
        (thing, level, area, count, span)
        for (thing, level), found in holding.items()
        for area, count, span in _in_time(found, things.spans[thing], areas)
    ]
    shares = _shares(things, areas, tree, [(thing, area, count) for thing, _, area, count, _ in chosen])
    made = (
        _Fact(
            things.eids[thing], units, level, areas.eids[area], INSIDE if count == 1 else BORDER, share, span.start,
            span.end,
        )
        for (thing, level, area, count, span), share in zip(chosen, shares, strict=True)
    )  # fmt: skip
    yield from _joined(sorted(made, key=lambda one: (one.eid, one.level, one.start)))


def _in_time(found: Sequence[int], span: Interval, areas: _Places) -> Iterator[tuple[int, int, Interval]]:
    """Yield which of several areas has a thing, among how many, stretch by stretch of the time it is there."""
    sides = [side for area in found for side in areas.spans[area]]
    bounds = sorted({*span, *(side for side in sides if span.start < side < span.end)})
    for start, end in pairwise(bounds):
        there = [area for area in found if areas.spans[area].start <= start and end <= areas.spans[area].end]
        if there:
            yield min(there, key=lambda area: areas.eids[area]), len(there), Interval(start, end)


def _shares(
    things: _Places, areas: _Places, tree: shapely.STRtree, pairs: Sequence[tuple[int, int, int]]
) -> list[float]:
    """Return how much of each thing lies in its area; of a point whose error is not known, its part of the border."""
    wide = np.asarray(things.geometry.copy(), dtype=object)
    blurred = things.error > 0
    wide[blurred] = shapely.buffer(things.geometry[blurred], things.error[blurred])
    whole = set(map(tuple, tree.query(wide, predicate="covered_by").T.tolist()))
    return [
        1.0 if count == 1 and (thing, area) in whole else _share(wide[thing], areas.geometry[area], count)
        for thing, area, count in pairs
    ]


def _share(place: Any, area: Any, count: int) -> float:
    """Return which part of a place lies in an area; along a border that several share, one part of each."""
    common = shapely.intersection(place, area)
    if place.area:
        return round(float(common.area / place.area), DIGITS)
    return round(float(common.length / place.length) / count if place.length else 1 / count, DIGITS)


def _joined(facts: Iterable[_Fact]) -> Iterator[_Fact]:
    """Join stretches that follow each other and say the same."""
    last: _Fact | None = None
    for fact in facts:
        if last is not None and last[:6] == fact[:6] and last.end == fact.start:
            last = last._replace(end=fact.end)
        else:
            if last is not None:
                yield last
            last = fact
    if last is not None:
        yield last
