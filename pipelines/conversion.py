"""What the delivered tables of a reform say: which units there were and are, and what became of which."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from pipelines.reform_file import UNCHANGED, Later, Reform, Statement, Table
from sdi import source
from sdi.entry import Licence
from sdi.errors import RefusedError
from sdi.source.archive import local_file
from sdi.source.delivery import Delivery, Limits
from sdi.text import nfc, normalise

Row = Mapping[str, str]

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LOST_ZEROS = re.compile(r"(\d+)(\.0)?")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a list names it."""

    code: str
    name: str
    """Without its type."""
    type: str
    full_name: str
    district: str = ""
    province: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """What one row says became of a unit, by codes."""

    old: str
    new: str
    verb: str
    area_share: float | None = None
    population_share: float | None = None
    area_m2: float | None = None
    population: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one delivery says."""

    entry: str
    licence: Licence
    sha256: str
    sayings: tuple[Saying, ...] = ()
    units: tuple[Unit, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)
    """What was mended, and in how many cells."""


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
    found, sha256, repairs = _rows(reform.before, data)
    return Told(reform.before.entry, reform.before.licence, sha256, (), _units(found, reform), repairs)


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
    found, sha256, repairs = _rows(table, data)
    sayings = tuple(dict.fromkeys(_saying(row, table) for row in found))
    listed = dict.fromkeys((row["new"], row["new_name"]) for row in found if "new_name" in row)
    units = _units([{"code": code, "name": name} for code, name in listed], reform)
    return Told(table.entry, table.licence, sha256, sayings, units, repairs)


def stated(statement: Statement) -> Told:
    """Return what a source states of single units."""
    sayings = tuple(Saying(**step) for step in statement.steps)
    content = orjson.dumps(statement.steps, option=orjson.OPT_SORT_KEYS)
    return Told(statement.entry, statement.licence, hashlib.sha256(content).hexdigest(), sayings)


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
        groups = [row for row in orjson.loads(content) if _taken(row, one.table)]
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
    return Told(one.table.entry, one.table.licence, hashlib.sha256(content).hexdigest(), (), _units(found, reform))


def _rows(table: Table, data: Path) -> tuple[Sequence[Row], str, Counter[str]]:
    """Read the wanted cells of a table; return them with the hash of the file and what was mended."""
    delivery = source.read(data / table.source.path, table.source)
    found, repairs = cells(delivery, table)
    return found, delivery.sha256, repairs


def cells(delivery: Delivery, table: Table) -> tuple[Sequence[Row], Counter[str]]:
    """Return the wanted cells of the rows that a table is about.

    Parameters
    ----------
    delivery : Delivery
        The table as read.
    table : Table
        Names columns and rows.

    Returns
    -------
    sequence of mapping and Counter
        Cells by what they are, and what was mended in how many of them.

    Raises
    ------
    RefusedError
        If a column is missing, or no row is left.
    """
    names = {str(name) for name in delivery.table.columns}
    missing = {*table.columns.values(), *table.where, *(one["column"] for one in table.verbs)} - names
    if missing:
        raise RefusedError(
            f"{delivery.path.name} has no column {min(missing)!r}; it has {', '.join(sorted(names))}",
            code="column-missing",
        )
    repairs: Counter[str] = Counter()
    taken = [row for row in delivery.table.to_dict("records") if _taken(row, table)]
    if not taken:
        raise RefusedError(f"{delivery.path.name} has no row for {dict(table.where)}; correct where", code="rows-none")
    wanted = {**table.columns, **{one["column"]: one["column"] for one in table.verbs}}
    cleaned: list[dict[str, str]] = [
        {name: _clean(row[column], repairs) for name, column in wanted.items()} for row in taken
    ]
    for row in cleaned:
        for name in ("old", "new"):
            if table.digits and name in row:
                row[name] = _code(row[name], table.digits, repairs)
    return cleaned, repairs


def _taken(row: Mapping[str, Any], table: Table) -> bool:
    """Tell whether a row is one of those that are meant."""
    return all(normalise(str(row[column])) in values for column, values in table.where.items())


def _clean(value: Any, repairs: Counter[str]) -> str:
    """Return a cell as one line of composed text, counting what was mended."""
    written = "" if pd.isna(value) else str(value)
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
    repairs["escaped letters"] += text != written
    repairs["line breaks and spaces"] += nfc(text) != normalise(text)
    repairs["decomposed letters"] += text != nfc(text)
    return normalise(text)


def _code(text: str, digits: int, repairs: Counter[str]) -> str:
    """Return a code with the zeros that a spreadsheet took from it, and without those it added."""
    number = _LOST_ZEROS.fullmatch(text)
    code = number[1].zfill(digits) if number else text
    repairs["codes read as numbers"] += code != text
    return code


def _units(found: Iterable[Row], reform: Reform) -> tuple[Unit, ...]:
    """Return the units of a list, refusing what is none."""
    units = [_unit(row, reform.types) for row in found]
    twice = [code for code, count in Counter(unit.code for unit in units).items() if count > 1]
    if twice:
        raise RefusedError(
            f"code {twice[0]} stands for {', '.join(one.full_name for one in units if one.code == twice[0])}; "
            "a list names every unit once",
            code="unit-twice",
        )
    return tuple(units)


def _unit(row: Row, types: Mapping[str, str]) -> Unit:
    """Take the type off a full name."""
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
