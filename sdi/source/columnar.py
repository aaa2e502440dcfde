"""GeoParquet, and delimited text with or without places."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from sdi import encoding
from sdi.entry import SourceOptions
from sdi.source import geojson
from sdi.source.delivery import Limits, Raw, refused
from sdi.source.gdal import frame, unreadable

_DELIMITERS = (",", ";", "\t", "|")


def read_geojson(path: Path, options: SourceOptions, limits: Limits) -> Raw:
    """Read a GeoJSON file.

    Parameters
    ----------
    path : Path
        The file.
    options : SourceOptions
        Encoding, where it is not UTF-8.
    limits : Limits
        Largest size.

    Returns
    -------
    Raw
        The table.

    Raises
    ------
    RefusedError
        If it is no GeoJSON.
    """
    content, name = _text_of(path, options, limits)
    if name != "UTF-8" and not options.encoding:
        found = f"{path.name} is not written in UTF-8, as GeoJSON must be"
        raise refused("encoding-contradicted", found, "name its encoding as source.encoding in the entry")
    raw = geojson.parse(content, limits)
    raw.encoding = name
    return raw


def read_parquet(path: Path, options: SourceOptions, limits: Limits) -> Raw:
    """Read a GeoParquet file, or a Parquet table whose places stand in columns.

    Parameters
    ----------
    path : Path
        The file.
    options : SourceOptions
        Columns of the places, for a table without geometry.
    limits : Limits
        Most rows and vertices.

    Returns
    -------
    Raw
        The table.

    Raises
    ------
    RefusedError
        If the file is damaged or oversized.
    """
    try:
        metadata = pq.read_metadata(path)
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if metadata.num_rows > limits.rows or size > limits.file_bytes:
            found = f"{path.name} announces {metadata.num_rows:,} rows and {size:,} bytes unpacked"
            raise refused("too-many-rows", found, f"at most {limits.rows:,} rows are read")
        if b"geo" not in (metadata.metadata or {}):
            return _placed(frame(pq.read_table(path)), options)
        table = gpd.read_parquet(path)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ValueError) and hasattr(error, "details"):
            raise
        raise unreadable(path, error) from error
    places = np.asarray(table.geometry.to_numpy(), dtype=object)
    if int(shapely.get_num_coordinates(places).sum()) > limits.vertices:
        raise refused("too-many-vertices", f"more than {limits.vertices:,} vertices", "deliver it in parts")
    plain = pd.DataFrame(table.drop(columns=table.geometry.name)).reset_index(drop=True)
    return Raw(frame(pa.Table.from_pandas(plain, preserve_index=False)), places, table.crs)


def read_csv(path: Path, options: SourceOptions, limits: Limits) -> Raw:
    """Read delimited text; every cell stays text, so that codes keep their zeros.

    Parameters
    ----------
    path : Path
        The file.
    options : SourceOptions
        Columns of the places, encoding.
    limits : Limits
        Largest size.

    Returns
    -------
    Raw
        The table.

    Raises
    ------
    RefusedError
        If lines differ in length, or a named column is missing.
    """
    content, name = _text_of(path, options, limits)
    if not content.strip():
        raise refused("file-empty", f"{path.name} holds no line", "ask the supplier for the file again")
    head = content.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        cells = pd.read_csv(io.StringIO(content), sep=delimiter, header=None, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        found = f"{path.name}: {str(error).removeprefix('Error tokenizing data. C error: ')}"
        raise refused("csv-ragged", found, "a quote or a delimiter is missing; export the table again") from error
    short = np.flatnonzero(cells.isna().any(axis=1))
    if len(short):
        have = int(cells.iloc[short[0]].notna().sum())
        found = f"{path.name}: line {short[0] + 1} has {have} of {cells.shape[1]} columns"
        raise refused("csv-ragged", found, "a delimiter is missing; export the table again", line=int(short[0]) + 1)
    if cells.shape[0] > limits.rows or cells.shape[1] > limits.columns:
        raise refused("too-many-rows", f"{path.name} has {cells.shape[0]:,} lines", f"at most {limits.rows:,} are read")
    table = cells.iloc[1:].reset_index(drop=True).astype(object)
    table.columns = pd.Index([str(cell).strip() for cell in cells.iloc[0]], dtype=object)
    raw = _placed(table.where(table != "", None), options)
    raw.encoding = name
    return raw


def _text_of(path: Path, options: SourceOptions, limits: Limits) -> tuple[str, str]:
    """Read a text file and name its encoding: declared, told by a byte order mark, UTF-8, or what reads well."""
    size = path.stat().st_size
    if size > limits.text_bytes:
        found = f"{path.name} has {size:,} bytes of text, at most {limits.text_bytes:,} are read"
        raise refused("file-too-large", found, "deliver it as GeoPackage or GeoParquet")
    data = path.read_bytes()
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    mark = next((name for mark, name in marks.items() if data.startswith(mark)), None)
    if mark or options.encoding:
        name = options.encoding or str(mark).removesuffix("-sig").upper()
        return (data.decode(mark, "replace") if mark else encoding.decode(data, name)), name
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        western = encoding.read_western(data)
    lines = [line for line in western.splitlines() if not line.isascii()]
    if encoding.detect(lines) is None and not encoding.is_western(lines):
        found = f"{path.name} is not UTF-8, and the bytes tell no other encoding (such as {lines[0][:60]!r})"
        raise refused("encoding-undeclared", found, "name its encoding as source.encoding in the entry")
    return western, "windows-1252"


def _placed(table: pd.DataFrame, options: SourceOptions) -> Raw:
    """Make geometries of the columns the entry names."""
    raw = Raw(table, np.full(len(table), None, dtype=object), declares_crs=False)
    wanted = dict(options.columns)
    counts = Counter(table.columns)
    missing = [name for name in wanted.values() if counts[name] != 1]
    if missing:
        found = f"there is no single column {missing[0]!r}; there are {', '.join(map(str, table.columns))}"
        raise refused("column-missing", found, "correct source.columns in the entry")
    if "wkt" in wanted:
        raw.geometry = _from_wkt(table[wanted["wkt"]], raw)
    elif {"x", "y"} <= set(wanted):
        raw.geometry = _from_xy(table[wanted["x"]], table[wanted["y"]], raw)
    elif wanted:
        found = f"source.columns names {', '.join(wanted)}"
        raise refused("column-missing", found, "name x and y, or wkt")
    return raw


def _from_wkt(texts: pd.Series, raw: Raw) -> NDArray[np.object_]:
    """Read geometries from well-known text."""
    values = np.array([None if pd.isna(text) or text == "" else str(text) for text in texts], dtype=object)
    geometry: NDArray[np.object_] = np.asarray(shapely.from_wkt(values, on_invalid="ignore"), dtype=object)
    for row in np.flatnonzero(shapely.is_missing(geometry) & (values != None)):  # noqa: E711 (element by element)
        message = "the text is no well-known text of a geometry; write it again"
        raw.remark("geometry-unreadable", message, "quarantined", int(row), before=values[row][:80])
    return geometry


def _from_xy(x: pd.Series, y: pd.Series, raw: Raw) -> NDArray[np.object_]:
    """Make points of two columns; an empty cell means no place, an unreadable one puts its row aside."""
    pair = [_numbers(column) for column in (x, y)]
    given = ~(x.isna() | y.isna()).to_numpy()
    readable = np.isfinite(pair[0]) & np.isfinite(pair[1])
    geometry = np.full(len(x), None, dtype=object)
    geometry[readable & given] = shapely.points(pair[0][readable & given], pair[1][readable & given])
    for row in np.flatnonzero(given & ~readable):
        message = "the coordinates are no numbers; write them with a decimal point"
        raw.remark("coordinate-unreadable", message, "quarantined", int(row), before=f"{x[row]}, {y[row]}")
    return geometry


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    """Read a column of numbers; NaN where there is none."""
    numbers = pd.to_numeric(column.map(_decimal), errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))


def _decimal(value: object) -> object:
    """Write a decimal comma as a point, unless it may separate thousands («585,874»)."""
    if not isinstance(value, str) or value.count(",") != 1 or "." in value or len(value.rpartition(",")[2]) == 3:
        return value
    return value.replace(",", ".")
