"""Following: a place that is told by another one goes where that one goes, in the same transaction.

The rule by which a measure changes with its route stands in `sdi/place/placement.py`. A location version that is told
by another place lies within one version of it, so that the two change together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from sdi.declaration import Declaration
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import FOREVER, OPEN, Interval
from sdi.place import location
from sdi.place.placement import NOWHERE, Along, Height, Reference, Relative, details, of, recalibrated, shape_of
from sdi.transaction import Transaction

if TYPE_CHECKING:
    from sdi.recording import Batch
    from sdi.registry import Registry

_EXACT = (
    "horizontal_accuracy_m", "vertical_accuracy_m", "accuracy_method", "vertical_datum", "epoch", "quality",
)  # fmt: skip


class Version(NamedTuple):
    """A place while it held."""

    held: Interval
    shape: Any
    """shapely geometry [storage CRS]."""
    z_m: float | None


class Piece(NamedTuple):
    """A place told by another one, as long as that one stays where it is."""

    held: Interval
    reference: Reference | None
    shape: Any
    """shapely geometry [storage CRS]."""
    z_m: float | None


def pieces(registry: Registry, reference: Reference, held: Interval) -> list[Piece]:
    """Return a place that is told by another one, version by version of that one as known now.

    Parameters
    ----------
    registry : Registry
        Where the other one is known.
    reference : Along or Relative
        By what it is told, measures counted on the alignment in force at the beginning.
    held : Interval
        When it is there.

    Raises
    ------
    NotInRegister
        If nothing is known of where the other one was at the beginning.
    """
    bases = [one for one in _versions(registry, _base(registry, reference)) if one.held.overlaps(held)]
    if not bases or bases[0].held.start > held.start:
        raise NotInRegister(
            f"{_told_by(reference)} has no known place at {held.start}; tell a place by one that was there, or begin "
            "later"
        )
    made: list[Piece] = []
    for at, base in enumerate(bases):
        reference = recalibrated(reference, bases[at - 1].shape, base.shape) if at else reference
        span = Interval(max(base.held.start, held.start), min(base.held.end, held.end))
        made.append(_piece(reference, base, span))
    return made


def _piece(reference: Reference, base: Version, held: Interval) -> Piece:
    """Return a place that is told by one version of another one."""
    z_m = base.z_m + reference.dz_m if base.z_m is not None and isinstance(reference, Relative) else None
    return Piece(held, reference, shape_of(reference, base.shape), z_m)


def _told_by(reference: Reference) -> str:
    """Name what tells a place."""
    return f"route {reference.route}" if isinstance(reference, Along) else f"location {reference.to}"


def _base(registry: Registry, reference: Reference) -> str:
    """Return the location that tells a place."""
    return reference.to if isinstance(reference, Relative) else location_of(registry, reference.route)


def location_of(registry: Registry, identifier: str) -> str:
    """Return the location that an identifier names: its own, or that of the thing it names.

    Parameters
    ----------
    registry : Registry
        Where it is known.
    identifier : str
        Of a location, or of a thing.

    Raises
    ------
    NotInRegister
        If there is no such location, and no such thing has a place.
    """
    if registry.store.select("SELECT 1 FROM location WHERE lid = ?", (identifier,)):
        return identifier
    found = registry.store.select(
        f'SELECT lid FROM locates WHERE eid = ? AND tx_to = {OPEN} ORDER BY valid_from DESC, "row"', (identifier,)
    )
    if not found:
        raise NotInRegister(f"{identifier} has no known place, so it tells none; record it first, with its line")
    return str(found[0][0])


def _versions(registry: Registry, lid: str) -> list[Version]:
    """Return the versions of a location known now, in order."""
    rows = registry.store.select(
        f"SELECT valid_from, valid_to, geometry, z_m FROM location_version WHERE lid = ? AND tx_to = {OPEN} "
        "ORDER BY valid_from",
        (lid,),
    )
    return [Version(Interval(start, end), shapely.from_wkb(blob), z_m) for start, end, blob, z_m in rows]


def held_at(registry: Registry, declaration: Declaration, eid: str, moment: str) -> tuple[str, Interval]:
    """Return the location that a thing has at a moment, and the interval of its version known now.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    declaration : Declaration
        Register of the thing.
    eid : str
        The thing.
    moment : str
        ISO 8601, as an instant.

    Returns
    -------
    tuple of str and Interval
        Where it is known by its address only, all the time it has that location: nothing else is known of it yet.

    Raises
    ------
    NotInRegister
        If it has none.
    """
    condition = "l.eid = ? AND l.role = ? AND l.valid_from <= ? AND ? < l.valid_to AND l.tx_to = ?"
    known = "SELECT 1 FROM location_version v WHERE v.lid = l.lid AND v.tx_to = l.tx_to"
    one = (eid, declaration.location.role, moment, moment, OPEN)
    found = registry.store.select(
        f"SELECT v.lid, v.valid_from, v.valid_to FROM locates l JOIN location_version v ON v.lid = l.lid "
        f"WHERE {condition} AND v.valid_from <= ? AND ? < v.valid_to AND v.tx_to = l.tx_to UNION ALL "
        f"SELECT l.lid, l.valid_from, l.valid_to FROM locates l WHERE {condition} AND NOT EXISTS ({known})",
        (*one, moment, moment, *one),
    )
    if not found:
        raise NotInRegister(f"{declaration.name} {eid} has no known place at {moment}")
    lid, start, end = found[0]
    return lid, Interval(start, end)


def placed(registry: Registry, batch: Batch, starts: Sequence[str]) -> Batch:
    """Return things to be added with the places that others tell.

    Parameters
    ----------
    registry : Registry
        Where the others are known.
    batch : Batch
        The things.
    starts : sequence of str (n,)
        Since when they are there.

    Raises
    ------
    InputError
        If a thing has both a place of its own and one that is told.
    """
    if batch.references is None:
        return batch
    geometry = np.full(len(batch), None, dtype=object) if batch.geometry is None else np.array(batch.geometry, object)
    heights = list(batch.z_m or [None] * len(batch))
    for row, reference in enumerate(batch.references):
        if reference is None:
            continue
        if geometry[row] is not None:
            raise InputError(f"row {row} has a geometry and a place told by another one; give one", code="place-twice")
        first = pieces(registry, reference, Interval(starts[row], FOREVER))[0]
        geometry[row], heights[row] = first.shape, first.z_m if first.z_m is not None else heights[row]
    return dataclasses.replace(batch, geometry=geometry, z_m=heights)


def settle(
    registry: Registry, tx: Transaction, declaration: Declaration, eids: Sequence[str], batch: Batch,
    starts: Sequence[str],
) -> None:  # fmt: skip
    """Bring new things whose places are told to where those that tell them have gone since.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    tx : Transaction
        The transaction that knows them.
    declaration : Declaration
        Their register.
    eids : sequence of str (n,)
        The things.
    batch : Batch
        How they were given.
    starts : sequence of str (n,)
        Since when they are there.
    """
    for eid, reference, start in zip(eids, batch.references or [None] * len(eids), starts, strict=True):
        if reference is not None:
            later = pieces(registry, reference, Interval(start, FOREVER))[1:]
            lid = location_of(registry, eid)
            for piece in later:
                _put(registry, tx, lid, piece, batch.accuracy, NOWHERE, declaration)


def replace(
    registry: Registry, tx: Transaction, declaration: Declaration, lid: str, place: Any, accuracy: Accuracy,
    held: Interval, height: Height = NOWHERE,
) -> None:  # fmt: skip
    """Write a place over an interval of a location; everything that is there, or told by it, moves with it.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    tx : Transaction
        The transaction that knows it.
    declaration : Declaration
        Register of the thing that is there.
    lid : str
        The location.
    place : geometry [storage CRS], Along or Relative
        Where it is.
    accuracy : Accuracy
        How exact that is.
    held : Interval
        When it is there.
    height : Height
        How high or deep.
    """
    if not isinstance(place, Along | Relative):
        _put(registry, tx, lid, Piece(held, None, place, None), accuracy, height, declaration)
        return
    if lid in _stands_on(registry, _base(registry, place)):
        raise ConflictError(
            f"{_told_by(place)} is itself told by the place that is written; a place cannot tell where it is itself",
            code="place-circle",
        )
    for piece in pieces(registry, place, held):
        _put(registry, tx, lid, piece, accuracy, height, declaration)


def _stands_on(registry: Registry, lid: str) -> set[str]:
    """Return a location and those that tell where it is, over however many steps."""
    found, left = set(), [lid]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [
                base
                for (base,) in registry.store.select(
                    f"SELECT relative_to FROM location_version WHERE lid = ? AND tx_to = {OPEN} AND relative_to IS NOT "
                    "NULL UNION SELECT l.lid FROM location_version v JOIN locates l ON l.eid = v.route "
                    f"WHERE v.lid = ? AND v.tx_to = {OPEN} AND l.tx_to = {OPEN}",
                    (one, one),
                )
            ]
    return found


def _put(
    registry: Registry, tx: Transaction, lid: str, piece: Piece, accuracy: Accuracy, height: Height,
    declaration: Declaration | None,
) -> None:  # fmt: skip
    """Write one piece of a place, tell what is there, and let follow what is told by it."""
    shapes = np.array([piece.shape], dtype=object)
    if declaration is not None:
        location.check(shapes, dataclasses.replace(declaration.location, required=True), registry.crs)
    before = _versions(registry, lid)
    z_m = piece.z_m if piece.z_m is not None else height.z_m
    said = details(piece.reference, Height(z_m, height.depth_m))
    location.replace(tx, lid, location.known(registry.store, lid), piece.held, shapes, accuracy, said)
    sharing = registry.store.select(
        f"SELECT l.eid, e.kind FROM locates l JOIN entity e ON e.eid = l.eid WHERE l.lid = ? AND l.tx_to = {OPEN}",
        (lid,),
    )
    for eid, name in sharing:
        tx.note([eid], name, "moved")
    _follow(registry, tx, lid, before, piece.held)


def _follow(registry: Registry, tx: Transaction, lid: str, before: Sequence[Version], held: Interval) -> None:
    """Let places that a location tells go where it went."""
    now = _versions(registry, lid)
    for other, span, reference, height, accuracy in list(_told(registry, lid, held)):
        old = next((one for one in before if one.held.start <= span.start < one.held.end), None)
        new = next(one for one in now if one.held.start <= span.start < one.held.end)
        moved = recalibrated(reference, old.shape, new.shape) if old is not None else reference
        _put(registry, tx, other, _piece(moved, new, span), accuracy, height, None)


def _told(registry: Registry, lid: str, held: Interval) -> Iterator[tuple[str, Interval, Reference, Height, Accuracy]]:
    """Yield the places that a location tells within an interval: location, interval, by what, height, accuracy."""
    names = ", ".join(
        f'v."{name}"' for name in ("row", "lid", "valid_from", "valid_to", *_EXACT, *location.DETAILS[1:])
    )
    within = f"v.tx_to = {OPEN} AND v.valid_from < ? AND ? < v.valid_to"
    rows = registry.store.select(
        f"SELECT {names} FROM location_version v WHERE v.relative_to = ? AND {within} UNION ALL "
        f"SELECT {names} FROM locates l JOIN location_version v ON v.route = l.eid "
        f"WHERE l.lid = ? AND l.tx_to = {OPEN} AND {within}",
        (lid, held.end, held.start, lid, held.end, held.start),
    )
    for _, other, start, end, *said in sorted(rows, key=lambda row: row[0]):
        exact, columns = said[:6], dict(zip(location.DETAILS[1:], said[6:], strict=True))
        reference, height = of(columns)
        if reference is not None:
            yield other, Interval(max(start, held.start), min(end, held.end)), reference, height, Accuracy(*exact)
