"""A workspace that any earlier version wrote opens, migrates, verifies and can be written."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from catalogs import packaged
from pipelines import publish, recovery
from sdi.store import raster
from sdi.workspace import Workspace

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("workspace-*.tar.xz"))


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_an_older_workspace_opens_migrates_and_verifies(fixture, tmp_path, figure):
    said = json.loads(fixture.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    with tarfile.open(fixture) as archive:
        archive.extractall(tmp_path, filter="data")
    workspace = Workspace.open(tmp_path / "workspace", packaged())
    registry = workspace.registry()
    recovery.rasters(workspace, registry)
    recorded = registry.store.select("SELECT hash FROM tx WHERE tx = ?", (said["transactions"],))
    assert recorded == [(said["root_hash"],)]
    publish.run(workspace, registry)
    publish.verify(workspace, registry)
    counts = publish.status(workspace).counts
    assert {name: counts[name] for name in said["counts"]} == said["counts"]
    for name in said["coverages"]:
        assert raster.read(workspace.rasters, name)
    trees = registry.register("tree")
    with registry.transaction("test", "written by a later version") as tx:
        trees.retire(trees.list()[0], tx, valid_from="2026-01-01")
    publish.run(workspace, registry)
    publish.verify(workspace, registry)
    assert publish.status(workspace).counts["trees"] == said["counts"]["trees"] - 1
    registry.close()
    figure(f"{fixture.name}: things opened, migrated and verified", sum(said["counts"].values()), "1")


def test_there_is_a_fixture_of_the_first_version():
    assert "workspace-0.1.0.tar.xz" in [path.name for path in FIXTURES]
