"""Harmonic constants in files: our own YAML (``catalogs/tides/``) and the JSON of the tide database.

Our file either writes the constituents out, or names a JSON file below the folder of data, which is read in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from frmis.quantity import quantity
from frmis.tide import KNOWN, Constants, Constituent
from sdi.catalog.conformity import check
from sdi.catalog.document import Document, find_file
from sdi.catalog.format import LABEL, Schema
from sdi.declaration import Label
from sdi.errors import InputError

ALIASES: Mapping[str, str] = {
    "2MK3": "MO3", "EP2": "EPS2", "LAM2": "LDA2", "LAMBDA2": "LDA2", "M1": "NO1", "MA2": "H1", "MB2": "H2",
    "RHO": "RHO1", "SGM": "SIG1",
}  # fmt: skip
"""Names that others give to constituents, to those of UTide: the frequencies are the same."""

_LICENCES: Mapping[str, str] = {"cc-by-4.0": "CC BY 4.0", "public domain": "Public domain"}
"""Licences of the tide database as people write them."""


def _text(example: str) -> Schema:
    return {"type": "string", "minLength": 1, "examples": [example]}


_HARMONIC: Schema = {
    "type": "object",
    "properties": {"amplitude": _text("0.45 m"), "phase": {"type": "number", "minimum": -360, "maximum": 360}},
    "required": ["amplitude", "phase"],
    "additionalProperties": False,
}
_COMMON: Schema = {"tide": _text("vung_tau"), "title": LABEL, "notice": LABEL, "vertical_datum": _text("hon_dau")}
_WRITTEN: Schema = {
    "latitude": {"type": "number", "minimum": -90, "maximum": 90, "examples": [10.34]},
    "longitude": {"type": "number", "minimum": -180, "maximum": 180, "examples": [107.07]},
    "mean_level": _text("0.35 m"),
    "epoch": {**_text("2007-10-15/2025-06-30"), "pattern": r"^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$"},
    "constituents": {"type": "object", "additionalProperties": _HARMONIC, "minProperties": 1},
}
_SOURCE: Schema = {
    "type": "object",
    "properties": {"path": _text("tide/station.json"), "name": _text("TICON-4"), "licence": _text("CC BY 4.0")},
    "additionalProperties": False,
}


def _form(source: tuple[str, ...], keys: Iterable[str], required: Iterable[str], what: str) -> Schema:
    """State what a file of one of the two forms must and may say."""
    own = {"required": list(source), "properties": dict.fromkeys(source, True), "additionalProperties": False}
    properties = {**dict.fromkeys([*_COMMON, *keys], True), "source": own}
    return {"properties": properties, "additionalProperties": False, "required": list(required), "x-what": what}


FORMAT: Schema = {
    "type": "object",
    "properties": {**_COMMON, **_WRITTEN, "source": _SOURCE},
    "required": ["tide", "title", "vertical_datum", "source"],
    "additionalProperties": False,
    "if": {"properties": {"source": {"type": "object", "required": ["path"]}}, "required": ["source"]},
    "then": _form(("path",), (), (), "a tide whose constants stand in another file"),
    "else": _form(("name", "licence"), _WRITTEN, _WRITTEN, "a tide whose constants are written out"),
}
"""JSON Schema of a file of constants."""


def find(name: str, folders: Iterable[Path], data: Path | None = None) -> Constants:
    """Find the constants of a name.

    Parameters
    ----------
    name : str
        Name of the file without its ending.
    folders : iterable of Path
        Folders of files of constants; a later one goes before an earlier one.
    data : Path, optional
        Folder of data, below which a file may name another one.

    Returns
    -------
    Constants

    Raises
    ------
    NotFound
        If no folder holds them; names those that there are.
    """
    path = find_file(name, folders, f"there are no tidal constants {name!r}", code="tide-unknown")
    return read(path, data)


def read(path: Path, data: Path | None = None) -> Constants:
    """Read a file of constants.

    Parameters
    ----------
    path : Path
        Our YAML, or JSON of the tide database.
    data : Path, optional
        Folder of data, below which our YAML may name a file.

    Returns
    -------
    Constants

    Raises
    ------
    CatalogError
        If our YAML is wrong; names file, line, what was found and what to write.
    InputError
        If the JSON is wrong or missing.
    """
    if path.suffix == ".json":
        return _of_database(path, path.stem, {}, "station")
    document = Document.read(path)
    check(document, FORMAT)
    if document.data["tide"] != path.stem:
        raise document.error(("tide",), f"the file declares the tide '{document.data['tide']}'", f"write {path.stem}")
    if "path" not in document.data["source"]:
        return _written_out(document)
    if data is None:
        found = f"the constants stand in {document.data['source']['path']} below the folder of data"
        raise document.error(("source", "path"), found, "name that folder (--data)")
    below = (data / document.data["source"]["path"]).resolve()
    if not below.is_relative_to(data.resolve()):
        raise document.error(
            ("source", "path"), "the path leaves the folder of data", "write it relative to that folder"
        )
    labels = {key: Label(**document.data[key]) for key in ("title", "notice") if key in document.data}
    return _of_database(below, path.stem, labels, document.data["vertical_datum"])


def _written_out(document: Document) -> Constants:
    """Return the constants that a file writes out."""
    data = document.data
    harmonics = []
    for name, one in data["constituents"].items():
        here = ("constituents", name)
        try:
            harmonics.append(Constituent(name, quantity(one["amplitude"], "length"), float(one["phase"])))
        except InputError as error:
            raise document.error(here, error.message, "write for example M2: {amplitude: 0.45 m, phase: 130}") from None
    try:
        mean = quantity(data["mean_level"], "length")
    except InputError as error:
        raise document.error(("mean_level",), error.message, "write for example mean_level: 0.35 m") from None
    return Constants(
        name=data["tide"], title=Label(**data["title"]), latitude=float(data["latitude"]),
        longitude=float(data["longitude"]), constituents=tuple(harmonics), mean_level=mean,
        vertical_datum=data["vertical_datum"], epoch=data["epoch"], source=data["source"]["name"],
        licence=data["source"]["licence"], notice=Label(**data["notice"]) if "notice" in data else None,
    )  # fmt: skip


def _of_database(path: Path, name: str, labels: Mapping[str, Label], datum: str) -> Constants:
    """Return the constants of a station of the tide database; those that UTide does not know are named, not used."""
    station = _json(path)
    try:
        named = {ALIASES.get(one["name"], one["name"]): one for one in station["harmonic_constituents"]}
        harmonics = tuple(
            Constituent(known, float(one["amplitude"]), float(one["phase"]))
            for known, one in named.items()
            if known in KNOWN
        )
        mean = station.get("datums", {}).get("MSL")
        title, terms = str(station["name"]), str(station["license"]["type"])
        return Constants(
            name=name, title=labels.get("title", Label(title, title)), latitude=float(station["latitude"]),
            longitude=float(station["longitude"]), constituents=harmonics,
            mean_level=None if mean is None else float(mean), vertical_datum=datum,
            epoch=f"{station['epoch']['start']}/{station['epoch']['end']}",
            source=f"{station['source']['name']}, {station['source']['id']}", licence=_LICENCES.get(terms, terms),
            notice=labels.get("notice"),
            left_out=tuple(one["name"] for known, one in named.items() if known not in KNOWN),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        found = error.message if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(
            f"{path.name} is no station of the tide database ({found}); expected latitude, longitude, datums, epoch, "
            "source, license and harmonic_constituents with name, amplitude [m] and phase [degree]",
            code="tide-unreadable",
        ) from error


def _json(path: Path) -> Any:
    """Read a JSON file."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); is the folder of data complete?") from error
    except ValueError as error:
        raise InputError(f"{path.name} is no JSON ({error}); get the file anew", code="tide-unreadable") from error
