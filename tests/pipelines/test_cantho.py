"""The storm of 27 May 2025 on the real terrains of Cần Thơ: what is known is used, what is not is said."""

from __future__ import annotations

import json
import time
from contextlib import closing

import numpy as np
import pytest
from starlette.testclient import TestClient

from catalogs import packaged
from frmis import tide_file
from frmis.level import WaterLevel
from pipelines import demo, derive, ensemble, flood, scenarios
from pipelines.server.composition import compose
from sdi.grid import Grid
from sdi.place import containment
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.resample import resample
from sdi.settings import Settings
from sdi.store import raster
from sdi.store.description import RasterDescription

SRTM, ASTER = "ninhkieu-surface-srtm", "ninhkieu-surface-aster"
NAME = "cantho_may_2025"


@pytest.fixture(scope="module")
def workspace(shared_data, tmp_path_factory):
    """Return the real city, with its wards, buildings, streets and both surface models, before any flood."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derive, "CITIES", {})
        return demo.run(tmp_path_factory.mktemp("cantho") / "city", name="cantho", data=shared_data)


@pytest.fixture(scope="module")
def storm(workspace, shared_data):
    return scenarios.read(workspace, NAME, shared_data)


@pytest.fixture(scope="module")
def done(workspace, storm):
    """Return the run on the first terrain, the ensemble of both, and the processor time of the run [s]."""
    with closing(workspace.registry()) as registry:
        start = time.process_time()
        run = flood.run(storm, workspace, registry)
        taken = time.process_time() - start
        both = ensemble.run(storm, workspace, registry, terrains=[SRTM, ASTER])
        projector.refresh(workspace, registry)
    return run, both, taken


def features(workspace, collection, **where):
    with closing(Publication.open(workspace.publication_path("public"))) as publication:
        page = publication.items(collection, limit=1000, where=where)
        return [json.loads(feature)["properties"] for feature in page.features]


@pytest.mark.shows("first-flood")
def test_the_storm_is_the_one_that_was_reported(storm, figure):
    figure("rain of 27 May 2025", 1000 * storm.rainfall.depth(storm.duration), "mm", "67 in 5 h")
    assert storm.rainfall.depth(storm.duration) == pytest.approx(0.067, rel=1e-9)
    assert (storm.rainfall.times[-1] - storm.rainfall.times[0]) / 3600 == pytest.approx(5)
    assert storm.start.isoformat() == "2025-05-27T06:00:00+07:00"


@pytest.mark.shows("first-flood")
def test_the_level_is_the_tide_of_vung_tau_and_is_called_so(workspace, storm, shared_data):
    tide = tide_file.find("vung_tau", [folder / "tides" for folder in workspace.catalogs], shared_data)
    expected = WaterLevel(tide=tide, vertical_datum="local", mean_level=0.0).series(storm.start, storm.duration)
    assert storm.boundary.east.level == expected
    assert storm.boundary.north.level == expected
    assert any("not of the city's own gauge" in notice.en for notice in storm.notices)
    # The river begins where the tide stands at the start.
    assert storm.initial_level == pytest.approx(expected.values[0], abs=0.005)


@pytest.mark.shows("first-flood")
def test_twelve_hours_on_the_real_terrain_keep_their_volume(done, workspace, figure):
    run, _, taken = done
    shape = raster.read(workspace.rasters, SRTM)["elevation"].shape
    figure(f"{shape[0]} x {shape[1]} real cells, 12 h: processor time, published", taken, "s", "≤ 20")
    figure("volume error", run.volume_error, "1", "≤ 1e-10")
    assert shape[0] * shape[1] >= 171 * 207
    assert run.volume_error <= 1e-10


@pytest.mark.shows("first-flood")
def test_two_free_surface_models_disagree_and_the_figures_say_how_much(done, workspace, figure):
    _, both, _ = done
    (pair,) = both.agreements
    first, second = (raster.read(workspace.rasters, name)["elevation"].load() for name in (SRTM, ASTER))
    other = resample(second, Grid.from_dataarray(first)).values
    known = np.isfinite(first.values) & np.isfinite(other)
    alike = float(np.corrcoef(first.values[known], other[known])[0, 1])
    figure("correlation of the two terrains", alike, "1", "size < 0.3")
    figure("critical success index of the flooded extents", pair.critical_success_index, "1", "< 0.3")
    figure("correlation of the depths", pair.correlation, "1", "size < 0.3")
    figure("mean difference where either is flooded (ASTER minus SRTM)", pair.mean_difference, "m", "")
    figure("mean size of the difference where either is flooded", pair.mean_absolute_difference, "m", "> 0.2")
    assert abs(alike) < 0.3
    assert pair.critical_success_index < 0.3
    assert abs(pair.correlation) < 0.3
    assert pair.mean_absolute_difference > 0.2
    disagreement = raster.read(workspace.rasters, both.coverage)["disagreement"]
    assert float(disagreement.max()) > 1.0


@pytest.mark.shows("first-flood")
def test_result_collection_and_map_say_what_is_wrong_with_it(done, workspace):
    run, both, _ = done
    assert not run.fit_for_decisions
    assert not both.fit_for_decisions
    for coverage in (run.coverage, both.coverage):
        notice = RasterDescription.read(workspace.rasters / coverage).notice
        assert "Not fit for decisions" in notice.en
        assert "not of the city's own gauge" in notice.en
        assert "không phải trạm đo của thành phố" in notice.vi
    assert "terrains give different answers" in RasterDescription.read(workspace.rasters / both.coverage).notice.en
    # On the other terrain no cell at the edge lies low enough: without the river it is no wonder that it floods less.
    said = RasterDescription.read(workspace.rasters / both.coverage).notice
    assert f"{ASTER}: " in said.vi
    assert "Mực nước ở biên phía bắc không chạm ô nào" in said.vi.split(f"{ASTER}: ")[1]
    for collection in ("flood-depth", "flood-agreement"):
        found = features(workspace, collection, scenario=NAME)
        assert found, collection
        for one in found:
            assert not one["fit_for_decisions"]
            assert "không phải trạm đo của thành phố" in one["notice"], one["notice"]
    with TestClient(compose(workspace, Settings())) as client:
        layers = client.get("/portal/layers.json", params={"lang": "en"}).json()["layers"]
        shown = next(layer for layer in layers if layer["id"] == "flood-agreement")
        assert shown["fields"]
        item = client.get("/ogc/collections/flood-agreement/items", params={"limit": 1, "f": "json"}).json()
        assert not item["features"][0]["properties"]["fit_for_decisions"]


def test_the_demonstration_of_the_city_shows_this_storm_and_this_doubt():
    wanted = derive.CITIES["cantho"]
    assert wanted.scenarios == (NAME,)
    assert wanted.ensembles == ((NAME, (SRTM, ASTER)),)


def test_the_city_knows_its_units_of_before_the_reform_and_what_they_belonged_to(workspace):
    with closing(workspace.registry()) as registry:
        (ward,) = registry.resolve_code("vn-gso-ward", "31135", "2025-06-30")
        district, province = containment.around(registry, ward.eid)
        units = registry.register("administrative_unit")
        names = [units.find(one, valid="2025-06-30").names["vi"] for one in (ward.eid, district, province)]
        assert names == ["Tân An", "Quận Ninh Kiều", "Thành phố Cần Thơ"]
        (heir,) = registry.resolve(ward.eid)
        assert units.find(heir.eid).names["vi"] == "Ninh Kiều"


def test_nothing_of_the_shared_data_is_copied_into_the_workspace(workspace, done, shared_data):
    station = (shared_data / "tide" / "ticon4_vung_tau-383-vnm-uhslc_fd.json").read_bytes()
    kept = [path for path in workspace.folder.rglob("*.json") if path.read_bytes() == station]
    assert kept == []
    assert not any(path.suffix == ".json" for path in (packaged() / "tides").iterdir())
