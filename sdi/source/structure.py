"""The parts of a shapefile: what GDAL does not tell about the parts of a set.

The structure of the parts is read here from their bytes (ESRI Shapefile Technical Description, 1998; dBASE III header),
so that a damaged or incomplete set is mended or refused with its record named before a driver guesses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdi.errors import RefusedError, refused
from sdi.source.delivery import Limits, Raw

_HEADER = 100
_MAGIC = 9994
_PARTED = (3, 5, 13, 15, 23, 25)
"""Shape types whose records count parts and points: lines and polygons, plain, with heights, with measures."""
_MEASURED = (21, 23, 25, 28)
_WITH_HEIGHTS = (13, 15)
_LANGUAGES = {
    0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "cp936", 0x4E: "cp949", 0x4F: "cp950", 0x50: "cp874",
    0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252", 0x78: "cp950", 0x79: "cp949", 0x7A: "cp936", 0x7B: "cp932",
    0x7C: "cp874", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
"""Language driver of a dBASE header to encoding; 0 says nothing."""

Records = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shapes:
    """Structure of a ``.shp`` file."""

    shape_type: int
    records: Records
    """Offset of the record header and length of the content (record, 2) [byte]."""
    indexed: bool
    """The delivered index agrees with the file."""

    measured: bool
    """Vertices carry measures (M)."""

    def index(self) -> bytes:
        """Write the ``.shx`` file that belongs to these records.

        Returns
        -------
        bytes
            Header without extent, then offset and length of each record in 16-bit words.
        """
        length = (_HEADER + 8 * len(self.records)) // 2
        header = struct.pack(">i20xi", _MAGIC, length) + struct.pack("<ii", 1000, self.shape_type) + bytes(64)
        return header + (self.records // 2).astype(">i4").tobytes()


@dataclass(frozen=True, slots=True)
class TableHeader:
    """Header of a ``.dbf`` file."""

    rows: int
    deleted: int
    """Rows marked as deleted, which readers leave out."""
    names: tuple[bytes, ...]
    """Names of the columns as written."""
    encoding: str | None
    """Encoding the header names; None where it names none."""


def sibling(path: Path, ending: str) -> Path | None:
    """Find the part of a set with one ending, in any case.

    Parameters
    ----------
    path : Path
        Any part of the set.
    ending : str
        Such as ``.dbf``.

    Returns
    -------
    Path or None
        None where the part was not delivered.
    """
    wanted = (path.stem + ending).lower()
    return next((other for other in path.parent.iterdir() if other.name.lower() == wanted), None)


def shapes(path: Path, raw: Raw, limits: Limits) -> Shapes:
    """Read the structure of a ``.shp`` file and hold its index against it.

    Parameters
    ----------
    path : Path
        The ``.shp`` file.
    raw : Raw
        Receives the findings.
    limits : Limits
        Most rows.

    Returns
    -------
    Shapes
        Its records.

    Raises
    ------
    RefusedError
        If a record reaches beyond the file or counts more points than it holds.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if len(data) < _HEADER or int.from_bytes(data[:4].tobytes(), "big") != _MAGIC:
        raise _damaged(path, "it does not begin like a shapefile")
    shape_type = int.from_bytes(data[32:36].tobytes(), "little")
    index = sibling(path, ".shx")
    records = None if index is None else _indexed_records(data, index)
    if index is None:
        raw.remark("shapefile-index-missing", "the .shx part was not delivered; rebuilt from the .shp part", "repaired")
    elif records is None:
        raw.remark("shapefile-index-wrong", "the .shx part does not fit the .shp part; rebuilt from it", "repaired")
    indexed = records is not None
    if records is None:
        records = _walked_records(path, data, limits)
    _check_contents(path, data, records, raw)
    return Shapes(shape_type, records, indexed, _has_measures(data, records, shape_type))


def _damaged(path: Path, found: str, **details: object) -> RefusedError:
    return refused("shapefile-damaged", f"{path.name}: {found}", "ask the supplier for the whole set again", **details)


def _indexed_records(data: NDArray[np.uint8], index: Path) -> Records | None:
    """Read the index; None where it does not fit the file."""
    content = index.read_bytes()[_HEADER:]
    if len(content) % 8 or (not len(content) and len(data) > _HEADER):
        return None
    records = np.frombuffer(content, dtype=">i4").reshape(-1, 2).astype(np.int64) * 2
    if not len(records):
        return records
    inside = (records >= 0).all() and (records.sum(axis=1) + 8 <= len(data)).all() and records[:, 0].min() >= _HEADER
    return records if inside and (_integers(data, records[:, 0] + 4, ">") * 2 == records[:, 1]).all() else None


def _integers(data: NDArray[np.uint8], offsets: Records, order: str) -> Records:
    """Gather 32-bit integers at byte offsets."""
    taken: NDArray[np.uint8] = data[offsets[:, None] + np.arange(4)]
    return taken.view(f"{order}i4").ravel().astype(np.int64)


def _walked_records(path: Path, data: NDArray[np.uint8], limits: Limits) -> Records:
    """Find the records by walking from one to the next."""
    records: list[tuple[int, int]] = []
    position = _HEADER
    while position + 12 <= len(data):
        length = 2 * int.from_bytes(data[position + 4 : position + 8].tobytes(), "big", signed=True)
        if length < 4 or position + 8 + length > len(data):
            raise _damaged(
                path,
                f"record {len(records) + 1} says it has {length} bytes, {len(data) - position - 8} are left",
                record=len(records) + 1,
            )
        if len(records) == limits.rows:
            raise refused("too-many-rows", f"{path.name} holds too many rows", f"at most {limits.rows:,} are read")
        records.append((position, length))
        position += 8 + length
    return np.array(records, dtype=np.int64).reshape(-1, 2)


def _check_contents(path: Path, data: NDArray[np.uint8], records: Records, raw: Raw) -> None:
    """Check lengths, numbers and counts of the records."""
    if not len(records):
        return
    declared = 2 * int.from_bytes(data[24:28].tobytes(), "big", signed=True)
    end = int(records.sum(axis=1).max()) + 8
    if declared != len(data) or end != len(data):
        message = f"the .shp part has {len(data):,} bytes, its header says {declared:,}, its records end at {end:,}"
        raw.remark("shapefile-length", f"{message}; only the {len(records):,} records were read", "repaired")
    numbers = _integers(data, records[:, 0], ">")
    if (numbers != np.arange(1, len(records) + 1)).any():
        message = f"records are numbered from {numbers[0]}, not from 1; taken in the order of the index"
        raw.remark("shapefile-record-numbers", message, "repaired")
    _check_points(path, data, records)


def _check_points(path: Path, data: NDArray[np.uint8], records: Records) -> None:
    """Refuse records that count more points than they hold."""
    types = _integers(data, records[:, 0] + 8, "<")
    parted = records[np.isin(types, _PARTED) & (records[:, 1] >= 44)]
    if not len(parted):
        return
    parts, points = (_integers(data, parted[:, 0] + 8 + offset, "<") for offset in (36, 40))
    wrong = (parts < 0) | (points < 0) | (44 + 4 * parts + 16 * points > parted[:, 1])
    if wrong.any():
        number = int(np.flatnonzero(wrong)[0])
        record = int(np.flatnonzero(records[:, 0] == parted[number, 0])[0]) + 1
        raise _damaged(path, f"record {record} counts {points[number]:,} points, more than it holds", record=record)


def _has_measures(data: NDArray[np.uint8], records: Records, shape_type: int) -> bool:
    """Tell whether records are longer than lines and polygons with heights alone would be."""
    if shape_type not in _WITH_HEIGHTS:
        return shape_type in _MEASURED
    long = records[records[:, 1] >= 44]
    if not len(long):
        return False
    parts, points = (_integers(data, long[:, 0] + 8 + offset, "<") for offset in (36, 40))
    return bool((long[:, 1] >= 44 + 4 * parts + 16 * points + 2 * (16 + 8 * points)).any())


def attributes(path: Path) -> TableHeader:
    """Read the header of a ``.dbf`` file.

    Parameters
    ----------
    path : Path
        The ``.dbf`` file.

    Returns
    -------
    TableHeader
        Rows, columns and encoding.

    Raises
    ------
    RefusedError
        If the header is damaged or promises more rows than the file holds.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if len(data) < 33:
        raise _damaged(path, f"the header is cut off after {len(data)} bytes")
    rows, header, width = struct.unpack("<IHH", data[4:12].tobytes())
    if header > len(data) or width == 0 or header + rows * width > len(data) + 1:
        raise _damaged(path, f"the header promises {rows:,} rows of {width} bytes, the file has {len(data):,} bytes")
    flags = data[header : header + rows * width : width] if rows else np.empty(0, dtype=np.uint8)
    fields = [data[start : start + 11].tobytes() for start in range(32, header - 1, 32) if data[start] != 0x0D]
    language = int(data[29])
    return TableHeader(
        rows, int((flags == ord("*")).sum()), tuple(fields), _LANGUAGES.get(language) if language else None
    )
