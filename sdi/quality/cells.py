"""Cells of a delivery turned into values of the register: conversion, typing, codes, ranges.

Each distinct cell of a column is looked at once. A cell that cannot be read is a slip with its reason; nothing is
guessed, except where a whole column leaves only one reading (a decimal comma, the order of day and month), which is
then reported.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from sdi import text
from sdi.declaration import CodeList, Field
from sdi.entry import ColumnMapping
from sdi.quality.units import conversion
from sdi.source import Action, Finding

Cell = Any
"""A cell as delivered."""
Value = str | int | float | bool | list[float | None] | None
"""A value of the register."""
Convert = Callable[[Cell], Value]

_TRUE = frozenset({"true", "t", "yes", "y", "1", "có", "đúng"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "không", "sai"})
_LONGEST_CODE = 200
"""Characters of a cell that are compared with codes."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?|[+-]?\d{1,3}\.\d{3},\d+")
"""Number whose points can only separate thousands, as Vietnamese writes them: 1.250.000 or 1.250,5."""
_LARGEST = 2**63
"""A whole number must be smaller to be stored."""
_YEARS = range(1000, 2400)
"""Years that a date can lie in; others stand for «unknown», «never», or count another era."""
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


class Slip(ValueError):
    """A cell that does not become a value."""

    def __init__(self, code: str, message: str, *, usable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.usable = usable
        """The row can be kept without the value."""


@dataclass(slots=True)
class Column:
    """Values of one field and what was found on the way."""

    values: list[Value]
    findings: list[Finding] = field(default_factory=list)


def converted(
    target: Field, mapping: ColumnMapping, cells: Sequence[Cell], codes: CodeList | None, valid_from: str
) -> Column:
    """Turn the cells of a column into values of a field.

    Parameters
    ----------
    target : Field
        The field.
    mapping : ColumnMapping
        Unit, translation and default of the column.
    cells : sequence (row,)
        As delivered.
    codes : CodeList or None
        Codes of a code field.
    valid_from : str
        Date for which the codes must hold, ISO 8601.

    Returns
    -------
    Column
        One value per row, None where there is none, and a finding for every cell that did not become one.

    Raises
    ------
    InputError
        If the unit of the mapping does not fit the field.
    """
    if mapping.column is None:
        return Column([mapping.value] * len(cells))
    plain = [_plain(cell) for cell in cells]
    column = Column([])
    convert = _converter(target, mapping, plain, codes, column)
    known: dict[tuple[type, Cell], Value | Slip] = {}
    defaults: dict[str, int] = {}
    for row, cell in enumerate(plain):
        value = _translated(cell, mapping, convert, known)
        if isinstance(value, Slip) and mapping.default is not None and value.code in ("code-unknown", "value-unmapped"):
            defaults[str(cell)] = defaults.get(str(cell), 0) + 1
            value = mapping.default
        elif cell is None and value is not None:
            defaults[""] = defaults.get("", 0) + 1
        if isinstance(value, Slip):
            column.findings.append(_finding(value, row, target, cell, mapping))
            value = None
        elif value is None and target.required:
            message = f"{target.name} is required, but {mapping.column} is empty"
            column.findings.append(Finding("value-missing", row, message, "quarantined", column=target.name))
        column.values.append(value)
    _report_defaults(column, target, mapping, defaults)
    _report_expired(column, target, codes, valid_from)
    return column


def _plain(cell: Cell) -> Cell:
    """Return a cell as Python's own value; None where nothing is there."""
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, str):
        return text.normalise(cell) or None
    return cell.item() if hasattr(cell, "item") and not isinstance(cell, datetime) else cell


def _translated(
    cell: Cell, mapping: ColumnMapping, convert: Convert, known: dict[tuple[type, Cell], Value | Slip]
) -> Value | Slip:
    """Translate one cell, remembering what was seen before."""
    if cell is None and mapping.default is not None:
        cell = mapping.default
    key = (type(cell), cell)
    if key not in known:
        try:
            known[key] = None if cell is None else convert(cell)
        except Slip as slip:
            known[key] = slip
    return known[key]


def _finding(slip: Slip, row: int, target: Field, cell: Cell, mapping: ColumnMapping) -> Finding:
    """Report a cell that did not become a value."""
    unit = f" {mapping.unit}" if mapping.unit else ""
    action: Action = "repaired" if slip.usable else "quarantined"
    return Finding(slip.code, row, f"{target.name}: {slip}", action, before=f"{cell}{unit}", column=target.name)


def _report_defaults(column: Column, target: Field, mapping: ColumnMapping, defaults: dict[str, int]) -> None:
    """Say how often the default of the entry was taken, and for what."""
    if not defaults:
        return
    most = sorted(defaults, key=lambda cell: -defaults[cell])[:5]
    names = ", ".join(f"{cell or '(empty)'} ({defaults[cell]:,})" for cell in most)
    rows = sum(defaults.values())
    message = (
        f"{target.name}: {rows:,} rows took the default {mapping.default!r}; {len(defaults)} distinct cells: {names}"
    )
    column.findings.insert(0, Finding("value-default", None, message, "accepted", column=target.name))


def _report_expired(column: Column, target: Field, codes: CodeList | None, valid_from: str) -> None:
    """Report codes that do not hold at the date of the delivery."""
    expired = codes.expired(valid_from) if codes else {}
    for row, value in enumerate(column.values if expired else ()):
        if value in expired:
            message = f"{target.name}: {expired[str(value)]}"
            column.findings.append(Finding("code-expired", row, message, "quarantined", column=target.name))


def _converter(
    target: Field, mapping: ColumnMapping, cells: list[Cell], codes: CodeList | None, column: Column
) -> Convert:
    """Choose the reading of a column."""
    typed = _typed(target, mapping, cells, codes, column)
    if not mapping.map:
        return typed
    table = {text.normalise(str(key)): value for key, value in mapping.map.items()}

    def translate(cell: Cell) -> Value:
        key = text.normalise(_as_text(cell))
        if key not in table and cell != mapping.default:
            raise Slip("value-unmapped", f"{key!r} is not in the map of the entry; add it, or give a default")
        value = table.get(key, cell)
        return None if value is None else typed(value)

    return translate


def _typed(target: Field, mapping: ColumnMapping, cells: list[Cell], codes: CodeList | None, column: Column) -> Convert:
    """Choose the reading of a type."""
    if target.type in ("number", "integer"):
        return _number_reader(target, mapping, cells, column)
    if target.type == "series":
        return _series_reader(target, mapping, column)
    if target.type == "date":
        return _date_reader(target, cells, column)
    if target.type == "code":
        return _code_reader(codes)
    readers: Mapping[str, Convert] = {"boolean": _boolean, "datetime": _instant}
    return readers.get(target.type) or (lambda cell: _text(target, cell))


def as_text(cell: Cell) -> str | None:
    """Write a cell as text.

    Parameters
    ----------
    cell : object
        As delivered.

    Returns
    -------
    str or None
        Whole numbers without a point, dates as ISO 8601; None where nothing is there.
    """
    plain = _plain(cell)
    return None if plain is None else _as_text(plain)


def _as_text(cell: Cell) -> str:
    """Write a cell that is there as people do."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _text(target: Field, cell: Cell) -> str:
    """Read a text."""
    value = _as_text(cell)
    if target.max_length is not None and len(value) > target.max_length:
        raise Slip("text-too-long", f"has {len(value)} characters, at most {target.max_length} are kept; shorten it")
    if target.pattern and not re.fullmatch(target.pattern, value):
        raise Slip("text-pattern", f"{value!r} does not have the form {target.pattern}")
    return value


def _code_reader(codes: CodeList | None) -> Convert:
    """Read codes of a list; case does not matter."""
    table = {code.code: code.code for code in (codes.codes if codes else ())}
    folded = {code.casefold(): code for code in table}

    def read(cell: Cell) -> str:
        value = _as_text(cell)
        found = table.get(value) or folded.get(value.casefold())
        if found is None:
            # Comparing letters takes time and memory with their number; no code is that long.
            close = difflib.get_close_matches(value.casefold()[:_LONGEST_CODE], folded, n=1)
            hint = f"; did you mean {folded[close[0]]}?" if close else ""
            name = codes.name if codes else "?"
            raise Slip("code-unknown", f"{value!r} is not in the code list {name}{hint}")
        return found

    return read


def _number_reader(target: Field, mapping: ColumnMapping, cells: list[Cell], column: Column) -> Convert:
    """Read numbers, convert their unit and hold them against the range."""
    factor, offset = conversion(mapping.unit, target.unit) if mapping.unit and target.unit else (1.0, 0.0)
    if (factor, offset) != (1.0, 0.0):
        message = f"{target.name}: converted from {mapping.unit} to {target.unit}"
        column.findings.append(Finding("unit-converted", None, message, "accepted", column=target.name))
    comma = _decimal_comma(cells)
    grouped = any(isinstance(cell, str) and _GROUPED.fullmatch(cell) for cell in cells)
    if comma:
        message = f"{target.name}: the comma is read as decimal comma"
        column.findings.append(Finding("decimal-comma", None, message, "accepted", column=target.name))

    def read(cell: Cell) -> float | int:
        number = _number(cell, comma=comma, grouped=grouped)
        if (factor, offset) != (1.0, 0.0):
            # Twelve digits hide the binary tail of a conversion and keep every survey.
            number = cell = float(f"{number * factor + offset:.12g}")
        if target.type == "integer":
            number = _whole(cell, number)
        _check_range(target, number)
        return number

    return read


def _series_reader(target: Field, mapping: ColumnMapping, column: Column) -> Convert:
    """Read numbers in a row: a JSON array, as every reader of files hands it on."""
    number = _number_reader(target, mapping, [], column)

    def read(cell: Cell) -> list[float | None]:
        try:
            found = json.loads(cell) if isinstance(cell, str) else None
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise Slip("value-no-series", f"{cell!r} is no row of numbers; deliver a JSON array: [0.31, null, 0.42]")
        return [None if one is None else float(number(one)) for one in found]  # type: ignore[arg-type]

    return read


def _decimal_comma(cells: Sequence[Cell]) -> bool:
    """Tell whether commas of a column can only be decimal: never with a point, and not always before three digits."""
    texts = [cell for cell in cells if isinstance(cell, str) and "," in cell]
    if not texts or any(isinstance(cell, str) and "." in cell for cell in cells):
        return False
    return all(cell.count(",") == 1 for cell in texts) and any(len(cell.partition(",")[2]) != 3 for cell in texts)


def _number(cell: Cell, *, comma: bool, grouped: bool) -> float:
    """Read one number."""
    if isinstance(cell, bool):
        raise Slip("value-no-number", f"{cell} is no number")
    if isinstance(cell, str) and "," in cell and not comma:
        raise Slip("value-ambiguous", f"{cell!r}: the comma may separate decimals or thousands; write a decimal point")
    if grouped and isinstance(cell, str) and "." in cell:
        raise Slip("value-ambiguous", f"{cell!r}: points of this column separate thousands; write numbers without them")
    try:
        number = float(cell.replace(",", ".") if isinstance(cell, str) else cell)
    except (TypeError, ValueError, OverflowError) as error:
        raise Slip("value-no-number", f"{cell!r} is no number") from error
    if not math.isfinite(number) or (isinstance(cell, str) and "_" in cell):
        raise Slip("value-no-number", f"{cell!r} is no number")
    return number


def _whole(cell: Cell, number: float) -> int:
    """Return a whole number, exact also beyond 2**53."""
    if number != int(number):
        raise Slip("value-not-whole", f"{cell} is no whole number")
    if abs(number) >= _LARGEST:
        raise Slip("value-out-of-range", f"{number:g} is larger than a whole number may be; is it a code or a name?")
    return int(cell) if isinstance(cell, int) or re.fullmatch(r"[+-]?\d+", str(cell)) else int(number)


def _check_range(target: Field, number: float) -> None:
    """Hold a number against its range; an impossible observation is left out, an impossible property is bad."""
    low, high = target.minimum, target.maximum
    if (low is None or number >= low) and (high is None or number <= high):
        return
    unit = f" {target.unit}" if target.unit not in (None, "1") else ""
    allowed = " and ".join(
        f"{word} {bound:g}{unit}" for word, bound in (("at least", low), ("at most", high)) if bound is not None
    )
    usable = target.observed and not target.required
    done = "the observation was left out, the thing kept" if usable else "correct the value or its unit"
    raise Slip("value-out-of-range", f"{number:g}{unit} is not {allowed}; {done}", usable=usable)


def _boolean(cell: Cell) -> bool:
    """Read a truth."""
    word = _as_text(cell).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Slip("value-no-truth", f"{cell!r} is neither true nor false; map it in the entry")


def _date_reader(target: Field, cells: list[Cell], column: Column) -> Convert:
    """Read dates: ISO 8601, or day, month and year where the column leaves no doubt about their order."""
    pairs = [match for cell in cells if isinstance(cell, str) and (match := _DAY_FIRST.fullmatch(cell))]
    firsts, seconds = ([int(match[group]) for match in pairs] for group in (1, 2))
    day_first = bool(pairs) and max(firsts) > 12 and max(seconds) <= 12
    month_first = bool(pairs) and max(seconds) > 12 and max(firsts) <= 12
    if day_first or month_first:
        order = "day, month, year" if day_first else "month, day, year"
        message = f"{target.name}: dates are read as {order}, the only order that fits all"
        column.findings.append(Finding("date-order", None, message, "accepted", column=target.name))

    def read(cell: Cell) -> str:
        if isinstance(cell, date):
            return _in_our_time(cell.date() if isinstance(cell, datetime) else cell).isoformat()
        value = str(cell)
        match = _DAY_FIRST.fullmatch(value)
        if match and not (day_first or month_first):
            raise Slip("date-ambiguous", f"{value!r} may be two dates; deliver dates as YYYY-MM-DD")
        if match:
            day, month = (match[1], match[2]) if day_first else (match[2], match[1])
            value = f"{match[3]}-{int(month):02d}-{int(day):02d}"
        try:
            return _in_our_time(datetime.fromisoformat(value).date()).isoformat()
        except ValueError as error:
            if isinstance(error, Slip):
                raise
            raise Slip(
                "value-no-date", f"{cell!r} is no date{_counted_day(value)}; deliver dates as YYYY-MM-DD"
            ) from error

    return read


def _in_our_time(day: date) -> date:
    """Return a day, unless its year is none that a thing of a city can have."""
    if day.year not in _YEARS:
        message = (
            f"{day.isoformat()} lies in the year {day.year}; write the year of our era, or nothing if it is unknown"
        )
        raise Slip("date-far", message)
    return day


def _counted_day(value: str) -> str:
    """Say which day a spreadsheet means by a number of days; nothing where it cannot be one."""
    if not re.fullmatch(r"[2-7]\d{4}(\.\d+)?", value, re.ASCII):
        return ""
    return (
        f" (a spreadsheet means {(date(1899, 12, 30) + timedelta(days=int(float(value)))).isoformat()} by that number)"
    )


def _instant(cell: Cell) -> str:
    """Read a moment; one without its time zone may be hours away."""
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell))
    except ValueError as error:
        raise Slip("value-no-date", f"{cell!r} is no moment; deliver it as 2025-07-01T08:00:00+07:00") from error
    if moment.tzinfo is None:
        raise Slip("value-without-zone", f"{cell!r} has no time zone; deliver it as 2025-07-01T08:00:00+07:00")
    return moment.isoformat()
