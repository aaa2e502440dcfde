"""How fast things are recorded and published, beside the plainest way to write the same rows."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi import projector
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.sdi.conftest import WORKSPACE

COUNT = 50_000
CORE = ("entity", "location", "location_version", "locates", "identifier", "register_tree", "outbox")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return an empty workspace."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    return Workspace.make(tmp_path / "city", description, packaged())


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
def test_bulk_load_against_raw_inserts_of_the_same_rows(workspace, tmp_path, figure):
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
    batch = trees()
    start = time.perf_counter()
    with registry.transaction("bench", "load") as tx:
        registry.register("tree").add(batch, tx)
    recorded = time.perf_counter() - start
    projector.refresh(workspace, registry)
    published = time.perf_counter() - start
    raw = raw_inserts(workspace.registry_path, tmp_path / "raw.db")
    start = time.perf_counter()
    registry.verify()
    verified = time.perf_counter() - start
    figure("raw inserts of the same rows (calibration)", round(COUNT / raw), "things/s")
    figure("recorded, with checks, history, indexes and hash chain", round(COUNT / recorded), "things/s")
    figure("recorded and published at two levels", round(COUNT / published), "things/s")
    figure("recorded against raw", round(raw / recorded, 2), "1", "aim 0.5")
    figure("chain verified", round(COUNT / verified), "things/s")
    registry.close()


def raw_inserts(source: Path, target: Path) -> float:
    """Write the same rows into the same tables and indexes, in one durable transaction; return the time [s]."""
    with sqlite3.connect(source) as given:
        rows = {table: given.execute(f'SELECT * FROM "{table}"').fetchall() for table in CORE}
        boxes = given.execute("SELECT * FROM location_index").fetchall()
        made = "type = 'table' AND sql LIKE 'CREATE TABLE%' OR type = 'index' AND sql IS NOT NULL"
        schema = given.execute(f"SELECT sql FROM sqlite_master WHERE tbl_name IN {CORE} AND ({made})").fetchall()
    with sqlite3.connect(target, isolation_level=None) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        for (sql,) in schema:
            raw.execute(sql)
        raw.execute("CREATE VIRTUAL TABLE location_index USING rtree(row, xmin, xmax, ymin, ymax)")
        start = time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        for table, content in rows.items():
            if content:
                raw.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(content[0]))})', content)
        raw.executemany("INSERT INTO location_index VALUES (?, ?, ?, ?, ?)", boxes)
        raw.execute("COMMIT")
        return time.perf_counter() - start
