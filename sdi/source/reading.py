"""From a file to a delivery."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyproj import CRS

from sdi import encoding, expression
from sdi.entry import SourceOptions
from sdi.errors import PhusaError, refused
from sdi.source import archive, columnar, gdal, georeference, ring, shapefile, strings
from sdi.source.delivery import Delivery, Limits, Raw

logger = logging.getLogger(__name__)

_FAILURES = (
    OSError, ValueError, TypeError, ArithmeticError, LookupError, RuntimeError, MemoryError, struct.error,
    shapely.errors.ShapelyError, pa.ArrowException,
)  # fmt: skip
"""What GDAL, Arrow, GEOS and their Python sides raise over damaged bytes."""

Reader = Callable[[Path, SourceOptions, Limits], Raw]

_READERS: dict[str, Reader] = {
    "GeoPackage": gdal.read_container,
    "FlatGeobuf": gdal.read_container,
    "Shapefile": shapefile.read_shapefile,
    "dBASE": shapefile.read_shapefile,
    "GeoParquet": columnar.read_parquet,
    "GeoJSON": columnar.read_geojson,
    "CSV": columnar.read_csv,
}
_MAGIC = {
    b"SQLite format 3\x00": "GeoPackage",
    b"fgb\x03fgb": "FlatGeobuf",
    b"\x00\x00\x27\x0a": "Shapefile",
    b"PAR1": "GeoParquet",
}
_ENDINGS = {
    ".gpkg": "GeoPackage", ".fgb": "FlatGeobuf", ".shp": "Shapefile", ".dbf": "dBASE", ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet", ".geojson": "GeoJSON", ".json": "GeoJSON", ".csv": "CSV", ".tsv": "CSV", ".txt": "CSV",
}  # fmt: skip
_CURES = {
    ".dxf": "a drawing is no layer: convert it to GeoPackage, with its closed lines as polygons and its CRS declared",
    ".dwg": "convert the drawing to GeoPackage first",
    ".inp": "a network model is no layer: it is read by the water or drainage tools, not by ingest",
    ".xml": "export the layer as GeoPackage or GeoJSON",
    ".gml": "export the layer as GeoPackage or GeoJSON",
    ".kml": "export the layer as GeoPackage or GeoJSON",
    ".kmz": "export the layer as GeoPackage or GeoJSON",
    ".vrt": "deliver the data themselves, not a reference to them",
    ".xlsx": "export the sheet as CSV",
    ".xlsm": "export the sheet as CSV",
    ".xls": "export the sheet as CSV",
    ".ods": "export the sheet as CSV",
    ".mdb": "export the layer as GeoPackage, the table as CSV",
    ".tab": "export the layer as GeoPackage",
    ".tar": "pack the layer as .zip",
    ".rar": "pack the layer as .zip",
    ".7z": "pack the layer as .zip",
    ".tif": "this is a raster: write raster: elevation instead of register: in the entry",
    ".asc": "this is a raster: write raster: elevation instead of register: in the entry",
}
_NO_LAYERS = (".inp", ".tif", ".asc")
_PACKED_INSIDE = (".xlsx", ".xlsm", ".ods", ".kmz")
"""Endings of files that are archives to look at, but no deliveries packed as one."""


def read(path: Path | str, options: SourceOptions, limits: Limits = Limits()) -> Delivery:  # noqa: B008 (a value)
    """Read a delivered table.

    Parameters
    ----------
    path : Path or str
        A local file: GeoPackage, Shapefile, GeoJSON, FlatGeobuf, GeoParquet, CSV, also inside ``.zip`` or ``.gz``; a
        folder where the entry says that it holds rings.
    options : SourceOptions
        What the file does not say of itself.
    limits : Limits, optional
        Largest delivery.

    Returns
    -------
    Delivery
        Rows as delivered, in the CRS of the source.

    Raises
    ------
    RefusedError
        If the file cannot be read without guessing; nothing is kept.
    """
    raw, name, sha256 = _rings(path, limits) if options.rings else _file(path, options, limits)
    path = Path(path)
    if raw.columns.shape[1] > limits.columns:
        raise refused("too-many-columns", f"{raw.columns.shape[1]:,} columns", f"at most {limits.columns:,} are read")
    strings.mend(raw)
    crs = georeference.place(raw, options)
    _settle_heights(raw)
    table = _taken(_table(raw, crs), options, raw)
    logger.info("%s: %d rows read from %s (%s)", path.name, len(table), name, crs.to_string() if crs else "no places")
    return Delivery(table, crs, raw.encoding, tuple(raw.findings), sha256, path, name)


def _rings(path: Path | str, limits: Limits) -> tuple[Raw, str, str]:
    """Read a folder of rings, or one; return the table, its format and its digest."""
    files = ring.files(path, limits)
    return ring.read_rings(files, limits), ring.FORMAT, archive.digest_of(files)


def _file(path: Path | str, options: SourceOptions, limits: Limits) -> tuple[Raw, str, str]:
    """Read one file, packed or not; return the table, its format and its digest."""
    path = archive.local_file(path, limits)
    sha256 = archive.digest(path)
    if path.suffix.lower() in _PACKED_INSIDE:
        format_of(path)
    with archive.unpacked(path, options.layer, limits) as file:
        name = format_of(file, options.encoding)
        return _read(file, name, options, limits), name, sha256


def _read(file: Path, name: str, options: SourceOptions, limits: Limits) -> Raw:
    """Read a file with its reader; whatever a library says of a damaged file becomes one refusal."""
    try:
        return _READERS[name](file, options, limits)
    except PhusaError:
        raise
    except _FAILURES as error:
        logger.info("%s: its reader failed", file.name, exc_info=True)
        found = f"{file.name} cannot be read as {name}: {error}"
        raise refused("file-unreadable", found, "open it in a GIS and export it again") from error


def format_of(path: Path, declared: str | None = None) -> str:
    """Tell the format of a file from its first bytes and its ending, which must agree.

    Parameters
    ----------
    path : Path
        An unpacked file.
    declared : str, optional
        Encoding that the entry names; some of them write zeros between the letters of a text.

    Returns
    -------
    str
        Name of the format.

    Raises
    ------
    RefusedError
        If the format is not read, or the file is not what its name says.
    """
    ending = path.suffix.lower()
    head = archive.first_bytes(path, 64)
    content = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    said = _ENDINGS.get(ending)
    if content == "FlatGeobuf" and head[11:12] != b"\x00":
        # Its header is never as long as that, and without a zero GDAL would look for a reference to other data in it.
        content = None
    if said is None and content is None:
        code = "format-not-a-layer" if ending in _NO_LAYERS else "format-unsupported"
        cure = _CURES.get(ending, f"expected one of {', '.join(_ENDINGS)}")
        raise refused(code, f"{path.name} is no layer in a format that is read", cure)
    binary = ("GeoPackage", "FlatGeobuf", "Shapefile", "GeoParquet")
    if (content or said in binary) and content != said:
        found = f"{path.name} is called {said or ending or 'nothing'}, but its content is {content or 'something else'}"
        raise refused("format-differs", found, "correct the ending of the name, or ask the supplier for the file again")
    if said in ("CSV", "GeoJSON") and b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        _check_wide(path, head, declared)
    return str(said)


def _check_wide(path: Path, head: bytes, declared: str | None) -> None:
    """Refuse a text with zeros, unless the entry names an encoding that writes them."""
    if declared and encoding.python_name(declared).startswith(("utf_16", "utf_32")):
        return
    # Most letters of a table are ASCII: of their two bytes, the high one is zero.
    halves = (("UTF-16LE", head[::2], head[1::2]), ("UTF-16BE", head[1::2], head[::2]))
    looks = next((name for name, low, high in halves if all(low) and 2 * high.count(0) > len(high)), None)
    if looks:
        found = f"{path.name} is no UTF-8; it looks like {looks} without a byte order mark"
        raise refused("encoding-undeclared", found, f"name it as source.encoding: {looks} in the entry")
    raise refused("format-differs", f"{path.name} is no text", "ask the supplier for the file again")


def _settle_heights(raw: Raw) -> None:
    """Keep heights that say something; drop those that are all zero or missing."""
    rows = np.flatnonzero(shapely.has_z(raw.geometry))
    if not len(rows):
        return
    z = shapely.get_coordinates(raw.geometry[rows], include_z=True)[:, 2]
    if (np.isnan(z) | (z == 0)).all():
        raw.geometry[rows] = shapely.force_2d(raw.geometry[rows])
        message = f"{len(rows):,} geometries carry heights that are all zero or missing; dropped"
        raw.remark("geometry-heights-dropped", message)
        return
    message = f"{len(rows):,} geometries carry heights from {np.nanmin(z):g} to {np.nanmax(z):g}; kept as delivered"
    raw.remark("geometry-heights-kept", message)


def _table(raw: Raw, crs: CRS | None) -> gpd.GeoDataFrame:
    """Join attributes and places."""
    geometry = gpd.GeoSeries(raw.geometry, crs=crs, index=pd.RangeIndex(len(raw.geometry)))
    columns = raw.columns.reset_index(drop=True)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)


def _taken(table: gpd.GeoDataFrame, options: SourceOptions, raw: Raw) -> gpd.GeoDataFrame:
    """Take the rows the entry asks for; they keep their numbers."""
    if options.where is None:
        return table
    names = [str(name) for name in table.columns if name != "geometry"]
    condition = expression.parse(options.where, names)
    values = condition.over({name: table[name].to_numpy(dtype=object, na_value=None) for name in condition.names})
    kept = np.array([value is True for value in values], dtype=bool)
    raw.remark(
        "rows-selected", f"{kept.sum():,} of {len(table):,} rows satisfy {options.where}; the others were left out"
    )
    raw.findings = [finding for finding in raw.findings if finding.row is None or kept[finding.row]]
    selected: gpd.GeoDataFrame = table[kept]
    return selected
