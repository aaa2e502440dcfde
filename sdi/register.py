"""A register: it knows every thing of one kind and its history.

Declared by one file, written by five verbs, read by one question: what was known, and held, as of a moment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sdi import asof, event, history, recording, relation
from sdi.access import level as access
from sdi.declaration import Declaration, Level
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import ALWAYS, FOREVER, LATEST, OPEN, TERMINAL, Interval, instant
from sdi.lineage.life import life
from sdi.place import address as addresses
from sdi.place import following
from sdi.place.placement import NOWHERE, Height
from sdi.record import Record
from sdi.recording import Batch, Span, Table
from sdi.store.schema import REGISTER_PREFIX
from sdi.sweep import unswept
from sdi.transaction import FRAME, TIMES, Transaction
from sdi.value import checked_columns, refuse_fixed

if TYPE_CHECKING:
    from sdi.registry import Registry

LIVE = tuple(status for status in history.STATUSES if status not in TERMINAL)
"""States that a thing may be in while it lasts."""


class Register:
    """Every thing of one kind.

    Parameters
    ----------
    declaration : Declaration
        What the register file says.
    registry : Registry
        Where it is kept.
    """

    def __init__(self, declaration: Declaration, registry: Registry) -> None:
        self.declaration = declaration
        self._registry = registry
        self._store = registry.store
        self._table = REGISTER_PREFIX + declaration.name

    @property
    def name(self) -> str:
        """Name of the register, which is the kind of its things."""
        return self.declaration.name

    # writing -----------------------------------------------------------------------------------------------------

    def add(self, batch: Batch, tx: Transaction) -> list[str]:
        """Record things that are new to us.

        Parameters
        ----------
        batch : Batch
            The things.
        tx : Transaction
            The transaction that knows them.

        Returns
        -------
        list of str (n,)
            Their identifiers, in the order given; empty for an empty batch.

        Raises
        ------
        InputError
            If a value, a code or a geometry is refused; names field and row.
        ConflictError
            If an official code is already in use.
        """
        count = len(batch)
        if not count:
            return []
        with unswept():
            return self._add(batch, tx, count)

    def _add(self, batch: Batch, tx: Transaction, count: int) -> list[str]:
        """Record one or more things."""
        batch = batch.dated(self._registry.zone)
        starts = batch.starts()
        level = access.of_batch(self._registry, self.declaration, batch)
        columns = checked_columns(self.declaration, self._registry.catalog.codes, batch.values, count, starts=starts)
        batch = following.placed(self._registry, batch, starts)
        geometry = recording.places(batch, self.declaration, self._registry.crs)
        spans = batch.spans(starts)
        if level:
            # What everybody sees shall not show by its identifiers that something was recorded between.
            tx = dataclasses.replace(tx, ids=tx.ids.timeless)
        eids = tx.ids.take(count)
        entities = [(eid, self.name, level, tx.number) for eid in eids]
        tx.insert("entity", ("eid", "kind", "access", "tx_from"), entities)
        facts = list(zip(*columns.values(), strict=True)) or [()] * count
        names = ("eid", "status", *(f"f_{name}" for name in columns), *TIMES)
        frame = [(eids[row], status, *facts[row], start, end, tx.number) for row, status, start, end in spans]
        tx.insert(self._table, names, frame)
        recording.locate(tx, eids, starts, geometry, batch, self.declaration)
        following.settle(self._registry, tx, self.declaration, eids, batch, starts)
        addresses.record(self._registry, tx, self.declaration, eids, starts, batch)
        recording.identify(tx, eids, starts, batch, self.declaration, self._registry.catalog.schemes)
        recording.give_names(tx, eids, starts, batch, self.declaration)
        tx.note(eids, self.name, "added")
        return eids

    def change(
        self,
        eid: str,
        values: Mapping[str, Any],
        tx: Transaction,
        *,
        valid_from: str,
        names: Mapping[str, str | None] | None = None,
        identifiers: Mapping[str, str | None] | None = None,
        address: Mapping[str, str | None] | None = None,
        status: str | None = None,
    ) -> None:
        """Record that the world changed: new values, names, codes or status from a date on.

        They hold until the next change of the row already recorded, whichever field that one was about.

        Parameters
        ----------
        eid : str
            The thing.
        values : mapping of str to value [units of the register]
            Fields that changed; the others stay.
        tx : Transaction
            The transaction that knows it.
        valid_from : str
            Since when, ISO 8601.
        names : mapping of str to str, optional
            Official names by language that changed; ``None`` where there is none any more.
        identifiers : mapping of str to str, optional
            Official codes by scheme that changed; ``None`` where it carries none any more.
        address : mapping of str to str, optional
            Parts of the address that changed; ``None`` where there is none any more.
        status : str, optional
            For example ``active`` for a thing that was planned; things end by :meth:`retire`.

        Raises
        ------
        NotInRegister
            If the register does not know the thing, or nothing of it at that date.
        ConflictError
            If the thing has ended, or a code is in use.
        InputError
            If a value, a name or a code is refused.
        """
        moment = instant(valid_from, self._registry.zone)
        known = self._alive(eid)
        self._fact_at(eid, moment)
        if status is not None and status not in LIVE:
            raise InputError(
                f"status {status!r} is none of {', '.join(LIVE)}; things end by retire", code="status-unknown"
            )
        refuse_fixed(self.declaration, eid, values, lambda: self.find(eid, valid=moment).values)
        if values or status:
            self._write(eid, values, history.change_interval([held for _, held, _ in known], moment), tx, status=status)
        self._rename(eid, names, identifiers, address, Span(moment), tx)
        tx.note([eid], self.name, "changed")

    def correct(
        self,
        eid: str,
        tx: Transaction,
        *,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str | None] | None = None,
        identifiers: Mapping[str, str | None] | None = None,
        address: Mapping[str, str | None] | None = None,
        geometry: Any = None,
        accuracy: Accuracy | None = None,
        height: Height = NOWHERE,
        valid_at: str | None = None,
    ) -> None:
        """Record that we were wrong: the fact in force at a date gets other values, or a better surveyed place.

        Parameters
        ----------
        eid : str
            The thing.
        tx : Transaction
            The transaction that knows it.
        values : mapping of str to value, optional [units of the register]
            Fields that were wrong.
        names : mapping of str to str, optional
            Official names by language that were wrong.
        identifiers : mapping of str to str, optional
            Official codes by scheme that were wrong.
        address : mapping of str to str, optional
            Parts of the address that were wrong.
        geometry : geometry, Along or Relative, optional [storage CRS]
            Where the thing really was all the time.
        accuracy : Accuracy, optional
            How exact the new place is; required with ``geometry``.
        height : Height
            How high or deep it is there.
        valid_at : str, optional
            A moment within the fact to be corrected; the latest where absent.

        Raises
        ------
        NotInRegister
            If nothing was known then.
        InputError
            If a place is given without its accuracy.
        """
        if geometry is not None and accuracy is None:
            raise InputError(
                "a place is corrected by a better survey; say how exact it is (accuracy)", code="accuracy-missing"
            )
        moment = instant(valid_at, self._registry.zone, LATEST)
        if values:
            self._write(eid, values, self._fact_at(eid, moment)[1], tx)
        if geometry is not None:
            lid, held = following.held_at(self._registry, self.declaration, eid, moment)
            said = geometry, accuracy or Accuracy(), held, height
            following.replace(self._registry, tx, self.declaration, lid, *said)
        self._rename(eid, names, identifiers, address, Span(moment, correction=True), tx)
        tx.note([eid], self.name, "corrected")

    def move(
        self, eid: str, geometry: Any, tx: Transaction, *, valid_from: str, accuracy: Accuracy,
        height: Height = NOWHERE,
    ) -> None:  # fmt: skip
        """Record that a thing changed its place: a new version of its location, the same thing.

        Parameters
        ----------
        eid : str
            The thing.
        geometry : geometry, Along or Relative [storage CRS]
            Its new place, or by what it is told.
        tx : Transaction
            The transaction that knows it.
        valid_from : str
            Since when, ISO 8601.
        accuracy : Accuracy
            How exact the new place is.
        height : Height
            How high or deep it is there.
        """
        self._alive(eid)
        moment = instant(valid_from, self._registry.zone)
        lid, held = following.held_at(self._registry, self.declaration, eid, moment)
        said = geometry, accuracy, Interval(moment, held.end), height
        following.replace(self._registry, tx, self.declaration, lid, *said)
        tx.note([eid], self.name, "moved")

    def retire(self, eid: str, tx: Transaction, *, valid_from: str, status: str = "retired") -> None:
        """Record that a thing ended. It answers for ever, and nothing brings it back.

        Parameters
        ----------
        eid : str
            The thing.
        tx : Transaction
            The transaction that knows it.
        valid_from : str
            First moment at which it was gone, ISO 8601.
        status : {'retired', 'merged_away', 'voided'}
            How it ended.

        Raises
        ------
        ConflictError
            If it has ended before, or something that lasts is tied to it by a relation that forbids it.
        InputError
            If it, or something that ends with it, began only later.
        """
        if status not in TERMINAL:
            raise InputError(
                f"status {status!r} ends nothing; expected {', '.join(sorted(TERMINAL))}", code="status-unknown"
            )
        known, moment = self._alive(eid), instant(valid_from, self._registry.zone)
        if moment < known[0][1].start:
            raise InputError(
                f"{self.name} {eid} is known since {known[0][1].start[:10]} and cannot end on {moment[:10]}, before it "
                "began; give the day on which it was gone, or void it where it was recorded by mistake",
                code="ends-before-it-began",
            )
        tied = relation.dependants(self._registry, eid, moment, tx)
        self._end(eid, moment, tx, status)
        for one in tied:
            if life(self._store, one.eid, tx.number).status not in TERMINAL:  # else it ended on the way, in a circle
                self._registry.register(one.kind).retire(one.eid, tx, valid_from=valid_from)

    def void(self, eid: str, tx: Transaction) -> None:
        """Record that a thing was recorded by mistake, whether it has ended or not: there never was such a thing.

        It does not come back. What was meant is added as a new thing, with a step ``correction`` of the lineage
        from the old to the new one.

        Parameters
        ----------
        eid : str
            The thing.
        tx : Transaction
            The transaction that knows it.

        Raises
        ------
        ConflictError
            If it is voided already.
        """
        known = self._known(eid)
        if known[-1][2] == "voided":
            raise ConflictError(f"{self.name} {eid} is voided already", code="ended")
        relation.dependants(self._registry, eid, ALWAYS, tx, cascade=False)
        self._end(eid, known[0][1].start, tx, "voided")

    def restrict(self, eid: str, tx: Transaction, *, level: Level = "restricted") -> None:
        """Withdraw a thing from wider audiences, with everything that was ever published of it; nothing undoes this.

        The events that befell it go with it: their place tells where it is.

        Parameters
        ----------
        eid : str
            The thing.
        tx : Transaction
            The transaction that knows it.
        level : {'restricted', 'secret'}
            Who may still see it. As ``secret`` it is in no publication; what the registry has recorded stays there,
            and things that shall not even be there are recorded in the secret registry from the beginning.

        Raises
        ------
        NotInRegister
            If the register does not know the thing.
        ConflictError
            If no more may see it now.
        """
        self._known(eid)
        access.restrict(self._registry, eid, level, tx)
        tx.note([eid], self.name, "restricted")
        event.restrict(self._registry, eid, level, tx)

    def relate(
        self, eid: str, verb: str, others: Sequence[str], tx: Transaction, *, valid_from: str | None = None,
        valid_to: str | None = None,
    ) -> None:  # fmt: skip
        """Record that a thing has to do with others, by one of the verbs that the register declares.

        Parameters
        ----------
        eid : str
            The thing.
        verb : str
            For example ``feeds``.
        others : sequence of str
            Things at the other end.
        tx : Transaction
            The transaction that knows it.
        valid_from : str, optional
            Since when, ISO 8601.
        valid_to : str, optional
            First moment at which it had nothing to do with them any more; needed of a thing that has ended.

        Raises
        ------
        ConflictError
            If the thing has ended, and the relation would outlast it.
        InputError
            If the register declares no such verb.
        NotInRegister
            If one of the others is not known.
        """
        held = Interval.of(valid_from, valid_to, self._registry.zone)
        if valid_to is None or life(self._store, eid, tx.number).end < held.end:
            self._alive(eid)
        relation.add(tx, self.declaration, eid, verb, others, held)
        tx.note([eid], self.name, "related")

    # reading -----------------------------------------------------------------------------------------------------

    def find(self, eid: str, *, valid: str | None = None, recorded: int | str | None = None) -> Record:
        """Return what is known of a thing as of a moment.

        Parameters
        ----------
        eid : str
            The thing.
        valid : str, optional
            When it shall hold in the world; the latest fact where absent.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date, which means the last transaction at or before it.

        Returns
        -------
        Record
            Values, official codes, names and place of that moment.

        Raises
        ------
        NotInRegister
            If nothing is known for that moment.
        """
        return asof.record(self._registry, self.declaration, eid, asof.moment(self._registry, valid, recorded))

    def find_by(
        self, scheme: str, value: str, *, valid: str | None = None, recorded: int | str | None = None
    ) -> Record:
        """Return the thing that carried an official code at a moment.

        Parameters
        ----------
        scheme : str
            Scheme of the code.
        value : str
            The code.
        valid, recorded : optional
            As for :meth:`find`.

        Raises
        ------
        NotInRegister
            If no thing of this register carried it then.
        """
        at = asof.moment(self._registry, valid, recorded)
        return asof.carrier(self._registry, self.declaration, scheme, value, at)

    def list(self, *, valid: str | None = None, recorded: int | str | None = None) -> list[str]:
        """Return the things in force at a moment, in the order they were recorded.

        Parameters
        ----------
        valid, recorded : optional
            As for :meth:`find`.

        Returns
        -------
        list of str
            Identifiers; things that have ended by then are left out.
        """
        return asof.in_force(self._registry, self.declaration, asof.moment(self._registry, valid, recorded))

    def table(
        self, *names: str, valid: str | None = None, recorded: int | str | None = None, level: Level = "secret"
    ) -> Table:
        """Return all things in force at a moment at once: what `list` and `find` give one by one, in two questions.

        Parameters
        ----------
        *names : str
            Fields wanted.
        valid, recorded : optional
            As for :meth:`find`.
        level : {'public', 'restricted', 'secret'}
            Who sees what is made of them: things that this audience may not see are left out.

        Returns
        -------
        Table
            In the order the things were recorded; of no rows where nothing is in force.

        Raises
        ------
        InputError
            If the register declares no such field.
        """
        at = asof.moment(self._registry, valid, recorded)
        return asof.table(self._registry, self.declaration, names, at, level)

    def __len__(self) -> int:
        """Return the number of things in force now."""
        return len(self.list())

    # parts of the verbs --------------------------------------------------------------------------------------------

    def _end(self, eid: str, moment: str, tx: Transaction, status: str) -> None:
        """Write that a thing is gone from a moment on, with its codes and its own ties."""
        self._write(eid, {}, Interval(moment, FOREVER), tx, status=status)
        recording.end_codes(tx, eid, moment)
        relation.end(tx, eid, moment)
        tx.note([eid], self.name, "retired")

    def _rename(
        self,
        eid: str,
        names: Mapping[str, str | None] | None,
        identifiers: Mapping[str, str | None] | None,
        address: Mapping[str, str | None] | None,
        span: Span,
        tx: Transaction,
    ) -> None:
        """Write other names and codes, and another address; what is called after it is told."""
        if address:
            addresses.rewrite(self._registry, tx, self.declaration, eid, address, span)
        if names:
            addresses.tell(self._registry, tx, eid)
        recording.rewrite_names(tx, eid, names or {}, span, self.declaration)
        recording.rewrite_codes(tx, eid, identifiers or {}, span, self.declaration, self._registry.catalog.schemes)

    def _known(self, eid: str) -> Sequence[tuple[int, Interval, str]]:
        """Return the facts known now about a thing: row, interval, status."""
        found = self._store.select(
            f'SELECT "row", valid_from, valid_to, status FROM "{self._table}" '
            f"WHERE eid = ? AND tx_to = {OPEN} ORDER BY valid_from",
            (eid,),
        )
        if not found:
            raise NotInRegister(f"no {self.name} {eid} in the register; was it added to another one?")
        return [(row, Interval(start, end), status) for row, start, end, status in found]

    def _alive(self, eid: str) -> Sequence[tuple[int, Interval, str]]:
        """Return the facts known now, refusing a thing that has ended."""
        known = self._known(eid)
        if known[-1][2] in TERMINAL:
            raise ConflictError(
                f"{self.name} {eid} ended on {known[-1][1].start} ({known[-1][2]}) and is not brought back; "
                "add a new thing instead",
                code="ended",
            )
        return known

    def _fact_at(self, eid: str, moment: str) -> tuple[int, Interval]:
        """Return the fact known now that holds at a moment."""
        for row, held, _ in self._known(eid):
            if held.start <= moment < held.end:
                return row, held
        raise NotInRegister(f"nothing is known of {self.name} {eid} at {moment}")

    def _write(
        self, eid: str, values: Mapping[str, Any], held: Interval, tx: Transaction, status: str | None = None
    ) -> None:
        """Write values over an interval: what is known there is closed, what is left of it is written again."""
        access.refuse_secret(self._registry, self.declaration, values)
        columns = checked_columns(
            self.declaration,
            self._registry.catalog.codes,
            {name: [value] for name, value in values.items()},
            1,
            complete=False,
            starts=[held.start],
        )
        new = {f"f_{name}": column[0] for name, column in columns.items()}
        for name, column in columns.items():
            declared = self.declaration.field(name)
            if declared is not None and declared.required and column[0] is None:
                raise InputError(f"field {name} is required and cannot be emptied", code="value-invalid")
        if status is not None:
            new["status"] = status
        known = self._known(eid)
        at = next((row for row, interval, _ in known if interval.overlaps(held)), known[-1][0])
        names = [name for name in self._store.columns(self._table) if name not in FRAME]
        listed = ", ".join(f'"{name}"' for name in names)
        held_at = self._store.select(f'SELECT {listed} FROM "{self._table}" WHERE "row" = ?', (at,))[0]
        base = dict(zip(names, held_at, strict=True))
        tx.rewrite(self._table, [(row, interval) for row, interval, _ in known], held, base | new)
