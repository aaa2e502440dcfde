"""The hash chain over transactions.

The hash of a transaction covers the hash before it, its own header, every row it wrote and every row it closed, in a
canonical form: one JSON object per row with sorted keys, without empty columns, geometry in hexadecimal. Leaving
empty columns out keeps old hashes true when a register gains a field. Both stores give the same hash, because row
numbers are part of the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import batched
from operator import itemgetter

import orjson

FORM = 1
"""Version of the canonical row form; part of every header."""
GENESIS = "0" * 64
"""What the first transaction follows."""
_CHUNK = 1_000
"""Rows handed to the hash at a time [1]."""


def row_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Write rows in canonical form.

    Parameters
    ----------
    columns : sequence of str (m,)
        Column names, two or more.
    rows : iterable of sequence (n, m)
        Values; bytes are written in hexadecimal.

    Yields
    ------
    bytes
        A JSON object and a line feed for each row.
    """
    places = sorted((name, at) for at, name in enumerate(columns) if name != "tx_to")
    names, picked = [name for name, _ in places], itemgetter(*(at for _, at in places))
    for row in map(picked, rows):
        known = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        yield orjson.dumps(known, default=_hexadecimal, option=orjson.OPT_APPEND_NEWLINE)


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


def add_rows(digest: hashlib._Hash, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add the rows that a transaction wrote into one table, in the order of their numbers."""
    digest.update(table.encode() + b"\n")
    for some in batched(rows, _CHUNK):
        digest.update(b"".join(row_lines(columns, some)))


def add_closed(digest: hashlib._Hash, table: str, rows: Iterable[int]) -> None:
    """Add the rows of one table that a transaction closed; closing a row is an event of its own."""
    for row in rows:
        digest.update(f"close {table} {row}\n".encode())
