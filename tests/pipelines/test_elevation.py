"""From a delivered terrain to a published one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from catalogs import packaged
from pipelines import elevation
from sdi import source
from sdi.catalog import Catalog
from sdi.declaration import Label
from sdi.entry import Accuracy, Entry, Licence, SourceOptions
from sdi.grid import Grid
from sdi.store import raster
from sdi.store.description import list_coverages
from sdi.workspace import Workspace
from tests.frmis.ground import rough, terrain

WORKSPACE = """
name: dry
title: {vi: Thành phố khô, en: Dry city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""


@pytest.fixture
def workspace(tmp_path):
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    return Workspace.make(tmp_path / "city", description, packaged())


def entry(tmp_path, datum="hon_dau"):
    return Entry(
        name="lidar", title=Label("Địa hình", "Terrain"), source=SourceOptions(path="lidar.tif"),
        licence=Licence("CC0-1.0", "A", "Survey", bulk=True), custodian="Survey", valid_from="2025-01-01",
        path=tmp_path, raster="elevation", accuracy=Accuracy(1.0, 0.1, "survey_gnss_rtk", datum),
    )  # fmt: skip


def test_a_good_terrain_is_published_as_it_is(workspace, tmp_path):
    made = elevation.run(terrain(rough(), datum=None), entry(tmp_path), workspace)
    assert made.description.fit_for_decisions
    assert made.description.notice is None
    stored = raster.read(workspace.rasters, "lidar").elevation
    assert stored.attrs["vertical_datum"] == "hon_dau"
    np.testing.assert_array_equal(stored, rough().astype(np.float32))
    assert Grid.from_dataarray(stored) == Grid.from_dataarray(terrain(rough()))


def test_feet_are_converted_and_degrees_projected(workspace, tmp_path):
    grid = Grid.from_bounds((105.70, 10.00, 105.72, 10.02), 0.0002, "EPSG:4326")
    x = np.tile(grid.x, (grid.shape[0], 1))
    feet = grid.array(((x - 105.71) * 100 + 2) / 0.3048, units="ft")
    made = elevation.run(feet, entry(tmp_path), workspace)
    assert Grid.from_dataarray(made.terrain).authority == "EPSG:5897"
    assert made.terrain.attrs["units"] == "m"
    assert np.isfinite(made.terrain).all()
    assert float(made.terrain.min()) == pytest.approx(1.0, abs=0.03)
    assert float(made.terrain.max()) == pytest.approx(3.0, abs=0.03)
    assert [one.code for one in made.repairs] == ["feet-to-metres"]
    assert made.description.fit_for_decisions


def test_a_dry_run_writes_nothing(workspace, tmp_path):
    made = elevation.run(terrain(rough(), datum=None), entry(tmp_path, datum=None), workspace, dry_run=True)
    assert not made.report.fit_for_decisions
    assert list_coverages(workspace.rasters) == ()
    assert list(workspace.reports.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ninhkieu-surface-srtm", {"datum-undeclared", "nodata-zero", "pits", "whole-metres"}),
        ("ninhkieu-surface-aster", {"datum-global", "product-aster-gdem", "surface-model", "flat-plateau"}),
    ],
)
def test_the_terrains_of_can_tho_are_published_with_their_traps(workspace, shared_data, name, expected):
    catalog = Catalog.read(packaged())
    delivery = catalog.read_entries(packaged() / "cities" / "cantho")[name]
    delivered = source.read_raster(shared_data / delivery.source.path, delivery.source)
    made = elevation.run(delivered, delivery, workspace)
    assert {one.code for one in made.report.findings} >= expected
    assert np.isfinite(made.terrain).all()
    said = list_coverages(workspace.rasters)[0]
    assert (said.name, said.fit_for_decisions, said.bulk) == (name, False, False)
    assert said.crs == "EPSG:5897"
    assert said.notice.vi.startswith("Không dùng để ra quyết định: ")
    report = json.loads((workspace.reports / f"{name}.json").read_text(encoding="utf-8"))
    assert {one["code"] for one in report["findings"]} >= expected
    assert (workspace.reports / f"{name}.txt").read_text(encoding="utf-8").count("\n") == len(report["findings"]) + len(
        report["repairs"]
    )
