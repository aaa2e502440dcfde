"""FlatGeobuf and GeoPackage: layers for GIS programs, written by GDAL as batches come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson
import pyarrow as pa
import pyogrio

from sdi.bulk.form import FLATGEOBUF, GEOPACKAGE, Form
from sdi.bulk.table import PLACE
from sdi.publishing.collection import Collection

_TYPES = {
    "Point": "Point", "MultiPoint": "MultiPoint", "LineString": "MultiLineString", "MultiLineString": "MultiLineString",
    "Polygon": "MultiPolygon", "MultiPolygon": "MultiPolygon",
}  # fmt: skip
"""Type of a layer for that of a collection; any other one is unknown to it."""
_JSON = {b"GDAL:OGR:type": b"String", b"GDAL:OGR:subtype": b"JSON"}


def write(
    path: Path, form: Form, collection: Collection, columns: pa.Schema, features: Iterable[pa.RecordBatch],
    told: Mapping[str, str], *, complete: bool,
) -> None:  # fmt: skip
    """Write a collection as the one layer of a file.

    Parameters
    ----------
    path : Path
        The file to make.
    form : Form
        FlatGeobuf or GeoPackage.
    collection : Collection
        What it is called, and of what type its places are.
    columns : pyarrow.Schema
        Its columns.
    features : iterable of pyarrow.RecordBatch
        All its features.
    told : mapping of str to str
        What the file tells of itself.
    complete : bool
        Whether every feature has a place; an index of FlatGeobuf cannot be without one.
    """
    plain = pa.schema([_plain(field) for field in columns])
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(plain, _flat(features, plain)),
        path,
        layer=collection.name,
        driver={FLATGEOBUF: "FlatGeobuf", GEOPACKAGE: "GPKG"}[form],
        geometry_name=PLACE,
        geometry_type=_TYPES.get(collection.geometry, "Unknown"),
        crs="EPSG:4326",
        layer_metadata=dict(told),
        dataset_options={"VERSION": "1.3"} if form is GEOPACKAGE else None,  # the newest that GDAL of 2022 knows whole
        layer_options=_options(form, collection, told.get("as_of", ""), complete=complete),
    )


def _options(form: Form, collection: Collection, as_of: str, *, complete: bool) -> dict[str, str]:
    """Return what the driver is told; the description stands where GIS programs show it."""
    title, description = collection.title.vi, f"{collection.description.vi} / {collection.description.en} ({as_of})"
    if form is GEOPACKAGE:
        return {"GEOMETRY_NAME": "geom", "IDENTIFIER": title, "DESCRIPTION": description}
    return {"TITLE": title, "DESCRIPTION": description, "SPATIAL_INDEX": "YES" if complete else "NO"}


def _plain(field: pa.Field) -> pa.Field:
    """Return a column as these formats have it: they know no lists."""
    if not pa.types.is_list(field.type):
        return field
    return pa.field(field.name, pa.string(), metadata={**(field.metadata or {}), **_JSON})


def _flat(features: Iterable[pa.RecordBatch], plain: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Write series as JSON."""
    for one in features:
        yield pa.record_batch([as_json(column) for column in one.columns], schema=plain)


def as_json(column: pa.Array) -> pa.Array:
    """Return a column of lists as JSON texts, any other one as it is.

    Parameters
    ----------
    column : pyarrow.Array
        The column.

    Returns
    -------
    pyarrow.Array
    """
    if not pa.types.is_list(column.type):
        return column
    return pa.array([None if one is None else orjson.dumps(one).decode() for one in column.to_pylist()], pa.string())
