"""The formats in which a whole collection is offered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One format of a file."""

    name: str
    """What people call it."""
    ending: str
    """End of its file names, without the dot."""
    media: str
    """Media type, as the standard or IANA names it."""


GEOPARQUET = Form("GeoParquet", "parquet", "application/vnd.apache.parquet")
FLATGEOBUF = Form("FlatGeobuf", "fgb", "application/flatgeobuf")
GEOPACKAGE = Form("GeoPackage", "gpkg", "application/geopackage+sqlite3")
CSV = Form("CSV", "csv", "text/csv; charset=utf-8; header=present")

FORMS = (GEOPARQUET, FLATGEOBUF, GEOPACKAGE, CSV)
"""All of them, in the order in which they are offered."""
