"""What the delivered tables of a reform say: which units there were and are, and what became of which."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from pipelines.reform.cleaning import Row, Taken, cells, is_taken
from pipelines.reform.delivered import Saying, Told, Unit
from pipelines.reform.reform_file import UNCHANGED, Later, Level, Reform, Statement, Table
from sdi import source
from sdi.errors import RefusedError
from sdi.source import Finding
from sdi.source.archive import local_file
from sdi.source.delivery import Limits
from sdi.text import normalise


def before(reform: Reform, data: Path) -> Told:
    """Read the list of the units that there were.

    Parameters
    ----------
    reform : Reform
        Names the list.
    data : Path
        Folder of delivered data.

    Returns
    -------
    Told
        Its units.

    Raises
    ------
    RefusedError
        If a row has no code or a name of no known type, or a code is there twice.
    """
    taken = _taken(reform.before, data)
    units, above = _units(taken.rows, reform), _above(taken.rows, reform)
    return _told(reform.before, taken, units=units, above=above)


def told(table: Table, reform: Reform, data: Path) -> Told:
    """Read what a table says became of the units.

    Parameters
    ----------
    table : Table
        The table.
    reform : Reform
        Whose it is.
    data : Path
        Folder of delivered data.

    Returns
    -------
    Told
        Its rows, and the new units where it names them.

    Raises
    ------
    RefusedError
        If a value of the table means nothing that the reform declares, or one code bears two names.
    """
    taken = _taken(table, data)
    sayings = tuple(dict.fromkeys(_saying(row, table) for row in taken.rows))
    listed = dict.fromkeys((row["new"], row["new_name"]) for row in taken.rows if "new_name" in row)
    units = _units([{"code": code, "name": name} for code, name in listed], reform)
    return _told(table, taken, sayings=sayings, units=units)


def stated(statement: Statement) -> Told:
    """Return what a source states of single units."""
    sayings = tuple(Saying(**step) for step in statement.steps)
    content = orjson.dumps(statement.steps, option=orjson.OPT_SORT_KEYS)
    return Told(statement.entry, statement.licence, _document("statements", content), len(sayings), sayings)


def later(one: Later, reform: Reform, data: Path) -> Told:
    """Read a later list of the units: a JSON list whose rows hold their units.

    Parameters
    ----------
    one : Later
        The list.
    reform : Reform
        Whose it is.
    data : Path
        Folder of delivered data.

    Returns
    -------
    Told
        Its units.
    """
    path = local_file(data / one.table.source.path, Limits())
    content = path.read_bytes()
    try:
        groups = [row for row in orjson.loads(content) if is_taken(row, one.table)]
        found = [
            {wanted: normalise(str(member[column])) for wanted, column in one.table.columns.items()}
            for group in groups
            for member in group[one.members]
        ]
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise RefusedError(
            f"{path.name} is no JSON list of rows with {one.members!r} ({error!r}); correct the columns in the reform",
            code="list-unreadable",
        ) from error
    source = _document(path.name, content)
    return Told(one.table.entry, one.table.licence, source, len(found), units=_units(found, reform))


def laid(table: Table, taken: Taken, unmatched: Mapping[int, str]) -> Told:
    """Return what is told of a map: what was mended in it, and which of its names belong to no unit.

    Parameters
    ----------
    table : Table
        The map.
    taken : Taken
        Its rows.
    unmatched : mapping of int to str
        Names that belong to no unit, or to several, by row as delivered.
    """
    aside = [
        Finding("unit-unmatched", row, "belongs to no old unit, or to several", "quarantined", before=name)
        for row, name in unmatched.items()
    ]
    return replace(_told(table, taken), findings=(*taken.findings, *aside))


def _taken(table: Table, data: Path) -> Taken:
    """Read the wanted cells of a table."""
    return cells(source.read(data / table.source.path, table.source), table)


def _told(table: Table, taken: Taken, **said: Any) -> Told:
    """Return what a table says together with where it comes from."""
    labels = {number: _label(row) for number, row in zip(taken.numbers, taken.rows, strict=True)}
    return Told(
        table.entry, table.licence, taken.source, len(taken.rows), findings=taken.findings, labels=labels, **said
    )  # fmt: skip


def _label(row: Row) -> str:
    """Return that by which people know a row: its old code, its code or its name."""
    return next((row[name] for name in ("old", "code", "name") if row.get(name)), "")


def _document(name: str, content: bytes) -> dict[str, str]:
    """Say where something comes from that is no table."""
    return {
        "file": name, "format": "JSON", "encoding": "UTF-8", "crs": "", "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def _units(found: Iterable[Row], reform: Reform) -> tuple[Unit, ...]:
    """Return the units of a list, refusing what is none."""
    return _once([replace(unit_of(row, reform.types), above=_codes_above(row, reform.above)) for row in found])


def _above(found: Sequence[Row], reform: Reform) -> tuple[tuple[Unit, ...], ...]:
    """Return the units above those of a list, level by level; their names keep the type, which tells them apart."""
    levels = []
    for at, level in enumerate(reform.above, 1):
        named = {(row[level.code], row[level.name], _codes_above(row, reform.above[at:])) for row in found}
        units = [(unit_of({"code": code, "name": name}, level.types), above) for code, name, above in sorted(named)]
        levels.append(_once([replace(unit, name=unit.full_name, above=above) for unit, above in units]))
    return tuple(levels)


def _codes_above(row: Row, levels: Sequence[Level]) -> tuple[str, ...]:
    """Return the codes of the units that a unit belongs to, where its list says so."""
    return tuple(row[level.code] for level in levels if level.code in row)


def _once(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Refuse a code that stands for several units."""
    twice = [code for code, count in Counter(unit.code for unit in units).items() if count > 1]
    if twice:
        raise RefusedError(
            f"code {twice[0]} stands for {', '.join(one.full_name for one in units if one.code == twice[0])}; "
            "a list names every unit once",
            code="unit-twice",
        )
    return tuple(units)


def unit_of(row: Row, types: Mapping[str, str]) -> Unit:
    """Take the type off a full name.

    Parameters
    ----------
    row : mapping of str to str
        With ``code`` and ``name``.
    types : mapping of str to str
        First words of a full name to the type of the unit.

    Returns
    -------
    Unit

    Raises
    ------
    RefusedError
        If it has no code, or its name is of no known type.
    """
    full = row["name"]
    word = max((one for one in types if full.startswith(f"{one} ")), key=len, default=None)
    if word is None or not row["code"]:
        raise RefusedError(
            f"unit {row['code']!r} {full!r} has no code, or its name begins with none of {', '.join(types)}; "
            "add the type to the reform, or correct the columns",
            code="unit-unknown",
        )
    return Unit(row["code"], full[len(word) + 1 :], types[word], full, row.get("district", ""), row.get("province", ""))


def _saying(row: Row, table: Table) -> Saying:
    """Return what a row says; a unit that was not divided went over as a whole."""
    verb = _verb(row, table.verbs)
    whole = None if verb in ("split", UNCHANGED) else 1.0
    return Saying(row["old"], row["new"], verb, whole, whole)


def _verb(row: Row, meanings: Sequence[Mapping[str, Any]]) -> str:
    """Return what the first column says that says something."""
    for one in meanings:
        if row[one["column"]] in one["map"]:
            return str(one["map"][row[one["column"]]])
    said = {one["column"]: row[one["column"]] for one in meanings}
    raise RefusedError(
        f"the row of {row['old']} and {row['new']} says {said}, which means nothing declared; add it to verbs",
        code="verb-unknown",
    )
