"""One scenario on several terrains: what the runs agree upon, and how much they do not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from catalogs import packaged
from pipelines import ensemble, flood, recovery
from sdi.declaration import Label
from sdi.errors import InputError, NotFound
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.store import raster
from sdi.store.description import RasterDescription, list_coverages
from sdi.workspace import Workspace
from tests.frmis.ground import rain, scenario, terrain

WORKSPACE = """
name: wet
title: {vi: Thành phố ngập, en: Wet city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
BED = 1.05
POUR = scenario(
    2, name="pour_here", title=Label("Mưa rào", "Downpour"), rainfall=rain(200, 1.5), output_interval=1200.0
)


def publish(workspace, name, values, datum="hon_dau", cell=10.0, grade="A"):
    said = RasterDescription(
        name=name, title=Label(f"Địa hình {name}", f"Terrain {name}"), kind="elevation", vertical_datum=datum,
        licence={"name": "CC0-1.0", "grade": grade, "url": None}, attribution=f"Survey {name}", bulk=True,
    )  # fmt: skip
    raster.write(workspace.rasters, terrain(values, cell, datum=datum).to_dataset(name="elevation"), said)


@pytest.fixture
def workspace(tmp_path):
    """Return a basin of 10 x 10 cells of which nobody knows whether its east lies 2 m higher."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    step = np.full((10, 10), BED)
    step[:, 5:] += 2.0
    publish(made, "flat", np.full((10, 10), BED))
    publish(made, "step", step)
    return made


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    yield opened
    opened.close()


def features(workspace):
    publication = Publication.open(workspace.publication_path("public"))
    page = publication.items("flood-agreement", limit=1000)
    publication.close()
    return [json.loads(feature) for feature in page.features]


@pytest.mark.shows("first-flood")
def test_two_terrains_disagree_by_what_the_back_of_a_hand_says(workspace, registry, figure):
    # 3,000 m3 of rain: 0.30 m over the flat basin, 0.60 m over the lower half of the other.
    done = ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    (pair,) = done.agreements
    figure("critical success index", pair.critical_success_index, "1", "0.5 by hand")
    assert (pair.first, pair.second) == ("flat", "step")
    assert pair.critical_success_index == 0.5
    assert pair.mean_absolute_difference == pytest.approx(0.3, abs=0.02)
    found = raster.read(workspace.rasters, done.coverage)
    assert done.coverage == "ensemble-pour-here"
    west, east = (found.isel(x=half) for half in (slice(0, 5), slice(5, 10)))
    np.testing.assert_allclose(west.mean_depth, 0.45, atol=0.01)
    np.testing.assert_allclose(west.disagreement, 0.30, atol=0.02)
    np.testing.assert_array_equal(west.share_wet, 1.0)
    np.testing.assert_array_equal(east.share_wet, 0.5)
    assert RasterDescription.read(workspace.rasters / done.coverage).kind == "ensemble"


def test_where_the_members_agree_and_where_not_is_published(workspace, registry):
    done = ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    projector.refresh(workspace, registry)
    found = [one["properties"] for one in features(workspace)]
    assert len(found) == done.areas == 2
    assert {one["agreement"] for one in found} == {"all", "some"}
    for one in found:
        assert (one["scenario"], one["members"], one["terrains"]) == ("pour_here", 2, "flat, step")
        assert one["critical_success_index"] == 0.5
        assert "2 địa hình" in one["notice"]
    said = RasterDescription.read(workspace.rasters / done.coverage)
    assert "agree by 0.50" in said.notice.en
    assert said.attribution == "Survey flat; Survey step"
    assert "flat – step 0.50" in said.description.en
    assert all(one[:12] in said.description.vi for one in done.members.values())


def test_a_member_is_the_run_that_its_terrain_alone_would_give(workspace, registry):
    done = ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    alone = flood.run(replace(POUR, terrain="step"), workspace, registry)
    assert done.members["step"] == alone.identifier


def test_members_on_another_grid_are_brought_to_the_first_and_it_is_said(workspace, registry):
    publish(workspace, "coarse", np.full((5, 5), BED), cell=20.0)
    done = ensemble.run(POUR, workspace, registry, terrains=["flat", "coarse"])
    assert "coarse brought to the grid of the first" in done.notice
    found = raster.read(workspace.rasters, done.coverage)
    assert found.mean_depth.shape == (10, 10)
    np.testing.assert_allclose(found.disagreement.values[1:9, 1:9], 0.0, atol=0.005)


def test_the_strictest_licence_of_the_terrains_holds_and_poor_ones_are_named(workspace, registry):
    publish(workspace, "poor", np.full((10, 10), BED + 1), datum="egm96", grade="B")
    with pytest.raises(InputError, match="allow_poor_terrain"):
        ensemble.run(POUR, workspace, registry, terrains=["flat", "poor"])
    done = ensemble.run(replace(POUR, allow_poor_terrain=True), workspace, registry, terrains=["flat", "poor"])
    said = RasterDescription.read(workspace.rasters / done.coverage)
    assert said.licence["grade"] == "B"
    assert not done.fit_for_decisions
    assert "egm96" in said.notice.en
    assert "egm96" in said.notice.vi


def test_the_very_same_ensemble_again_writes_nothing_and_another_takes_its_place(workspace, registry):
    first = ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    before = registry.root_hash
    again = ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    assert (again.identifier, again.transaction) == (first.identifier, 0)
    assert registry.root_hash == before
    other = ensemble.run(replace(POUR, rainfall=rain(800, 0.5)), workspace, registry, terrains=["flat", "step"])
    assert other.identifier != first.identifier
    projector.refresh(workspace, registry)
    assert len(features(workspace)) == other.areas
    registry.verify()


def test_a_dry_ensemble_is_published_as_such(workspace, registry):
    done = ensemble.run(replace(POUR, rainfall=rain(1, 0.1)), workspace, registry, terrains=["flat", "step"])
    assert (done.areas, done.mean_disagreement) == (0, 0.0)
    assert "extents agree by –" in done.notice


@pytest.mark.parametrize("terrains", [[], ["flat"], ["flat", "flat"]])
def test_one_terrain_is_no_ensemble(workspace, registry, terrains):
    with pytest.raises(InputError, match="at least two different terrains"):
        ensemble.run(POUR, workspace, registry, terrains=terrains)


def test_a_terrain_that_is_not_there_is_named_and_nothing_written(workspace, registry):
    before = registry.last_tx
    with pytest.raises(NotFound, match="nowhere"):
        ensemble.run(POUR, workspace, registry, terrains=["flat", "nowhere"])
    assert registry.last_tx == before
    assert [one.name for one in list_coverages(workspace.rasters)] == ["flat", "step"]


def test_an_ensemble_killed_after_its_commit_is_completed(workspace, registry, monkeypatch):
    class Killed(BaseException):
        """As good as a signal: nothing after it runs."""

    def die(*_arguments, **_options):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "_record", die)
        with pytest.raises(Killed):
            ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    recovery.rasters(workspace, registry)
    assert raster.list_pending(workspace.rasters) == ()
    with monkeypatch.context() as patch:
        patch.setattr(raster, "complete", die)
        with pytest.raises(Killed):
            ensemble.run(POUR, workspace, registry, terrains=["flat", "step"])
    recovery.rasters(workspace, registry)
    assert [one.name for one in list_coverages(workspace.rasters)] == ["ensemble-pour-here", "flat", "step"]


def test_progress_of_all_members_is_one(workspace, registry):
    told = []
    ensemble.run(POUR, workspace, registry, terrains=["flat", "step"], progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
