"""Transactions: all or nothing, chained, and never changed afterwards."""

import sqlite3
import threading

import psycopg
import pytest
import shapely

from sdi.errors import ConflictError, IntegrityError, WorkspaceError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import embedded, postgis
from tests.sdi.test_register import add, write
from tests.stores import outside

pytestmark = pytest.mark.both_stores


def test_two_builds_with_the_same_clock_and_ids_have_one_hash(workspace):
    hashes = []
    for _ in range(2):
        registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
        eid = add(registry, 3, identifiers={"bench-tag": ["B1", "B2", "B3"]})[0]
        write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
        hashes.append(registry.root_hash)
        registry.close()
        outside.empty(workspace)
    assert hashes[0] == hashes[1]


def test_an_untouched_registry_verifies(registry):
    eid = add(registry, 5)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    write(registry, "correct", eid, values={"seats": 7})
    write(registry, "retire", eid, valid_from="2026-01-01")
    assert registry.verify() == registry.last_tx == 5


@pytest.mark.parametrize(
    "tampering",
    [
        'UPDATE register_bench SET f_seats = 9 WHERE "row" = 1',
        'UPDATE register_bench SET tx_to = 3 WHERE "row" = 2',
        'UPDATE register_bench SET tx_to = 1000 WHERE "row" = 2',
        'DELETE FROM identifier WHERE "row" = 1',
        "UPDATE tx SET reason = 'another' WHERE tx = 2",
        "INSERT INTO outbox VALUES (999, 'x', 'bench', 'added', 2)",
        'UPDATE location_version SET geometry = (SELECT max(geometry) FROM location_version) WHERE "row" = 1',
    ],
)
def test_a_row_changed_behind_its_back_breaks_the_chain(workspace, registry, tampering):
    add(registry, 3, identifiers={"bench-tag": ["B1", "B2", "B3"]})
    add(registry, 1)
    outside.run(workspace, tampering, guarded=False)
    with pytest.raises(IntegrityError, match=r"transaction [23] of|by no transaction"):
        registry.verify()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM register_bench",
        "UPDATE register_bench SET f_seats = 9",
        "UPDATE entity SET kind = 'x'",
        "DELETE FROM tx",
        "UPDATE register_bench SET tx_to = 9223372036854775807",
    ],
)
def test_the_tables_refuse_to_be_changed(workspace, registry, statement):
    eid = add(registry)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    with pytest.raises(outside.REFUSED, match="rows are only added"):
        outside.run(workspace, statement)


def test_two_facts_that_overlap_in_valid_time_are_refused(registry):
    eid = add(registry)[0]

    def twice():
        with registry.transaction("test", "twice") as tx:
            row = (eid, "active", "2021-01-01T00:00:00Z", tx.number)
            tx.insert("register_bench", ("eid", "status", "valid_from", "tx_from"), [row])

    with pytest.raises(ConflictError, match="overlap"):
        twice()


def test_a_transaction_that_fails_leaves_no_trace(registry):
    before = (registry.last_tx, registry.root_hash)

    def fails():
        with registry.transaction("test", "fails") as tx:
            batch = Batch(values={"seats": [4]}, geometry=shapely.points([[584_000, 1_109_000]]))
            registry.register("bench").add(batch, tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert (registry.last_tx, registry.root_hash) == before
    assert len(registry.register("bench")) == 0
    assert registry.store.check() == []


def test_a_date_means_the_last_transaction_at_or_before_it(workspace):
    registry = workspace.registry(clock=Clock.fixed("2026-01-01T00:00:00Z", 86_400), ids=Ids.seeded(1))
    eid = add(registry)[0]
    write(registry, "correct", eid, values={"seats": 5})
    bench = registry.register("bench")
    assert bench.find(eid, recorded="2026-01-02T00:00:00Z").values["seats"] == 4
    assert bench.find(eid, recorded="2026-01-03T00:00:00Z").values["seats"] == 5
    registry.close()


def test_writers_wait_for_each_other_and_none_is_lost(workspace, registry):
    def writer():
        mine = workspace.registry(ids=Ids.system())
        for _ in range(10):
            add(mine)
        mine.close()

    threads = [threading.Thread(target=writer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.register("bench")) == 30
    registry.verify()


def test_another_storage_crs_is_refused(workspace, registry):
    add(registry)
    path = workspace.folder / "workspace.yaml"
    path.write_text(path.read_text().replace("EPSG:5897", "EPSG:9209"))
    with pytest.raises(WorkspaceError, match="chosen once"):
        type(workspace).open(workspace.folder, workspace.catalogs[0]).registry()


def test_a_register_may_gain_a_field_and_old_hashes_stay_true(workspace, registry):
    eid = add(registry)[0]
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    wider = (
        path.read_text()
        .replace("1.0.0", "1.1.0")
        .replace("on_bad_row", "  backrest: {type: boolean, title: {vi: Tựa lưng, en: Backrest}}\non_bad_row")
    )
    path.write_text(wider)
    again = workspace.registry()
    assert again.register("bench").find(eid).values["backrest"] is None
    write(again, "change", eid, {"backrest": True}, valid_from="2025-01-01")
    assert again.register("bench").find(eid).values["backrest"] == 1
    again.verify()
    again.close()


def test_a_register_that_loses_a_field_is_refused_with_the_reason(workspace, registry):
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    narrower = [line for line in path.read_text().splitlines() if not line.startswith("  wood")]
    path.write_text("\n".join(narrower).replace("1.0.0", "2.0.0").replace("[seats, wood, set_up]", "[seats, set_up]"))
    with pytest.raises(WorkspaceError, match=r"2\.0\.0 narrows version 1\.0\.0.*field wood is gone"):
        workspace.registry()


def test_a_register_that_left_the_catalogue_still_verifies(workspace, registry):
    add(registry)
    registry.close()
    (workspace.folder / "catalogs" / "registers" / "bench.yaml").unlink()
    again = workspace.registry()
    assert again.verify() == 2
    again.close()


def test_two_verbs_about_one_thing_fit_into_one_transaction(workspace, registry):
    with registry.transaction("test", "both") as tx:
        bench = registry.register("bench")
        place = shapely.points([[584_000, 1_109_000]])
        eid = bench.add(Batch(values={"seats": [4]}, geometry=place, valid_from="2020-01-01"), tx)[0]
        bench.change(eid, {"seats": 5}, tx, valid_from="2024-01-01")
        bench.change(eid, {"wood": True}, tx, valid_from="2024-06-01")
    found = [bench.find(eid, valid=day).values for day in ("2023-01-01", "2024-02-01", "2024-07-01")]
    assert [(one["seats"], one["wood"]) for one in found] == [(4, None), (5, None), (5, 1)]
    registry.verify()
    projector.refresh(workspace, registry)
    projector.verified(workspace, registry)


def test_opening_a_registry_that_lacks_nothing_does_not_wait_for_a_writer(workspace, registry, monkeypatch):
    monkeypatch.setattr(embedded, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(postgis, "BUSY_TIMEOUT_S", 0.1)
    with registry.transaction("test", "long"):
        reader = workspace.registry()
        assert reader.last_tx == 1
        reader.close()


def test_two_that_make_a_registry_at_once_record_its_declarations_once(workspace):
    first = workspace.keeper()
    made = Registry(first, workspace.catalog(), workspace.crs)
    ensure = first.ensure

    def overtaken(tables):
        ensure(tables)
        workspace.registry().close()

    first.ensure = overtaken
    made._prepare()
    assert first.select("SELECT count(*), count(DISTINCT register) FROM declaration")[0][0] == len(
        first.select("SELECT DISTINCT register FROM declaration")
    )
    assert made.last_tx == 1
    made.close()


def test_a_registry_of_an_earlier_version_gains_the_indexes_it_lacks(workspace, registry):
    outside.run(workspace, "DROP INDEX outbox_kind")
    registry.close()
    again = workspace.registry()
    with pytest.raises((sqlite3.OperationalError, psycopg.ProgrammingError), match="already exists"):
        outside.run(workspace, "CREATE INDEX outbox_kind ON outbox (kind)")
    again.close()
