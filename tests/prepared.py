"""Databases that have the tables of a small registry already, lent to one test after the other.

To make the tables of a registry takes PostgreSQL longer than most tests take to use them. So a database goes back when
its test ends: its rows are taken out, and what the test made besides. It is lent again, provided that its tables,
indexes and guards are then exactly those that a new one has; otherwise it is dropped.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import psycopg

from sdi.workspace import Workspace
from tests import model
from tests.cluster import Cluster
from tests.sdi.conftest import small

KINDS: Mapping[str, Callable[[Path, str], Workspace]] = {"city": model.build, "workspace": small}
"""What makes the workspace of a test, by the fixture that returns it."""

_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
_STRANGE = "nspname !~ '^pg_' AND nspname NOT IN ('registry', 'public', 'information_schema')"
_SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part COLLATE "C")) FROM (
SELECT concat(relname, relkind, relacl::text) AS part FROM pg_class WHERE relnamespace = 'registry'::regnamespace
UNION ALL SELECT concat(relname, attname, atttypid, attnum, attisdropped) FROM pg_attribute
JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'registry'::regnamespace
UNION ALL SELECT concat(relname, tgname, tgenabled) FROM pg_trigger
JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'registry'::regnamespace
UNION ALL SELECT concat(conrelid, conname) FROM pg_constraint WHERE connamespace = 'registry'::regnamespace
UNION ALL SELECT concat(nspname, nspacl::text, obj_description(oid)) FROM pg_namespace WHERE nspname = 'registry'
UNION ALL SELECT concat(proname, prosrc) FROM pg_proc WHERE pronamespace = 'registry'::regnamespace
UNION ALL SELECT concat(defaclrole, defaclobjtype, defaclacl::text) FROM pg_default_acl
UNION ALL SELECT concat(setrole, setconfig::text) FROM pg_db_role_setting
JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()
UNION ALL SELECT concat(srid) FROM spatial_ref_sys) parts"""


class Prepared:
    """The prepared databases of a cluster.

    Parameters
    ----------
    cluster : Cluster
        Where they are.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tables: dict[str, frozenset[str]] = {}
        self._shapes: dict[str, str | None] = {}
        self._free: dict[str, list[str]] = {kind: [] for kind in KINDS}

    def lend(self, kind: str) -> str:
        """Return the address of a database that holds no row of a registry."""
        if self._free[kind]:
            return self._free[kind].pop()
        url = self._cluster.database()
        with tempfile.TemporaryDirectory() as folder, closing(KINDS[kind](Path(folder), url).registry()):
            pass
        self._tables[kind] = _tables(url)
        self._shapes[kind] = _emptied(url, self._tables[kind])
        return url

    def take_back(self, kind: str, url: str) -> None:
        """Take the rows out of a database, and keep it where it is as good as new."""
        if _emptied(url, self._tables[kind]) == self._shapes[kind]:
            self._free[kind].append(url)
        else:
            self._cluster.drop(url)


def _tables(url: str) -> frozenset[str]:
    """Return the names of the tables of a registry."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'registry'").fetchall()
    return frozenset(name for (name,) in found)


def _emptied(url: str, kept: frozenset[str]) -> str | None:
    """Take out all rows, whoever guards them, and what else a test has made; return what says how the tables are."""
    there = _tables(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_OTHERS, (connection.info.backend_pid,))
        for (schema,) in connection.execute(f"SELECT nspname FROM pg_namespace WHERE {_STRANGE}").fetchall():
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())
        if not kept <= there:
            return None
        strange = [f'DROP TABLE registry."{table}"' for table in there - kept]
        rows = [f'DELETE FROM registry."{table}"' for table in kept]
        connection.execute("; ".join(["SET session_replication_role = replica", *strange, *rows]).encode())
        found = connection.execute(_SHAPE).fetchone()
        return found[0] if found else None
