"""Published coverages: one folder each under ``rasters/``, described by its ``coverage.json``."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pygeoapi.provider.base import ProviderConnectionError

from sdi.crs import CRS84, StorageCRS, uri
from sdi.declaration import Label
from sdi.errors import PhusaError
from sdi.late import late
from sdi.service.negotiation import COVERAGEJSON, GEOTIFF
from sdi.service.parameter import Box
from sdi.service.raster import Definition, Raster
from sdi.service.reference import bounds_between
from sdi.store.description import DESCRIPTION, RasterDescription

logger = logging.getLogger(__name__)

_cog, _zarr = late("sdi.service.handle:cog"), late("sdi.service.handle:zarr")
"""Many workers never open a raster, and what opens one takes longer to import than all the rest."""


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
    version: str
    """Changes whenever the coverage is published anew."""

    @classmethod
    def read(cls, folder: Path, storage: StorageCRS) -> Coverage:
        """Read the description of a coverage; where it does not say extent and time, look into the data.

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
        said = RasterDescription.read(folder)
        tiff, store = (folder / file if file else None for file in (said.cog, said.zarr))
        box, interval = said.box, said.interval
        if box is None:
            grid = _opened(_definition(said.crs, said.variables, store or tiff), is_zarr=store is not None).grid
            box, interval = grid.box, grid.interval
        return cls(
            name=said.name, title=said.title, description=said.description or said.title, kind=said.kind, crs=said.crs,
            variables=said.variables, tiff=tiff, store=store, fit_for_decisions=said.fit_for_decisions,
            notice=said.notice, attribution=said.attribution, licence=said.licence, bulk=said.bulk,
            vertical_datum=said.vertical_datum,
            extent=bounds_between(box, said.crs, CRS84, storage), interval=interval,
            version=said.version,
        )  # fmt: skip

    @property
    def formats(self) -> tuple[tuple[str, str], ...]:
        """Formats of its data: ``f`` and media type."""
        return (("json", COVERAGEJSON), ("tiff", GEOTIFF)) if self.tiff and self.bulk else (("json", COVERAGEJSON),)

    def definition(self, format_: str = "json") -> Definition:
        """Describe its data to pygeoapi.

        Parameters
        ----------
        format_ : str
            ``json``, or ``tiff`` for the file.
        """
        data = self.tiff if format_ == "tiff" else self.store or self.tiff
        return _definition(self.crs, self.variables, data)

    def raster(self, format_: str = "json") -> Raster:
        """Open its data, shared by all requests.

        Parameters
        ----------
        format_ : str
            ``json``, or ``tiff`` for the file.

        Returns
        -------
        Raster
        """
        return _opened(self.definition(format_), is_zarr=format_ != "tiff" and self.store is not None)


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
        except (PhusaError, OSError, ValueError, ProviderConnectionError) as error:
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
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return ()
    found = ((name, _written(f"{folder}/{name}/{DESCRIPTION}")) for name in names)
    return tuple((name, time) for name, time in found if time is not None)


def _written(path: str) -> int | None:
    """Return when a file was written [ns], ``None`` where there is none; asked for every request: the short way."""
    try:
        return int(os.stat(path).st_mtime_ns)  # noqa: PTH116 - a path costs more than the look
    except (FileNotFoundError, NotADirectoryError):
        return None


def _opened(definition: Definition, *, is_zarr: bool) -> Raster:
    """Open the data of a coverage, shared by all requests."""
    raster: Raster = (_zarr if is_zarr else _cog)(definition)
    return raster


def _definition(crs: str, variables: Sequence[Mapping[str, str]], data: Path | None) -> Definition:
    """Describe the data of a coverage to pygeoapi."""
    tiff = data is not None and data.suffix != ".zarr"
    return {
        "type": "coverage",
        "name": f"sdi.service.handle.{'cog' if tiff else 'zarr'}",
        "data": str(data),
        "storage_crs": uri(crs),
        "variables": list(variables),
        "format": {"name": "tiff", "mimetype": GEOTIFF} if tiff else {"name": "zarr", "mimetype": "application/zip"},
        "options": {} if tiff else {"zarr": {"consolidated": False, "decode_timedelta": False, "decode_coords": "all"}},
        "x_field": "x",
        "y_field": "y",
    }
