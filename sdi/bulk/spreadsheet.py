"""CSV for people with a spreadsheet, which takes a text that begins like a formula for one.

RFC 4180, with the mark by which Excel knows UTF-8. Texts stand in quotes, so that an empty one is told from a missing
one.

References
----------
OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from sdi.bulk.layer import as_json
from sdi.bulk.table import PLACE
from sdi.publishing.collection import Collection

SUSPECT = "=+-@\t\r\n＝＋－＠"
"""Signs that make a cell a formula where they stand first, in one of the programs that people use."""
MARK = "'"
"""Put before a text that begins with one of them, or with the mark itself; whoever reads takes the first one away."""
WKT = "WKT"
"""Column of places; GDAL and QGIS know it by this name."""
LONLAT = ("longitude", "latitude")
"""Columns of places where all of them are points [degree, CRS84]."""


def write(path: Path, collection: Collection, columns: pa.Schema, features: Iterable[pa.RecordBatch]) -> None:
    """Write a collection.

    Parameters
    ----------
    path : Path
        The file to make.
    collection : Collection
        What is said of it.
    columns : pyarrow.Schema
        Its columns.
    features : iterable of pyarrow.RecordBatch
        All its features.
    """
    points = collection.geometry == "Point"
    names = [field.name for field in columns if field.name != PLACE]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_STRINGS, lineterminator="\r\n")
        writer.writerow([*names, *(LONLAT if points else (WKT,))])
        for one in features:
            values = [_cells(one.column(name)) for name in names]
            writer.writerows(zip(*values, *_places(one.column(PLACE), points=points), strict=True))


def guarded(texts: pa.Array) -> pa.Array:
    """Keep texts from being taken for formulas.

    Parameters
    ----------
    texts : pyarrow.Array (n,) of string
        Texts as they are; some may be missing.

    Returns
    -------
    pyarrow.Array (n,) of string
        Those that begin with one of `SUSPECT`, or with `MARK`, have `MARK` before them.
    """
    begins = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), value_set=pa.array([*SUSPECT, MARK]))
    return pc.if_else(begins, pc.binary_join_element_wise(MARK, texts, ""), texts)


def _cells(column: pa.Array) -> list[object]:
    """Return a column as it is written: numbers as they are, all else as text."""
    kind = column.type
    if pa.types.is_boolean(kind):
        column = pc.if_else(column, "true", "false")
    elif pa.types.is_timestamp(kind):
        return [None if one is None else one.isoformat().replace("+00:00", "Z") for one in column.to_pylist()]
    elif pa.types.is_date(kind):
        column = column.cast(pa.string())
    elif pa.types.is_list(kind):
        column = as_json(column)
    elif pa.types.is_string(kind):
        column = guarded(column)
    cells: list[object] = column.to_pylist()
    return cells


def _places(column: pa.Array, *, points: bool) -> list[list[object]]:
    """Return the columns of places."""
    places = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    if not points:
        return [list(shapely.to_wkt(places, rounding_precision=-1))]
    nowhere = shapely.is_missing(places)
    found = (shapely.get_x(places), shapely.get_y(places))
    return [[None if gone else x for x, gone in zip(each.tolist(), nowhere, strict=True)] for each in found]
