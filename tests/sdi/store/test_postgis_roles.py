"""Database roles: the writer adds, the readers see publications, nobody else sees anything."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from sdi.errors import WorkspaceError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.store.postgis_roles import assign
from tests.sdi.conftest import small
from tests.sdi.test_register import add, write

ROLES = ("city_writer", "city_public", "city_restricted")
READERS = {"publication_public": "city_public", "publication_restricted": "city_restricted"}
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def rights(tmp_path, cluster, database):
    """Return the address of a database by role; its registry is made, and the roles have their rights."""
    for role in ROLES:
        cluster.run("postgres", f"CREATE ROLE {role} LOGIN")
    small(tmp_path, database).registry().close()
    assign(database, "city_writer", READERS)
    yield {role: database.replace("postgres@", f"{role}@") for role in ROLES} | {"owner": database}
    for role in ROLES:
        ask(database, f"DROP OWNED BY {role}")
        cluster.run("postgres", f"DROP ROLE {role}")


def ask(address: str, statement: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(statement.encode())


def test_the_writer_records_and_the_chain_holds(tmp_path, rights):
    (tmp_path / "again").mkdir()
    workspace = small(tmp_path / "again", rights["city_writer"])
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))) as registry:
        eid = add(registry)[0]
        write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
        write(registry, "retire", eid, valid_from="2026-07-01")
        assert registry.verify() == registry.last_tx == 4


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM registry.outbox",
        "TRUNCATE registry.register_bench",
        "DROP TABLE registry.outbox",
        "ALTER TABLE registry.register_bench DISABLE TRIGGER ALL",
        "DROP TRIGGER register_bench_no_update ON registry.register_bench",
        "SET session_replication_role = replica",
        "CREATE TABLE registry.mine (x int)",
    ],
)
def test_the_writer_neither_deletes_nor_switches_a_guard_off(rights, statement):
    with pytest.raises(DENIED):
        ask(rights["city_writer"], statement)


@pytest.mark.shows("shared-model")
def test_a_reader_sees_its_publication_and_nothing_else(rights, figure):
    for level in ("public", "restricted"):
        ask(rights["city_writer"], f"CREATE TABLE publication_{level}.trees AS SELECT 1 AS n")
    ask(rights["city_public"], "SELECT n FROM publication_public.trees")
    ask(rights["city_restricted"], "SELECT n FROM publication_restricted.trees")
    hidden = ["publication_restricted.trees", "registry.entity", "registry.tx", "registry.register_bench"]
    for table in hidden:
        with pytest.raises(DENIED):
            ask(rights["city_public"], f"SELECT * FROM {table}")
    with pytest.raises(DENIED):
        ask(rights["city_public"], "INSERT INTO publication_public.trees VALUES (2)")
    figure("tables hidden from the role of the public service", len(hidden), "1")


def test_a_role_that_does_not_exist_is_named(tmp_path, database):
    small(tmp_path, database).registry().close()
    with pytest.raises(WorkspaceError, match=r'role "nobody_here" does not exist.* make the roles first'):
        assign(database, "nobody_here", {})
