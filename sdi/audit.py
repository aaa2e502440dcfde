"""The hash chain over transactions.

The hash of a transaction covers the hash before it, its own header, every row it wrote and every row it closed, in a
canonical form: one JSON object per row with sorted keys, without empty columns, geometry in hexadecimal. Leaving
empty columns out keeps old hashes true when a register gains a field. Both stores give the same hash, because row
numbers are part of the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import orjson

FORM = 1
"""Version of the canonical row form; part of every header."""
GENESIS = "0" * 64
"""What the first transaction follows."""


def row_line(columns: Sequence[str], row: Sequence[object]) -> bytes:
    """Write one row in canonical form.

    Parameters
    ----------
    columns : sequence of str (n,)
        Column names.
    row : sequence (n,)
        Values; bytes are written in hexadecimal.

    Returns
    -------
    bytes
        A JSON object and a line feed.
    """
    known = {
        name: value.hex() if isinstance(value, bytes | memoryview) else value
        for name, value in zip(columns, row, strict=True)
        if value is not None and name != "tx_to"
    }
    return orjson.dumps(known, option=orjson.OPT_SORT_KEYS) + b"\n"


def start(previous_hash: str, header: Mapping[str, object]) -> hashlib._Hash:
    """Begin the hash of a transaction.

    Parameters
    ----------
    previous_hash : str
        Hash of the transaction before it.
    header : mapping
        Number, time, actor, reason, decision, source and software.
    """
    known = {name: value for name, value in header.items() if value is not None}
    return hashlib.sha256(previous_hash.encode() + orjson.dumps([FORM, known], option=orjson.OPT_SORT_KEYS))


def add_rows(digest: hashlib._Hash, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add the rows that a transaction wrote into one table, in the order of their numbers."""
    digest.update(table.encode() + b"\n")
    for row in rows:
        digest.update(row_line(columns, row))


def add_closed(digest: hashlib._Hash, table: str, rows: Iterable[int]) -> None:
    """Add the rows of one table that a transaction closed; closing a row is an event of its own."""
    for row in rows:
        digest.update(f"close {table} {row}\n".encode())
