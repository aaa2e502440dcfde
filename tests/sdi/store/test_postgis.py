"""What PostGIS alone does: real geometry and constraints, one registry to a schema, clear words where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from sdi.errors import ConflictError, InputError, IntegrityError, WorkspaceError
from sdi.recording import Batch
from sdi.store import postgis
from sdi.store.choice import opened
from sdi.store.postgis import PostgisStore
from sdi.store.postgis_session import title, with_srid, without_srid
from tests.prepared import Prepared
from tests.sdi.conftest import small
from tests.sdi.test_register import add, write
from tests.stores import outside

SHAPES = (
    "POINT (584000.1 1109000.2)", "POINT Z (584000.1 1109000.2 -0.5)", "LINESTRING (0 0, 1e-9 1e300)",
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))", "MULTIPOINT (0 0, -0.0 3)",
    "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))", "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
)  # fmt: skip


@pytest.fixture
def store(prepared: Prepared) -> Iterator[str]:
    """Every test here keeps its registry in PostGIS."""
    yield (url := prepared.lend("workspace"))
    prepared.take_back("workspace", url)


@pytest.mark.parametrize("text", SHAPES)
def test_geometry_comes_back_bit_by_bit(registry, text):
    given = shapely.to_wkb(shapely.from_wkt(text))
    columns = ("lid", "geometry", "accuracy_method", "valid_from", "tx_from")
    with registry.store.writing():
        row = (registry.ids.take(1)[0], given, "photo", "2020-01-01T00:00:00Z", 1)
        number = registry.store.insert("location_version", columns, [row])[0]
    read = 'SELECT geometry FROM location_version WHERE "row" = ?'
    assert registry.store.select(read, (number,)) == [(given,)]
    assert list(registry.store.stream(read, (number,))) == [(given,)]


@given(st.sampled_from(SHAPES), st.integers(1, 998_999), st.sampled_from([0, 1]))
def test_the_number_of_a_crs_goes_in_and_out_of_wkb(text, srid, order):
    wkb = shapely.to_wkb(shapely.from_wkt(text), byte_order=order)
    ewkb = bytes.fromhex(with_srid(wkb, srid))
    assert shapely.get_srid(shapely.from_wkb(ewkb)) == srid
    assert without_srid(ewkb) == wkb == without_srid(wkb)


def test_places_are_real_geometry_in_the_storage_crs_with_a_spatial_index(workspace, registry):
    add(registry, 3)
    with psycopg.connect(workspace.store) as other:
        known = other.execute("SELECT f_table_name, srid FROM geometry_columns WHERE f_table_schema = 'registry'")
        assert known.fetchall() == [("location_version", 5897)]
        kinds = other.execute("SELECT am.amname FROM pg_class c JOIN pg_am am ON am.oid = c.relam "
                              "WHERE c.relname = 'location_version_geometry'")  # fmt: skip
        assert kinds.fetchall() == [("gist",)]
        near = "SELECT count(*) FROM registry.location_version WHERE ST_DWithin(geometry, %s::geometry, 11)"
        assert other.execute(near, ("SRID=5897;POINT(584000 1109000)",)).fetchall() == [(2,)]
        with pytest.raises(psycopg.errors.CheckViolation, match="location_version_srid"):
            other.execute("INSERT INTO registry.location_version SELECT 99, lid, ST_SetSRID(geometry, 3405), "
                          "source_geometry, source_crs, 1, 1, 'photo', NULL, NULL, '2030', '2031', 1 "
                          "FROM registry.location_version LIMIT 1")  # fmt: skip


@pytest.mark.parametrize("code", [9205, 9209, 9218])
def test_reference_systems_that_debian_lacks_are_added_from_proj(tmp_path, database, code):
    point = f"SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_MakePoint(600000, 1100000), {code}), 4326), 3)"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM spatial_ref_sys WHERE srid BETWEEN 9205 AND 9218")
        with pytest.raises(psycopg.errors.Error, match="Cannot find SRID"):
            connection.execute(point.encode())
        small(tmp_path, database).registry().close()
        assert connection.execute(point.encode()).fetchone()[0].startswith("POINT(10")


def test_an_exclude_constraint_stands_behind_every_dated_fact(workspace, registry):
    dated = {name for name, table in registry.store.tables.items() if "key" in table.info}
    with psycopg.connect(workspace.store) as other:
        sql = "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'x'"
        kept = {name.removeprefix("registry.").strip('"') for (name,) in other.execute(sql)}
    assert {"locates", "identifier", "register_bench"} <= dated == kept


def test_overlapping_facts_are_refused_whoever_writes_them(workspace, registry):
    eid = add(registry)[0]
    twice = (
        'INSERT INTO register_bench ("row", eid, status, f_seats, valid_from, tx_from) '
        f"VALUES (99, '{eid}', 'active', 4, '2021-01-01T00:00:00Z', 9)"
    )
    with pytest.raises(psycopg.errors.ExclusionViolation):
        outside.run(workspace, twice)


def test_truncation_is_refused_like_deletion(workspace, registry):
    add(registry)
    with pytest.raises(psycopg.IntegrityError, match="rows are only added: truncate"):
        outside.run(workspace, "TRUNCATE register_bench")


def test_a_guard_that_was_switched_off_is_found(workspace, registry):
    add(registry)
    outside.run(workspace, "ALTER TABLE register_bench DISABLE TRIGGER register_bench_no_update")
    with pytest.raises(IntegrityError, match="guard register_bench_no_update is switched off"):
        registry.verify()


@pytest.mark.shows("shared-model")
def test_every_commit_is_on_the_disk_before_it_is_acknowledged(registry):
    assert registry.store.select("SHOW synchronous_commit") == [("on",)]
    assert registry.store.select("SHOW fsync") == [("on",)]


def test_commits_wait_for_the_disk_also_where_the_database_is_set_to_hurry(workspace):
    with psycopg.connect(workspace.store, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" SET synchronous_commit TO off'.encode())
    with psycopg.connect(workspace.store) as hurried:
        assert hurried.execute("SHOW synchronous_commit").fetchone() == ("off",)
    with closing(workspace.registry()) as registry:
        assert registry.store.select("SHOW synchronous_commit") == [("on",)]


def test_a_writer_that_waits_too_long_is_told(workspace, registry, monkeypatch):
    monkeypatch.setattr(postgis, "BUSY_TIMEOUT_S", 0.1)
    told = pytest.raises(ConflictError, match="another writer holds registry in test_")
    with closing(workspace.registry()) as other, registry.store.writing(), told:
        add(other)


def test_a_text_that_postgresql_cannot_keep_is_refused_and_nothing_is_kept(registry):
    with pytest.raises(InputError, match="nothing was kept"):
        add(registry, values={"inspector": ["a\x00b"]})
    assert len(registry.register("bench")) == 0
    add(registry)
    registry.verify()


def test_readers_see_one_state_while_a_writer_goes_on(workspace, registry):
    add(registry)
    with closing(workspace.registry()) as other:
        with registry.store.reading():
            before = registry.last_tx
            add(other)
            assert registry.last_tx == before
        assert registry.last_tx == before + 1


def test_several_streams_are_read_in_turn(registry):
    add(registry, 30)
    sql = 'SELECT "row" FROM outbox WHERE "row" <= ? ORDER BY "row"'
    one, two = registry.store.stream(sql, (30,)), registry.store.stream(sql, (30,))
    assert list(zip(one, two, strict=True)) == [((number,), (number,)) for number in range(1, 31)]


def test_a_schema_that_holds_something_else_is_refused_and_left_as_it_was(database):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA registry; CREATE TABLE registry.mine (x int)")
    with pytest.raises(WorkspaceError, match="no registry of phusa; nothing was changed"):
        PostgisStore(database, 5897)


def test_a_registry_of_a_newer_version_is_refused(workspace, registry):
    outside.run(workspace, "COMMENT ON SCHEMA registry IS 'phusa registry, tables 99'")
    with pytest.raises(WorkspaceError, match=r"tables 99, this one knows \d+\); upgrade phusa"):
        workspace.registry()


def test_an_address_where_nothing_answers_says_what_to_look_at(workspace, tmp_path):
    nowhere = f"postgresql://writer:secret@/city?host={tmp_path}"
    with pytest.raises(WorkspaceError, match=r"no PostgreSQL answers at city at .*is it running") as caught:
        PostgisStore(nowhere, 5897)
    assert "secret" not in str(caught.value)
    assert title(nowhere) == f"city at {tmp_path}"


def test_a_store_of_another_kind_is_refused(workspace):
    with pytest.raises(WorkspaceError, match=r"'mysql://city' is not known; expected postgresql://"):
        opened(workspace.registry_path, "mysql://city", workspace.crs)


def test_a_database_that_lacks_postgis_says_what_its_administrator_does(cluster):
    cluster.run("postgres", "CREATE ROLE plain LOGIN", "CREATE DATABASE bare OWNER plain")
    with pytest.raises(WorkspaceError, match="CREATE EXTENSION postgis"):
        PostgisStore(cluster.url("bare", user="plain"), 5897)
    cluster.run("postgres", "DROP DATABASE bare", "DROP ROLE plain")


def test_two_registries_live_in_two_schemas_of_one_database(database, workspace, registry):
    add(registry)
    with closing(PostgisStore(database, 5897, schema="registry_secret")) as secret:
        secret.ensure(registry.store.tables.values())
        assert (secret.last_row("entity"), registry.store.last_row("entity")) == (0, 1)


def test_a_closed_row_is_not_closed_again(registry):
    eid = add(registry)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    with pytest.raises(IntegrityError, match="1 rows of register_bench were closed already"), registry.store.writing():
        registry.store.close_rows("register_bench", [1, 2], 9)


def test_a_shared_location_that_does_not_exist_is_refused(registry):
    batch = Batch(values={"seats": [4]}, locations=["nowhere"])
    with pytest.raises(LookupError, match="no location nowhere"), registry.transaction("test", "share") as tx:
        registry.register("bench").add(batch, tx)
