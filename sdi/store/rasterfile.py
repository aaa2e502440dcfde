"""The files of a raster: Cloud-Optimised GeoTIFF for what lies on ``(y, x)``, Zarr 3 for ``(time, y, x)``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr

from sdi.grid import Grid

CHUNK = 512
"""Side of a chunk of a Zarr array [cells]: one chunk is about 1 MiB."""


def write_cog(path: Path, data: xr.Dataset, grid: Grid, tags: Mapping[str, str]) -> None:
    """Write variables as bands of a Cloud-Optimised GeoTIFF, in single precision.

    Parameters
    ----------
    path : Path
        The file.
    data : Dataset (y, x)
        One variable for each band; the band carries its name and unit.
    grid : Grid
        Where they lie.
    tags : mapping of str to str
        What the file says of itself when it is handed on.
    """
    profile = {
        "driver": "COG", "height": grid.shape[0], "width": grid.shape[1], "count": len(data.data_vars),
        "dtype": "float32", "nodata": np.nan, "crs": grid.authority, "transform": grid.affine,
        "compress": "DEFLATE", "predictor": "YES",
        # Overviews pick cells: a mean of depths at the edge of the water is the depth of no place.
        "overview_resampling": "NEAREST",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.update_tags(**tags)
        for band, (name, variable) in enumerate(data.data_vars.items(), 1):
            target.write(variable.transpose("y", "x").values.astype(np.float32), band)
            target.set_band_description(band, str(name))
            target.set_band_unit(band, str(variable.attrs.get("units", "1")))


def read_cog(path: Path) -> xr.Dataset:
    """Read the bands of a GeoTIFF by their names.

    Parameters
    ----------
    path : Path
        A file of `write_cog`.

    Returns
    -------
    Dataset (y, x)
        NaN where missing.
    """
    with rasterio.open(path) as source:
        grid = Grid((source.height, source.width), source.transform, Grid.definition(source.crs))
        bands = source.read(masked=True).filled(np.nan)
        names = source.descriptions
        return xr.Dataset({name: grid.array(values) for name, values in zip(names, bands, strict=True)})


def write_zarr(path: Path, data: xr.Dataset) -> None:
    """Write variables as one Zarr 3 group, in single precision.

    Parameters
    ----------
    path : Path
        Folder of the group.
    data : Dataset (time, y, x)
        Variables, some of them without time; the CRS in the coordinate ``spatial_ref``.
    """
    plain = data.drop_encoding()
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in plain.data_vars.items():
        variable.attrs.pop("grid_mapping", None)
        chunks = tuple(1 if axis == "time" else min(CHUNK, variable.sizes[axis]) for axis in variable.dims)
        encoding[str(name)] = {"dtype": "float32", "_FillValue": np.float32(np.nan), "chunks": chunks}
        encoding[str(name)]["grid_mapping"] = "spatial_ref"
    first = np.datetime_as_string(plain["time"].values[0], unit="s").replace("T", " ")
    encoding["time"] = {"units": f"seconds since {first}", "dtype": "float64", "calendar": "proleptic_gregorian"}
    plain.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=encoding)


def read_zarr(path: Path) -> xr.Dataset:
    """Open a group of `write_zarr`; values are read when they are asked for.

    Parameters
    ----------
    path : Path
        Folder of the group.

    Returns
    -------
    Dataset (time, y, x)
        NaN where missing.
    """
    data: xr.Dataset = xr.open_zarr(path, consolidated=False, decode_coords="all", chunks=None)
    return data
