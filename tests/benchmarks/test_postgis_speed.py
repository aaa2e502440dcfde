"""How fast PostGIS records, beside COPY of the same rows into the same constrained tables."""

from __future__ import annotations

import time
from contextlib import closing

import numpy as np
import psycopg
import pytest

from catalogs import packaged
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.store.postgis import PostgisStore
from sdi.workspace import Workspace
from tests.benchmarks.test_load_speed import CORE, COUNT, trees
from tests.sdi.conftest import WORKSPACE

SINGLE = 200


@pytest.fixture
def workspace(tmp_path, database) -> Workspace:
    """Return an empty workspace in PostGIS."""
    description = tmp_path / "description.yaml"
    description.write_text(f"{WORKSPACE}store: {database}\n", encoding="utf-8")
    return Workspace.make(tmp_path / "city", description, packaged())


def copied(database: str, tables) -> float:
    """COPY the same rows into the same tables of another schema, one durable transaction; return the time [s]."""
    with psycopg.connect(database, autocommit=True) as connection:
        taken = {table: taken_out(connection, table) for table in CORE}
    with closing(PostgisStore(database, 5897, schema="raw")) as raw:
        raw.ensure(tables)
    with psycopg.connect(database, options="-c search_path=raw,public") as connection:
        start = time.perf_counter()
        for table, content in taken.items():
            with connection.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(content)
        connection.commit()
        return time.perf_counter() - start


def taken_out(connection: psycopg.Connection, table: str) -> bytes:
    """Return a table as COPY writes it."""
    with connection.cursor().copy(f'COPY registry."{table}" TO STDOUT (FORMAT binary)') as copy:
        return b"".join(bytes(block) for block in copy)


@pytest.mark.bench
@pytest.mark.shows("shared-model")
def test_bulk_load_against_copy_of_the_same_rows(workspace, database, figure):
    registry, batch = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1)), trees()
    start = time.perf_counter()
    with registry.transaction("bench", "load") as tx:
        registry.register("tree").add(batch, tx)
    recorded = time.perf_counter() - start
    projector.refresh(workspace, registry)
    published = time.perf_counter() - start
    raw = copied(database, registry.store.tables.values())
    start = time.perf_counter()
    registry.verify()
    verified = time.perf_counter() - start
    figure("COPY of the same rows into the same constrained tables (calibration)", round(COUNT / raw), "things/s")
    figure("recorded in PostGIS, with checks, history, indexes and hash chain", round(COUNT / recorded), "things/s")
    figure("recorded against COPY", round(raw / recorded, 2), "1", "≥ 0.5")
    figure("recorded and published at two levels", round(COUNT / published), "things/s")
    figure("chain verified", round(COUNT / verified), "things/s")
    registry.close()


@pytest.mark.bench
@pytest.mark.shows("shared-model")
def test_single_transactions_and_look_ups(workspace, database, figure):
    registry, batch = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1)), trees()
    with registry.transaction("bench", "load") as tx:
        eids = registry.register("tree").add(batch, tx)[:SINGLE]
    tree = registry.register("tree")
    with psycopg.connect(database, autocommit=True) as plain:
        plain.execute("CREATE TABLE plain (n int)")
        commit = timed(lambda number: plain.execute("INSERT INTO plain VALUES (%s)", (number,)), range(SINGLE))
    look_up = timed(lambda eid: tree.find(eid, valid="2026-01-01"), eids)

    def change(eid: str) -> None:
        with registry.transaction("bench", "change") as tx:
            tree.change(eid, {"height": 9.0}, tx, valid_from="2025-06-01")

    written = timed(change, eids)
    figure("commits of one row each (calibration)", round(1 / np.median(commit)), "1/s")
    figure("changes in transactions of their own, with hash chain", round(1 / np.median(written)), "1/s")
    figure(
        "as-of look-ups, one at a time", round(1 / np.median(look_up)), "1/s", f"p99 {np.quantile(look_up, 0.99):.2g} s"
    )
    registry.close()


def timed(act, inputs) -> list[float]:
    """Return how long each of some calls took [s]."""
    spent = []
    for one in inputs:
        start = time.perf_counter()
        act(one)
        spent.append(time.perf_counter() - start)
    return spent
