"""A vector tile of one layer, as bytes.

The part that grows with the features is a row of whole numbers: it is put together as one array and written at once.

References
----------
Mapbox Vector Tile Specification 2.1, sections 4.1 to 4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from sdi.tile.quad import UNITS
from sdi.tile.shape import Shapes
from sdi.tile.varint import Whole, encoded, lengths, one

Kind = Literal["text", "number", "integer", "boolean"]
MEDIA = "application/vnd.mapbox-vector-tile"

_VERSION = 2
_LAYER, _NAME, _KEY, _VALUE, _UNITS, _LAYER_VERSION = 0x1A, 0x0A, 0x1A, 0x22, 0x28, 0x78
"""Fields of a tile and of a layer, each with the way in which it is written."""
_FEATURE, _ID, _TAGS, _TYPE, _GEOMETRY = 0x12, 0x08, 0x12, 0x18, 0x22
"""Fields of a feature."""


def layer(
    name: str,
    fids: Whole | None,
    shapes: Shapes,
    columns: Mapping[str, tuple[Kind, Sequence[Any]]],
    side: int = UNITS,
) -> bytes:
    """Write a tile of one layer.

    Parameters
    ----------
    name : str
        Name of the layer.
    fids : ndarray (n,) of int64, optional
        Number of each feature of ``shapes``; without it they have none.
    shapes : Shapes
        The features.
    columns : mapping of str to (str, sequence (n,))
        Properties: what kind of value they have, and the value of each feature; ``None`` is left out.
    side : int [1]
        Units along the side of the tile.

    Returns
    -------
    bytes
        Empty where there are no features.
    """
    if not len(shapes.index):
        return b""
    tags, owners, values = _tags(columns)
    written = [
        _named(_NAME, name.encode()),
        encoded(_features(fids, shapes, tags, owners)),
        *(_named(_KEY, key.encode()) for key in columns),
        *(_named(_VALUE, value) for value in values),
        bytes([_UNITS]) + one(side),
        bytes([_LAYER_VERSION, _VERSION]),
    ]
    return _named(_LAYER, b"".join(written))


def _named(field: int, content: bytes) -> bytes:
    """Write a field that has a length, which most often takes one byte."""
    long = len(content)
    return (bytes((field, long)) if long < 0x80 else bytes([field]) + one(long)) + content


def _features(fids: Whole | None, shapes: Shapes, tags: Whole, owners: Whole) -> Whole:
    """Return the features as one row of numbers: field, length, content, and so on.

    Parameters
    ----------
    fids : ndarray (n,) of int64 or None
        Numbers of the features.
    shapes : Shapes
        The features.
    tags : ndarray (t, 2) of int64
        Key and value of each property, of one feature behind the other.
    owners : ndarray (t,) of int64
        Whose they are, rising.
    """
    count = len(shapes.index)
    tagged = 2 * np.bincount(owners, minlength=count)
    flat = tags.reshape(-1)
    long_tags = _sums(lengths(flat), tagged)
    long_shape = _sums(lengths(shapes.commands), shapes.counts)
    head = [] if fids is None else [np.full(count, _ID), fids]
    tags_head = [np.full(count, _TAGS), long_tags]
    shape_head = [np.full(count, _TYPE), shapes.kinds, np.full(count, _GEOMETRY), long_shape]
    inside = [*head, *tags_head, *shape_head]
    long = long_tags + long_shape + sum(lengths(one) for one in inside)
    first = np.column_stack([np.full(count, _FEATURE), long, *head, *tags_head])
    middle = np.column_stack(shape_head)
    return _interleaved([
        (first.reshape(-1), np.full(count, first.shape[1])), (flat, tagged),
        (middle.reshape(-1), np.full(count, middle.shape[1])), (shapes.commands, shapes.counts),
    ])  # fmt: skip


def _sums(numbers: Whole, counts: Whole) -> Whole:
    """Return the sum of each run of numbers, where a run may be empty."""
    ends = np.cumsum(counts)
    total: Whole = np.concatenate([[0], np.cumsum(numbers)])
    runs: Whole = total[ends] - total[ends - counts]
    return runs


def _interleaved(parts: Sequence[tuple[Whole, Whole]]) -> Whole:
    """Put the first run of every part behind each other, then the second ones, and so on.

    Parameters
    ----------
    parts : sequence of (ndarray (m,), ndarray (n,)) of int64
        Numbers of a part, and how many of them each of its runs has.
    """
    sizes = np.column_stack([counts for _, counts in parts])
    ends = np.cumsum(sizes.reshape(-1)).reshape(sizes.shape)
    row = np.empty(int(ends[-1, -1]), dtype=np.int64)
    for place, (numbers, counts) in enumerate(parts):
        behind = ends[:, place] - np.cumsum(counts)
        row[np.repeat(behind, counts) + np.arange(len(numbers))] = numbers
    return row


# properties ----------------------------------------------------------------------------------------------------------


def _tags(columns: Mapping[str, tuple[Kind, Sequence[Any]]]) -> tuple[Whole, Whole, list[bytes]]:
    """Return pairs of key and value by feature, whose they are, and the values that occur."""
    known: dict[Kind, dict[Any, int]] = {}
    found = [(kind, _numbered(values, known.setdefault(kind, {}))) for kind, values in columns.values()]
    before, written = dict[Kind, int](), list[bytes]()
    for kind, values in known.items():
        before[kind] = len(written)
        written += map(_WRITTEN[kind], values)
    if not found:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64), written
    chosen = np.column_stack([numbers for _, numbers in found])
    owners, keys = np.nonzero(chosen >= 0)
    shift = np.array([before[kind] for kind, _ in found])
    return np.column_stack([keys, chosen[owners, keys] + shift[keys]]), owners, written


def _numbered(values: Iterable[Any], known: dict[Any, int]) -> Whole:
    """Return the number of each value among those that are known, new ones added; -1 for none."""
    return np.array([-1 if value is None else known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _text(value: str) -> bytes:
    return _named(0x0A, value.encode())


def _number(value: float) -> bytes:
    return struct.pack("<Bd", 0x19, value)


def _integer(value: int) -> bytes:
    """Write a whole number: as one without a sign where it has none."""
    return b"\x28" + one(value) if value >= 0 else b"\x30" + one(-2 * value - 1)


def _boolean(value: bool) -> bytes:
    return bytes([0x38, value])


_WRITTEN: Mapping[Kind, Callable[[Any], bytes]] = {
    "text": _text, "number": _number, "integer": _integer, "boolean": _boolean,
}  # fmt: skip
