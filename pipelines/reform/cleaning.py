"""The cells of a delivered table as one line of text each, with what was mended in them.

Tables of a reform come from spreadsheets: names with line breaks, codes that lost their leading zeros, letters written
as escapes. All of it is mended without guessing, and every mended cell is a finding of the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.reform.reform_file import Table
from sdi.errors import RefusedError
from sdi.source import Finding
from sdi.source.delivery import Delivery
from sdi.text import nfc, normalise

Row = Mapping[str, str]

ESCAPED, SPACES, DECOMPOSED, ZEROS = "text-escaped", "text-spaces", "text-decomposed", "code-zeros"
MENDED: Mapping[str, str] = {
    ESCAPED: "escaped letters",
    SPACES: "line breaks and spaces",
    DECOMPOSED: "decomposed letters",
    ZEROS: "codes read as numbers",
}
"""What is mended, by code of the finding."""

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LOST_ZEROS = re.compile(r"(\d+)(\.0)?")


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of a delivery that are meant."""

    rows: Sequence[Row]
    """Cells by what they are."""
    numbers: Sequence[int]
    """Numbers of the rows as delivered, counted from 0."""
    findings: tuple[Finding, ...]
    """What was mended."""
    source: Mapping[str, str]
    """File, format, encoding, CRS and digest of the delivery, as a report tells them."""


def cells(delivery: Delivery, table: Table) -> Taken:
    """Return the wanted cells of the rows that a table is about.

    Parameters
    ----------
    delivery : Delivery
        The table as read.
    table : Table
        Names columns and rows.

    Returns
    -------
    Taken
        Rows, and what was mended in them.

    Raises
    ------
    RefusedError
        If a column is missing, or no row is left.
    """
    names = {str(name) for name in delivery.table.columns}
    needed = {*table.columns.values(), *table.where, *(one["column"] for one in table.verbs)}
    missing = needed - names
    if missing:
        raise RefusedError(
            f"{delivery.path.name} has no column {min(missing)!r}; it has {', '.join(sorted(names))}",
            code="column-missing",
        )
    records = delivery.table[sorted(needed)].to_dict("records")
    kept = [(at, row) for at, row in enumerate(records) if is_taken(row, table)]
    if not kept:
        raise RefusedError(f"{delivery.path.name} has no row for {dict(table.where)}; correct where", code="rows-none")
    wanted = {**table.columns, **{one["column"]: one["column"] for one in table.verbs}}
    findings: list[Finding] = []
    rows = []
    for at, row in kept:
        mended = {name: _mended(row[column], name, table) for name, column in wanted.items()}
        rows.append({name: text for name, (text, _) in mended.items()})
        findings += [
            Finding(code, at, MENDED[code], "repaired", _written(row[wanted[name]]), text, wanted[name])
            for name, (text, codes) in mended.items()
            for code in codes
        ]
    source = {
        "file": delivery.path.name, "format": delivery.format, "encoding": delivery.encoding,
        "crs": delivery.crs_name, "sha256": delivery.sha256,
    }  # fmt: skip
    return Taken(rows, [at for at, _ in kept], tuple(findings), source)


def is_taken(row: Mapping[str, Any], table: Table) -> bool:
    """Tell whether a row is one of those that are meant."""
    return all(normalise(str(row[column])) in values for column, values in table.where.items())


def _written(value: Any) -> str:
    """Return a cell as it was written."""
    return "" if pd.isna(value) else str(value)


def _mended(value: Any, name: str, table: Table) -> tuple[str, Sequence[str]]:
    """Return a cell as one line of composed text, with the codes of what was mended."""
    written = _written(value)
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
    clean = normalise(text)
    number = _LOST_ZEROS.fullmatch(clean) if table.digits and name in ("old", "new") else None
    code = number[1].zfill(table.digits or 0) if number else clean
    return code, list(_codes(written, text, clean, code))


def _codes(written: str, text: str, clean: str, code: str) -> Iterator[str]:
    """Yield what was mended from one form of a cell to the next."""
    if text != written:
        yield ESCAPED
    if clean != nfc(text):
        yield SPACES
    if nfc(text) != text:
        yield DECOMPOSED
    if code != clean:
        yield ZEROS
