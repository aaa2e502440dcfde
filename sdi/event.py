"""Events: something that happened at a thing or a place, and the version of the place on which it was reported.

An event is a thing of the register ``event`` with a life and a state of its own. Its place is that of the thing it
befell, as it was known when it was reported: a manhole that is surveyed better or moved later does not take its burst
along, and the version of the location is kept beside the event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from sdi.access import level as access
from sdi.declaration import Level
from sdi.entry import Accuracy
from sdi.errors import InputError, NotInRegister
from sdi.happening import place_version
from sdi.history import instant
from sdi.lineage.life import life
from sdi.recording import UNKNOWN, Batch

if TYPE_CHECKING:
    from sdi.registry import Registry
    from sdi.transaction import Transaction

REGISTER = "event"
AFFECTS = "affects"


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """On what an event was reported."""

    thing: str | None
    """What it befell first; ``None`` where a place was told instead."""
    location: str
    """Identifier of the location."""
    version: int
    """Row of the version of the location that was known then."""
    geometry: Any
    """Where that version is [storage CRS]."""


def report(
    registry: Registry,
    values: Mapping[str, Any],
    tx: Transaction,
    *,
    at: str,
    things: Sequence[str] = (),
    geometry: Any = None,
    accuracy: Accuracy = UNKNOWN,
) -> str:
    """Record an event.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    values : mapping of str to value
        Fields of the register of events.
    tx : Transaction
        The transaction that knows it.
    at : str
        When it began, ISO 8601.
    things : sequence of str
        What it befell; the place of the first is that of the event.
    geometry : geometry, optional [storage CRS]
        Where it was, where no thing tells it.
    accuracy : Accuracy
        How exact that is.

    Returns
    -------
    str
        Identifier of the event.

    Raises
    ------
    InputError
        If neither a thing with a place nor a place is told.
    """
    moment = instant(at, registry.zone)
    version = _version(registry, things, moment) if geometry is None else None
    if geometry is None and version is None:
        raise InputError(
            "an event needs a place; tell the thing that it befell and that stood somewhere then, or the place",
            code="place-missing",
        )
    (lid, shape, exact) = _place(registry, version) if version is not None else (None, geometry, accuracy)
    register = registry.register(REGISTER)
    columns = {name: [value] for name, value in values.items()}
    place = np.array([shape], dtype=object)
    batch = Batch(columns, place, valid_from=at, accuracy=exact, access=_level(registry, things))
    (eid,) = register.add(batch, tx)
    if version is None:
        lid, version = register.find(eid).location, place_version(registry, eid, "site", moment)
    row = (eid, things[0] if things and geometry is None else None, lid, version, tx.number)
    tx.insert("reported_on", ("eid", "other", "lid", "version", "tx_from"), [row])
    if things:
        register.relate(eid, AFFECTS, things, tx, valid_from=at)
    return eid


def reported(registry: Registry, eid: str) -> Reported:
    """Return on what an event was reported, whatever was surveyed or moved since.

    Raises
    ------
    NotInRegister
        If it is no event.
    """
    found = registry.store.select(
        "SELECT r.other, r.lid, r.version, v.geometry FROM reported_on r "
        'JOIN location_version v ON v."row" = r.version WHERE r.eid = ?',
        (eid,),
    )
    if not found:
        raise NotInRegister(f"{eid} is no event that was reported; see `phusa thing show event {eid}`")
    thing, lid, version, blob = found[0]
    return Reported(thing, lid, version, shapely.from_wkb(blob))


def at_thing(registry: Registry, eid: str) -> tuple[str, ...]:
    """Return the events that befell a thing, in the order in which they were recorded."""
    rows = registry.store.select(
        "SELECT r.eid FROM relation r JOIN entity e ON e.eid = r.eid WHERE r.other = ? AND r.verb = ? AND e.kind = ? "
        'ORDER BY e."row"',
        (eid, AFFECTS, REGISTER),
    )
    return tuple(dict.fromkeys(row[0] for row in rows))


def restrict(registry: Registry, eid: str, level: Level, tx: Transaction) -> None:
    """Withdraw the events that befell a thing together with it, because their place tells where that is.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    eid : str
        The thing that is withdrawn.
    level : {'restricted', 'secret'}
        Who may still see it; an event that no more may see now stays as it is.
    tx : Transaction
        The transaction that knows it.
    """
    for one in at_thing(registry, eid):
        if access.rank(access.level_of(registry, one) or "public") < access.rank(level):
            access.restrict(registry, one, level, tx)
            tx.note([one], REGISTER, "restricted")


def _level(registry: Registry, things: Sequence[str]) -> Level:
    """Return who may see an event: whoever may see everything that it befell, because its place tells theirs."""
    levels = [access.level_of(registry, one) or "public" for one in things]
    return max(levels, key=access.rank, default="public")


def _version(registry: Registry, things: Sequence[str], moment: str) -> int | None:
    """Return the row of the place of the first thing at a moment."""
    if not things:
        return None
    kind = life(registry.store, things[0], registry.last_tx + 1).kind
    role = registry.register(kind).declaration.location.role
    return place_version(registry, things[0], role, moment)


def _place(registry: Registry, version: int) -> tuple[str, Any, Accuracy]:
    """Return location, geometry and accuracy of a version."""
    ((lid, blob, *exact),) = registry.store.select(
        "SELECT lid, geometry, horizontal_accuracy_m, vertical_accuracy_m, accuracy_method, vertical_datum, epoch "
        'FROM location_version WHERE "row" = ?',
        (version,),
    )
    return lid, shapely.from_wkb(blob), Accuracy(*exact)
