"""Rasters as delivered: GeoTIFF and Arc/Info ASCII grids, also inside an archive."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import rasterio
import rioxarray  # noqa: F401 (gives arrays their .rio)
import xarray as xr
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from sdi import crs as systems
from sdi.entry import SourceOptions
from sdi.errors import refused
from sdi.source import archive
from sdi.source.delivery import Limits
from sdi.source.georeference import check_definition_beside

logger = logging.getLogger(__name__)

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def read_raster(path: Path | str, options: SourceOptions, limits: Limits = Limits()) -> xr.DataArray:  # noqa: B008
    """Read one band of a delivered raster.

    Parameters
    ----------
    path : Path or str
        A local GeoTIFF or ASCII grid, also inside ``.zip`` or ``.gz``.
    options : SourceOptions
        CRS where the file declares none; ``layer`` names the band of a raster with several, counted from 1.
    limits : Limits, optional
        Most cells.

    Returns
    -------
    DataArray (y, x) [``attrs["units"]`` of the file]
        float32, rows from north to south, NaN where there is no value. ``attrs`` hold the tags of the file and, where
        it says so, ``units``, ``long_name``, ``nodata_declared``; also ``nodata_cells``, ``source_dtype`` and
        ``source_sha256``.

    Raises
    ------
    RefusedError
        If the file is no such raster, too large, rotated, or without CRS.
    """
    path = archive.local_file(path, limits)
    sha256 = archive.digest(path)
    with archive.unpacked(path, None, limits) as file:
        driver = _driver(file)
        _check_mask(file)
        _check_systems(file)
        try:
            with rasterio.open(file, driver=driver) as dataset:
                raster = _band(dataset, options, limits)
        except (RasterioError, MemoryError) as error:
            found = f"{path.name} cannot be read: {error}"
            raise refused("file-unreadable", found, "open it in a GIS and export it again") from error
    raster.attrs["source_sha256"] = sha256
    logger.info("%s: %d x %d cells read", path.name, *raster.shape)
    return raster.rename(path.name.partition(".")[0])


def _driver(path: Path) -> str:
    """Choose the one driver that may open a file."""
    head = archive.first_bytes(path, 16)
    if head.startswith(_TIFF):
        return "GTiff"
    if head.lstrip().lower().startswith(b"ncols"):
        return "AAIGrid"
    found = f"{path.name} is neither a GeoTIFF nor an ASCII grid"
    raise refused("format-unsupported", found, "export the raster as GeoTIFF")


def _check_mask(path: Path) -> None:
    """Refuse a mask beside a raster that is no raster itself: GDAL would follow a reference in it to anywhere."""
    wanted = f"{path.name}.msk".lower()
    for other in path.parent.iterdir():
        if other.name.lower() == wanted and not archive.first_bytes(other, 16).startswith(_TIFF):
            raise refused("raster-mask", f"{other.name} is no mask", "deliver the raster without it")


def _check_systems(path: Path) -> None:
    """Refuse a raster beside which a CRS is written that names a file: GDAL would open that."""
    wanted = {f"{path.stem}.prj".lower(), f"{path.name}.prj".lower(), f"{path.name}.aux.xml".lower()}
    for other in path.parent.iterdir():
        if other.name.lower() in wanted:
            check_definition_beside(other)


def _band(dataset: DatasetReader, options: SourceOptions, limits: Limits) -> xr.DataArray:
    """Read one band with its coordinates."""
    if dataset.width * dataset.height > limits.cells:
        found = f"the raster announces {dataset.width:,} x {dataset.height:,} cells"
        raise refused("too-many-cells", found, f"at most {limits.cells:,} are read; deliver it in parts")
    band = _band_number(dataset, options)
    declared = options.crs or (dataset.crs.to_string() if dataset.crs else None)
    if declared is None:
        found = "the raster declares no CRS"
        raise refused("crs-undeclared", found, "ask the supplier and name the CRS as source.crs in the entry")
    transform = dataset.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e == 0 or transform.is_identity:
        found = f"the raster is not laid out along its axes ({tuple(transform)[:6]})"
        raise refused("raster-not-aligned", found, "warp it to a grid with rows from west to east")
    masked = dataset.read(band, masked=True)
    values = np.ma.filled(masked.astype(np.float32), np.nan)
    values[~np.isfinite(values)] = np.nan
    x = transform.c + transform.a * (np.arange(dataset.width) + 0.5)
    y = transform.f + transform.e * (np.arange(dataset.height) + 0.5)
    raster = xr.DataArray(values, {"y": y, "x": x}, ("y", "x"), attrs=_attributes(dataset, band, values))
    if transform.e > 0:
        raster = raster.isel(y=slice(None, None, -1))
    placed: xr.DataArray = raster.rio.write_crs(systems.known(declared)).rio.write_nodata(np.nan, encoded=True)
    return placed


def _band_number(dataset: DatasetReader, options: SourceOptions) -> int:
    """Choose the band."""
    if dataset.count == 1:
        return 1
    if options.layer and options.layer.isdigit() and 1 <= int(options.layer) <= dataset.count:
        return int(options.layer)
    found = f"the raster has {dataset.count} bands"
    raise refused("layer-ambiguous", found, "name one as source.layer in the entry, counted from 1")


def _attributes(dataset: DatasetReader, band: int, values: np.ndarray) -> dict[str, str | int | float]:
    """Say what the file says of a band; what it leaves out is left out, its tags give some products away."""
    attributes: dict[str, str | int | float] = {
        **dataset.tags(),
        "nodata_cells": int(np.isnan(values).sum()),
        "source_dtype": dataset.dtypes[band - 1],
    }
    said = {"long_name": dataset.descriptions[band - 1], "units": dataset.units[band - 1]}
    attributes |= {name: text for name, text in said.items() if text}
    return attributes if dataset.nodata is None else attributes | {"nodata_declared": float(dataset.nodata)}
