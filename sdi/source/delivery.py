"""What reading a delivery yields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

Action = Literal["accepted", "repaired", "quarantined", "refused"]
"""What was done about a finding: left as it is, mended, put aside, or the end of the delivery."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a delivery or on one of its rows."""

    code: str
    """Stable slug for machines."""
    row: int | None
    """Row as delivered, counted from 0; None where the remark concerns the whole delivery."""
    message: str
    """What was found, and what to do where there is something to do."""
    action: Action
    before: str | None = None
    after: str | None = None
    column: str | None = None
    """Column or field concerned; None where it is the geometry or the delivery."""
    moved_area_m2: float | None = None
    """Area whose membership a repair of the geometry changed [m2]."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest deliveries that are read; larger ones are refused before memory is spent."""

    file_bytes: int = 4 * 1024**3
    """Bytes of a file or a set of files, also after unpacking [byte]."""
    text_bytes: int = 1024**3
    """Bytes of a text file, which is held in memory whole [byte]."""
    expansion: int = 200
    """Largest ratio of unpacked to packed bytes [1]."""
    unpacked_bytes: int = 1024**3
    """Bytes that are unpacked of one archive; a larger file is delivered unpacked [byte]."""
    members: int = 1000
    """Most files in an archive."""
    rows: int = 5_000_000
    """Most rows."""
    vertices: int = 100_000_000
    """Most vertices of all geometries together."""
    columns: int = 2000
    """Most columns."""
    cells: int = 100_000_000
    """Most cells of a raster."""


@dataclass(slots=True)
class Raw:
    """A table on its way from the file to a delivery."""

    columns: pd.DataFrame
    geometry: NDArray[np.object_]
    """Geometry of each row (row,), None where there is none."""
    crs: CRS | None = None
    encoding: str = "UTF-8"
    findings: list[Finding] = field(default_factory=list)
    declares_crs: bool = True
    """False for formats that cannot say their CRS."""

    def remark(self, code: str, message: str, action: Action = "accepted", row: int | None = None, **more: Any) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, row, message, action, **more))


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """A table as delivered: source columns, source CRS, text repaired, every remark kept."""

    table: gpd.GeoDataFrame
    """Rows as delivered, indexed by row number; x is easting or longitude."""
    crs: CRS | None
    """CRS of the table; None for a table without places."""
    encoding: str
    """Encoding in which the texts were written."""
    findings: tuple[Finding, ...]
    sha256: str
    """Digest of the delivered bytes; of the list of digests for a set of files."""
    path: Path
    format: str
    """Name of the format, such as ``GeoJSON``."""

    @property
    def crs_name(self) -> str:
        """CRS as other parts of the project name it: ``EPSG:n``, ``OGC:CRS84`` or its full text; empty for none."""
        return "" if self.crs is None else self.crs.to_string()
