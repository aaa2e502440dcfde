"""GeoParquet, and delimited text with or without places."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from sdi import encoding
from sdi.entry import SourceOptions
from sdi.errors import refused
from sdi.source import geojson
from sdi.source.archive import allowed
from sdi.source.delivery import Limits, Raw
from sdi.source.gdal import frame

_BATCH = 1024
"""Rows of a Parquet file that are looked at together."""
_DELIMITERS = (",", ";", "\t", "|")
_SAID_DELIMITER = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
"""First line with which a spreadsheet names the delimiter; it is no part of the table."""
_QUOTED = re.compile(r'"[^"]*"')


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
    metadata = pq.read_metadata(path)
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_rows > limits.rows or size > limits.file_bytes:
        found = f"{path.name} announces {metadata.num_rows:,} rows and {size:,} bytes unpacked"
        raise refused("too-many-rows", found, f"at most {limits.rows:,} rows are read")
    _check_columns(path, metadata.num_columns, limits)
    _check_expansion(path, limits)
    if b"geo" not in (metadata.metadata or {}):
        return _placed(frame(pq.read_table(path)), options)
    table = gpd.read_parquet(path)
    places = np.asarray(table.geometry.to_numpy(), dtype=object)
    if int(shapely.get_num_coordinates(places).sum()) > limits.vertices:
        raise refused("too-many-vertices", f"more than {limits.vertices:,} vertices", "deliver it in parts")
    plain = pd.DataFrame(table.drop(columns=table.geometry.name)).reset_index(drop=True)
    return Raw(frame(pa.Table.from_pandas(plain, preserve_index=False)), places, table.crs)


def _check_expansion(path: Path, limits: Limits) -> None:
    """Refuse a file that becomes too large in memory: a dictionary repeats one long text at the cost of a bit."""
    size, largest = 0, allowed(path, limits)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            size += batch.nbytes
            if size > largest:
                raise refused(
                    "archive-bomb", f"{path.name} unpacks to more than {largest:,} bytes", "deliver it as GeoPackage"
                )


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
    cells = _cells(path, content, limits)
    if cells.num_rows > limits.rows:
        raise refused("too-many-rows", f"{path.name} has {cells.num_rows:,} lines", f"at most {limits.rows:,} are read")
    columns = [cells.column(number).to_pylist() for number in range(cells.num_columns)]
    table = pd.DataFrame({number: pd.Series(column[1:], dtype=object) for number, column in enumerate(columns)})
    table.columns = pd.Index([column[0].strip() for column in columns], dtype=object)
    raw = _placed(table.where(table != "", None), options)
    raw.encoding = name
    return raw


def _cells(path: Path, content: str, limits: Limits) -> pa.Table:
    """Split delimited text into cells; the first row holds the names."""
    head, delimiter = _first_line(content)
    if said := _SAID_DELIMITER.match(content):
        content = content[said.end() :]
        head, delimiter = _first_line(content)[0], said[1]
    _check_columns(path, head.count(delimiter) + 1, limits)
    data = content.encode("utf-8", "surrogateescape")
    texts = {f"f{number}": pa.string() for number in range(limits.columns)}
    try:
        cells = arrow_csv.read_csv(
            io.BytesIO(data),
            arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=len(data) + 1, use_threads=False),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=texts, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        found = f"{path.name}: {str(error).removeprefix('CSV parse error: ')}"
        cure = "a delimiter or a quote is missing, or lines stand above the names; export the table alone again"
        raise refused("csv-ragged", found, cure) from error
    _check_columns(path, cells.num_columns, limits)
    last = cells.column(cells.num_columns - 1)
    if content.count('"') % 2 and any("\n" in cell for cell in last.to_pylist()):
        found = f"{path.name}: a quote is opened in row {cells.num_rows} and never closed"
        raise refused("csv-ragged", found, "export the table again")
    return cells


def _first_line(content: str) -> tuple[str, str]:
    """Return the line of names without what is quoted, and the delimiter that stands in it most often."""
    head = _QUOTED.sub("", content.lstrip("\r\n").split("\n", 1)[0])
    return head, max(_DELIMITERS, key=head.count)


def _check_columns(path: Path, count: int, limits: Limits) -> None:
    """Refuse a table that is too wide."""
    if count > limits.columns:
        raise refused("too-many-columns", f"{path.name} has {count:,} columns", f"at most {limits.columns:,} are read")


def _text_of(path: Path, options: SourceOptions, limits: Limits) -> tuple[str, str]:
    """Read a text file and name its encoding: declared, told by a byte order mark, UTF-8, or what reads well."""
    size = path.stat().st_size
    if size > limits.text_bytes:
        found = f"{path.name} has {size:,} bytes of text, at most {limits.text_bytes:,} are read"
        raise refused("file-too-large", found, "deliver it as GeoPackage or GeoParquet")
    data = path.read_bytes()
    marks = {
        b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
    }  # fmt: skip
    mark = next((name for mark, name in marks.items() if data.startswith(mark)), None)
    if options.encoding and encoding.belies(data, options.encoding):
        found = f"{path.name} is declared to be {options.encoding}, but its bytes are UTF-8"
        raise refused("encoding-contradicted", found, "write source.encoding: UTF-8 in the entry, or leave it out")
    if mark or options.encoding:
        name = options.encoding or str(mark).removesuffix("-sig").upper()
        return (data.decode(mark, "replace") if mark else encoding.decode(data, name)), name
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        western, line = encoding.read_western(data), data.count(b"\n", 0, error.start) + 1
    lines = [line for line in western.splitlines() if not line.isascii()]
    if encoding.detect(lines) is None and not encoding.is_western(lines):
        here = western.split("\n")[line - 1].strip()[:60]
        found = f"{path.name} is not UTF-8 in line {line}, and the bytes tell no other encoding (such as {here!r})"
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
    """Make points of two columns; two empty cells mean no place, one or an unreadable one puts its row aside."""
    pair = [_numbers(column) for column in (x, y)]
    given = ~(x.isna() & y.isna()).to_numpy()
    readable = np.isfinite(pair[0]) & np.isfinite(pair[1])
    geometry = np.full(len(x), None, dtype=object)
    geometry[readable & given] = shapely.points(pair[0][readable & given], pair[1][readable & given])
    for row in np.flatnonzero(given & ~readable):
        message = "the coordinates are no two numbers; write both with a decimal point and no signs of degrees"
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
