"""A registry of any earlier version is brought up to the tables of this one; alembic compares what came out."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import Geometry

from catalogs import packaged
from sdi.catalog import Catalog
from sdi.crs import StorageCRS
from sdi.errors import WorkspaceError
from sdi.store import choice
from sdi.store.embedded import EmbeddedStore
from sdi.store.revision import REVISIONS, VERSION, gained
from sdi.store.schema import core, register_table
from sdi.store.store import Store
from sdi.workspace import Workspace

pytestmark = pytest.mark.both_stores

CRS = StorageCRS("EPSG:5897", "VN-2000 to WGS 84 (2)")
FIXTURE = Path(__file__).parents[2] / "fixtures" / "workspace-0.1.0.tar.xz"
OWN = ("location_index", "sqlite_", "spatial_ref_sys")
"""What the stores keep beside the tables."""


def described() -> sa.MetaData:
    """Describe all tables of the packaged catalogue."""
    metadata = sa.MetaData()
    core(metadata)
    for declared in Catalog.read(packaged()).registers.values():
        register_table(declared, metadata)
    return metadata


def at(version: int) -> list[sa.Table]:
    """Describe the core tables as a version had them."""
    metadata = sa.MetaData()
    known = {table for one in REVISIONS[:version] for table in one.tables}
    later = {(table, name) for one in REVISIONS[version:] for table, names in one.columns.items() for name in names}
    for name, table in core(sa.MetaData()).items():
        if name in known:
            kept = [one for one in table.columns if (name, one.name) not in later]
            names = {one.name for one in kept}
            indexes = [
                sa.Index(str(index.name), *(one.name for one in index.columns))
                for index in table.indexes
                if {one.name for one in index.columns} <= names
            ]
            sa.Table(name, metadata, *(one._copy() for one in kept), *indexes, info=table.info)
    return list(metadata.tables.values())


@pytest.fixture
def engine(tmp_path: Path, store: str | None) -> Iterator[sa.Engine]:
    """Return a connection past the store, for others to look at the tables."""
    if store is None:
        made = sa.create_engine(f"sqlite:///{tmp_path / 'registry.db'}")
    else:
        creator = lambda: psycopg.connect(store, options="-c search_path=registry,public")  # noqa: E731
        made = sa.create_engine("postgresql+psycopg://", creator=creator)
    yield made
    made.dispose()


@pytest.fixture
def opened(tmp_path: Path, store: str | None) -> Iterator[Store]:
    """Return a store with nothing in it."""
    made = choice.opened(tmp_path / "registry.db", store, CRS)
    yield made
    made.close()


def differences(engine: sa.Engine, metadata: sa.MetaData) -> list[object]:
    """Return what alembic would change to come from the tables there are to those described."""

    def looked_at(thing, name, kind, reflected, compared):
        ours = {index.name for table in metadata.tables.values() for index in table.indexes}
        if kind == "index" and reflected and name not in ours:
            return not str(name).endswith(("_no_overlap", "_geometry"))  # made by the guards of PostGIS
        return not str(name).startswith(OWN)

    def typed(context, column, described_column, found, said):
        return False if isinstance(found, Geometry) else None  # described for both stores, made for one

    with engine.connect() as connection:
        options = {"include_object": looked_at, "compare_type": typed}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def version_of(store: Store) -> int:
    """Return which version a store says it is."""
    if hasattr(store, "path"):
        return store.select("PRAGMA user_version")[0][0]
    said = store.select("SELECT obj_description(to_regnamespace('registry')::oid, 'pg_namespace')")[0][0]
    return int(said.rpartition(" ")[2])


def say(store: Store, engine: sa.Engine, version: int) -> None:
    """Let a store say that it is another version."""
    statement = f"PRAGMA user_version={version}"
    if not hasattr(store, "path"):
        statement = f"COMMENT ON SCHEMA registry IS 'phusa registry, tables {version}'"
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_every_table_and_column_belongs_to_one_version():
    tables = [name for one in REVISIONS for name in one.tables]
    columns = {name: set(table.columns.keys()) for name, table in core(sa.MetaData()).items()}
    assert len(tables) == len(set(tables))
    assert set(tables) == set(columns), "add what is new to the last revision of sdi/store/revision.py"
    assert [one.version for one in REVISIONS] == list(range(1, VERSION + 1))
    assert {table.name: set(table.columns.keys()) for table in at(VERSION)} == columns
    for one in REVISIONS:
        for table, names in one.columns.items():
            assert set(names) <= columns[table], f"version {one.version} adds columns that {table} does not have"
            assert all(core(sa.MetaData())[table].columns[name].nullable for name in names)


def test_an_empty_place_gets_the_tables_that_are_described(opened, engine):
    metadata = described()
    opened.ensure(metadata.tables.values())
    assert differences(engine, metadata) == []
    assert version_of(opened) == VERSION


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_registry_of_an_earlier_version_gets_the_tables_of_this_one(opened, engine, store, version, caplog, figure):
    opened.ensure(at(version))
    say(opened, engine, version)
    before = len(differences(engine, described()))
    with closing(choice.opened(Path(str(getattr(opened, "path", ""))), store, CRS)) as later, caplog.at_level("INFO"):
        later.ensure(described().tables.values())
        assert version_of(later) == VERSION
    assert before > 0
    assert differences(engine, described()) == []
    assert gained(version) in caplog.text
    figure(f"tables and columns that version {version} lacks, none left", before, "1")


def test_a_registry_that_cannot_be_brought_up_whole_stays_as_it_was(opened, engine):
    opened.ensure(at(1))
    say(opened, engine, 1)
    before = differences(engine, described())
    broken = sa.Table("zone", sa.MetaData(), sa.Column("row", sa.Integer), sa.CheckConstraint("no sense at all"))
    with pytest.raises(WorkspaceError, match="nothing was kept"):
        opened.ensure([*core(sa.MetaData()).values(), broken])
    assert version_of(opened) == 1
    assert repr(differences(engine, described())) == repr(before)


def test_guards_know_the_columns_that_a_later_version_added(opened, engine):
    opened.ensure(at(1))
    opened.ensure(core(sa.MetaData()).values())
    with opened.writing():
        opened.insert("delivery", COLUMNS, [("e", "r", "c", "l", "h", 1, 0, 1)])
    with pytest.raises(sa.exc.IntegrityError, match="rows are only added"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE delivery SET organisation = 'x'")


COLUMNS = ("entry", "register", "custodian", "licence", "sha256", "accepted", "quarantined", "tx_from")


def test_a_registry_of_a_newer_version_is_refused(opened, engine, store):
    opened.ensure(core(sa.MetaData()).values())
    say(opened, engine, VERSION + 1)
    with pytest.raises(WorkspaceError, match=f"newer version .tables {VERSION + 1}, this one knows {VERSION}"):
        choice.opened(Path(str(getattr(opened, "path", ""))), store, CRS)


@pytest.mark.shows("shared-model")
def test_the_registry_that_0_1_0_wrote_gets_the_tables_of_this_version(tmp_path):
    with tarfile.open(FIXTURE) as archive:
        archive.extract("workspace/registry.db", tmp_path, filter="data")
        archive.extract("workspace/workspace.yaml", tmp_path, filter="data")
    workspace = Workspace.open(tmp_path / "workspace", packaged())
    with closing(EmbeddedStore(workspace.registry_path)) as store:
        now = {name: set(table.columns.keys()) for name, table in core(sa.MetaData()).items()}
        for name in REVISIONS[0].tables:
            later = {column for one in REVISIONS for column in one.columns.get(name, ())}
            assert set(store.columns(name)) | later == now[name], "add what is new to the last revision"
    with closing(workspace.registry()) as registry:
        assert version_of(registry.store) == VERSION
        assert registry.verify() == registry.last_tx
    made = sa.create_engine(f"sqlite:///{workspace.registry_path}")
    assert differences(made, described()) == []
    made.dispose()
