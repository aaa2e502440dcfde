"""A registry carried to another store is the same registry: numbers, times, history and chain."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from sdi.access import readership
from sdi.errors import ConflictError, IntegrityError
from sdi.history import Clock
from sdi.registry import Registry
from sdi.safety.replication import refuse_occupied, replicate
from sdi.store import choice
from sdi.store.embedded import EmbeddedStore
from sdi.store.store import Store
from sdi.workspace import Workspace
from tests.past import build, lived, opened, refused
from tests.sdi.conftest import BENCH
from tests.sdi.test_register import add, write
from tests.stores import outside

pytestmark = pytest.mark.both_stores


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    """Return a city of one register."""
    return build(tmp_path, store)


def rows(store: Store) -> dict[str, list[dict[str, object]]]:
    """Return every row of every table that transactions write."""
    tables = [name for name in store.recorded_tables() if "tx_from" in store.columns(name)]
    found = {}
    for name in ["tx", *tables]:
        order = "tx" if name == "tx" else '"row"'
        columns = store.columns(name)
        read = store.select(f'SELECT * FROM "{name}" ORDER BY {order}')
        found[name] = [dict(zip(columns, row, strict=True)) for row in read]
    return found


@pytest.fixture
def other(tmp_path: Path, store: str | None, cluster, workspace):
    """Return a store of the other kind, with nothing in it."""
    address = cluster.database() if store is None else None
    made = choice.opened(tmp_path / "other.db", address, workspace.crs)
    yield made
    made.close()
    if address:
        cluster.drop(address)


@pytest.mark.shows("shared-model")
def test_a_copy_in_the_other_store_has_every_row_number_and_hash(workspace, other, figure):
    lived(workspace)
    with closing(opened(workspace)) as registry:
        replica = replicate(registry.store, other)
        assert (replica.tx, replica.root_hash) == (registry.last_tx, registry.root_hash)
        assert rows(other) == rows(registry.store)
    figure("rows copied to the other store, all equal", replica.rows, "1", f"{replica.tx} transactions")


def test_what_is_written_after_a_copy_has_the_same_hash_in_both(workspace, other):
    with closing(opened(workspace)) as registry:
        eid = add(registry, 3)[0]
        replicate(registry.store, other)
        hashes = []
        for store in (registry.store, other):
            again = Registry.open(store, registry.catalog, registry.crs, clock=Clock.fixed("2027-01-01T00:00:00Z"))
            write(again, "change", eid, {"seats": 6}, valid_from="2025-01-01")
            hashes.append(again.root_hash)
        assert hashes[0] == hashes[1]


def test_a_copy_is_carried_on_with_what_came_since_and_nothing_else(workspace, tmp_path):
    with closing(opened(workspace)) as registry, closing(EmbeddedStore(tmp_path / "kept.db")) as kept:
        eid = add(registry, 3)[0]
        replicate(registry.store, kept)
        write(registry, "change", eid, {"seats": 6}, valid_from="2025-01-01")
        # The old version is cut in two and told to the outbox: two rows of the register, one of the outbox.
        assert replicate(registry.store, kept).rows == 3
        assert rows(kept) == rows(registry.store)
        assert replicate(registry.store, kept).rows == 0


def test_a_copy_as_of_a_transaction_has_the_rows_open_that_were_closed_later(workspace, tmp_path):
    with closing(opened(workspace)) as registry, closing(EmbeddedStore(tmp_path / "then.db")) as kept:
        eid = add(registry, 2)[0]
        then, root = rows(registry.store), registry.root_hash
        write(registry, "change", eid, {"seats": 6}, valid_from="2025-01-01")
        write(registry, "retire", eid, valid_from="2026-01-01")
        assert replicate(registry.store, kept, until=2).root_hash == root
        assert rows(kept) == then


def test_another_registry_is_never_written_over(workspace, tmp_path):
    with closing(opened(workspace)) as registry, closing(EmbeddedStore(tmp_path / "kept.db")) as kept:
        add(registry, 1)
        replicate(registry.store, kept)
        with closing(EmbeddedStore(tmp_path / "strange.db")) as strange:
            replicate(registry.store, strange, until=1)
            with pytest.raises(ConflictError, match="another registry"):
                replicate(strange, kept)
            with pytest.raises(ConflictError, match="holds a registry of 2 transactions"):
                refuse_occupied(kept)
        assert rows(kept) == rows(registry.store)


def test_a_source_that_was_changed_behind_its_back_leaves_nothing(workspace, other):
    lived(workspace)
    outside.run(workspace, 'UPDATE register_bench SET f_seats = 9 WHERE "row" = 1', guarded=False)
    with closing(opened(workspace)) as registry:
        error = refused(lambda: replicate(registry.store, other))
    assert isinstance(error, IntegrityError)
    assert error.details["tx"] == 2
    assert other.last_row("tx") == other.last_row("register_bench") == 0


def test_a_register_that_no_catalogue_declares_any_more_goes_along(workspace, other):
    with closing(opened(workspace)) as registry:
        add(registry, 2)
    (workspace.catalogs[0] / "registers" / "bench.yaml").unlink()
    with closing(opened(workspace)) as registry:
        replicate(registry.store, other)
        assert rows(other)["register_bench"] == rows(registry.store)["register_bench"]


def test_a_field_that_a_register_gained_goes_along_to_an_older_copy(workspace, tmp_path):
    with closing(EmbeddedStore(tmp_path / "kept.db")) as kept:
        with closing(opened(workspace)) as registry:
            eid = add(registry, 2)[0]
            replicate(registry.store, kept)
        wider = BENCH.replace("1.0.0", "1.1.0").replace("fields:\n", "fields:\n  arms: {type: integer, unit: '1'}\n")
        (workspace.catalogs[0] / "registers" / "bench.yaml").write_text(wider, encoding="utf-8")
        with closing(opened(workspace)) as registry:
            write(registry, "change", eid, {"arms": 2}, valid_from="2025-01-01")
            replica = replicate(registry.store, kept)
            assert replica.root_hash == registry.root_hash
            assert rows(kept)["register_bench"] == rows(registry.store)["register_bench"]


def test_who_read_what_goes_along_as_a_chain_of_its_own(workspace, other):
    with closing(opened(workspace)) as registry:
        eid = add(registry, 1)[0]
        write(registry, "restrict", eid)
        readership.note(registry, "bench", eid, actor="An", purpose="repair")
        replicate(registry.store, other)
        readership.note(registry, "bench", eid, actor="Binh", purpose="repair")
        replicate(registry.store, other)
        assert readership.readings(other) == readership.readings(registry.store)
        assert [one.actor for one in readership.readings(other)] == ["An", "Binh"]
