"""What the embedded store alone does: one file, plain SQLite, every commit on the disk."""

import sqlite3

import pytest

from sdi.errors import IntegrityError, WorkspaceError
from sdi.store.embedded import EmbeddedStore
from tests.sdi.test_register import add
from tests.stores import outside


@pytest.mark.shows("shared-model")
def test_what_is_acknowledged_is_on_the_disk(registry, figure):
    ((synchronous,),) = registry.store.select("PRAGMA synchronous")
    figure("PRAGMA synchronous of a registry", synchronous, bound="2")
    assert synchronous == 2
    assert registry.store.select("PRAGMA journal_mode")[0][0] == "wal"


def test_a_file_that_is_no_registry_is_refused_and_left_as_it_was(tmp_path):
    path = tmp_path / "registry.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match="no registry"):
        EmbeddedStore(path)
    assert path.read_bytes() == before
    text = tmp_path / "text.db"
    text.write_text("this is no database at all, " * 50)
    with pytest.raises(WorkspaceError):
        EmbeddedStore(text)


def test_a_registry_of_a_newer_version_is_refused(registry):
    registry.store.select("PRAGMA user_version=99")
    with pytest.raises(WorkspaceError, match="newer version"):
        EmbeddedStore(registry.store.path)


def test_a_text_where_a_transaction_stood_breaks_the_chain(workspace, registry):
    add(registry, 3)
    outside.run(workspace, "UPDATE register_bench SET tx_to = 'x' WHERE \"row\" = 2", guarded=False)
    with pytest.raises(IntegrityError, match="by no transaction"):
        registry.verify()
