"""Texts of a delivery: names of columns made unambiguous, wrong tables undone, characters that do harm taken out."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from sdi import encoding, text
from sdi.source.delivery import Raw

_MARKUP = re.compile(r"<\s*[a-zA-Z/!]")
_TABLES = {"tcvn3": "TCVN3", "vni": "VNI", "windows-1258": "windows-1258", "utf-8": "UTF-8"}


def mend(raw: Raw) -> None:
    """Mend names and texts of a table in place and report it.

    Parameters
    ----------
    raw : Raw
        The table as read.
    """
    _name_columns(raw)
    for name in raw.columns.columns:
        column = raw.columns[name]
        if column.dtype == object:
            raw.columns[name] = _mended(column, str(name), raw)


def _name_columns(raw: Raw) -> None:
    """Clean the names of the columns and number those that stand twice."""
    cleaned = [text.normalise(text.without_control_characters(str(name))) for name in raw.columns.columns]
    named = [_named(name, number) for number, name in enumerate(cleaned, start=1)]
    counts = Counter(named)
    seen: Counter[str] = Counter()
    names: list[str] = []
    for name in named:
        seen[name] += 1
        names.append(name if counts[name] == 1 else f"{name}_{seen[name]}")
    for name in (name for name, count in counts.items() if count > 1):
        message = f"column {name!r} stands {counts[name]} times; renamed {name}_1, {name}_2: none is taken by chance"
        raw.remark("field-duplicate", message, "repaired", column=name)
    raw.columns.columns = pd.Index(names, dtype=object)


def _named(name: str, number: int) -> str:
    """Name a column that has no name, or one that the table needs for itself."""
    return f"column_{name or number}" if name in ("", "geometry", "_row") else name


def _mended(column: pd.Series, name: str, raw: Raw) -> pd.Series:
    """Mend one column of texts; each distinct text is looked at once."""
    distinct = [value for value in pd.unique(column) if isinstance(value, str) and not _is_plain(value)]
    if not distinct:
        return column
    table = encoding.detect(distinct)
    if table is not None:
        after = _TABLES[table]
        message = f"column {name} was written in {after} and read with another table; converted to Unicode"
        raw.remark(f"encoding-{table}", message, "repaired", after=after, column=name)
        raw.encoding = after if raw.encoding == "windows-1252" else raw.encoding
    mended = {value: _mended_text(value, table) for value in distinct}
    telling = [value for value in distinct if _tells(value, mended[value])]
    rows = np.flatnonzero(column.isin(telling).to_numpy())
    for row in rows:
        _report(raw, int(row), name, column.iloc[row], mended[column.iloc[row]])
    return column.map(lambda value: mended[value][0] if isinstance(value, str) and value in mended else value)


def _is_plain(value: str) -> bool:
    """Tell whether a text needs no second look."""
    return value.isascii() and value.isprintable() and "<" not in value


Mended = tuple[str, encoding.Repair | None, tuple[str, ...]]
"""Text, repair of its table, control characters taken out."""


def _mended_text(value: str, table: encoding.Table | None) -> Mended:
    """Mend one text."""
    repair = encoding.repair(value, table)
    repaired = value if repair is None else repair.text
    controls = text.control_characters(repaired)
    return text.without_control_characters(repaired) if controls else repaired, repair, controls


def _tells(before: str, mended: Mended) -> bool:
    """Tell whether there is anything to report of a text."""
    after, repair, controls = mended
    odd = repair is not None or bool(controls) or encoding.from_mojibake(before) is not None
    return odd or text.has_lost_letters(after) or _MARKUP.search(after) is not None


def _report(raw: Raw, row: int, column: str, before: str, mended: Mended) -> None:
    """Report what was done to one cell."""
    after, repair, controls = mended
    if repair is not None:
        code = f"text-{repair.table}" if repair.case_certain else "text-case-uncertain"
        message = f"read with the wrong table; converted from {_TABLES[repair.table]}"
        if repair.table == "utf-8":
            message = "UTF-8 had been read as Western European; undone"
        if not repair.case_certain:
            message += "; TCVN3 does not tell capitals with a tone, compare with the original"
        raw.remark(code, message, "repaired", row, before=before, after=after, column=column)
    elif encoding.from_mojibake(before) is not None:
        message = "looks like UTF-8 read as Western European, but does not become Vietnamese; left as it is"
        raw.remark("text-suspicious", message, "accepted", row, before=before, column=column)
    if controls:
        message = f"control or invisible characters taken out: {', '.join(controls)}"
        raw.remark("text-control-characters", message, "repaired", row, before=repr(before), after=after, column=column)
    if text.has_lost_letters(after):
        message = "letters were lost before delivery (U+FFFD); ask the supplier for the text"
        raw.remark("text-lost-letters", message, "quarantined", row, before=before, column=column)
    if _MARKUP.search(after):
        message = "looks like markup; kept as plain text, never interpreted"
        raw.remark("text-markup", message, "accepted", row, before=before, column=column)
