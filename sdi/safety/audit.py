"""The hash chain over transactions.

The hash of a transaction covers the hash before it, its own header, every row it wrote and every row it closed, in a
canonical form: one JSON object per row with sorted keys, without empty columns, geometry in hexadecimal. Leaving
empty columns out keeps old hashes true when a register gains a field. Both stores give the same hash, because row
numbers are part of the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import batched

import orjson

FORM = 1
"""Version of the canonical row form; part of every header."""
GENESIS = "0" * 64
"""What the first transaction follows."""
_CHUNK = 1_000
"""Rows written at a time [1]."""


def hashed(columns: Iterable[str]) -> tuple[str, ...]:
    """Return those columns of a table that a hash covers, in the order in which it does."""
    return tuple(sorted(name for name in columns if name != "tx_to"))


def lines(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write rows in canonical form.

    Parameters
    ----------
    names : sequence of str (m,)
        Columns as `hashed` orders them.
    rows : iterable of sequence (n, m)
        Values; bytes are written in hexadecimal.

    Returns
    -------
    bytes
        A JSON object and a line feed for each row.
    """
    written = []
    for row in rows:
        known: Mapping[str, object] = dict(zip(names, row, strict=True))
        if None in row:
            known = {name: value for name, value in known.items() if value is not None}
        written.append(orjson.dumps(known, _hexadecimal, orjson.OPT_APPEND_NEWLINE))
    return b"".join(written)


def _hexadecimal(value: object) -> str:
    """Write what JSON has no form for: a geometry."""
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no canonical form")


@cache
def software() -> str:
    """Return name and version of what writes, looked up once: that reads a file, and takes longer than the writing."""
    return f"phusa {version('phusa')}"


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


def add_rows(digest: hashlib._Hash, table: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add the rows that a transaction wrote into one table, in the order of their numbers; columns as `hashed`."""
    digest.update(table.encode() + b"\n")
    for some in batched(rows, _CHUNK):
        digest.update(lines(names, some))


def add_closed(digest: hashlib._Hash, table: str, rows: Iterable[int]) -> None:
    """Add the rows of one table that a transaction closed; closing a row is an event of its own."""
    for row in rows:
        digest.update(f"close {table} {row}\n".encode())
