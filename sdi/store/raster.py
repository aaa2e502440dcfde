"""Published rasters: one folder each, never half of one.

::

    rasters/terrain/
        coverage.json             what it is, and which version holds
        3f0c9a…/terrain.tif       one version: COG and/or Zarr
        .writing-4711-0/          a version on its way; swept when its process is gone

A version is written beside, brought to the disk and named by the hash of its bytes; then ``coverage.json`` is replaced
in one move. Whoever is killed at any moment leaves the old state or the new one. The version before the present one
stays until the next, for those who are still reading it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr

from sdi.declaration import Label
from sdi.errors import InputError, IntegrityError, NotFound
from sdi.grid import Grid
from sdi.store.durable import is_running, sync, sync_folder, write_whole

DESCRIPTION = "coverage.json"
_WRITING = ".writing-"
_counter = itertools.count()
CHUNK = 512
"""Side of a chunk of a Zarr array [cells]: one chunk is about 1 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterDescription:
    """What a published raster is: the content of its ``coverage.json``."""

    name: str
    """Name of its folder and its identifier in the service."""
    title: Label
    description: Label | None = None
    kind: str
    """``elevation``, ``depth``, ``level`` or ``run``."""
    vertical_datum: str | None = None
    fit_for_decisions: bool = True
    notice: Label | None = None
    """What must be said wherever it is shown."""
    attribution: str = ""
    licence: Mapping[str, Any] = field(default_factory=dict)
    scenario: str | None = None
    """Identifier of the run it comes from."""
    bulk: bool = False
    """Whether the whole file may be offered."""
    crs: str = ""
    variables: tuple[Mapping[str, str], ...] = ()
    cog: str | None = None
    zarr: str | None = None
    version: str = ""
    """SHA-256 over the bytes of its files; its beginning names their folder."""
    previous: str | None = None

    @classmethod
    def read(cls, folder: Path) -> RasterDescription:
        """Read the description of a raster.

        Parameters
        ----------
        folder : Path
            Folder of the raster.

        Raises
        ------
        NotFound
            If nothing is published there.
        IntegrityError
            If its description cannot be read.
        """
        try:
            said: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
            labels = {key: Label(**said[key]) for key in ("title", "description", "notice") if said.get(key)}
            said["name"], said["variables"] = said.pop("id"), tuple(said["variables"])
            said.pop("units", None)
            return cls(**{**said, **labels})
        except FileNotFoundError:
            raise NotFound(f"no raster is published in {folder}; was it ingested, or its scenario run?") from None
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"{folder / DESCRIPTION} cannot be read ({error}); publish the raster again"
            ) from error

    def document(self) -> dict[str, Any]:
        """Return the description as JSON has it."""
        said = asdict(self)
        said["id"] = said.pop("name")
        units = {variable["units"] for variable in self.variables}
        return said | {"units": units.pop() if len(units) == 1 else None}


def write(folder: Path, data: xr.Dataset, description: RasterDescription) -> RasterDescription:
    """Publish a raster: what lies on ``(y, x)`` as COG, and if anything has a time, everything as Zarr 3.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    data : Dataset
        Variables on one grid, each with its unit in ``attrs["units"]``; stored in single precision.
    description : RasterDescription
        What it is; CRS, variables and files are filled in here.

    Returns
    -------
    RasterDescription
        As written.
    """
    grid = Grid.from_dataarray(data)
    if ":" not in grid.authority or len(grid.authority) > 20:
        raise InputError(
            f"the CRS of raster {description.name} has no EPSG code; resample it to one that has", code="crs-unnamed"
        )
    home = folder / description.name
    beside = home / f"{_WRITING}{os.getpid()}-{next(_counter)}"
    beside.mkdir(parents=True)
    try:
        files = _write_files(beside, data, grid, description.name)
        version = _digest(beside)
        old = RasterDescription.read(home).version if (home / DESCRIPTION).exists() else None
        written = replace(
            description, crs=grid.authority, variables=_variables(data), version=version,
            previous=old[:16] if old and old != version else None,
            cog=files.get("cog") and f"{version[:16]}/{files['cog']}",
            zarr=files.get("zarr") and f"{version[:16]}/{files['zarr']}",
        )  # fmt: skip
        _settle(beside, home / version[:16])
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    write_whole(
        home / DESCRIPTION, json.dumps(written.document(), ensure_ascii=False, indent=1, sort_keys=True).encode()
    )
    sync_folder(folder)
    _tidy(home)
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
    """
    said = RasterDescription.read(folder / name)
    if said.zarr:
        data = xr.open_zarr(folder / name / said.zarr, consolidated=False, decode_coords="all")
    else:
        data = _read_cog(folder / name / str(said.cog))
    shared: dict[str, Any] = {"fit_for_decisions": int(said.fit_for_decisions)}
    if said.vertical_datum:
        shared["vertical_datum"] = said.vertical_datum
    if said.notice:
        shared |= {"notice": said.notice.en, "notice_vi": said.notice.vi}
    for variable in said.variables:
        described = {key: value for key, value in variable.items() if key != "name" and value}
        data[variable["name"]].attrs |= {**described, **shared}
    return data


def list_coverages(folder: Path) -> tuple[RasterDescription, ...]:
    """List the published rasters.

    Parameters
    ----------
    folder : Path
        Folder of all rasters; may be missing.

    Returns
    -------
    tuple of RasterDescription
        By name.
    """
    return tuple(RasterDescription.read(path.parent) for path in sorted(folder.glob(f"*/{DESCRIPTION}")))


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


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove what killed processes left behind; for whoever opens a workspace to write.

    Parameters
    ----------
    folder : Path
        Folder of all rasters; may be missing.

    Returns
    -------
    tuple of Path
        What was removed.
    """
    homes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return tuple(gone for home in homes for gone in _tidy(home))


def fingerprint(raster: xr.DataArray) -> str:
    """Hash the content of a raster: its values and where they lie, not how they are stored.

    Parameters
    ----------
    raster : DataArray (y, x)
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
        "shape": grid.shape, "crs": grid.authority, "affine": [round(float(value), 6) for value in tuple(grid.affine)[:6]],
        "units": raster.attrs.get("units"), "vertical_datum": raster.attrs.get("vertical_datum"),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(where, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _write_files(folder: Path, data: xr.Dataset, grid: Grid, name: str) -> dict[str, str]:
    """Write the files of one version; return their names by kind."""
    files = {}
    flat = [key for key, variable in data.data_vars.items() if variable.dims == ("y", "x")]
    if flat:
        files["cog"] = f"{name}.tif"
        _write_cog(folder / files["cog"], data[flat], grid)
    if len(flat) < len(data.data_vars):
        files["zarr"] = f"{name}.zarr"
        _write_zarr(folder / files["zarr"], data)
    return files


def _write_cog(path: Path, data: xr.Dataset, grid: Grid) -> None:
    """Write variables as bands of a cloud-optimised GeoTIFF."""
    rows, columns = grid.shape
    profile = {
        "driver": "COG", "height": rows, "width": columns, "count": len(data.data_vars), "dtype": "float32", "nodata": np.nan,
        "crs": grid.authority, "transform": grid.affine, "compress": "DEFLATE", "predictor": "YES",
        # Overviews pick cells: a mean of depths at the edge of the water is the depth of no place.
        "overview_resampling": "NEAREST",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        for band, (name, variable) in enumerate(data.data_vars.items(), 1):
            target.write(variable.values.astype(np.float32), band)
            target.set_band_description(band, str(name))
            target.set_band_unit(band, str(variable.attrs.get("units", "1")))


def _read_cog(path: Path) -> xr.Dataset:
    """Read the bands of a GeoTIFF by their names."""
    with rasterio.open(path) as source:
        grid = Grid((source.height, source.width), source.transform, Grid.definition(source.crs))
        bands = source.read(masked=True).filled(np.nan)
        return xr.Dataset({name: grid.array(values) for name, values in zip(source.descriptions, bands, strict=True)})


def _write_zarr(path: Path, data: xr.Dataset) -> None:
    """Write all variables as one Zarr 3 group."""
    encoding: dict[str, dict[str, Any]] = {
        str(name): {
            "dtype": "float32", "_FillValue": np.float32(np.nan),
            "chunks": tuple(1 if axis == "time" else min(CHUNK, variable.sizes[axis]) for axis in variable.dims),
        }
        for name, variable in data.data_vars.items()
    }  # fmt: skip
    first = np.datetime_as_string(data["time"].values[0], unit="s").replace("T", " ")
    encoding["time"] = {"units": f"seconds since {first}", "dtype": "float64", "calendar": "proleptic_gregorian"}
    plain = data.drop_encoding()
    for variable in plain.data_vars.values():
        variable.attrs.pop("grid_mapping", None)
        variable.encoding["grid_mapping"] = "spatial_ref"
    plain.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=encoding)


def _variables(data: xr.Dataset) -> tuple[Mapping[str, str], ...]:
    """Describe the variables for people and clients."""
    keys = ("standard_name", "long_name", "units")
    return tuple(
        {"name": str(name), **{key: str(variable.attrs.get(key, "")) for key in keys}}
        for name, variable in data.data_vars.items()
    )


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


def _tidy(home: Path) -> list[Path]:
    """Remove versions nobody needs, writers that are gone, and a folder that never came to anything."""
    described = (home / DESCRIPTION).exists()
    said = RasterDescription.read(home) if described else None
    needed = {DESCRIPTION, said.version[:16] if said else "", (said.previous if said else None) or ""}
    gone = [path for path in sorted(home.iterdir()) if path.name not in needed and not _is_alive(path)]
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not described and not any(home.iterdir()):
        home.rmdir()
        gone.append(home)
    return gone


def _is_alive(path: Path) -> bool:
    """Tell whether something on its way belongs to another process that is still running."""
    for beginning in (_WRITING, f".{DESCRIPTION}-"):
        if path.name.startswith(beginning):
            owner = path.name.removeprefix(beginning).partition("-")[0]
            return owner.isdigit() and int(owner) != os.getpid() and is_running(int(owner))
    return False
