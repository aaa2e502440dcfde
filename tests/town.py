"""A town made for questions: every type of field, things without a place, things that changed and things that ended."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr

from catalogs import packaged
from sdi.declaration import Label
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.register import Batch
from sdi.registry import Registry
from sdi.safety import copying
from sdi.store.description import RasterDescription
from sdi.store.raster import write
from sdi.workspace import Workspace

COUNT = 1_234
"""Landmarks that have a place and still stand."""
PLACELESS = 2
ENDED = 1
LON, LAT = 105.78, 10.03
"""Where the first landmark stands [degree, CRS84]: a place that shows when axes are exchanged."""
HOSTILE = '"><img src=x onerror="document.title=1"><script>document.title=1</script>'
GRADES = ("high", "low", "none")
CHANGED = "2024-03-01"
"""When the grade of the second landmark changed."""
RETIRED = "2025-01-15"
"""When the last landmark ended."""

DESCRIPTION = """
name: town
title: {vi: Thị trấn Bến Thử, en: Ben Thu Town}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
synthetic: true
notice: {vi: Dữ liệu mô phỏng để thử nghiệm., en: Synthetic data for tests.}
"""
LANDMARK = """
register: landmark
version: 1.0.0
title: {vi: Công trình tiêu biểu, en: Landmarks}
description: {vi: Công trình ai cũng biết, en: Structures that everybody knows}
location: {role: site, geometry: Point, required: false}
identity: {schemes: [landmark-tag]}
names: [vi, en]
fields:
  floors: {type: integer, unit: "1", min: 0, max: 99, title: {vi: Số tầng, en: Floors}}
  height: {type: number, unit: m, min: 0, title: {vi: Chiều cao, en: Height}}
  listed: {type: boolean, title: {vi: Được xếp hạng, en: Listed}}
  grade: {type: code, list: landmark_grade, title: {vi: Hạng, en: Grade}}
  built: {type: date, title: {vi: Ngày xây, en: Built}}
  remark: {type: text, title: {vi: Ghi chú, en: Remark}}
  keeper: {type: text, access: restricted, title: {vi: Người giữ, en: Keeper}}
on_bad_row: refuse
publish:
  collection: landmarks
  fields: [floors, height, listed, grade, built, remark]
  keywords: [mốc, landmark]
  tiles: true
  order: 10
"""
PLOT = """
register: plot
version: 1.0.0
title: {vi: Ô đất, en: Plots}
description: {vi: Ô đất hình vuông có lỗ, en: Square plots with a hole}
location: {role: site, geometry: Polygon, required: true}
identity: {schemes: []}
fields:
  number: {type: integer, unit: "1", required: true, title: {vi: Số, en: Number}}
  beside: {type: reference, register: landmark, title: {vi: Cạnh công trình, en: Beside}}
on_bad_row: refuse
publish: {collection: plots, fields: [number, beside], keywords: [ô, plot], tiles: true, order: 5}
"""
GRADE = """
list: landmark_grade
version: 1.0.0
title: {vi: Hạng công trình, en: Grade of a landmark}
codes:
  - {code: high, title: {vi: Đặc biệt, en: Special}}
  - {code: low, title: {vi: Thường, en: Ordinary}}
  - {code: none, title: {vi: Không, en: None}}
"""
SCHEMES = """
schemes:
  - {scheme: landmark-tag, title: {vi: Số hiệu, en: Tag}, pattern: 'L\\d+', authority: Ben Thu Town}
"""


def build(folder: Path) -> Workspace:
    """Record and publish the town, with a terrain and a flood over it."""
    workspace = _empty(folder)
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    eids = _landmarks(registry)
    with registry.transaction(actor="test", reason="plots") as tx:
        squares = [shapely.box(x, 1_109_000, x + 40, 1_109_040) for x in range(585_000, 588_000, 50)]
        holes = [square.buffer(-10, join_style="mitre") for square in squares]
        places = np.array([a.difference(b) for a, b in zip(squares, holes, strict=True)], dtype=object)
        values = {"number": range(len(places)), "beside": eids[: len(places)]}
        registry.register("plot").add(Batch(values, places), tx)
    projector.refresh(workspace, registry)
    registry.close()
    write_terrain(workspace)
    write_flood(workspace)
    return workspace


def moved(town: Workspace, folder: Path, address: str) -> Workspace:
    """Copy the town into a database, and publish it there: the same identifiers, the same history."""
    place = _empty(folder, f"store: {address}\n")
    with closing(town.registry()) as known:
        copying.to_database(town, known, address, lambda *_: None)
    with closing(place.registry()) as registry:
        projector.refresh(place, registry)
    shutil.copytree(town.rasters, place.rasters, dirs_exist_ok=True)
    return place


def _empty(folder: Path, store: str = "") -> Workspace:
    """Make the folder with the town's own registers."""
    description = folder / "description.yaml"
    description.write_text(DESCRIPTION + store, encoding="utf-8")
    place = folder / "town"
    Workspace.make(place, description, packaged())
    files = {
        "registers/landmark.yaml": LANDMARK,
        "registers/plot.yaml": PLOT,
        "codes/landmark_grade.yaml": GRADE,
        "codes/schemes.yaml": SCHEMES,
    }
    for name, text in files.items():
        path = place / "catalogs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Workspace.open(place, packaged())


def batch(workspace_crs: object, count: int, first: int = 0) -> Batch:
    """Landmarks on a lattice that begins at (105.78, 10.03)."""
    number = np.arange(first, first + count)
    lon, lat = LON + number % 50 * 0.001, LAT + number // 50 * 0.001
    places = workspace_crs.to_storage(shapely.points(lon, lat), "OGC:CRS84")  # type: ignore[attr-defined]
    return Batch(
        values={
            "floors": (number % 7).tolist(),
            "height": (number / 4).tolist(),
            "listed": (number % 2 == 0).tolist(),
            "grade": [GRADES[one % 3] for one in number],
            "built": [f"{1900 + one % 100}-01-01" for one in number],
            "remark": [HOSTILE if one == 3 else None for one in number],
            "keeper": ["nobody must read this"] * count,
        },
        geometry=places,
        identifiers={"landmark-tag": [f"L{one}" for one in number]},
        names={
            "vi": [HOSTILE if one == 3 else f"Chợ nổi số {one} đường Hòa Bình" for one in number],
            "en": [f"Floating market {one}" for one in number],
        },
        valid_from="2020-01-01",
    )


def _landmarks(registry: Registry) -> list[str]:
    """Record the landmarks and what became of some of them; return the identifiers of those that have a place."""
    register = registry.register("landmark")
    with registry.transaction(actor="test", reason="landmarks") as tx:
        eids = register.add(batch(registry.crs, COUNT + ENDED), tx)
    with registry.transaction(actor="test", reason="known by name only") as tx:
        names = {"vi": [f"Đình cũ {one}" for one in range(PLACELESS)]}
        register.add(Batch(geometry=np.full(PLACELESS, None), names=names, valid_from="2021-01-01"), tx)
    with registry.transaction(actor="test", reason="the world changed") as tx:
        register.change(eids[1], {"grade": "high"}, tx, valid_from=CHANGED)
        register.retire(eids[-1], tx, valid_from=RETIRED)
    return list(eids[:COUNT])


def write_terrain(workspace: Workspace, *, level: float = 1.0, bulk: bool = True) -> None:
    """Publish a terrain of 60 × 40 cells that rises to the east, with one cell missing."""
    x, y = 585_005 + 10.0 * np.arange(60), 1_109_395 - 10.0 * np.arange(40)
    elevation = np.full((40, 60), level) + np.arange(60) / 100
    elevation[0, 0] = np.nan
    attrs = {"units": "m", "standard_name": "surface_altitude", "long_name": "elevation"}
    data = xr.Dataset({"elevation": (("y", "x"), elevation.astype("f4"), attrs)}, {"x": x, "y": y})
    said = RasterDescription(
        name="terrain", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum="Hòn Dấu",
        fit_for_decisions=False, notice=Label("Địa hình bịa ra.", "Invented terrain."), attribution="Ben Thu Town",
        licence={"name": "CC0-1.0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"}, bulk=bulk,
    )  # fmt: skip
    write(workspace.rasters, data.rio.write_crs("EPSG:5897"), said)


def write_flood(workspace: Workspace) -> None:
    """Publish three hours of water over the terrain: depth 0, 1 and 2 m, and its maximum."""
    x, y = 585_005 + 10.0 * np.arange(60), 1_109_395 - 10.0 * np.arange(40)
    time = np.array(["2025-10-01T00", "2025-10-01T01", "2025-10-01T02"], dtype="datetime64[ns]")
    depth = np.ones((3, 40, 60), "f4") * np.arange(3, dtype="f4")[:, None, None]
    attrs = {"units": "m", "standard_name": "flood_water_thickness", "long_name": "water depth"}
    data = xr.Dataset(
        {
            "water_depth": (("time", "y", "x"), depth, attrs),
            "maximum_water_depth": (("y", "x"), depth.max(axis=0), attrs | {"long_name": "largest depth"}),
        },
        {"time": time, "x": x, "y": y},
    )
    said = RasterDescription(
        name="flood", title=Label("Ngập thử", "Trial flood"), kind="run", fit_for_decisions=False, bulk=False,
    )  # fmt: skip
    write(workspace.rasters, data.rio.write_crs("EPSG:5897"), said)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the town; a test that changes it builds one of its own."""
    return build(tmp_path_factory.mktemp("town"))
