"""Killed at any moment: what was acknowledged is there, nothing is half there, and the old state is served."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from catalogs import packaged
from frmis.forcing import Rainfall
from frmis.scenario import Scenario
from pipelines import elevation, flood, ingest, publish, recovery
from sdi.errors import PhusaError
from sdi.grid import Grid
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.store import raster
from sdi.store.description import list_coverages
from sdi.workspace import Workspace
from tests.killed import context

TRIALS = pytest.mark.parametrize("trials", [5, pytest.param(20, marks=pytest.mark.slow)])
"""A few every time, and what was promised with the long tests."""
ROWS = 400
WORKSPACE = """
name: killed
title: {vi: Thành phố bị ngắt, en: Interrupted city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
POST = """
register: post
version: 1.0.0
title: {vi: Cột mốc, en: Posts}
location: {role: site, geometry: Point, required: true}
fields:
  number: {type: integer, unit: "1", min: 0, required: true, title: {vi: Số, en: Number}}
on_bad_row: refuse
publish: {collection: posts, fields: [number], keywords: [cột, post]}
"""
ENTRY = """
entry: posts-{number}
title: {{vi: Cột mốc, en: Posts}}
register: post
source: {{path: posts-{number}.geojson}}
licence: {{name: CC0-1.0, grade: A, attribution: Test, bulk: true}}
custodian: Test
valid_from: 2025-01-01
accuracy: {{horizontal_m: 1, method: estimated}}
fields: {{number: number}}
"""


def deliver(folder: Path, number: int) -> Path:
    """Write one delivery and its entry."""
    features = [
        {
            "type": "Feature",
            "properties": {"number": number * ROWS + row},
            "geometry": {"type": "Point", "coordinates": [105.7 + row % 50 * 1e-3, 10.0 + row // 50 * 1e-3]},
        }
        for row in range(ROWS)
    ]
    (folder / f"posts-{number}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    entry = folder / "entries" / f"posts-{number}.yaml"
    entry.parent.mkdir(exist_ok=True)
    entry.write_text(ENTRY.format(number=number), encoding="utf-8")
    return entry


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace into which one delivery was loaded."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    folder = tmp_path / "city"
    Workspace.make(folder, description, packaged())
    path = folder / "catalogs" / "registers" / "post.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(POST, encoding="utf-8")
    made = Workspace.open(folder, packaged())
    deliver(tmp_path, 0)
    load(made.folder, tmp_path, 0)
    return made


def load(folder: Path, data: Path, number: int, *, kill_before_projection: bool = False) -> None:
    """Load one delivery; in a process of its own when it is to be killed."""
    workspace = Workspace.open(folder, packaged())
    registry = workspace.registry()
    entry = registry.catalog.read_entries(data / "entries")[f"posts-{number}"]
    if kill_before_projection:
        projector.refresh = lambda *_args, **_options: os.kill(os.getpid(), signal.SIGKILL)
    ingest.run(entry, workspace, registry, data)
    registry.close()


def watched(publication: Publication, process: BaseProcess, deadline: float) -> list[int]:
    """Ask for the count and a page again and again until the process is killed or done."""
    counts = []
    while process.is_alive() and time.monotonic() < deadline:
        page = publication.items("posts", limit=5)
        assert len(page.features) == 5
        counts.append(page.number_matched)
        time.sleep(0.002)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return counts


def recovered(workspace: Workspace) -> int:
    """Bring a workspace up as a start does, prove it, and return its number of things."""
    registry = workspace.registry()
    publish.run(workspace, registry)
    publish.verify(workspace, registry)
    count = len(registry.register("post"))
    publication = Publication.open(workspace.publication_path("public"))
    assert projector.reached(workspace, registry, "public") == registry.last_tx
    assert publication.collection("posts").count == count
    publication.close()
    registry.close()
    return count


@TRIALS
@pytest.mark.shows("foundation")
def test_killed_anywhere_in_an_ingest_a_workspace_verifies_and_holds_all_or_nothing(
    workspace, tmp_path, figure, trials
):
    publication = Publication.open(workspace.publication_path("public"))
    deliver(tmp_path, 1)
    started = time.monotonic()
    load(workspace.folder, tmp_path, 1)
    usual = time.monotonic() - started
    count = recovered(workspace)
    dice = random.Random(92)
    outcomes = {"nothing": 0, "everything": 0}
    for trial in range(trials):
        deliver(tmp_path, 2 + trial)
        process = context.Process(target=load, args=(workspace.folder, tmp_path, 2 + trial))
        process.start()
        served = watched(publication, process, time.monotonic() + dice.uniform(0.2, 2.5) * usual)
        assert set(served) <= {count, count + ROWS}
        after = recovered(workspace)
        assert after in {count, count + ROWS}
        outcomes["everything" if after > count else "nothing"] += 1
        count = after
    publication.close()
    figure(
        "trials killed during ingest, all or nothing",
        trials,
        "1",
        f"nothing {outcomes['nothing']}, everything {outcomes['everything']}",
    )


@TRIALS
@pytest.mark.shows("foundation")
def test_killed_between_commit_and_projection_nothing_acknowledged_is_lost(workspace, tmp_path, figure, trials):
    publication = Publication.open(workspace.publication_path("public"))
    count = recovered(workspace)
    for trial in range(trials):
        deliver(tmp_path, 2 + trial)
        process = context.Process(
            target=load, args=(workspace.folder, tmp_path, 2 + trial), kwargs={"kill_before_projection": True}
        )
        process.start()
        served = watched(publication, process, time.monotonic() + 60)
        assert process.exitcode == -signal.SIGKILL
        assert set(served) <= {count}
        assert publication.collection("posts").count == count
        count += ROWS
        assert recovered(workspace) == count
    publication.close()
    figure("trials killed between commit and projection, none lost", trials, "1", f"= {trials}")


def test_what_a_killed_load_left_can_be_loaded_again(workspace, tmp_path):
    deliver(tmp_path, 1)
    process = context.Process(
        target=load, args=(workspace.folder, tmp_path, 1), kwargs={"kill_before_projection": True}
    )
    process.start()
    process.join()
    load(workspace.folder, tmp_path, 1)
    assert recovered(workspace) == 2 * ROWS
    features = (tmp_path / "posts-1.geojson").read_text().replace(f'"number": {ROWS}}}', '"number": 7}')
    (tmp_path / "posts-1.geojson").write_text(features)
    with pytest.raises(PhusaError, match="another file"):
        load(workspace.folder, tmp_path, 1)


def storm(intensity: float) -> Scenario:
    """Describe rain on the valley that the test makes."""
    return Scenario(
        name="storm", terrain="terrain", duration=3600, output_interval=600,
        rainfall=Rainfall.constant(intensity, 1800), allow_poor_terrain=True,
    )  # fmt: skip


def valley() -> xr.DataArray:
    """Make a closed valley with pits."""
    grid = Grid.from_bounds((584_000, 1_109_000, 584_600, 1_109_600), 10, "EPSG:5897")
    rows, columns = np.mgrid[0:60, 0:60]
    ground = 0.02 * np.abs(rows - 30) + 0.3 * np.sin(columns / 4) * np.cos(rows / 5)
    return grid.array(ground, units="m", vertical_datum="synthetic", long_name="valley")


def simulate(folder: Path, intensity: float) -> None:
    """Run a flood; in a process of its own when it is to be killed."""
    workspace = Workspace.open(folder, packaged())
    registry = workspace.registry()
    flood.run(storm(intensity), workspace, registry)
    projector.refresh(workspace, registry)
    registry.close()


def shown(workspace: Workspace) -> tuple[str, ...]:
    """Return the versions of the coverages that are shown."""
    return tuple(one.version for one in list_coverages(workspace.rasters) if one.kind == "run")


@TRIALS
@pytest.mark.shows("foundation")
def test_killed_anywhere_in_a_run_the_old_run_or_the_new_one_is_shown_complete(workspace, figure, trials):
    elevation.publish_synthetic(workspace, valley())
    simulate(workspace.folder, 1e-5)
    started = time.monotonic()
    process = context.Process(target=simulate, args=(workspace.folder, 1.1e-5))
    process.start()
    process.join()
    usual = time.monotonic() - started
    dice = random.Random(92)
    old, kept = shown(workspace), 0
    for trial in range(trials):
        process = context.Process(target=simulate, args=(workspace.folder, 1e-5 * (2 + trial)))
        process.start()
        time.sleep(dice.uniform(0.1, 1.4) * usual)
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        registry = workspace.registry()
        recovery.rasters(workspace, registry)
        publish.run(workspace, registry)
        publish.verify(workspace, registry)
        now = shown(workspace)
        recorded = registry.store.select(
            "SELECT sha256 FROM delivery WHERE entry = 'flood-storm' ORDER BY row DESC LIMIT 1"
        )
        assert now == (recorded[0][0],)
        assert raster.read(workspace.rasters, "flood-storm")["maximum_water_depth"].max() > 0
        registry.close()
        kept += now == old
        old = now
    figure("trials killed during a run, old or new complete", trials, "1", f"old {kept}, new {trials - kept}")
