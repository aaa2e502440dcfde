"""The registry: everything a workspace knows, and the transactions through which it learns.

A transaction writes rows, the outbox and a hash chained to the one before, all or nothing. What it wrote is read
back from the store for the hash, so that the chain speaks of what is stored and not of what was meant.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sdi import audit, succession
from sdi.catalog import Catalog
from sdi.crs import StorageCRS
from sdi.descent import Lineage
from sdi.errors import IntegrityError, NotInRegister, WorkspaceError
from sdi.history import OPEN, Clock, instant, second
from sdi.identity import Ids
from sdi.register import Register
from sdi.store.schema import core, register_table
from sdi.store.store import Row, Store
from sdi.succession import Heir, Match
from sdi.transaction import Transaction

logger = logging.getLogger(__name__)

WORKSPACE = "*"
"""Stands among the declarations for the workspace itself: its storage CRS and operation, covered by the hash chain."""


class Registry:
    """Everything one workspace knows.

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
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        crs: StorageCRS,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        self.store = store
        self.catalog = catalog
        self.crs = crs
        self.clock = clock or Clock()
        self.ids = ids or Ids.system()
        self.lineage = Lineage(self)
        self._registers = {name: Register(declaration, self) for name, declaration in catalog.registers.items()}

    @classmethod
    def open(
        cls, store: Store, catalog: Catalog, crs: StorageCRS, *, clock: Clock | None = None, ids: Ids | None = None
    ) -> Registry:
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

        Raises
        ------
        WorkspaceError
            If it was made with another storage CRS, or a register was narrowed.
        """
        registry = cls(store, catalog, crs, clock, ids)
        registry._prepare()
        return registry

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def _prepare(self) -> None:
        """Make the tables and record every new version of a declaration as a transaction."""
        metadata = sa.MetaData()
        tables = list(core(metadata).values())
        registers = {name: register_table(declared, metadata) for name, declared in self.catalog.registers.items()}
        self.store.ensure([*tables, *registers.values()])
        known = {
            row[0]: (row[1], json.loads(row[2]))
            for row in self.store.select('SELECT register, version, "columns" FROM declaration ORDER BY "row"')
        }
        news = self._first_of_crs(known.pop(WORKSPACE, None))
        for name, declared in self.catalog.registers.items():
            columns: dict[str, str] = {one.name: one.type for one in declared.fields}
            recorded = known.get(name)
            if recorded is None or recorded != (declared.version, columns):
                self._refuse_narrowing(name, recorded[1] if recorded else {}, columns)
                news.append((name, declared.version, json.dumps(columns, sort_keys=True)))
        if news:
            with self.transaction(actor="phusa", reason="declarations of registers") as tx:
                rows = [(*new, tx.number) for new in news]
                tx.insert("declaration", ("register", "version", "columns", "tx_from"), rows)

    def _first_of_crs(self, recorded: tuple[str, Any] | None) -> list[tuple[str, str, str]]:
        """Return the row that fixes the storage CRS for ever, where none does yet.

        Raises
        ------
        WorkspaceError
            If the coordinates were written in another CRS, or by another operation.
        """
        wanted = (self.crs.code, self.crs.operation)
        if recorded is not None and recorded != wanted:
            raise WorkspaceError(
                f"{self.store.name} keeps its locations in {recorded[0]} ({recorded[1]}), but the workspace says "
                f"{wanted[0]} ({wanted[1]}); a storage CRS is chosen once: make a new workspace and load it again"
            )
        return [] if recorded else [(WORKSPACE, self.crs.code, json.dumps(self.crs.operation))]

    @staticmethod
    def _refuse_narrowing(name: str, before: dict[str, str], after: dict[str, str]) -> None:
        """Refuse a declaration that loses a field or changes its type."""
        for column, kind in before.items():
            if after.get(column) != kind:
                now = after.get(column, "absent")
                raise WorkspaceError(
                    f"register {name}: field {column} was {kind} and is now {now}; a register may only gain fields, "
                    "so keep the field or give the new meaning a new name",
                    code="declaration-narrowed",
                )

    @contextmanager
    def transaction(
        self, actor: str, reason: str, *, decision: str | None = None, source_sha256: str | None = None
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

        Yields
        ------
        Transaction
            Handed to the verbs of the registers. One that writes nothing leaves no trace.
        """
        with self.store.writing():
            last = self.store.select("SELECT tx, hash FROM tx ORDER BY tx DESC LIMIT 1")
            number, previous = last[0] if last else (0, audit.GENESIS)
            tx = Transaction(number + 1, self.clock.now(), self.store, self.ids)
            yield tx
            if not tx.empty:
                header = {
                    "tx": tx.number, "recorded_at": tx.recorded_at, "actor": actor, "reason": reason,
                    "decision": decision, "source_sha256": source_sha256, "software": f"phusa {version('phusa')}",
                }  # fmt: skip
                digest = self._digest(tx, previous, header)
                self.store.insert_header({**header, "previous_hash": previous, "hash": digest})
        if not tx.empty:
            logger.info("transaction %d by %s: %s", tx.number, actor, reason)

    def _digest(self, tx: Transaction, previous: str, header: dict[str, Any]) -> str:
        """Hash what a transaction stored."""
        digest = audit.start(previous, header)
        for table in sorted({*tx.first, *tx.closed}):
            if table in tx.first:
                rows = self.store.stream(f'SELECT * FROM "{table}" WHERE "row" >= ? ORDER BY "row"', (tx.first[table],))
                audit.add_rows(digest, table, self.store.columns(table), rows)
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
        """Return the things that bore an official name, whatever the spelling of its marks and capitals.

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
        found = self.store.select("SELECT hash FROM tx ORDER BY tx DESC LIMIT 1")
        return found[0][0] if found else audit.GENESIS

    def known_at(self, recorded: int | str | None) -> int:
        """Return the transaction up to which a recorded time reaches.

        Parameters
        ----------
        recorded : int, str or None
            A transaction, a date or time, or ``None`` for now. A date means the last transaction at or before it.

        Returns
        -------
        int
            Number of that transaction.
        """
        if recorded is None:
            return OPEN - 1
        if isinstance(recorded, int):
            return recorded
        moment = second(instant(recorded))
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
            return self._verify_chain()

    def _verify_chain(self) -> int:
        """Recompute every hash in one pass over the tables."""
        tables = [table for table in self.store.recorded_tables() if "tx_from" in self.store.columns(table)]
        written = {table: _grouped(self.store, table) for table in tables}
        closed = {table: _closings(self.store, table) for table in tables if "tx_to" in self.store.columns(table)}
        previous, count = audit.GENESIS, 0
        names = self.store.columns("tx")
        for row in self.store.stream("SELECT * FROM tx ORDER BY tx"):
            header = dict(zip(names, row, strict=True))
            recorded, before = header.pop("hash"), header.pop("previous_hash")
            digest = audit.start(previous, header)
            for table in sorted(tables):
                rows = written[table].take(header["tx"])
                if rows is not None:
                    audit.add_rows(digest, table, self.store.columns(table), rows)
                audit.add_closed(digest, table, closed.get(table, {}).pop(header["tx"], []))
            if before != previous or digest.hexdigest() != recorded:
                raise IntegrityError(
                    f"transaction {header['tx']} of {header['recorded_at']} does not hash to what was recorded: "
                    "a row was changed outside phusa; restore the last backup that verifies",
                    details={"tx": header["tx"]},
                )
            previous, count = recorded, count + 1
        left = [table for table in tables if written[table].more or closed.get(table)]
        if left:
            raise IntegrityError(
                f"table {left[0]} holds rows written or closed by no transaction; restore the last backup that verifies"
            )
        return count


class _Grouped:
    """Rows of one table, handed out transaction by transaction."""

    def __init__(self, rows: Iterator[Row], position: int) -> None:
        self._groups = groupby(rows, key=lambda row: row[position])
        self._head = next(self._groups, None)

    def take(self, tx: int) -> Iterator[Row] | None:
        """Return the rows of a transaction, ``None`` where it wrote none here."""
        if self._head is None or self._head[0] != tx:
            return None
        rows = list(self._head[1])
        self._head = next(self._groups, None)
        return iter(rows)

    @property
    def more(self) -> bool:
        """Whether rows are left."""
        return self._head is not None


def _grouped(store: Store, table: str) -> _Grouped:
    """Stream a table in the order of its rows, which is the order of transactions."""
    position = store.columns(table).index("tx_from")
    return _Grouped(store.stream(f'SELECT * FROM "{table}" ORDER BY "row"'), position)


def _closings(store: Store, table: str) -> dict[int, list[int]]:
    """Return the rows that each transaction closed in a table."""
    found: dict[int, list[int]] = {}
    for row, tx in store.stream(f'SELECT "row", tx_to FROM "{table}" WHERE tx_to <> {OPEN} ORDER BY "row"'):
        found.setdefault(tx, []).append(row)
    return found
