"""A collection as a table of Arrow: its columns, and its current features a batch at a time.

Places stand as the publication keeps them: CRS84, and of one type, so that lines and polygons are multiple.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import orjson
import pyarrow as pa

from sdi.filter.term import kind_of
from sdi.publishing.collection import Collection
from sdi.store.feed import Row

IDENTIFIER = "id"
PLACE = "geometry"
ROWS = 20_000
"""Features of a batch; no more of them are in memory at once."""

_KINDS: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "array": pa.list_(pa.float64()),
}


def properties(collection: Collection) -> dict[str, Mapping[str, Any]]:
    """Return the properties of a collection that are columns, in their order.

    Parameters
    ----------
    collection : Collection
        The collection.

    Returns
    -------
    dict of str to mapping
        JSON Schema by name, without places.
    """
    declared: Mapping[str, Mapping[str, Any]] = collection.schema["properties"]
    return {name: one for name, one in declared.items() if kind_of(one) != "geometry"}


def schema(collection: Collection) -> pa.Schema:
    """Return the columns of a collection: identifier, properties, place as WKB [CRS84].

    Parameters
    ----------
    collection : Collection
        The collection.

    Returns
    -------
    pyarrow.Schema
        Titles stand where GDAL looks for them, so that QGIS shows them.
    """
    fields = [pa.field(name, _type(one), metadata=_titled(one)) for name, one in properties(collection).items()]
    return pa.schema([pa.field(IDENTIFIER, pa.string(), nullable=False), *fields, pa.field(PLACE, pa.binary())])


def said(collection: Collection, recorded: str) -> dict[str, str]:
    """Return what a file tells of itself: of when and whose its data are, and what must be said about them.

    Parameters
    ----------
    collection : Collection
        The collection.
    recorded : str
        When the last change that is in it was recorded, ISO 8601; empty where nothing ever was.

    Returns
    -------
    dict of str to str
        Only what there is to tell.
    """
    title, notice = collection.title, collection.notice
    told = {
        "title": f"{title.vi} / {title.en}",
        "as_of": recorded,
        "attribution": collection.attribution,
        "licence": str(collection.licence.get("name", "")),
        "notice": f"{notice.vi} / {notice.en}" if notice else "",
    }
    return {name: text for name, text in told.items() if text}


def batches(rows: Iterable[Row], columns: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Make batches of rows.

    Parameters
    ----------
    rows : iterable of tuple
        Values in the order of the columns, as a publication yields them.
    columns : pyarrow.Schema
        The columns.

    Yields
    ------
    pyarrow.RecordBatch
    """
    for some in batched(rows, ROWS):
        arrays = [_array(values, field.type) for values, field in zip(zip(*some, strict=True), columns, strict=True)]
        yield pa.record_batch(arrays, schema=columns)


def _type(field: Mapping[str, Any]) -> pa.DataType:
    """Return the type of a column."""
    kind = kind_of(field)
    if kind == "number":
        return pa.int64() if "integer" in field["type"] else pa.float64()
    return _KINDS[kind]


def _titled(field: Mapping[str, Any]) -> dict[str, str]:
    """Return the title of a column, and its unit where it has one."""
    unit = field.get("x-ogc-unit", "")
    said = {"GDAL:OGR:alternative_name": str(field.get("title", ""))}
    return said | ({"GDAL:OGR:comment": f"[{unit}]"} if unit not in ("", "1") else {})


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Make a column of values as a store keeps them: truth as 0 or 1, times as text, series as JSON."""
    if pa.types.is_boolean(kind):
        return pa.array([None if one is None else bool(one) for one in values], kind)
    if pa.types.is_list(kind):
        return pa.array([None if one is None else orjson.loads(one) for one in values], kind)
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)
