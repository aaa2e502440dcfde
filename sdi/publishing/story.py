"""Stories: what is known of things, read from the registry piece by piece, as far as an audience may see it.

Most things were recorded once and never changed: all that is known of them holds for good, and is one piece as it is
read. Only what has a history is taken apart and joined.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import orjson

from sdi.access import generalise
from sdi.access.level import hidden, shown_at
from sdi.declaration import Declaration, Level
from sdi.history import FOREVER, OPEN
from sdi.place import address
from sdi.publishing.shared import Shared
from sdi.publishing.timeline import ROW, Fact, Piece, pieces
from sdi.registry import Registry
from sdi.store.schema import REGISTER_PREFIX, column_name
from sdi.store.store import Row

Story = tuple[str, list[Piece]]
"""Identifier of a thing, and the pieces in which it was in its register."""
_TIMES = "{0}.valid_from, {0}.valid_to, {0}.tx_from, {0}.tx_to"
_CHOSEN = 'e."row" IN ({rows})'
_FIELDS = 7
"""Place of the first field in a register's own row, as it is read here."""


def _later(column: str) -> str:
    """Return the SQL of the later of two times, of a place and of being there."""
    return f"CASE WHEN l.{column} > v.{column} THEN l.{column} ELSE v.{column} END"


def _earlier(column: str) -> str:
    """Return the SQL of the earlier of two times, of a place and of being there."""
    return f"CASE WHEN l.{column} < v.{column} THEN l.{column} ELSE v.{column} END"


_MEANWHILE = ", ".join((_later("valid_from"), _earlier("valid_to"), _later("tx_from"), _earlier("tx_to")))
"""Times at which a place, or the name of a street, holds and is known together with what ties it to a thing."""


class Stories:
    """What is known of the things of a register.

    Parameters
    ----------
    declaration : Declaration
        The register, with those schemes only that its things have codes in.
    level : {'public', 'restricted'}
        Who reads.
    registry : Registry
        Where the things are kept.
    generalised : float, optional [m]
        Width of the squares in which this audience sees restricted things; it does not see them where absent.
    shared : Shared
        What was worked out for another audience.
    """

    def __init__(
        self,
        declaration: Declaration,
        level: Level,
        registry: Registry,
        generalised: float | None,
        shared: Shared,
    ) -> None:
        self._shared = shared
        self._declaration = declaration
        self._level: Level = level
        self._registry = registry
        self._generalised = generalised
        self._fields = declaration.published(level)

    def of(self, rows: Sequence[int]) -> dict[int, Story]:
        """Return the stories of some things.

        Parameters
        ----------
        rows : sequence of int (n,)
            Entity rows of the things, in order; one or more.

        Returns
        -------
        dict of int to tuple of str and list of Piece
            By entity row.
        """
        veiled = set(self._veiled(rows)) if self._generalised is not None else set()
        own = self._own(rows)
        intricate = veiled.union(one[0] for one in own if one[3] != FOREVER or one[5] != OPEN)
        held = {one[0]: one[2:6] for one in own}
        facts: dict[int, dict[Hashable, Any]] = {one[0]: {ROW: one[6:]} for one in own}
        for table, keyed, sql in self._dated():
            for one in self._read(sql, rows):
                row = one[0]
                if one[3:] == held[row]:
                    facts[row][(table, one[1]) if keyed else table] = one[2]
                elif one[3] < one[4] and one[5] < one[6]:  # what a place had before the thing came to it says nothing
                    intricate.add(row)
        whole = {one[0]: (one[1], [Piece._make((*one[2:6], facts[one[0]]))]) for one in own}
        return whole | self._joined(rows, own, veiled, intricate) if intricate else whole

    def _joined(
        self, rows: Sequence[int], own: Sequence[Row], veiled: set[int], intricate: set[int]
    ) -> dict[int, Story]:
        """Join everything recorded about the intricate ones; of those that are veiled, what this audience sees."""
        eids: dict[int, str] = {}
        found: dict[int, list[Fact]] = {row: [] for row in intricate}
        for one in own:
            if one[0] in intricate:
                eids[one[0]] = one[1]
                found[one[0]].append(Fact(ROW, one[6:], *one[2:6]))
        for table, keyed, sql in self._dated():  # of all of them, which were read already
            for row, key, value, start, end, known, until in self._read(sql, rows):
                if row in intricate and start < end and known < until:
                    found[row].append(Fact((table, key) if keyed else table, value, start, end, known, until))
        if self._generalised is not None:
            for row in veiled:
                found[row] = generalise.veiled(found[row], self._fields, self._generalised)
        return {row: (eid, [piece for piece in pieces(found[row]) if ROW in piece.facts]) for row, eid in eids.items()}

    def _read(self, sql: str, rows: Sequence[int]) -> list[Row]:
        """Run a query for some entity rows, unless another audience asked the same of the same; a run is a range."""
        store = self._registry.store
        given: tuple[object, ...]
        if len(rows) == rows[-1] - rows[0] + 1:
            asked, given = sql.replace('"row" IN ({rows})', '"row" BETWEEN ? AND ?'), (rows[0], rows[-1])
        else:
            asked, given = sql.replace("{rows}", store.listed(int)), (orjson.dumps(list(rows)).decode(),)
        return self._shared.once(asked, given, lambda: list(store.stream(asked, given)))

    def _veiled(self, rows: Sequence[int]) -> list[int]:
        """Return the entity rows of those things that this audience sees without their exact place."""
        sql = f'SELECT e."row" FROM entity e WHERE {_CHOSEN} AND NOT {shown_at(self._level)}'
        return [row for (row,) in self._read(sql, rows)]

    def _own(self, rows: Sequence[int]) -> list[Row]:
        """Read the register's own rows: entity row, identifier, times, status, fields.

        What refers to things that this audience may not see, or sees only roughly, is left out.
        """
        fields = "".join(f', r."{column_name(field)}"' for field in self._fields)
        sql = (
            f'SELECT e."row", e.eid, {_TIMES.format("r")}, r.status{fields} FROM entity e '
            f'JOIN "{REGISTER_PREFIX}{self._declaration.name}" r ON r.eid = e.eid WHERE {_CHOSEN}'
        )
        known = self._read(sql, rows)
        places = [place for place, field in enumerate(self._fields, _FIELDS) if field.type == "reference"]
        if not places:
            return known
        few = hidden(self._registry, self._level, sorted({row[place] for row in known for place in places} - {None}))
        if not few:
            return known
        return [
            tuple(None if place in places and one in few else one for place, one in enumerate(row)) for row in known
        ]

    def _dated(self) -> Iterable[tuple[str, bool, str]]:
        """Return the queries for codes, names and places: slot, whether it has a key, SQL."""
        if self._declaration.schemes:
            times = _TIMES.format("i")
            codes = f'SELECT e."row", i.scheme, i.value, {times} FROM entity e JOIN identifier i ON i.eid = e.eid'
            yield "scheme", True, f"{codes} WHERE {_CHOSEN}"
        if self._declaration.languages:
            times = _TIMES.format("n")
            names = f'SELECT e."row", n.language, n.text, {times} FROM entity e JOIN name n ON n.eid = e.eid'
            yield "name", True, f"{names} WHERE n.type = 'official' AND {_CHOSEN}"
        if self._declaration.languages and self._registry.store.last_row("other_name"):
            key = "n.language || '.' || n.type || '.' || n.text"
            others = f'SELECT e."row", {key}, n.text, {times} FROM entity e JOIN other_name n ON n.eid = e.eid'
            yield "other_name", True, f"{others} WHERE {_CHOSEN}"
        if self._declaration.shows_address(self._level):
            yield from self._addresses()
        places = (
            f'SELECT e."row", l.role, v.geometry, {_MEANWHILE} FROM entity e JOIN locates l ON l.eid = e.eid '
            "JOIN location_version v ON v.lid = l.lid"
        )
        yield "geometry", False, f"{places} WHERE l.role = '{self._declaration.location.role}' AND {_CHOSEN}"

    def _addresses(self) -> Iterable[tuple[str, bool, str]]:
        """Return the queries for addresses and for what their streets, where they show, were called meanwhile."""
        said = f'SELECT e."row", l.eid, {address.packed("l")}, {_TIMES.format("l")} FROM entity e '
        yield "address", False, f"{said} JOIN address l ON l.eid = e.eid WHERE {_CHOSEN}"
        called = f'SELECT e."row", l.eid, v.text, {_MEANWHILE} FROM entity e JOIN address l ON l.eid = e.eid '
        official = "v.type = 'official' AND v.language = 'vi'"
        shown = f"l.street IN (SELECT e.eid FROM entity e WHERE {shown_at(self._level)})"
        yield "street", False, f"{called} JOIN name v ON v.eid = l.street WHERE {official} AND {shown} AND {_CHOSEN}"
