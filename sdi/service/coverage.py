"""Published coverages: one folder each under ``rasters/``, described by its ``coverage.json``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from sdi.crs import CRS84, StorageCRS, uri
from sdi.declaration import Label
from sdi.errors import PhusaError
from sdi.service.negotiation import COVERAGEJSON, GEOTIFF
from sdi.service.parameter import Box
from sdi.service.raster import Definition, Raster, cog, zarr
from sdi.service.reference import bounds_between

logger = logging.getLogger(__name__)

DESCRIPTION = "coverage.json"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One raster that is served."""

    name: str
    title: Label
    description: Label
    kind: str
    """What it shows: elevation, depth, level or a whole run."""
    crs: str
    """CRS of its grid, ``EPSG:n`` or ``OGC:CRS84``."""
    variables: tuple[Mapping[str, str], ...]
    """Each with ``name``, ``standard_name``, ``long_name`` and ``units``."""
    tiff: Path | None
    store: Path | None
    fit_for_decisions: bool
    notice: Label | None
    attribution: str
    licence: Mapping[str, Any]
    bulk: bool
    """Whether the whole file may be offered for download."""
    vertical_datum: str | None
    extent: Box
    """Box of the grid [degree, CRS84]."""
    interval: tuple[str | None, str | None]
    """First and last moment [UTC]; ``None`` without time."""
    version: int
    """Changes whenever the coverage is published anew."""

    @classmethod
    def read(cls, folder: Path, storage: StorageCRS) -> Coverage:
        """Read the description of a coverage and look into its data for extent and time.

        Parameters
        ----------
        folder : Path
            Folder of the coverage.
        storage : StorageCRS
            For the pinned datum operation.

        Returns
        -------
        Coverage
        """
        path = folder / DESCRIPTION
        said: dict[str, Any] = orjson.loads(path.read_bytes())
        tiff, store = (folder / said[key] if said.get(key) else None for key in ("cog", "zarr"))
        raster = (zarr if store else cog)(_definition(said, store or tiff))
        x, y, times = raster.grid.x, raster.grid.y, raster.grid.time
        half_x, half_y = abs(float(x[1] - x[0])) / 2, abs(float(y[1] - y[0])) / 2
        edges = (float(x.min()) - half_x, float(y.min()) - half_y, float(x.max()) + half_x, float(y.max()) + half_y)
        moments = (None, None) if times is None else tuple(f"{np.datetime_as_string(times[i], 's')}Z" for i in (0, -1))
        return cls(
            name=said["id"], title=label(said["title"]), description=label(said.get("description") or said["title"]),
            kind=said.get("kind", ""), crs=said["crs"], variables=tuple(said["variables"]), tiff=tiff, store=store,
            fit_for_decisions=bool(said.get("fit_for_decisions", False)),
            notice=label(said["notice"]) if said.get("notice") else None, attribution=said.get("attribution", ""),
            licence=said.get("licence") or {}, bulk=bool(said.get("bulk", False)), vertical_datum=said.get("vertical_datum"),
            extent=bounds_between(edges, said["crs"], CRS84, storage), interval=moments, version=path.stat().st_mtime_ns,
        )  # fmt: skip

    @property
    def formats(self) -> tuple[tuple[str, str], ...]:
        """Formats of its data: ``f`` and media type."""
        return (("json", COVERAGEJSON), ("tiff", GEOTIFF)) if self.tiff and self.bulk else (("json", COVERAGEJSON),)

    def definition(self, format_: str = "json") -> Definition:
        """Provider definition for pygeoapi.

        Parameters
        ----------
        format_ : str
            ``json``, or ``tiff`` for the file.
        """
        data = self.tiff if format_ == "tiff" else self.store or self.tiff
        return _definition({"crs": self.crs, "variables": list(self.variables)}, data)

    def raster(self) -> Raster:
        """Open data of the coverage, shared by all requests."""
        return (zarr if self.store else cog)(self.definition())


def coverages(folder: Path, storage: StorageCRS) -> dict[str, Coverage]:
    """Read all coverages; one that cannot be read is left out and logged, and does not silence the others.

    Parameters
    ----------
    folder : Path
        Folder of the coverages; may be missing.
    storage : StorageCRS
        For the pinned datum operation.

    Returns
    -------
    dict of str to Coverage
        Name to coverage, in alphabetical order.
    """
    found = {}
    for path in sorted(folder.glob(f"*/{DESCRIPTION}")):
        try:
            coverage = Coverage.read(path.parent, storage)
        except (PhusaError, OSError, KeyError, ValueError, RuntimeError) as error:
            logger.warning("coverage %s is not served: %s", path.parent.name, error)
            continue
        found[coverage.name] = coverage
    return found


def stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """State of the coverages: changes when one comes, goes or is published anew.

    Parameters
    ----------
    folder : Path
        Folder of the coverages; may be missing.

    Returns
    -------
    tuple of (str, int)
        Folder name and time of its description.
    """
    return tuple((path.parent.name, path.stat().st_mtime_ns) for path in sorted(folder.glob(f"*/{DESCRIPTION}")))


def label(value: object) -> Label:
    """Read a text in two languages; a plain text counts for both.

    Parameters
    ----------
    value : str or mapping
        As JSON has it.

    Returns
    -------
    Label
    """
    return Label(str(value["vi"]), str(value["en"])) if isinstance(value, dict) else Label(str(value), str(value))


def _definition(said: Mapping[str, Any], data: Path | None) -> Definition:
    """Describe the data of a coverage to pygeoapi."""
    tiff = data is not None and data.suffix != ".zarr"
    return {
        "type": "coverage",
        "name": f"sdi.service.raster.{'cog' if tiff else 'zarr'}",
        "data": str(data),
        "storage_crs": uri(said["crs"]),
        "variables": list(said["variables"]),
        "format": {"name": "tiff", "mimetype": GEOTIFF} if tiff else {"name": "zarr", "mimetype": "application/zip"},
        "x_field": "x",
        "y_field": "y",
    }
