"""GeoParquet 1.1: a box for each feature, so that a reader skips what lies elsewhere.

References
----------
OGC GeoParquet 1.1.0, https://geoparquet.org/releases/v1.1.0/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from sdi.bulk.table import PLACE, ROWS
from sdi.crs import CRS84

BOX = "geometry_bbox"
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_BOX = pa.field(BOX, pa.struct([pa.field(edge, pa.float64()) for edge in _EDGES]))
_GROUP = 3 * ROWS
"""Features of a row group: what a reader takes or leaves as a whole."""


def write(path: Path, columns: pa.Schema, features: Iterable[pa.RecordBatch], told: Mapping[str, str]) -> bool:
    """Write a collection.

    Parameters
    ----------
    path : Path
        The file to make.
    columns : pyarrow.Schema
        Its columns, as `sdi.bulk.table.schema` says.
    features : iterable of pyarrow.RecordBatch
        All its features.
    told : mapping of str to str
        What the file tells of itself.

    Returns
    -------
    bool
        Whether every feature has a place.
    """
    seen = _Seen()
    with pq.ParquetWriter(path, columns.append(_BOX), compression="zstd", write_page_index=True) as writer:
        for group in _grouped(_boxed(one, seen) for one in features):
            writer.write_table(group)
        writer.add_key_value_metadata({"geo": orjson.dumps(_geo(seen)).decode(), **told})
    return seen.is_complete


def read(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Read a file that was written here, a batch at a time.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of pyarrow.Schema and iterator of pyarrow.RecordBatch
        Columns without the boxes.
    """
    file = pq.ParquetFile(path)
    columns = file.schema_arrow.remove(file.schema_arrow.get_field_index(BOX)).remove_metadata()
    return columns, (one.select(columns.names) for one in file.iter_batches(ROWS, columns=columns.names))


class _Seen:
    """What all places of a file have in common, known once it is written."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.bounds: list[NDArray[np.float64]] = []
        self.is_complete = True

    def look(self, places: NDArray[np.object_], bounds: NDArray[np.float64]) -> None:
        """Take note of some places [CRS84] and their boxes [degree]."""
        there = ~shapely.is_missing(places)
        self.is_complete &= bool(there.all())
        if there.any():
            first = np.unique(shapely.get_type_id(places[there]), return_index=True)[1]
            self.types.update(one.geom_type for one in places[there][first])
            self.bounds.append(np.r_[np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)])

    def box(self) -> list[float] | None:
        """Return the box around everything [degree, CRS84]; ``None`` where nothing has a place."""
        if not self.bounds:
            return None
        every = np.array(self.bounds)
        return [*every[:, :2].min(axis=0).tolist(), *every[:, 2:].max(axis=0).tolist()]


def _boxed(features: pa.RecordBatch, seen: _Seen) -> pa.RecordBatch:
    """Add to every feature its box."""
    places = shapely.from_wkb(features.column(PLACE).to_numpy(zero_copy_only=False))
    bounds = shapely.bounds(places)
    seen.look(places, bounds)
    nowhere = np.isnan(bounds[:, 0])
    edges = [pa.array(edge, mask=nowhere) for edge in bounds.T]
    boxes = pa.StructArray.from_arrays(edges, fields=list(_BOX.type), mask=pa.array(nowhere))
    return features.append_column(_BOX, boxes)


def _grouped(features: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Put batches together to row groups."""
    held: list[pa.RecordBatch] = []
    for one in features:
        held.append(one)
        if sum(len(each) for each in held) >= _GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _geo(seen: _Seen) -> dict[str, Any]:
    """Return the metadata of the standard."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(seen.types),
        "crs": CRS.from_user_input(CRS84).to_json_dict(),
        "covering": {"bbox": {edge: [BOX, edge] for edge in _EDGES}},
    }
    box = seen.box()
    return {
        "version": "1.1.0",
        "primary_column": PLACE,
        "columns": {PLACE: column if box is None else column | {"bbox": box}},
    }
