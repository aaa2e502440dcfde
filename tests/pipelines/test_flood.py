"""A run from its scenario to the public."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from catalogs import packaged
from frmis import scenario_file
from frmis.forcing import Boundary, Edge, Series
from pipelines import elevation, flood
from sdi import projector
from sdi.declaration import Label
from sdi.errors import NotFound, RefusedError
from sdi.publication import Publication
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.frmis.ground import rain, rough, scenario, terrain

WORKSPACE = """
name: wet
title: {vi: Thành phố ngập, en: Wet city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
LICENCE = {"name": "CC0-1.0", "grade": "A", "url": None}
STORM = scenario(1, name="storm", title=Label("Bão", "Storm"), rainfall=rain(150, 0.5), output_interval=1200.0)


@pytest.fixture
def workspace(tmp_path):
    """Return a city with nothing but a terrain that is fit for decisions."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    publish(made, rough())
    return made


def publish(workspace, values, datum="hon_dau", **more):
    said = RasterDescription(
        name="test", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum=datum, licence=LICENCE,
        attribution="Tests", **more,
    )  # fmt: skip
    raster.write(workspace.rasters, terrain(values, datum=datum).to_dataset(name="elevation"), said)


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    yield opened
    opened.close()


def features(workspace):
    publication = Publication.open(workspace.publication_path("public"))
    page = publication.items("flood-depth", limit=1000)
    publication.close()
    return [json.loads(feature) for feature in page.features]


def test_a_run_becomes_a_coverage_and_a_collection(workspace, registry, caplog):
    caplog.set_level(logging.INFO)
    done = flood.run(STORM, workspace, registry)
    projector.refresh(workspace, registry)
    assert done.coverage == "flood-storm"
    assert done.volume_error <= 1e-10
    assert done.fit_for_decisions
    said = RasterDescription.read(workspace.rasters / "flood-storm")
    assert said.scenario == done.identifier
    assert said.licence == LICENCE
    data = raster.read(workspace.rasters, "flood-storm")
    assert data.water_depth.sizes["time"] == 4
    found = features(workspace)
    assert len(found) == done.areas > 0
    properties = found[0]["properties"]
    assert properties["scenario"] == "storm"
    assert properties["depth_class"].startswith("from_")
    assert properties["fit_for_decisions"] in (True, 1)
    assert "volume error" in caplog.text


def test_a_second_run_takes_the_place_of_the_first(workspace, registry):
    flood.run(STORM, workspace, registry)
    harder = flood.run(replace(STORM, rainfall=rain(300, 0.5)), workspace, registry)
    other = flood.run(replace(STORM, name="other"), workspace, registry)
    projector.refresh(workspace, registry)
    found = [feature["properties"]["scenario"] for feature in features(workspace)]
    assert found.count("storm") == harder.areas
    assert found.count("other") == other.areas
    assert RasterDescription.read(workspace.rasters / "flood-storm").scenario == harder.identifier
    registry.verify()


def test_the_very_same_run_again_writes_nothing(workspace, registry):
    first = flood.run(STORM, workspace, registry)
    before = registry.root_hash
    again = flood.run(STORM, workspace, registry)
    assert (again.identifier, again.transaction) == (first.identifier, 0)
    assert registry.root_hash == before


def test_a_run_on_a_poor_terrain_says_so_wherever_it_is_shown(workspace, registry):
    publish(workspace, rough(), datum="egm96")
    with pytest.raises(RefusedError, match="allow_poor_terrain"):
        flood.run(STORM, workspace, registry)
    done = flood.run(replace(STORM, allow_poor_terrain=True), workspace, registry)
    projector.refresh(workspace, registry)
    assert not done.fit_for_decisions
    assert "egm96" in done.notice
    assert "egm96" in RasterDescription.read(workspace.rasters / "flood-storm").notice.vi
    properties = features(workspace)[0]["properties"]
    assert not properties["fit_for_decisions"]
    assert "egm96" in properties["notice"]


def test_a_run_in_which_nothing_gets_wet_is_published_as_such(workspace, registry):
    done = flood.run(replace(STORM, rainfall=rain(1, 0.1)), workspace, registry)
    projector.refresh(workspace, registry)
    assert done.areas == 0
    assert RasterDescription.read(workspace.rasters / "flood-storm").scenario == done.identifier


def test_what_may_be_done_with_the_terrain_may_be_done_with_the_flood(workspace, registry):
    publish(workspace, rough(), bulk=True)
    flood.run(STORM, workspace, registry)
    projector.refresh(workspace, registry)
    publication = Publication.open(workspace.publication_path("public"))
    collection = publication.collection("flood-depth")
    publication.close()
    assert collection.bulk
    assert collection.attribution == "Tests"
    assert RasterDescription.read(workspace.rasters / "flood-storm").bulk


def test_a_scenario_whose_terrain_is_not_there_is_refused(workspace, registry):
    before = registry.last_tx
    with pytest.raises(NotFound, match="was it ingested"):
        flood.run(replace(STORM, terrain="elsewhere"), workspace, registry)
    assert registry.last_tx == before


def test_a_run_killed_before_its_commit_is_forgotten_and_after_it_completed(workspace, registry, monkeypatch):
    class Killed(BaseException):
        """As good as a signal: nothing after it runs."""

    def die(*_arguments, **_options):
        raise Killed

    flood.run(STORM, workspace, registry)
    before = RasterDescription.read(workspace.rasters / "flood-storm")
    wetter, wettest = (replace(STORM, rainfall=rain(rate, 0.5)) for rate in (200, 300))
    with monkeypatch.context() as patch:
        patch.setattr(flood, "_record", die)
        with pytest.raises(Killed):
            flood.run(wetter, workspace, registry)
    assert len(raster.list_pending(workspace.rasters)) == 1
    flood.recover(workspace, registry)
    assert RasterDescription.read(workspace.rasters / "flood-storm") == before
    with monkeypatch.context() as patch:
        patch.setattr(raster, "complete", die)
        with pytest.raises(Killed):
            flood.run(wettest, workspace, registry)
    assert RasterDescription.read(workspace.rasters / "flood-storm") == before
    flood.recover(workspace, registry)
    after = RasterDescription.read(workspace.rasters / "flood-storm")
    assert after.scenario != before.scenario
    assert raster.list_pending(workspace.rasters) == ()


def test_the_packaged_storm_floods_the_synthetic_ground(workspace, registry):
    storm = scenario_file.read(packaged() / "scenarios" / "storm.yaml")
    ground = np.full((40, 60), 0.8)
    ground[:6] = -6.0
    ground[:, 30:32] = -2.0
    ground += np.random.default_rng(2).normal(0, 0.01, ground.shape)
    said = elevation.publish_synthetic(workspace, terrain(ground, 15.0, datum="synthetic"))
    assert not said.fit_for_decisions
    short = replace(
        storm, duration=1800.0, output_interval=900.0,
        boundary=Boundary(north=Edge("level", Series.constant(1.2), highest_bed=-1.0), vertical_datum="synthetic"),
    )  # fmt: skip
    done = flood.run(short, workspace, registry)
    assert done.areas > 0
    assert "invented" in done.notice
