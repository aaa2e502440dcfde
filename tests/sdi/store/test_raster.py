"""Published rasters: complete or not there, whoever is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from rasterio.errors import RasterioIOError

from sdi.declaration import Label
from sdi.errors import InputError, IntegrityError, NotFound
from sdi.grid import Grid
from sdi.store import raster
from sdi.store.description import DESCRIPTION, RasterDescription, list_coverages
from sdi.store.durable import write_whole
from tests.killed import context

GRID = Grid.from_bounds((580_000.0, 1_109_000.0, 583_000.0, 1_112_000.0), 10.0, "EPSG:5897")


def described(name="depths", **more) -> RasterDescription:
    return RasterDescription(name=name, title=Label("Độ sâu", "Depth"), kind="run", **more)


def flat(value: float) -> xr.Dataset:
    """One variable on (y, x) that holds one value and one gap."""
    values = np.full(GRID.shape, value)
    values[0, 0] = np.nan
    attrs = {"units": "m", "standard_name": "surface_altitude", "long_name": "ground"}
    return GRID.array(values, **attrs).to_dataset(name="elevation")


def deep(value: float, times: int = 3) -> xr.Dataset:
    """A run: depths over time and their maximum, all of one value."""
    moments = pd.date_range("2025-10-22T06:00", periods=times, freq="15min")
    depth = xr.DataArray(
        np.full((times, *GRID.shape), value), coords={"time": moments, **GRID.coords()}, dims=("time", "y", "x"),
        attrs={"units": "m", "standard_name": "flood_water_thickness"},
    )  # fmt: skip
    return xr.Dataset({"water_depth": depth, "maximum_water_depth": depth.max("time").assign_attrs(units="m")})


def test_a_raster_comes_back_as_it_was_written(tmp_path):
    notice = Label("Không dùng", "Do not use")
    said = described("terrain", vertical_datum="hon_dau", fit_for_decisions=False, notice=notice)
    written = raster.write(tmp_path, flat(1.25), said)
    assert written.zarr is None
    data = raster.read(tmp_path, "terrain")
    assert Grid.from_dataarray(data) == GRID
    assert np.isnan(data.elevation.values[0, 0])
    assert (data.elevation.values[1:] == 1.25).all()
    assert data.elevation.attrs["vertical_datum"] == "hon_dau"
    assert data.elevation.attrs["fit_for_decisions"] == 0
    assert data.elevation.attrs["notice_vi"] == "Không dùng"
    assert data.elevation.attrs["standard_name"] == "surface_altitude"


def test_what_has_a_time_is_a_zarr_and_its_maximum_a_cog(tmp_path):
    written = raster.write(tmp_path, deep(0.5), described())
    data = raster.read(tmp_path, "depths")
    assert data.water_depth.dims == ("time", "y", "x")
    assert data.rio.crs.to_epsg() == 5897
    assert str(data.time.values[1]) == "2025-10-22T06:15:00.000000000"
    assert (data.water_depth.values == 0.5).all()
    assert json.loads((tmp_path / "depths" / written.zarr / "zarr.json").read_text())["zarr_format"] == 3
    with rasterio.open(tmp_path / "depths" / written.cog) as file:
        assert file.descriptions == ("maximum_water_depth",)
        assert file.units == ("m",)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.crs.to_epsg() == 5897


def test_a_large_cog_carries_overviews(tmp_path):
    grid = Grid.from_bounds((0.0, 0.0, 15_000.0, 15_000.0), 10.0, "EPSG:5897")
    written = raster.write(tmp_path, grid.array(np.zeros(grid.shape), units="m").to_dataset(name="z"), described("z"))
    with rasterio.open(tmp_path / "z" / written.cog) as file:
        assert file.overviews(1)
        assert file.profile["tiled"]


def test_the_description_says_what_clients_need(tmp_path):
    raster.write(tmp_path, deep(0.5), described(scenario="ab" * 32, licence={"name": "CC0-1.0", "grade": "A"}))
    said = json.loads((tmp_path / "depths" / DESCRIPTION).read_text(encoding="utf-8"))
    assert said["id"] == "depths"
    assert said["title"] == {"vi": "Độ sâu", "en": "Depth"}
    assert said["crs"] == "EPSG:5897"
    assert said["units"] == "m"
    assert [one["name"] for one in said["variables"]] == ["water_depth", "maximum_water_depth"]
    assert said["scenario"] == "ab" * 32
    assert (tmp_path / "depths" / said["cog"]).is_file()
    assert (tmp_path / "depths" / said["zarr"]).is_dir()


def test_a_file_that_is_handed_on_says_itself_how_far_it_may_be_trusted(tmp_path):
    caution = Label("Không dùng để ra quyết định.", "Not fit for decisions.")
    said = described(fit_for_decisions=False, notice=caution, vertical_datum="hon_dau", scenario="ab" * 32)
    written = raster.write(tmp_path, deep(0.5), said)
    with rasterio.open(tmp_path / "depths" / written.cog) as file:
        tags = file.tags()
    assert tags["NOTICE"] == "Not fit for decisions."
    assert tags["NOTICE_VI"] == "Không dùng để ra quyết định."
    assert (tags["FIT_FOR_DECISIONS"], tags["VERTICAL_DATUM"], tags["SCENARIO"]) == ("no", "hon_dau", "ab" * 32)


def test_two_writings_of_the_same_content_are_equal_to_the_byte(tmp_path):
    first = raster.write(tmp_path / "a", deep(0.5), described())
    again = raster.write(tmp_path / "b", deep(0.5), described())
    assert first.version == again.version
    assert raster.write(tmp_path / "a", deep(0.5), described()) == first
    assert raster.write(tmp_path / "a", deep(0.6), described()).version != first.version


def test_a_new_version_takes_the_place_of_the_old_and_leaves_it_to_those_who_read_it(tmp_path):
    old = raster.write(tmp_path, deep(0.5), described())
    reader = raster.read(tmp_path, "depths")
    new = raster.write(tmp_path, deep(0.7), described())
    assert (reader.water_depth.values == 0.5).all()
    assert (raster.read(tmp_path, "depths").water_depth.values == 0.7).all()
    assert new.previous == old.place
    raster.write(tmp_path, deep(0.9), described())
    assert not (tmp_path / "depths" / old.place).exists()
    assert raster.sweep(tmp_path) == ()


def test_a_prepared_raster_is_not_shown_until_it_is_completed(tmp_path):
    raster.write(tmp_path, flat(1.0), described())
    prepared = raster.prepare(tmp_path, flat(2.0), described())
    assert raster.list_pending(tmp_path) == (prepared,)
    assert (raster.read(tmp_path, "depths").elevation.values[1] == 1.0).all()
    raster.sweep(tmp_path)
    assert raster.complete(tmp_path, "depths") == prepared
    assert (raster.read(tmp_path, "depths").elevation.values[1] == 2.0).all()
    assert raster.list_pending(tmp_path) == ()


def test_an_abandoned_raster_leaves_no_trace(tmp_path):
    before = raster.write(tmp_path, flat(1.0), described())
    raster.prepare(tmp_path, flat(2.0), described())
    raster.abandon(tmp_path, "depths")
    assert list_coverages(tmp_path) == (before,)
    assert sorted(path.name for path in (tmp_path / "depths").iterdir()) == sorted([before.place, DESCRIPTION])
    raster.prepare(tmp_path, flat(2.0), described("other"))
    raster.abandon(tmp_path, "other")
    assert not (tmp_path / "other").exists()


def test_rasters_are_listed_by_name_and_can_be_taken_back(tmp_path):
    for name in ("b", "a"):
        raster.write(tmp_path, flat(1.0), described(name))
    assert [one.name for one in list_coverages(tmp_path)] == ["a", "b"]
    raster.remove(tmp_path, "a")
    assert [one.name for one in list_coverages(tmp_path)] == ["b"]
    assert list_coverages(tmp_path / "nowhere") == ()
    with pytest.raises(NotFound, match="was it ingested"):
        raster.read(tmp_path, "a")


@pytest.mark.parametrize("name", ["../evil", "", "A b", ".hidden", "x" * 80])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="no name for a raster"):
        raster.write(tmp_path, flat(1.0), described(name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../depths", "", ".", "a/../depths"])
def test_a_raster_is_read_by_its_name_and_never_by_a_path(tmp_path, name):
    (tmp_path / "inner" / "a").mkdir(parents=True)
    raster.write(tmp_path, flat(1.0), described())
    with pytest.raises(NotFound, match="no name of a raster"):
        raster.read(tmp_path / "inner", name)


def test_a_crs_without_a_code_is_refused(tmp_path):
    odd = "+proj=tmerc +lon_0=105.123 +k=0.9999 +x_0=500000 +ellps=WGS84 +units=m"
    grid = Grid.from_bounds((0.0, 0.0, 100.0, 100.0), 10.0, odd)
    with pytest.raises(InputError, match="no EPSG code"):
        raster.write(tmp_path, grid.array(np.zeros(grid.shape), units="m").to_dataset(name="z"), described())


def test_a_description_that_cannot_be_read_is_named(tmp_path):
    raster.write(tmp_path, flat(1.0), described())
    (tmp_path / "depths" / DESCRIPTION).write_text("{")
    with pytest.raises(IntegrityError, match="publish the raster again"):
        raster.read(tmp_path, "depths")


def test_the_fingerprint_is_that_of_the_content(tmp_path):
    elevation = flat(1.25).elevation.assign_attrs(vertical_datum="hon_dau")
    raster.write(tmp_path, elevation.to_dataset(name="elevation"), described("terrain", vertical_datum="hon_dau"))
    stored = raster.read(tmp_path, "terrain").elevation
    assert raster.fingerprint(stored) == raster.fingerprint(elevation)
    assert raster.fingerprint(elevation.astype(np.float32)) == raster.fingerprint(elevation)
    assert raster.fingerprint(elevation + 0.01) != raster.fingerprint(elevation)
    assert raster.fingerprint(elevation.assign_attrs(vertical_datum="egm96")) != raster.fingerprint(elevation)
    moved = elevation.assign_coords(x=elevation.x + 10)
    assert raster.fingerprint(moved) != raster.fingerprint(elevation)


def write_again(folder: Path, value: float, ready: Event) -> None:
    """Publish new content again and again until somebody puts an end to it."""
    raster.write(folder.with_name(f"warm-{os.getpid()}"), deep(value), described())
    ready.set()
    while True:
        raster.write(folder, deep(value), described())
        value += 1.0


@pytest.mark.slow
@pytest.mark.shows("foundation")
def test_killed_at_any_moment_a_raster_is_the_old_or_the_new_one(tmp_path, figure):
    raster.write(tmp_path, deep(0.0), described())
    rng = random.Random(7)
    versions = set()
    for trial in range(20):
        ready = context.Event()
        process = context.Process(target=write_again, args=(tmp_path, 100.0 * (trial + 1), ready), daemon=True)
        process.start()
        assert ready.wait(60)
        until = time.monotonic() + rng.uniform(0.02, 0.4)
        while time.monotonic() < until:
            assert_whole(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert_whole(tmp_path)
        raster.sweep(tmp_path)
        for waiting in raster.list_pending(tmp_path):
            raster.abandon(tmp_path, waiting.name)
        versions.add(assert_whole(tmp_path))
        left = {path.name for path in (tmp_path / "depths").iterdir()}
        said = RasterDescription.read(tmp_path / "depths")
        assert left <= {DESCRIPTION, said.place, said.previous}
    figure("kill -9 while a raster is written, trials survived", 20, bound="20")
    assert len(versions) > 3, "the trials must have hit different states"


def assert_whole(folder: Path) -> str:
    """Read all of the raster; it holds one value everywhere.

    A version stays readable until two newer ones have come; a busy machine may be slower than that here.
    """
    while True:
        said = RasterDescription.read(folder / "depths")
        try:
            values = np.unique(raster.read(folder, "depths").water_depth.values)
            with rasterio.open(folder / "depths" / str(said.cog)) as file:
                assert np.unique(file.read()).size == values.size == 1
        except (RasterioIOError, OSError):
            if RasterDescription.read(folder / "depths").version == said.version:
                raise
        else:
            return said.version


def test_a_writer_that_is_still_running_keeps_its_files(tmp_path):
    home = tmp_path / "depths"
    mine, dead = home / f".writing-{os.getppid()}-0", home / ".writing-999999999-0"
    for path in (mine, dead):
        path.mkdir(parents=True)
    gone = raster.sweep(tmp_path)
    assert gone == (dead,)
    assert mine.exists()


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["file.json"]
