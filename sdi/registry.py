"""The registry: everything a workspace knows, and the transactions through which it learns.

A transaction writes rows, the outbox and a hash chained to the one before, all or nothing. What it wrote is read
back from the store for the hash, so that the chain speaks of what is stored and not of what was meant.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from sdi import codebook, contention, evolution, timekeeping
from sdi.access import level as access
from sdi.catalog import Catalog
from sdi.crs import StorageCRS
from sdi.errors import IntegrityError, NotInRegister, WorkspaceError
from sdi.evolution import Recorded
from sdi.history import OPEN, Clock, second, utc
from sdi.identity import Ids, TimelessIds
from sdi.lineage import succession
from sdi.lineage.descent import Lineage
from sdi.lineage.succession import Heir, Match
from sdi.register import Register
from sdi.safety import audit, chain
from sdi.store.schema import core, register_table
from sdi.store.store import Row, Store
from sdi.sweep import unswept
from sdi.transaction import Transaction
from sdi.zone import GREENWICH, Zone

logger = logging.getLogger(__name__)

WORKSPACE = "*"
"""Stands among the declarations for the workspace itself: its storage CRS and operation, covered by the hash chain."""


class Registry:
    """Everything one workspace knows; it belongs to the thread that opened it, and every thread opens its own.

    Parameters
    ----------
    store : Store
        Where it is kept.
    catalog : Catalog
        Registers that it has.
    crs : StorageCRS
        CRS of its locations.
    clock : Clock, optional
        Where recorded time comes from.
    ids : Ids, optional
        Where identifiers come from.
    beside : Registry, optional
        The open registry, where this is the secret one.
    zone : Zone
        Clock of the city, by which its days begin.
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        crs: StorageCRS,
        clock: Clock | None = None,
        ids: Ids | TimelessIds | None = None,
        beside: Registry | None = None,
        zone: Zone = GREENWICH,
    ) -> None:
        self.store = store
        self.catalog = catalog
        self.crs = crs
        self.clock = clock or Clock()
        self.zone = zone
        self.ids = ids or (Ids.system() if beside is None else TimelessIds())
        self.beside = beside
        """The open registry, where this is the secret one: its things may be referred to, and it never knows."""
        self.lineage = Lineage(self)
        self._registers = {name: Register(declaration, self) for name, declaration in catalog.registers.items()}

    @classmethod
    def open(
        cls, store: Store, catalog: Catalog, crs: StorageCRS, *, clock: Clock | None = None,
        ids: Ids | TimelessIds | None = None, beside: Registry | None = None, zone: Zone = GREENWICH,
    ) -> Registry:  # fmt: skip
        """Open a registry; make it, and what the catalogue adds to it, where it is missing.

        Parameters
        ----------
        store : Store
            Where it is kept; closed with it.
        catalog : Catalog
            Registers it shall have.
        crs : StorageCRS
            CRS of its locations; the one it was made with.
        clock : Clock, optional
            Where recorded time comes from.
        ids : Ids, optional
            Where identifiers come from.
        beside : Registry, optional
            The open registry, where this is the secret one.
        zone : Zone
            Clock of the city.

        Raises
        ------
        WorkspaceError
            If it was made with another storage CRS or zone, or a register was narrowed.
        """
        registry = cls(store, catalog, crs, clock, ids, beside, zone)
        registry._prepare()
        return registry

    def close(self) -> None:
        """Close the store, and that of the open registry beside it."""
        self.store.close()
        if self.beside is not None:
            self.beside.close()

    def _prepare(self) -> None:
        """Make the tables and record every new version of a declaration as a transaction."""
        metadata = sa.MetaData()
        tables = list(core(metadata).values())
        registers = {name: register_table(declared, metadata) for name, declared in self.catalog.registers.items()}
        news = self._news()
        timekeeping.refuse_other(self.store, self.zone)
        self.store.ensure([*tables, *registers.values()])  # only now: a file that is refused leaves no trace
        timekeeping.keep(self.store, self.zone)
        if news or codebook.news(self):
            with self.transaction(actor="phusa", reason="declarations of registers") as tx:
                # Asked again: somebody else who opens it may have recorded them meanwhile.
                rows = [(*new, tx.number) for new in self._news()]
                tx.insert(evolution.TABLE, (*evolution.COLUMNS, "tx_from"), rows)
                codebook.record(tx, codebook.news(self))

    def _news(self) -> list[Row]:
        """Return the rows that are to be recorded of the storage CRS and the files of registers."""
        known = evolution.recorded(self.store)
        news = self._first_of_crs(known.pop(WORKSPACE, None)) + evolution.news(known, self.catalog.registers)
        access.refuse_wider(self, [new[0] for new in news if new[0] in known])
        return news

    def _first_of_crs(self, recorded: Recorded | None) -> list[Row]:
        """Return the row that fixes the storage CRS for ever, where none does yet.

        Raises
        ------
        WorkspaceError
            If the coordinates were written in another CRS, or by another operation.
        """
        wanted = Recorded(self.crs.code, json.dumps(self.crs.operation))
        if recorded is not None and recorded != wanted:
            raise WorkspaceError(
                f"{self.store.name} keeps its locations in {recorded.version} ({json.loads(recorded.columns)}), but "
                f"the workspace says {self.crs.code} ({self.crs.operation}); a storage CRS is chosen once: make a new "
                "workspace and load it again"
            )
        return [] if recorded else [(WORKSPACE, wanted.version, wanted.columns, None)]

    @contextmanager
    def transaction(
        self,
        actor: str,
        reason: str,
        *,
        decision: str | None = None,
        source_sha256: str | None = None,
        seen: int | None = None,
    ) -> Iterator[Transaction]:
        """Write something, all or nothing.

        Parameters
        ----------
        actor : str
            Who writes.
        reason : str
            Why.
        decision : str, optional
            Number of the decision behind it.
        source_sha256 : str, optional
            Hash of the delivery it came from.
        seen : int, optional
            Last transaction that the writer knew of when the writing was decided; not asked where absent.

        Yields
        ------
        Transaction
            Handed to the verbs of the registers. One that writes nothing leaves no trace.

        Raises
        ------
        ConflictError
            If somebody wrote after `seen` about one of the things; also if another writer holds the registry for long.
        """
        with self.store.writing():
            last = self.store.select("SELECT tx, hash FROM tx ORDER BY tx DESC LIMIT 1")
            number, previous = last[0] if last else (0, audit.GENESIS)
            beside = None if self.beside is None else self.beside.store
            tx = Transaction(number + 1, self.clock.now(), self.store, self.ids, self.zone, beside=beside)
            yield tx
            if seen is not None:
                contention.refuse_overtaken(self.store, tx.number, seen)
            if not tx.empty:
                header = {
                    "tx": tx.number, "recorded_at": tx.recorded_at, "actor": actor, "reason": reason,
                    "decision": decision, "source_sha256": source_sha256, "software": audit.software(),
                }  # fmt: skip
                with unswept():
                    digest = self._digest(tx, previous, header)
                self.store.insert_header({**header, "previous_hash": previous, "hash": digest})
        if not tx.empty:
            logger.info("transaction %d by %s: %s", tx.number, actor, reason)

    def _digest(self, tx: Transaction, previous: str, header: dict[str, Any]) -> str:
        """Hash what a transaction stored."""
        digest = audit.start(previous, header)
        for table in sorted({*tx.first, *tx.closed}):
            if table in tx.first:
                names = audit.hashed(self.store.columns(table))
                listed = ", ".join(f'"{name}"' for name in names)
                sql = f'SELECT {listed} FROM "{table}" WHERE "row" >= ? ORDER BY "row"'
                audit.add_rows(digest, table, names, self.store.stream(sql, (tx.first[table],)))
            audit.add_closed(digest, table, sorted(tx.closed.get(table, [])))
        return digest.hexdigest()

    def register(self, name: str) -> Register:
        """Return one register.

        Raises
        ------
        NotInRegister
            If the catalogue does not declare it.
        """
        if name not in self._registers:
            raise NotInRegister(
                f"no register {name!r}; the catalogue declares {', '.join(sorted(self._registers))}",
                code="register-unknown",
            )
        return self._registers[name]

    def resolve(
        self,
        eid: str,
        at: str | None = None,
        *,
        sources: Sequence[str] | None = None,
        recorded: int | str | None = None,
    ) -> tuple[Heir, ...]:
        """Return what was in force at a date in place of a thing, forward and backward in time.

        Parameters
        ----------
        eid : str
            The thing.
        at : str, optional
            The date, ISO 8601; the latest where absent.
        sources : sequence of str, optional
            Sources of lineage that are believed, the most trusted first. All where absent: those that the register
            file lists, in its order, then the others as they were first recorded.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date.

        Returns
        -------
        tuple of Heir
            The thing itself where it was in force; else what carried it on, or, before it began, what it came from.
            Empty where nothing is known to have taken its place.

        Raises
        ------
        NotInRegister
            If the thing is not known.
        """
        return succession.heirs(self, eid, at, sources=sources, recorded=recorded)

    def resolve_code(
        self, scheme: str, value: str, at: str | None = None, *, recorded: int | str | None = None
    ) -> tuple[Match, ...]:
        """Return the things that carried an official code.

        Parameters
        ----------
        scheme : str
            Scheme of the code.
        value : str
            The code.
        at : str, optional
            A date, ISO 8601: who carried it then. Absent: whoever ever did, with the dates, flagged as ambiguous
            where more than one thing did.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date.

        Returns
        -------
        tuple of Match
            In the order of time; empty where nobody did.
        """
        return succession.carriers(self, scheme, value, at, recorded=recorded)

    def resolve_name(
        self, text: str, at: str | None = None, *, kind: str | None = None, recorded: int | str | None = None
    ) -> tuple[Match, ...]:
        """Return the things that bore a name, official or not, whatever the spelling of its marks and capitals.

        Parameters
        ----------
        text : str
            The whole name.
        at, recorded : optional
            As for :meth:`resolve_code`.
        kind : str, optional
            Register that is looked in; all where absent.

        Returns
        -------
        tuple of Match
            In the order of time; empty where nothing did.
        """
        return succession.named(self, text, at, kind=kind, recorded=recorded)

    @property
    def last_tx(self) -> int:
        """Number of the last transaction, 0 in a new registry."""
        return self.store.last_row("tx")

    @property
    def root_hash(self) -> str:
        """Hash of the last transaction: of everything the registry knows."""
        return chain.root(self.store)

    def known_at(self, recorded: int | str | None) -> int:
        """Return the transaction up to which a recorded time reaches.

        Parameters
        ----------
        recorded : int, str or None
            A transaction, a date or time, or ``None`` for now. It means the last transaction at or before it; a date is
            the moment at which that day begins in the city.

        Returns
        -------
        int
            Number of that transaction.
        """
        if recorded is None:
            return OPEN - 1
        if isinstance(recorded, int):
            return recorded
        moment = second(utc(recorded, self.zone))
        return int(self.store.select("SELECT coalesce(max(tx), 0) FROM tx WHERE recorded_at <= ?", (moment,))[0][0])

    def verify(self) -> int:
        """Recompute the hash chain and let the store check itself.

        Returns
        -------
        int
            Number of transactions verified.

        Raises
        ------
        IntegrityError
            Naming the first transaction that does not agree, or what the store found.
        """
        with self.store.reading():
            wrong = self.store.check()
            if wrong:
                raise IntegrityError(f"{self.store.name}: {'; '.join(wrong)}")
            return chain.verified(self.store)
