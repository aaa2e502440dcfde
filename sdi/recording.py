"""Things to be added, and how their places, codes and names are recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi import naming
from sdi.crs import StorageCRS
from sdi.declaration import Declaration, Level, Scheme
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import ALWAYS, FOREVER, OPEN, STATUSES, TERMINAL, Interval, change_interval, instant
from sdi.identity import check_code, normalised
from sdi.place import location, placement
from sdi.place.address import Address
from sdi.place.placement import Height, Reference
from sdi.text import fold
from sdi.transaction import TIMES, Transaction
from sdi.value import plain
from sdi.zone import Zone

Geometries = NDArray[np.object_]
UNKNOWN = Accuracy()
"""Accuracy of a place of which nothing is said."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Things to be added, as columns.

    Every column has one value per thing; a missing value is ``None`` or NaN.
    """

    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Fields of the register [units of the register]."""
    geometry: Geometries | None = None
    """Places [storage CRS]."""
    identifiers: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Official codes, by scheme."""
    names: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Names by language (``vi``, the official one) or by language and kind (``vi.local``)."""
    valid_from: str | Sequence[str] | None = None
    """Since when these facts hold; unknown where absent. Columns of pandas and numpy hold dates, see `Moment`."""
    status: str = "active"
    accuracy: Accuracy = UNKNOWN
    source_geometry: Geometries | None = None
    """Places as delivered [``source_crs``], where that is not the storage CRS."""
    source_crs: str | None = None
    addresses: Sequence[Address | None] | None = None
    """Where they are, as people say it."""
    references: Sequence[Reference | None] | None = None
    """Places told by others, along a route or relative to a location, instead of a geometry."""
    z_m: Sequence[float | None] | None = None
    """Heights over the vertical datum of the accuracy [m]."""
    depth_m: Sequence[float | None] | None = None
    """Depths below the ground [m]."""
    locations: Sequence[str | None] | None = None
    """Locations of other things that these share, instead of places of their own; ``None`` where one has no place."""
    valid_to: str | None = None
    """First moment at which they were gone, of things that are recorded after they ended; they last where absent."""
    end: str = "retired"
    """How they ended, where they did."""
    access: Level = "public"
    """Who may see them, where their register does not say that fewer may."""

    def __len__(self) -> int:
        """Return the number of things."""
        if self.geometry is not None:
            return len(self.geometry)
        columns = [*self.values.values(), *self.identifiers.values(), *self.names.values()]
        said = (self.addresses, self.references, self.locations, self.z_m, self.depth_m)
        columns += [one for one in said if one is not None]
        return len(columns[0]) if columns else 0

    def dated(self, zone: Zone) -> Batch:
        """Return them with their times as valid time is kept, by the clock of the city."""
        since, until = self.valid_from, None if self.valid_to is None else instant(self.valid_to, zone)
        if since is None or isinstance(since, str):
            return replace(self, valid_from=instant(since, zone), valid_to=until)
        return replace(self, valid_from=[instant(one, zone) for one in plain(since)], valid_to=until)

    def starts(self) -> list[str]:
        """Return the start of validity of every thing, once they are dated."""
        since = self.valid_from or ALWAYS
        return [since] * len(self) if isinstance(since, str) else list(since)

    def spans(self, starts: Sequence[str]) -> list[tuple[int, str, str, str]]:
        """Return row, state, start and end of every stretch of the lives of the things.

        Raises
        ------
        InputError
            If a state is none, or things would end before they began.
        """
        if self.status not in STATUSES or (self.valid_to is not None and self.end not in TERMINAL):
            wrong, known = (self.end, sorted(TERMINAL)) if self.status in STATUSES else (self.status, STATUSES)
            raise InputError(f"status {wrong!r} is none of {', '.join(known)}", code="status-unknown")
        gone = self.valid_to or FOREVER
        held = {start: Interval(start, gone).checked() for start in set(starts)}
        lives = [(row, self.status, *held[start]) for row, start in enumerate(starts)]
        return lives + [(row, self.end, gone, FOREVER) for row in range(len(starts)) if gone != FOREVER]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All things of a register as of a moment, as columns."""

    eids: tuple[str, ...]
    values: Mapping[str, Sequence[Any]]
    """Columns of the fields asked for [units of the register]; ``None`` where a value is missing."""
    geometry: Geometries
    """ndarray (n,) of shapely geometry [storage CRS]; ``None`` where a thing has no place."""
    locations: tuple[str | None, ...]
    """Locations at which they are, to be shared by others; ``None`` where a thing has no place."""

    def __len__(self) -> int:
        """Return the number of things."""
        return len(self.eids)


def places(batch: Batch, declaration: Declaration, crs: StorageCRS) -> Geometries:
    """Return the places of every thing, checked against the register.

    Parameters
    ----------
    batch : Batch
        The things.
    declaration : Declaration
        Their register.
    crs : StorageCRS
        CRS of the places.

    Returns
    -------
    ndarray (n,) of shapely geometry [storage CRS]
        ``None`` where a thing has no place.
    """
    given = np.full(len(batch), None, dtype=object) if batch.geometry is None else np.asarray(batch.geometry, object)
    own = given if batch.locations is None else given[[lid is None for lid in batch.locations]]
    location.check(own, declaration.location, crs)
    return given


def locate(
    tx: Transaction,
    eids: Sequence[str],
    starts: Sequence[str],
    geometry: Geometries,
    batch: Batch,
    declaration: Declaration,
) -> None:
    """Record the places of new things.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    eids : sequence of str (n,)
        The things.
    starts : sequence of str (n,)
        Since when.
    geometry : ndarray (n,) of shapely geometry [storage CRS]
        Checked places.
    batch : Batch
        Says how exact they are and how they were delivered.
    declaration : Declaration
        Says which role a place plays.
    """
    there = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry))).tolist()
    placed = dict(zip(there, _new_locations(tx, there, starts, geometry, batch), strict=True))
    placed |= _shared_locations(tx, batch)
    placed |= _addressed(tx, batch, placed)
    role = declaration.location.role
    rows = [(eids[row], lid, role, starts[row], tx.number) for row, lid in placed.items()]
    tx.insert("locates", ("eid", "lid", "role", "valid_from", "tx_from"), rows)


def _new_locations(
    tx: Transaction, there: Sequence[int], starts: Sequence[str], geometry: Geometries, batch: Batch
) -> list[str]:
    """Record the places that things bring with them; return their locations."""
    if not there:
        return []
    source = None
    if batch.source_geometry is not None:
        source = (np.asarray(batch.source_geometry, dtype=object)[there], str(batch.source_crs))
    said = _told(batch, there)
    return location.add(tx, geometry[there], [starts[row] for row in there], batch.accuracy, source, said)


def _told(batch: Batch, there: Sequence[int]) -> dict[str, list[Any]]:
    """Return what is said of places beside their geometry, as columns; none where nothing is."""
    if batch.references is None and batch.z_m is None and batch.depth_m is None:
        return {}
    nothing = [None] * len(batch)
    references, z_m, depth_m = (
        nothing if one is None else plain(one) for one in (batch.references, batch.z_m, batch.depth_m)
    )
    said = [placement.details(references[row], Height(z_m[row], depth_m[row])) for row in there]
    columns = [column for column in location.DETAILS if any(column in one for one in said)]
    types = {"type": [placement.kind(references[row]) for row in there]}
    return types | {column: [one.get(column) for one in said] for column in columns}


def _addressed(tx: Transaction, batch: Batch, placed: Mapping[int, str]) -> dict[int, str]:
    """Record the locations of things of which nothing but an address is known, by row."""
    rows = [row for row, one in enumerate(batch.addresses or ()) if one is not None and row not in placed]
    lids = tx.ids.take(len(rows))
    tx.insert("location", ("lid", "type", "tx_from"), [(lid, "address", tx.number) for lid in lids])
    return dict(zip(rows, lids, strict=True))


def _shared_locations(tx: Transaction, batch: Batch) -> dict[int, str]:
    """Return the locations that things share with others, by row.

    Raises
    ------
    NotInRegister
        If one of them is not known.
    """
    shared = {row: lid for row, lid in enumerate(batch.locations or ()) if lid is not None}
    missing = sorted(set(shared.values()))
    for store in (tx.store, tx.beside):
        if store is not None and missing:
            sql = f"SELECT value FROM ({store.listed(str)}) AS wanted WHERE value NOT IN (SELECT lid FROM location)"
            missing = [lid for (lid,) in store.select(sql, (json.dumps(missing),))]
    if missing:
        raise NotInRegister(f"there is no location {min(missing)} to share; give that of a thing of this registry")
    return shared


def identify(
    tx: Transaction,
    eids: Sequence[str],
    starts: Sequence[str],
    batch: Batch,
    declaration: Declaration,
    schemes: Mapping[str, Scheme],
) -> None:
    """Record the official codes of new things.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    eids : sequence of str (n,)
        The things.
    starts : sequence of str (n,)
        Since when.
    batch : Batch
        Holds the codes.
    declaration : Declaration
        Says which schemes the register has.
    schemes : mapping of str to Scheme
        Schemes of the catalogue.

    Raises
    ------
    InputError
        If a scheme is not declared, or a code does not fit it.
    ConflictError
        If two things would carry a code at the same time.
    """
    gone = batch.valid_to or FOREVER
    for scheme, values in batch.identifiers.items():
        declared = schemes.get(scheme)
        if declared is None or scheme not in declaration.schemes:
            known = ", ".join(declaration.schemes) or "none"
            raise InputError(
                f"register {declaration.name} has no scheme {scheme!r}; it has {known}", code="scheme-unknown"
            )
        rows = []
        for eid, value, start in zip(eids, plain(values), starts, strict=True):
            if value is not None:
                code = check_code(scheme, declared.pattern, value, declared.check)
                rows.append((eid, scheme, code, normalised(code), start, gone, tx.number))
        numbers = tx.insert("identifier", ("eid", "scheme", "value", "value_norm", *TIMES), rows)
        if declared.unique_live and numbers:
            _refuse_shared(tx, scheme, numbers)


def _refuse_shared(tx: Transaction, scheme: str, numbers: range) -> None:
    """Refuse codes that two things would carry at the same time."""
    found = tx.store.select(
        "SELECT a.value FROM identifier a JOIN identifier b ON b.scheme = a.scheme AND b.value_norm = a.value_norm "
        f'WHERE a."row" BETWEEN ? AND ? AND b."row" <> a."row" AND b.tx_to = {OPEN} '
        "AND b.valid_from < a.valid_to AND b.valid_to > a.valid_from LIMIT 1",
        (numbers.start, numbers.stop - 1),
    )
    if found:
        raise ConflictError(
            f"{scheme} {found[0][0]!r} is carried by two things at the same time; end the older one first, "
            "or correct the code",
            code="identifier-in-use",
            details={"scheme": scheme, "value": found[0][0]},
        )


def give_names(
    tx: Transaction, eids: Sequence[str], starts: Sequence[str], batch: Batch, declaration: Declaration
) -> None:
    """Record the names of new things.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    eids : sequence of str (n,)
        The things.
    starts : sequence of str (n,)
        Since when.
    batch : Batch
        Holds the names.
    declaration : Declaration
        Says in which languages the register keeps names.

    Raises
    ------
    InputError
        If it keeps none in a language given.
    """
    for key, texts in batch.names.items():
        language, kind = naming.split(key, declaration)
        rows = [
            (eid, language, kind, str(text), fold(str(text)), start, tx.number)
            for eid, text, start in zip(eids, plain(texts), starts, strict=True)
            if text is not None
        ]
        columns = ("eid", "language", "type", "text", "folded", "valid_from", "tx_from")
        tx.insert(naming.TABLES[kind], columns, rows)


def refuse_carried(tx: Transaction, eid: str, schemes: Mapping[str, Scheme]) -> None:
    """Refuse what this transaction says of the codes of a thing, where another one carries them at the same time.

    Parameters
    ----------
    tx : Transaction
        The transaction.
    eid : str
        The thing.
    schemes : mapping of str to Scheme
        Schemes of the catalogue.

    Raises
    ------
    ConflictError
        Naming the code.
    """
    rows = tx.store.select(
        'SELECT scheme, "row" FROM identifier WHERE eid = ? AND tx_from = ? AND tx_to = ?', (eid, tx.number, OPEN)
    )
    for scheme, row in rows:
        if schemes[scheme].unique_live:
            _refuse_shared(tx, scheme, range(row, row + 1))


@dataclass(frozen=True, slots=True)
class Span:
    """When a dated name or code is written: from a moment on, or over the fact in force at a moment."""

    moment: str
    correction: bool = False

    def over(self, known: Sequence[Interval]) -> Interval:
        """Return the interval to write, among the facts known now about the same name or code."""
        holding = next((held for held in known if held.start <= self.moment < held.end), None)
        if self.correction and holding is not None:
            return holding
        return change_interval(known, self.moment)


def rewrite_names(
    tx: Transaction, eid: str, given: Mapping[str, str | None], span: Span, declaration: Declaration
) -> None:
    """Write other names of a thing.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    eid : str
        The thing.
    given : mapping of str to str
        Names by language, or by language and kind; ``None`` says that it has none.
    span : Span
        When they hold.
    declaration : Declaration
        Says in which languages the register keeps names.

    Raises
    ------
    InputError
        If it keeps none in a language given.
    """
    for key, text in given.items():
        naming.rewrite(tx, eid, *naming.split(key, declaration), text, span)


def rewrite_codes(
    tx: Transaction,
    eid: str,
    given: Mapping[str, str | None],
    span: Span,
    declaration: Declaration,
    schemes: Mapping[str, Scheme],
) -> None:
    """Write other official codes of a thing.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    eid : str
        The thing.
    given : mapping of str to str
        Codes by scheme; ``None`` says that it carries none any more.
    span : Span
        When they hold.
    declaration : Declaration
        Says which schemes the register has.
    schemes : mapping of str to Scheme
        Schemes of the catalogue.

    Raises
    ------
    InputError
        If a scheme is not declared, or a code does not fit it.
    ConflictError
        If two things would carry a code at the same time.
    """
    for scheme, value in given.items():
        declared = schemes.get(scheme)
        if declared is None or scheme not in declaration.schemes:
            raise InputError(f"register {declaration.name} has no scheme {scheme!r}", code="scheme-unknown")
        payload = None
        if value is not None:
            code = check_code(scheme, declared.pattern, value, declared.check)
            payload = {"eid": eid, "scheme": scheme, "value": code, "value_norm": normalised(code)}
        known = _known(tx, "identifier", "eid = ? AND scheme = ?", (eid, scheme))
        numbers = tx.rewrite("identifier", known, span.over([held for _, held in known]), payload)
        if declared.unique_live and numbers:
            _refuse_shared(tx, scheme, numbers)


def end_codes(tx: Transaction, eid: str, moment: str) -> None:
    """Say that a thing carries no code from a moment on, so that the code may be given to another one."""
    for (scheme,) in tx.store.select(
        f"SELECT DISTINCT scheme FROM identifier WHERE eid = ? AND tx_to = {OPEN}", (eid,)
    ):
        known = _known(tx, "identifier", "eid = ? AND scheme = ?", (eid, scheme))
        tx.rewrite("identifier", known, Interval(moment, FOREVER), None)


def _known(tx: Transaction, table: str, condition: str, parameters: Sequence[str]) -> list[tuple[int, Interval]]:
    """Return rows known now of a fact table, with their intervals."""
    found = tx.store.select(
        f'SELECT "row", valid_from, valid_to FROM "{table}" WHERE {condition} AND tx_to = {OPEN}', parameters
    )
    return [(row, Interval(start, end)) for row, start, end in found]
