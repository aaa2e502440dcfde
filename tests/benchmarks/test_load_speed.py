"""How fast things are recorded and published, beside the plainest way to write the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.benchmarks.clocks import Spent, spent
from tests.sdi.conftest import WORKSPACE

COUNT = 50_000
RUNS = 5
"""Runs whose median is told: a machine that does other work has slow and fast minutes."""
CORE = ("entity", "location", "location_version", "locates", "identifier", "register_tree", "outbox")
RECORDED = "recorded, with checks, history, indexes and hash chain"
PUBLISHED = "recorded and published at two levels"
RAW = {
    RECORDED: "raw inserts of the rows of the registry (calibration)",
    PUBLISHED: "raw inserts of the rows of registry and publications (calibration)",
}


def made(folder: Path) -> Workspace:
    """Make an empty workspace."""
    folder.mkdir()
    description = folder / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    return Workspace.make(folder / "city", description, packaged())


def trees() -> Batch:
    """Return trees at random places."""
    dice = np.random.default_rng(92)
    return Batch(
        values={"species": ["other"] * COUNT, "dbh": dice.uniform(5, 90, COUNT), "height": dice.uniform(2, 25, COUNT)},
        identifiers={"synthetic-tree": [f"MP-C{number:06}" for number in range(COUNT)]},
        geometry=shapely.points(dice.uniform(575_000, 580_000, COUNT), dice.uniform(1_112_000, 1_117_000, COUNT)),
        valid_from="2025-01-01",
        accuracy=Accuracy(1, method="photo"),
    )


@pytest.mark.bench
@pytest.mark.shows("shared-model")
def test_bulk_load_against_raw_inserts_of_the_same_rows(tmp_path, figure):
    runs = [loaded(tmp_path / f"{number}") for number in range(RUNS)]
    for name in runs[0]:
        figure(name, round(COUNT / median(run[name].wall for run in runs)), "things/s")
        figure(f"{name}, of processor time", round(COUNT / median(run[name].processor for run in runs)), "things/s")
    for part in (RECORDED, PUBLISHED):
        wall = [run[RAW[part]].wall / run[part].wall for run in runs]
        figure(f"{part} against raw, {min(wall):.2f} to {max(wall):.2f}", median(wall), "1", "≥ 0.5")
        processor = median(run[RAW[part]].processor / run[part].processor for run in runs)
        figure(f"{part} against raw, of processor time", processor, "1", "≥ 0.5")


def loaded(folder: Path) -> dict[str, Spent]:
    """Record, publish and verify trees in a new workspace; return what that took, and raw inserts of the same rows."""
    workspace = made(folder)
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
    batch = trees()

    def load():
        with registry.transaction("bench", "load") as tx:
            registry.register("tree").add(batch, tx)

    recorded = spent(load)
    published = recorded + spent(lambda: projector.refresh(workspace, registry))
    verified = spent(registry.verify)
    assert len(registry.register("tree")) == COUNT
    registry.close()
    raw = written_again(workspace.registry_path, folder / "registry.db", CORE)
    everything = raw
    for level in projector.LEVELS:
        everything += written_again(workspace.publication_path(level), folder / f"{level}.gpkg")
    return {
        RAW[RECORDED]: raw,
        RECORDED: recorded,
        RAW[PUBLISHED]: everything,
        PUBLISHED: published,
        "chain verified": verified,
    }


def written_again(source: Path, target: Path, chosen: tuple[str, ...] = ()) -> Spent:
    """Write the rows of a file into the same tables and indexes, in one durable transaction; all tables unless chosen.

    The guards of the registry are left out: they are what a plain table does not have.
    """
    with closing(sqlite3.connect(source)) as given:
        made = given.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        trees = tuple(name for _, name, _, sql in made if sql.startswith("CREATE VIRTUAL"))
        made = [one for one in made if not one[1].startswith((*(f"{tree}_" for tree in trees), "sqlite_"))]
        made = [one for one in made if not chosen or one[2] in (*chosen, *trees)]
        names = [name for kind, name, *_ in made if kind == "table"]
        rows = {name: given.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    with closing(sqlite3.connect(target, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        for kind in ("table", "index"):
            for *_, sql in (one for one in made if one[0] == kind):
                raw.execute(sql)
        return spent(lambda: insert(raw, rows))


def insert(raw: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]]) -> None:
    """Insert rows into tables, the plainest way."""
    raw.execute("BEGIN IMMEDIATE")
    for name, content in rows.items():
        if content:
            raw.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(content[0]))})', content)
    raw.execute("COMMIT")
