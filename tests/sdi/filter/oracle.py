"""The test data of CQL2 as publications: three layers of the world, and what each of 274 filters must find there."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyogrio
import shapely

from sdi.filter.filter import Filter
from sdi.history import ALWAYS, FOREVER, OPEN
from sdi.publishing.feature import rounded, serialised
from sdi.store.publication_store import PublicationStore

FOLDER = "cql2/1.0.0"
SQL = {"string": "TEXT", "number": "REAL", "integer": "INTEGER", "boolean": "BOOLEAN"}
LAYERS = ("ne_110m_admin_0_countries", "ne_110m_populated_places_simple", "ne_110m_rivers_lake_centerlines")


class Oracle(NamedTuple):
    """A filter and the number of features it must find."""

    group: str
    layer: str
    filter: str
    count: int


def oracles(schemas: Path) -> list[Oracle]:
    """Read all filters with their counts."""
    with (schemas / FOLDER / "test-data" / "ats_expected_counts.csv").open(encoding="utf-8") as file:
        return [
            Oracle(one["conformance_class"], one["collection"], one["filter_cql2_text"], int(one["expected_count"]))
            for one in csv.DictReader(file)
        ]


def queryables(schemas: Path, layer: str) -> dict[str, Any]:
    """Return the queryables of a layer as they come with the data; its place is called ``geom``."""
    given = orjson.loads((schemas / FOLDER / "test-data" / f"{layer}.json").read_bytes())["properties"]
    return {name: one | ({"format": "geometry-any"} if name == "geom" else {}) for name, one in given.items()}


def publish(schemas: Path, package: PublicationStore) -> dict[str, dict[str, Any]]:
    """Write the three layers as collections of a publication; return their queryables."""
    told = {layer: queryables(schemas, layer) for layer in LAYERS}
    with package.writing():
        for layer, fields in told.items():
            _write(schemas, package, layer, {name: one for name, one in fields.items() if name != "geom"})
    return told


def found(
    package: PublicationStore, layer: str, text: str, fields: dict[str, Any], *, past: bool = False,
    language: str = "cql2-text",
) -> int:  # fmt: skip
    """Return the number of features a filter finds, among the current ones or in the history."""
    term = Filter.of(text, language).condition(fields, package.base.filtering(layer, past=past))
    table = f'"{layer}_history" h' if past else f'"{layer}" c'
    return int(package.query(f"SELECT count(*) FROM {table} WHERE {term.sql}", term.parameters)[0][0])


def _write(schemas: Path, package: PublicationStore, layer: str, fields: dict[str, Any]) -> None:
    """Write one layer, current features and their only version."""
    file = schemas / FOLDER / "test-data" / "ne110m4cql2.gpkg"
    meta, _, wkb, columns = pyogrio.raw.read(file, layer=layer, columns=list(fields), datetime_as_string=True)
    values = dict(zip(meta["fields"], columns, strict=True))
    shapes = rounded(shapely.from_wkb(wkb))
    rows = [{name: _plain(values[name][row], one) for name, one in fields.items()} for row in range(len(shapes))]
    package.define(layer, {name: _sql(one) for name, one in fields.items()}, "GEOMETRY", layer)
    bounds = shapely.bounds(shapes)
    features = serialised([str(row) for row in range(len(shapes))], shapely.to_geojson(shapes).tolist(), rows)
    package.add_history(layer, [
        (row, str(row), ALWAYS, FOREVER, 1, OPEN, *box, feature)
        for row, (box, feature) in enumerate(zip(bounds.tolist(), features, strict=True), 1)
    ])  # fmt: skip
    current = [
        (row, place, str(row), *one.values(), row)
        for row, (place, one) in enumerate(zip(package.base.places(shapes), rows, strict=True), 1)
    ]
    package.add_current(layer, current, bounds)


def _sql(field: dict[str, Any]) -> str:
    """Return the SQL type of a property, as publications have it."""
    return {"date": "DATE", "date-time": "DATETIME"}.get(field.get("format", ""), SQL[field["type"]])


def _plain(value: Any, field: dict[str, Any]) -> Any:
    """Return a value as a publication keeps it."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)) or value == "NaT":
        return None
    if field["type"] == "boolean":
        return bool(value)
    if field["type"] in {"number", "integer"}:
        return float(value) if field["type"] == "number" else int(value)
    if field.get("format") == "date-time":
        text = str(value).replace(" ", "T").replace("/", "-")[:19]
        return f"{text}Z"
    return str(value).replace("/", "-") if field.get("format") == "date" else str(value)
