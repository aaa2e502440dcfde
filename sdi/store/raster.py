"""Published rasters: one folder each, never half of one.

::

    rasters/terrain/
        coverage.json             what it is, and which version holds
        3f0c9a…/terrain.tif       one version: COG and/or Zarr
        .pending.json             a version that waits to take its place
        .writing-4711-0/          a version on its way; swept when its process is gone

A version is written beside, brought to the disk and named by the hash of its bytes; then ``coverage.json`` is replaced
in one move. Whoever is killed at any moment leaves the old state or the new one. The version before the present one
stays until the next, for those who are still reading it.

`write` does both at once. `prepare` and `complete` do one each, for a raster that belongs to a transaction elsewhere:
prepare, commit, complete; after a crash `list_pending` says what still waits for one or the other.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sdi.errors import InputError, NotFound
from sdi.grid import Grid
from sdi.store.description import DESCRIPTION, RasterDescription
from sdi.store.durable import sync, sync_folder, write_whole
from sdi.store.pending import PENDING, WRITING, abandon, complete, list_pending, sweep
from sdi.store.rasterfile import read_cog, read_zarr, write_cog, write_zarr

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_counter = itertools.count()

__all__ = [
    "PENDING", "abandon", "complete", "fingerprint", "list_pending", "prepare", "read", "remove", "sweep", "write",
]  # fmt: skip


def write(folder: Path, data: xr.Dataset, description: RasterDescription) -> RasterDescription:
    """Publish a raster: what lies on ``(y, x)`` as COG, and if anything has a time, everything as Zarr 3.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    data : Dataset
        Variables on one grid, each with its unit in ``attrs["units"]``; stored in single precision.
    description : RasterDescription
        What it is.

    Returns
    -------
    RasterDescription
        As written.
    """
    prepare(folder, data, description)
    return complete(folder, description.name)


def prepare(folder: Path, data: xr.Dataset, description: RasterDescription) -> RasterDescription:
    """Write a raster without showing it.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    data : Dataset
        As for `write`.
    description : RasterDescription
        What it is.

    Returns
    -------
    RasterDescription
        As it will be published by `complete`.
    """
    grid = Grid.from_dataarray(data)
    if not grid.authority.startswith("EPSG:"):
        raise InputError(
            f"the CRS of raster {description.name} has no EPSG code; resample it to one that has", code="crs-unnamed"
        )
    if not _NAME.fullmatch(description.name):
        raise InputError(f"{description.name!r} is no name for a raster; use letters a-z, digits, - and _", code="name")
    home = folder / description.name
    beside = home / f"{WRITING}{os.getpid()}-{next(_counter)}"
    beside.mkdir(parents=True)
    try:
        files = _write_files(beside, data, grid, description)
        written = _described(description, data, grid, files, _digest(beside), home)
        _settle(beside, home / written.place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    write_whole(home / PENDING, written.content())
    sync_folder(folder)
    return written


def read(folder: Path, name: str) -> xr.Dataset:
    """Read a published raster.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    name : str
        Name of the raster.

    Returns
    -------
    Dataset
        Its variables, NaN where missing; vertical datum, fitness and notice in the attributes of each.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    if not _NAME.fullmatch(name):
        raise NotFound(f"{name!r} is no name of a raster; expected letters a-z, digits, - and _")
    said = RasterDescription.read(folder / name)
    data = read_zarr(folder / name / said.zarr) if said.zarr else read_cog(folder / name / str(said.cog))
    shared: dict[str, Any] = {"fit_for_decisions": int(said.fit_for_decisions)}
    if said.vertical_datum:
        shared["vertical_datum"] = said.vertical_datum
    if said.notice:
        shared |= {"notice": said.notice.en, "notice_vi": said.notice.vi}
    for variable in said.variables:
        described = {key: value for key, value in variable.items() if key != "name" and value}
        data[variable["name"]].attrs |= {**described, **shared}
    return data[[variable["name"] for variable in said.variables]]


def remove(folder: Path, name: str) -> None:
    """Take a raster back.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    name : str
        Name of the raster.
    """
    home = folder / name
    RasterDescription.read(home)
    # First what makes it visible, so that no moment shows a description without data.
    (home / DESCRIPTION).unlink()
    sync_folder(home)
    shutil.rmtree(home)
    sync_folder(folder)


def fingerprint(raster: xr.DataArray) -> str:
    """Hash the content of a raster: its values and where they lie, not how they are stored.

    Parameters
    ----------
    raster : DataArray (y, x) [any unit]
        Values, NaN where missing; unit and vertical datum in the attributes count.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    grid = Grid.from_dataarray(raster)
    values = np.asarray(raster.transpose("y", "x").values, dtype="<f8") + 0.0
    values[np.isnan(values)] = np.nan
    where = {
        "shape": grid.shape,
        "crs": grid.authority,
        "affine": [round(float(value), 6) for value in tuple(grid.affine)[:6]],
        "units": raster.attrs.get("units"),
        "vertical_datum": raster.attrs.get("vertical_datum"),
    }
    digest = hashlib.sha256(json.dumps(where, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _write_files(folder: Path, data: xr.Dataset, grid: Grid, description: RasterDescription) -> dict[str, str]:
    """Write the files of one version; return their names by kind."""
    files, name = {}, description.name
    flat = [key for key, variable in data.data_vars.items() if set(variable.dims) == {"y", "x"}]
    if flat:
        files["cog"] = f"{name}.tif"
        write_cog(folder / files["cog"], data[flat], grid, description.tags())
    if len(flat) < len(data.data_vars):
        files["zarr"] = f"{name}.zarr"
        write_zarr(folder / files["zarr"], data)
    return files


def _described(
    description: RasterDescription, data: xr.Dataset, grid: Grid, files: dict[str, str], version: str, home: Path
) -> RasterDescription:
    """Complete a description with what was written."""
    said = ("standard_name", "long_name", "units")
    variables = tuple(
        {"name": str(name), **{key: str(variable.attrs.get(key, "")) for key in said}}
        for name, variable in data.data_vars.items()
    )
    place = version[:16]
    present = RasterDescription.read(home).place if (home / DESCRIPTION).exists() else None
    return replace(
        description, crs=grid.authority, variables=variables, version=version,
        previous=present if present != place else None, box=grid.bounds, interval=_interval(data),
        cog=f"{place}/{files['cog']}" if "cog" in files else None,
        zarr=f"{place}/{files['zarr']}" if "zarr" in files else None,
    )  # fmt: skip


def _interval(data: xr.Dataset) -> tuple[str | None, str | None]:
    """Return the first and the last moment [UTC]."""
    if "time" not in data.coords:
        return None, None
    first, last = (f"{np.datetime_as_string(data['time'].values[at], unit='s')}Z" for at in (0, -1))
    return first, last


def _digest(folder: Path) -> str:
    """SHA-256 over names and bytes of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _settle(beside: Path, place: Path) -> None:
    """Give a complete version its name; one that is there already has the same bytes."""
    if place.exists():
        return
    sync(beside)
    beside.rename(place)
    sync_folder(place.parent)
