"""Locations: where something is, shared and versioned.

A location has an identifier of its own and may serve several things: the pole carries a lamp, a camera and a sensor.
Its versions hold the geometry in the storage CRS, the geometry as delivered where that differs, and how exact it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely import GeometryType

from sdi.crs import StorageCRS
from sdi.declaration import LocationRule
from sdi.entry import Accuracy
from sdi.errors import InputError
from sdi.history import FOREVER, OPEN, Interval, instant
from sdi.store.store import Store
from sdi.transaction import Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry

Geometries = NDArray[np.object_]

_POINTS = (GeometryType.POINT, GeometryType.MULTIPOINT)
_LINES = (GeometryType.LINESTRING, GeometryType.MULTILINESTRING)
_AREAS = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)
_FAMILY = {
    "Point": _POINTS, "MultiPoint": _POINTS, "LineString": _LINES, "MultiLineString": _LINES,
    "Polygon": _AREAS, "MultiPolygon": _AREAS,
}  # fmt: skip
_PLACES = (
    "SELECT l.eid, l.valid_from, l.valid_to, v.valid_from, v.valid_to, v.geometry "
    "FROM locates l JOIN location_version v ON v.lid = l.lid WHERE l.eid IN ({listed}) AND l.role = ? "
    "AND l.tx_from <= ? AND ? < l.tx_to AND v.tx_from <= ? AND ? < v.tx_to"
)
_TYPES = np.array(["point", "line", "area"])
"""By dimension."""

VERSION_COLUMNS = (
    "lid", "geometry", "source_geometry", "source_crs", "horizontal_accuracy_m", "vertical_accuracy_m",
    "accuracy_method", "vertical_datum", "epoch", "valid_from", "valid_to", "tx_from",
)  # fmt: skip
DETAILS = (
    "quality", "z_m", "depth_m", "route", "measure_from_m", "measure_to_m", "offset_m", "relative_to", "dx_m", "dy_m",
    "dz_m",
)  # fmt: skip
"""Columns of a version that few places have: class of what is buried, height and depth, what it is given along or
relative to."""
NOTHING: Mapping[str, Any] = {}


def check(geometries: Geometries, rule: LocationRule, crs: StorageCRS) -> None:
    """Raise where a geometry cannot be a location of a register.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [storage CRS]
        Geometries, ``None`` where missing.
    rule : LocationRule
        What the register expects.
    crs : StorageCRS
        CRS of the geometries.

    Raises
    ------
    InputError
        Naming the row: missing, empty, not finite, invalid, or of another type.
    RefusedError
        If a place lies where the storage CRS has no longitude and latitude: it could never be published.
    """
    missing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    if rule.required and missing.any():
        raise _wrong(np.flatnonzero(missing), "has no geometry, but the register requires one", "geometry-missing")
    there, rows = geometries[~missing], np.flatnonzero(~missing)
    finite = np.isfinite(shapely.bounds(there)).all(axis=1)
    if not finite.all():
        raise _wrong(rows[~finite], "has coordinates that are not finite", "geometry-not-finite")
    valid = shapely.is_valid(there)
    if not valid.all():
        reason = shapely.is_valid_reason(there[~valid][0])
        said = f"has an invalid geometry ({reason}); repair it before it is recorded"
        raise _wrong(rows[~valid], said, "geometry-invalid")
    if rule.geometry != "Any":
        fits = np.isin(shapely.get_type_id(there), list(_FAMILY[rule.geometry]))
        if not fits.all():
            found = there[~fits][0].geom_type
            raise _wrong(rows[~fits], f"is a {found}, but the register expects {rule.geometry}", "geometry-type")
    crs.check_corners(shapely.bounds(there))


def _wrong(rows: NDArray[np.intp], what: str, code: str) -> InputError:
    """Make the error for the first of some bad rows."""
    row, count = int(rows[0]), len(rows)
    return InputError(f"row {row} {what} ({count} such rows)", code=code, details={"row": row, "count": count})


def location_types(geometries: Geometries) -> list[str]:
    """Return the kind of location that each geometry is: point, line, area or mixed."""
    collected = shapely.get_type_id(geometries) == GeometryType.GEOMETRYCOLLECTION
    kinds: list[str] = np.where(collected, "mixed", _TYPES[shapely.get_dimensions(geometries)]).tolist()
    return kinds


def write_versions(
    tx: Transaction,
    lids: Sequence[str],
    geometries: Geometries,
    valid: Sequence[tuple[str, str]],
    accuracy: Accuracy,
    source: tuple[Geometries, str] | None = None,
    said: Mapping[str, Sequence[Any]] = NOTHING,
) -> range:
    """Write location versions and index them.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    lids : sequence of str (n,)
        Locations.
    geometries : ndarray (n,) of shapely geometry [storage CRS]
        Where they are.
    valid : sequence of (str, str) (n,)
        Valid intervals.
    accuracy : Accuracy
        How exact the delivery is.
    source : tuple of ndarray (n,) of shapely geometry [CRS named beside it] and str, optional
        Geometries as delivered and their CRS, where it is not the storage CRS.
    said : mapping of str to sequence (n,)
        What else is said of them, by `DETAILS`.

    Returns
    -------
    range
        Row numbers of the versions.
    """
    blobs = shapely.to_wkb(geometries).tolist()
    delivered = shapely.to_wkb(source[0]).tolist() if source else [None] * len(blobs)
    crs = source[1] if source else None
    exact = (accuracy.horizontal_m, accuracy.vertical_m, accuracy.method, accuracy.vertical_datum, accuracy.epoch)
    more = dict(said) | ({"quality": [accuracy.quality] * len(blobs)} if accuracy.quality else {})
    rows = [
        (lid, blob, raw, crs, *exact, start, end, tx.number, *others)
        for lid, blob, raw, (start, end), *others in zip(lids, blobs, delivered, valid, *more.values(), strict=True)
    ]
    numbers = tx.insert("location_version", (*VERSION_COLUMNS, *more), rows)
    tx.store.index_locations(numbers, shapely.bounds(geometries))
    return numbers


def add(
    tx: Transaction,
    geometries: Geometries,
    starts: Sequence[str],
    accuracy: Accuracy,
    source: tuple[Geometries, str] | None = None,
    said: Mapping[str, Sequence[Any]] = NOTHING,
) -> list[str]:
    """Record new locations.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    geometries : ndarray (n,) of shapely geometry [storage CRS]
        Where they are; none is missing.
    starts : sequence of str (n,)
        Since when.
    accuracy : Accuracy
        How exact the delivery is.
    source : tuple of ndarray (n,) of shapely geometry [CRS named beside it] and str, optional
        Geometries as delivered and their CRS.
    said : mapping of str to sequence (n,)
        What else is said of them, by `DETAILS`; and ``type``, None where the geometry tells it.

    Returns
    -------
    list of str (n,)
        Identifiers of the locations.
    """
    lids = tx.ids.take(len(geometries))
    types = said.get("type") or [None] * len(lids)
    seen = location_types(geometries)
    kinds = [(lid, kind or shown, tx.number) for lid, kind, shown in zip(lids, types, seen, strict=True)]
    tx.insert("location", ("lid", "type", "tx_from"), kinds)
    details = {name: values for name, values in said.items() if name != "type"}
    write_versions(tx, lids, geometries, [(start, FOREVER) for start in starts], accuracy, source, details)
    return lids


def known(store: Store, lid: str) -> list[tuple[int, Interval]]:
    """Return the versions of a location known now: row and interval."""
    found = store.select(
        f'SELECT "row", valid_from, valid_to FROM location_version WHERE lid = ? AND tx_to = {OPEN}', (lid,)
    )
    return [(row, Interval(start, end)) for row, start, end in found]


def replace(
    tx: Transaction,
    lid: str,
    known: Sequence[tuple[int, Interval]],
    held: Interval,
    geometry: Geometries,
    accuracy: Accuracy,
    said: Mapping[str, Any] = NOTHING,
) -> None:
    """Write a place over an interval of a location.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows it.
    lid : str
        The location.
    known : sequence of (int, Interval)
        Its versions known now.
    held : Interval
        Where the new place holds.
    geometry : ndarray (1,) of shapely geometry [storage CRS]
        The new place.
    accuracy : Accuracy
        How exact it is.
    said : mapping of str to value
        What else is said of it, by `DETAILS`.
    """
    payload: dict[str, Any] = dict.fromkeys(DETAILS) | {
        "lid": lid, "geometry": shapely.to_wkb(geometry)[0], "source_geometry": None, "source_crs": None,
        "horizontal_accuracy_m": accuracy.horizontal_m, "vertical_accuracy_m": accuracy.vertical_m,
        "accuracy_method": accuracy.method, "vertical_datum": accuracy.vertical_datum, "epoch": accuracy.epoch,
        "quality": accuracy.quality, **said,
    }  # fmt: skip
    written = tx.rewrite("location_version", known, held, payload)
    tx.store.unindex_locations([row for row, interval in known if interval.overlaps(held)])
    blobs = tx.store.select(
        'SELECT geometry FROM location_version WHERE "row" BETWEEN ? AND ?', (written.start, written.stop - 1)
    )
    tx.store.index_locations(written, shapely.bounds(shapely.from_wkb([blob for (blob,) in blobs])))


def at_moments(
    registry: Registry,
    eids: Sequence[str],
    moments: Sequence[str],
    *,
    role: str = "site",
    recorded: int | str | None = None,
) -> Geometries:
    """Return where things were, each at a moment of its own: so observations find the place where they were made.

    Parameters
    ----------
    registry : Registry
        Where the things are known.
    eids : sequence of str (n,)
        The things; one may come many times, as a sensor does that moved between its observations.
    moments : sequence of str (n,)
        When, ISO 8601.
    role : str
        Role of the places.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date; now where absent.

    Returns
    -------
    ndarray (n,) of shapely geometry [storage CRS]
        ``None`` where a thing had no known place then. Empty for no things.

    Examples
    --------
    A pump stood in Ninh Kiều until noon and in Cái Răng afterwards: its levels of the morning lie in Ninh Kiều.
    """
    known = _known_places(registry, sorted(set(eids)), role, registry.known_at(recorded))
    dated = {text: instant(text, registry.zone) for text in set(moments)}
    blobs = [_holding(known.get(eid, []), dated[moment]) for eid, moment in zip(eids, moments, strict=True)]
    return np.asarray(shapely.from_wkb(np.array(blobs, dtype=object)), dtype=object)


def _known_places(
    registry: Registry, eids: Sequence[str], role: str, tx: int
) -> dict[str, list[tuple[str, str, bytes]]]:
    """Return the places of things as known at a transaction, with the intervals in which they held, in order."""
    sql = _PLACES.replace("{listed}", registry.store.listed(str))
    rows = registry.store.select(sql, (orjson.dumps(list(eids)).decode(), role, tx, tx, tx, tx))
    found: dict[str, list[tuple[str, str, bytes]]] = {}
    for eid, tied, untied, start, end, blob in rows:
        if max(tied, start) < min(untied, end):
            found.setdefault(eid, []).append((max(tied, start), min(untied, end), blob))
    return {eid: sorted(places) for eid, places in found.items()}


def _holding(places: Sequence[tuple[str, str, bytes]], moment: str) -> bytes | None:
    """Return the place that held at a moment, among intervals in order and without overlap."""
    at = bisect_right(places, moment, key=lambda place: place[0]) - 1
    return places[at][2] if at >= 0 and moment < places[at][1] else None
