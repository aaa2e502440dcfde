"""Shapefiles and dBASE tables: parts that may be missing, and texts in an encoding that nobody wrote down."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from sdi import encoding
from sdi.entry import SourceOptions
from sdi.errors import refused
from sdi.source import archive, structure
from sdi.source.delivery import Limits, Raw
from sdi.source.gdal import from_gdal
from sdi.source.georeference import check_definition_beside

_BYTES = "ISO-8859-1"
"""Read with this table, a text holds its bytes one by one."""
_MOST = 0.9
"""Share of texts [1] that must agree with an encoding."""

Texts = list[str | None]


def read_shapefile(path: Path, options: SourceOptions, limits: Limits) -> Raw:
    """Read a shapefile, or a dBASE table without shapes.

    Parameters
    ----------
    path : Path
        Its ``.shp`` or ``.dbf`` part.
    options : SourceOptions
        Encoding, which otherwise the ``.cpg`` part, the header or the bytes tell.
    limits : Limits
        Most rows and vertices.

    Returns
    -------
    Raw
        The table.

    Raises
    ------
    RefusedError
        If the set is damaged or its encoding cannot be told.
    """
    notes = Raw(pd.DataFrame(), np.empty(0, dtype=object))
    shp, dbf = (structure.sibling(path, ending) for ending in (".shp", ".dbf"))
    shapes = None if shp is None else structure.shapes(shp, notes, limits)
    table = None if dbf is None else structure.attributes(dbf)
    if shapes is not None and table is not None and len(shapes.records) != table.rows:
        found = f"{path.stem}: {len(shapes.records):,} shapes, but {table.rows:,} rows of attributes"
        cure = "which belong together is unknown; ask the supplier for the set as one archive"
        raise refused("shapefile-rows-differ", found, cure)
    if max(len(shapes.records) if shapes else 0, table.rows if table else 0) > limits.rows:
        raise refused("too-many-rows", f"{path.stem} holds too many rows", f"at most {limits.rows:,} are read")
    if (prj := structure.sibling(path, ".prj")) is not None:
        check_definition_beside(prj)
    with warnings.catch_warnings():
        # Dropped measures are reported below, by our own look at the file.
        warnings.filterwarnings("ignore", message="Measured")
        raw = _set(shp or path, shapes, limits)
    raw.findings = notes.findings + raw.findings
    _remark_on_parts(raw, shapes, table)
    if table is not None:
        _decode(path, raw, table, options)
    return raw


def _set(path: Path, shapes: structure.Shapes | None, limits: Limits) -> Raw:
    """Read a set through GDAL; one without a sound index is copied and gets one."""
    if shapes is None or shapes.indexed:
        return from_gdal(path, None, limits, encoding=_BYTES)
    with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
        copy = archive.move_beside(path, Path(folder))
        (structure.sibling(copy, ".shx") or copy.with_suffix(".shx")).write_bytes(shapes.index())
        return from_gdal(copy, None, limits, encoding=_BYTES)


def _remark_on_parts(raw: Raw, shapes: structure.Shapes | None, table: structure.TableHeader | None) -> None:
    """Report what a set lacks or what its readers leave out."""
    if table is None:
        raw.remark("shapefile-attributes-missing", "the .dbf part was not delivered: there are no attributes")
    elif table.deleted:
        message = f"{table.deleted:,} rows are marked as deleted in the .dbf part and were left out"
        raw.remark("shapefile-deleted-rows", message)
    if shapes is not None and shapes.measured:
        message = "vertices carry measures (M); dropped"
        raw.remark("geometry-measures", message)


def _decode(path: Path, raw: Raw, table: structure.TableHeader, options: SourceOptions) -> None:
    """Turn the bytes of names and texts into Unicode."""
    columns = [raw.columns.iloc[:, number] for number in range(raw.columns.shape[1])]
    places = [number for number, column in enumerate(columns) if column.dtype == object]
    texts = {number: columns[number].tolist() for number in places}
    together = sorted({value for values in texts.values() for value in values if value and not value.isascii()})
    part = structure.sibling(path, ".cpg")
    declared = options.encoding or (part.read_text("latin-1").strip() if part else table.encoding)
    raw.encoding = _agreed(declared, together) if declared else _evident(together, raw)
    names = [_name(name, raw.encoding) for name in table.names]
    if len(names) != len(columns):
        names = [str(name) for name in raw.columns.columns]
    for number, values in texts.items():
        decoded = [_decoded(value, raw.encoding) for value in values]
        columns[number] = pd.Series(decoded, dtype=object)
        if not declared and raw.encoding == "UTF-8":
            _remark_on_texts(raw, names[number], values, decoded)
    raw.columns = pd.concat(columns, axis=1) if columns else raw.columns
    raw.columns.columns = pd.Index(names[: len(columns)], dtype=object)


def _remark_on_texts(raw: Raw, column: str, delivered: Texts, decoded: Texts) -> None:
    """Report every text that readers without a look at the bytes would show garbled."""
    for row, (before, after) in enumerate(zip(delivered, decoded, strict=True)):
        if before is not None and before != after:
            garbled = encoding.read_western(before.encode("latin-1"))
            message = "UTF-8 that nobody declared, shown garbled by others; read as what it is"
            raw.remark("text-utf-8", message, "repaired", row, before=garbled, after=after, column=column)


def _decoded(value: str | None, name: str) -> str | None:
    """Decode one text; a last letter that the width of the column cut in two is left out."""
    if value is None or value.isascii():
        return value
    data = value.encode("latin-1")
    decoded = encoding.decode(data, name)
    if decoded.endswith("\ufffd") and encoding.python_name(name) == "utf_8":
        return data.decode("utf-8", "ignore") if decoded.count("\ufffd") == 1 else decoded
    return decoded


def _name(data: bytes, name: str) -> str:
    """Decode the name of a column, which zeros fill up."""
    wide = encoding.python_name(name).startswith("utf_16")
    decoded = encoding.decode(data[: len(data) // 2 * 2] if wide else data.split(b"\x00")[0], name)
    return decoded.split("\x00")[0].strip()


def _agreed(declared: str, texts: list[str]) -> str:
    """Hold a declared encoding against the texts; each stands for its bytes."""
    if encoding.belies("\n".join(texts).encode("latin-1"), declared):
        found = f"the texts are declared to be {declared}, but their bytes are UTF-8"
        raise refused("encoding-contradicted", found, "write source.encoding: UTF-8 in the entry", declared=declared)
    wrong = [text for text in texts if "\ufffd" in (_decoded(text, declared) or "")]
    if len(wrong) > (1 - _MOST) * len(texts):
        found = f"the texts are declared to be {declared}, but {len(wrong)} of {len(texts)} cannot be read so"
        example = encoding.read_western(wrong[0].encode("latin-1"))
        cure = "ask for the right encoding and name it as source.encoding in the entry"
        raise refused("encoding-contradicted", f"{found} (such as {example!r})", cure, declared=declared)
    return declared


def _evident(texts: list[str], raw: Raw) -> str:
    """Find the encoding of texts from their bytes; each text stands for its bytes."""
    if not texts:
        return "ASCII"
    unicode = [text for text in texts if "\ufffd" not in (_decoded(text, "UTF-8") or "")]
    if len(unicode) >= _MOST * len(texts):
        message = f"no encoding is declared; the bytes of {len(unicode)} of {len(texts)} distinct texts are UTF-8"
        raw.remark("encoding-detected", message, "repaired", after="UTF-8")
        return "UTF-8"
    western = [encoding.read_western(text.encode("latin-1")) for text in texts]
    if encoding.detect(western) is None:
        if not encoding.is_western(western):
            found = f"no encoding is declared, and the bytes tell none (such as {western[0]!r})"
            cure = "ask for the encoding and name it as source.encoding in the entry, for example Big5 or windows-1251"
            raise refused("encoding-undeclared", found, cure, example=western[0])
        message = f"no encoding is declared; {len(texts)} distinct texts were read as windows-1252 (Western European)"
        raw.remark("encoding-assumed", message, after=western[0])
    return "windows-1252"
