"""Acceptance case 14: kill -9 in a bulk load. All of a transaction or nothing; index, rows and hash chain agree."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.history import OPEN
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests.killed import context

pytestmark = pytest.mark.both_stores

BULK, TRIALS = 1_000, 3
INDEXED = {
    True: "SELECT count(*) FROM location_index WHERE xmin > 500000 AND ymax < 2000000",
    False: "SELECT count(*) FROM location_version WHERE geometry && ST_MakeEnvelope(500000, 0, 900000, 2000000, "
    f"ST_SRID(geometry)) AND tx_to = {OPEN}",
}
"""What the spatial index finds, in the embedded store and in the other."""


def load(folder: Path, seed: int) -> None:
    """Load benches in bulk without end; write down when each transaction begins and when it is acknowledged."""
    rng = np.random.default_rng(seed)
    with (
        closing(Workspace.open(folder, packaged()).registry()) as registry,
        (folder / f"told-{seed}.txt").open("a", buffering=1, encoding="ascii") as told,
    ):
        while True:
            places = shapely.points(584_000 + rng.uniform(0, 900, BULK), 1_109_000 + rng.uniform(0, 900, BULK))
            batch = Batch(values={"seats": [4] * BULK}, geometry=places, accuracy=Accuracy(1, method="photo"))
            told.write("begun\n")
            with registry.transaction(f"seed {seed}", "bulk") as tx:
                registry.register("bench").add(batch, tx)
            told.write(f"{tx.number}\n")


def killed(workspace: Workspace, seed: int) -> tuple[set[int], bool]:
    """Kill a load in its second transaction; return what it acknowledged, and whether it died within one."""
    process = context.Process(target=load, args=(workspace.folder, seed))
    told = workspace.folder / f"told-{seed}.txt"
    process.start()
    until = time.monotonic() + 60
    while not (told.is_file() and told.read_text().count("begun") > 1) and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.Random(seed).uniform(0, 0.1))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    lines = told.read_text().split()
    return {int(line) for line in lines if line != "begun"}, lines[-1] == "begun"


def indexed(registry: Registry, *, embedded: bool) -> int:
    """Return how many places the spatial index itself finds."""
    if not embedded:
        registry.store.select("SELECT set_config('enable_seqscan', 'off', false)")
    return registry.store.select(INDEXED[embedded])[0][0]


@pytest.mark.shows("shared-model")
def test_a_bulk_load_killed_in_the_midst_is_there_in_whole_transactions_or_not_at_all(workspace, store, figure):
    workspace.registry().close()
    acknowledged, within = set(), 0
    for seed in range(TRIALS):
        told, died_within = killed(workspace, seed)
        acknowledged |= told
        within += died_within
        with closing(workspace.registry()) as registry:
            assert registry.verify() == registry.last_tx
            loads = registry.store.select(
                "SELECT t.tx, count(*) FROM tx t JOIN entity e ON e.tx_from = t.tx GROUP BY t.tx"
            )
            assert {count for _, count in loads} == {BULK}
            assert acknowledged <= {tx for tx, _ in loads}
            things = len(registry.register("bench"))
            assert things == indexed(registry, embedded=store is None) == BULK * len(loads)
    assert within > 0
    figure(
        "bulk loads killed, in whole transactions", TRIALS, "1", f"{within} within one; {things} rows, as many indexed"
    )
