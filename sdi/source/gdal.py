"""Layers that GDAL reads: GeoPackage and FlatGeobuf here, shapefiles by way of `sdi/source/shapefile.py`."""

from __future__ import annotations

import json
import sqlite3
import struct
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from sdi.entry import SourceOptions
from sdi.errors import refused
from sdi.source import archive
from sdi.source.delivery import Limits, Raw
from sdi.source.georeference import check_definition, check_length

_DRIVERS = ("GPKG", "FlatGeobuf")
_MAGIC = 8
"""Where the length of the header stands in a FlatGeobuf file, which is four bytes long [byte]."""


def read_container(path: Path, options: SourceOptions, limits: Limits) -> Raw:
    """Read one layer of a GeoPackage or a FlatGeobuf file.

    Parameters
    ----------
    path : Path
        The file.
    options : SourceOptions
        Layer, where there are several.
    limits : Limits
        Most rows and vertices.

    Returns
    -------
    Raw
        The table.

    Raises
    ------
    RefusedError
        If the file is in use, oversized or of another format, or the layer is not clear.
    """
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        cure = "close the program that has it open and deliver the file again"
        raise refused("file-in-use", f"{path.name} comes with a journal, {journal.name}: changes are outstanding", cure)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if archive.first_bytes(path, 6) == b"SQLite":
            _check_tables(path)
        else:
            _check_header(path)
        layer = _layer(path, options.layer)
        information = pyogrio.read_info(path, layer=layer)
        if information["driver"] not in _DRIVERS:
            found = f"{path.name} is of format {information['driver']}"
            raise refused("format-unsupported", found, "export the layer as GeoPackage")
        count = information["features"]
        # A row cannot be smaller than a byte: a header that promises more would only reserve memory.
        if count > min(limits.rows, path.stat().st_size):
            raise refused("too-many-rows", f"{path.name} announces {count:,} rows", f"at most {limits.rows:,} are read")
        raw = from_gdal(path, layer, limits)
    if any("Measured" in str(warning.message) for warning in said):
        raw.remark("geometry-measures", "vertices carry measures (M); dropped")
    return raw


def _layer(path: Path, wanted: str | None) -> str:
    """Choose the layer to read."""
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if not names:
        raise refused("layer-missing", f"{path.name} holds no layer", "ask the supplier for the file again")
    if wanted in names:
        return str(wanted)
    if len(names) == 1 and wanted in (None, path.stem, path.name):
        return names[0]
    code, found = ("layer-ambiguous", "several layers") if wanted is None else ("layer-unknown", f"no layer {wanted!r}")
    cure = "name one of them as source.layer in the entry"
    raise refused(code, f"{path.name} holds {found}; it holds {', '.join(names[:20])}", cure, layers=names)


_COMPUTED = """
    SELECT name FROM sqlite_master
    WHERE type = 'view' OR upper(sql) LIKE 'CREATE VIRTUAL%' AND upper(sql) NOT LIKE '%USING RTREE%'
"""


def _check_tables(path: Path) -> None:
    """Refuse a file that computes: GDAL looks into every view to list it, and a view may take all time and memory."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            computed = [str(name) for (name,) in file.execute(_COMPUTED)]
            systems = [str(part) for row in file.execute("SELECT * FROM gpkg_spatial_ref_sys") for part in row]
    except sqlite3.Error as error:
        raise ValueError(f"no database: {error}") from error
    if computed:
        found = f"{path.name} holds views or virtual tables: {', '.join(computed[:20])}"
        raise refused("layer-computed", found, "export the layer as a table into a file of its own")
    for text in systems:
        check_definition(text)


def _check_header(path: Path) -> None:
    """Refuse a FlatGeobuf file whose CRS names a file: GDAL opens that as soon as it reads the header."""
    (size,) = struct.unpack("<I", archive.first_bytes(path, _MAGIC + 4)[_MAGIC:])
    check_length(f"the header of {path.name}", size)
    check_definition(archive.first_bytes(path, _MAGIC + 4 + size)[_MAGIC + 4 :].decode("latin-1"))


def from_gdal(path: Path, layer: str | None, limits: Limits, **options: Any) -> Raw:
    """Read a layer as Arrow columns, so that whole numbers with gaps stay whole numbers.

    Parameters
    ----------
    path : Path
        The file, whose driver was checked.
    layer : str or None
        Its layer.
    limits : Limits
        Most rows and vertices.
    **options : object
        Options of the driver.

    Returns
    -------
    Raw
        The table; names of columns may repeat.

    """
    meta, table = pyogrio.read_arrow(path, layer=layer, **options)
    raw = Raw(pd.DataFrame(), np.full(table.num_rows, None, dtype=object), declared_crs(meta["crs"]))
    # The geometry stands last; an attribute may have its name.
    places = [number for number, field in enumerate(table.schema) if _is_geometry(field)]
    if places:
        raw.geometry = geometries(table.column(places[-1]).to_numpy(zero_copy_only=False), raw, limits)
        table = table.remove_column(places[-1])
    raw.columns = frame(table)
    return raw


def _is_geometry(field: pa.Field) -> bool:
    """Tell whether GDAL marked a column as geometry."""
    return bool(field.metadata) and field.metadata.get(b"ARROW:extension:name", b"").startswith((b"geoarrow", b"ogc"))


def declared_crs(name: object) -> CRS | None:
    """Read the CRS a file declares.

    Parameters
    ----------
    name : object
        Name, definition or nothing.

    Returns
    -------
    CRS or None
        None where the file declares none.

    Raises
    ------
    RefusedError
        If PROJ does not understand it, or it names a file.
    """
    if not name:
        return None
    check_definition(str(name))
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        found = f"the file declares the CRS {str(name)[:80]!r}, which PROJ does not understand"
        raise refused("crs-unknown", found, "name the CRS as source.crs in the entry") from error


def frame(table: pa.Table) -> pd.DataFrame:
    """Turn Arrow columns into pandas columns; names may repeat, missing values are None or NA."""
    columns = [_series(table.column(number)) for number in range(table.num_columns)]
    joined = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(table.num_rows))
    joined.columns = pd.Index([str(name) for name in table.column_names], dtype=object)
    return joined


def _series(column: pa.ChunkedArray) -> pd.Series:
    """Turn one Arrow column into a pandas column."""
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    if pa.types.is_boolean(kind):
        return column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    if pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        return column.to_pandas()
    values = column.to_pylist()
    if pa.types.is_nested(kind):
        values = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values]
    return pd.Series(values, dtype=object)


def geometries(wkb: NDArray[np.object_], raw: Raw, limits: Limits) -> NDArray[np.object_]:
    """Build geometries; open rings are closed, what is no geometry is put aside, both with a finding.

    Parameters
    ----------
    wkb : ndarray (row,) of bytes
        Well-known binary; None where there is no geometry.
    raw : Raw
        Receives the findings.
    limits : Limits
        Most rows and vertices.

    Returns
    -------
    ndarray (row,) of shapely geometry [CRS of the file]
        None where there is none, or none that can be built.

    Raises
    ------
    RefusedError
        If there are too many.
    """
    if len(wkb) > limits.rows:
        raise refused("too-many-rows", f"{len(wkb):,} rows", f"at most {limits.rows:,} are read")
    built: NDArray[np.object_] = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object).reshape(len(wkb))
    delivered = np.array([value is not None for value in wkb], dtype=bool)
    for row in np.flatnonzero(shapely.is_missing(built) & delivered):
        built[row] = shapely.from_wkb(wkb[row], on_invalid="fix")
        if built[row] is None:
            message = "the geometry cannot be read (too few positions, or a curve); draw it again"
            raw.remark("geometry-unreadable", message, "quarantined", int(row))
        else:
            raw.remark("geometry-unclosed", "a ring is open; closed with its first position", "repaired", int(row))
    if int(shapely.get_num_coordinates(built).sum()) > limits.vertices:
        raise refused("too-many-vertices", f"more than {limits.vertices:,} vertices", "deliver it in parts")
    return built
