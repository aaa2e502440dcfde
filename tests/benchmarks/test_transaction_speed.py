"""How fast single durable transactions are, and how fast a large registry opens, beside what the store gives."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing

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

pytestmark = [pytest.mark.bench, pytest.mark.shows("shared-model")]

SINGLE, ROUNDS, THINGS, CHUNK = 200, 5, 1_000_000, 50_000


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """Return an empty workspace."""
    (tmp_path / "description.yaml").write_text(WORKSPACE, encoding="utf-8")
    return Workspace.make(tmp_path / "city", tmp_path / "description.yaml", packaged())


def trees(count: int, first: int = 0) -> Batch:
    """Return numbered trees on a lattice of 5 m."""
    number = np.arange(first, first + count)
    return Batch(
        values={"species": ["other"] * count, "height": [8.0] * count},
        identifiers={"synthetic-tree": [f"MP-C{one:06}" for one in number.tolist()]},
        geometry=shapely.points(575_000 + number % 1_000 * 5, 1_112_000 + number // 1_000 * 5),
        valid_from="2025-01-01", accuracy=Accuracy(1, method="photo"),
    )  # fmt: skip


def each(act: Callable[[object], object], inputs: Iterable[object]) -> Spent:
    """Return the median time until a call is done, and the mean of what the processor does for it."""
    times = [spent(lambda one=one: act(one)) for one in inputs]
    return Spent(float(np.median([one.wall for one in times])), float(np.mean([one.processor for one in times])))


def test_single_transactions_with_a_hash_chain(workspace, tmp_path, figure):
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
    tree = registry.register("tree")
    with registry.transaction("bench", "load") as tx:
        eids = tree.add(trees(SINGLE * ROUNDS), tx)

    def change(eid: str) -> None:
        with registry.transaction("bench", "change") as tx:
            tree.change(eid, {"height": 9.0}, tx, valid_from="2025-06-01")

    found: list[tuple[Spent, Spent]] = []
    with closing(sqlite3.connect(tmp_path / "raw.db", isolation_level=None)) as raw:
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            raw.execute(f"PRAGMA {setting}")
        raw.execute("CREATE TABLE plain (n INTEGER)")
        for start in range(0, len(eids), SINGLE):  # in turns, so that other work on the machine meets both alike
            plain = each(lambda number: raw.execute("INSERT INTO plain VALUES (?)", (number,)), range(SINGLE))
            found.append((plain, each(change, eids[start : start + SINGLE])))
    plain, changed = (min(pair[place] for pair in found) for place in (0, 1))
    figure("commits of one row (calibration)", round(1 / plain.wall), "1/s")
    figure("changes in transactions of their own, with hash chain", round(1 / changed.wall), "1/s")
    figure("processor time of a change", 1e3 * changed.processor, "ms")
    figure("changes against commits of one row", plain.wall / changed.wall, "1", "≥ 0.25")
    assert registry.verify() == 2 + len(eids)
    assert registry.register("tree").find(eids[-1]).values["height"] == 9.0
    registry.close()


def test_a_million_things_open(workspace, figure, caplog):
    caplog.set_level(logging.WARNING)
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
    for start in range(0, THINGS, CHUNK):
        with registry.transaction("bench", f"from {start}") as tx:
            eids = registry.register("tree").add(trees(CHUNK, start), tx)
    projector.refresh(workspace, registry)
    registry.close()
    raw = spent(lambda: sqlite3.connect(workspace.registry_path).execute("SELECT max(tx) FROM tx").fetchone())

    def look() -> None:
        opened = Workspace.open(workspace.folder, packaged())
        with closing(opened.registry()) as book, closing(opened.publication("public")) as shown:
            assert book.register("tree").find(eids[-1]).values["height"] == 8.0
            assert {one.name: one.count for one in shown.collections()}["trees"] == THINGS

    found = min(spent(look) for _ in range(3))
    figure("file opened and one row read (calibration)", 1e3 * raw.wall, "ms")
    figure(f"registry and publication of {THINGS:,} things opened, one thing read from each", found.wall, "s", "≤ 1")
    figure("the same, of processor time", found.processor, "s", "≤ 1")
