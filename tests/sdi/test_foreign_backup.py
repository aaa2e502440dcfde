"""A backup that somebody else made or changed does no harm, and what shall stay apart does not come into one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sdi.errors import IntegrityError, WorkspaceError
from sdi.publishing import projector
from sdi.safety import backup, copying, founding, restoration
from sdi.store import transfer
from sdi.store.embedded import EmbeddedStore
from sdi.store.observations import SCHEMA, ObservationStore
from sdi.store.vault import Vault
from sdi.workspace import Workspace
from tests.backing import silent
from tests.past import build, opened
from tests.sdi.test_backup import taken
from tests.sdi.test_register import add

OUTSIDE = ("../owned.txt", "{}/owned.txt", "rasters/../../owned.txt", "registry.db", "registry.db-wal", "cache/x",
           "secret/registry.db", ".hidden", "../.pending.json", "publications/public.gpkg", ".")  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_manifest_that_names_a_file_elsewhere_is_refused_and_nothing_is_written(tmp_path, path):
    city = build(tmp_path)
    taken(city, tmp_path / "kept")
    vault = Vault(tmp_path / "kept")
    last = vault.manifests()[-1]
    forged = dict(last.files) | {path.format(tmp_path): last.files["workspace.yaml"]}
    vault.seal(replace(last, files=forged, taken_at="2030-01-01T00:00:00.000Z"))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(IntegrityError, match="belongs to no city"):
        restoration.restore(tmp_path / "kept", tmp_path / "made", tmp_path / "catalog", silent)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("said", ["hidden/registry.db", "../city/hidden/registry.db", None])
def test_a_secret_registry_in_the_workspace_is_in_no_backup_and_no_copy(tmp_path, monkeypatch, said):
    city = build(tmp_path)
    if said:
        with (city.folder / "workspace.yaml").open("a", encoding="utf-8") as description:
            description.write(f"secret: {said}\n")
    monkeypatch.chdir(tmp_path)  # a relative path counts from the workspace, not from here
    city = Workspace.open(Path("city"), tmp_path / "catalog")
    elsewhere = None if said else "city/hidden/registry.db"
    with closing(city.secret_registry(elsewhere)) as secret:
        add(secret, 1)
    assert (tmp_path / "city" / "hidden" / "registry.db").is_file()
    with closing(city.registry()) as registry:
        backup.take(city, registry, tmp_path / "kept", silent, secret_store=elsewhere)
        copying.to_folder(city, registry, tmp_path / "copy", silent, secret_store=elsewhere)
    assert not [path for path in Vault(tmp_path / "kept").manifests()[-1].files if "hidden" in path]
    assert not (tmp_path / "copy" / "hidden").exists()


@pytest.mark.parametrize(
    "text",
    [
        "name: x\n<<: {secret: /elsewhere.db}\n",
        "{name: x, secret: /elsewhere.db, crs: z}\n",
        "name: x\nsecret: &a /elsewhere.db\ntitle: *a\n",
        "- name\n",
        "name: [\n",
    ],
)
def test_a_description_that_would_keep_its_secret_or_lose_all_else_is_refused_and_left_as_it_is(tmp_path, text):
    (tmp_path / "workspace.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match="one key a line"):
        founding.keep_in(tmp_path, None)
    assert (tmp_path / "workspace.yaml").read_text(encoding="utf-8") == text


@pytest.mark.both_stores
@pytest.mark.parametrize("as_it_was", [False, True])
def test_what_was_withdrawn_after_the_moment_stays_withdrawn_unless_asked_otherwise(tmp_path, store, as_it_was):
    city = build(tmp_path, store)
    with closing(opened(city)) as registry:
        kept, gone = add(registry, 2)
        then = (registry.last_tx, registry.root_hash)
        with registry.transaction("test", "withdraw") as tx:
            registry.register("bench").restrict(gone, tx)
        later = add(registry, 1)[0]
        with registry.transaction("test", "withdraw another") as tx:
            registry.register("bench").restrict(later, tx)
            registry.register("bench").restrict(gone, tx, level="secret")
        backup.take(city, registry, tmp_path / "kept", silent)
    done = restoration.restore(
        tmp_path / "kept", tmp_path / "made", tmp_path / "catalog", silent, at=then[0], as_it_was=as_it_was
    )
    assert ((done.tx, done.root_hash), done.withdrawn) == (then, 0 if as_it_was else 1)
    made = Workspace.open(tmp_path / "made", tmp_path / "catalog")
    with closing(opened(made)) as registry:
        projector.refresh(made, registry)
        assert registry.verify() == then[0] + done.withdrawn
        assert registry.store.select("SELECT eid, access FROM restriction") == ([] if as_it_was else [(gone, 2)])
        assert registry.store.select("SELECT hash FROM tx WHERE tx = ?", (then[0],)) == [(then[1],)]
    with closing(made.publication("public")) as publication:
        shown = {change.eid for change in publication.changes(since=0, limit=9).changes}
    assert shown == ({kept, gone} if as_it_was else {kept})


def test_a_withdrawal_cut_out_of_the_backup_is_noticed_before_anything_is_shown(tmp_path):
    city = build(tmp_path)
    with closing(opened(city)) as registry:
        eid = add(registry, 1)[0]
        with registry.transaction("test", "withdraw") as tx:
            registry.register("bench").restrict(eid, tx)
        backup.take(city, registry, tmp_path / "kept", silent)
    with closing(sqlite3.connect(tmp_path / "kept" / "registry.db")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("DELETE FROM restriction")
    with pytest.raises(IntegrityError, match="does not hash"):
        restoration.restore(tmp_path / "kept", tmp_path / "made", tmp_path / "catalog", silent, at=2)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("statement", ['CREATE TABLE "a""; DROP" ("row", tx_from)', 'ALTER TABLE entity ADD "A b" INT'])
def test_a_registry_with_names_that_phusa_never_gives_is_not_carried_over(tmp_path, statement):
    city = build(tmp_path)
    with closing(opened(city)) as registry:
        add(registry, 1)
    with closing(sqlite3.connect(city.registry_path)) as connection, connection:
        connection.execute(statement)
    with closing(EmbeddedStore(city.registry_path)) as store, pytest.raises(IntegrityError, match="expected names of"):
        transfer.described(store)


def test_files_with_what_is_restricted_are_for_their_owner_alone(tmp_path):
    city = build(tmp_path)
    with closing(opened(city)) as registry:
        add(registry, 1)
        projector.refresh(city, registry)
        projector.refresh(city, registry, rebuild=True)
        made = [city.registry_path, city.publication_path("restricted")]
        assert [path.stat().st_mode & 0o777 for path in made] == [0o600] * 2
        assert city.publication_path("public").stat().st_mode & 0o044


STREAM = "0197a3c0-0000-7000-8000-000000000001"
NOON = 1_767_268_800_000_000
"""2026-01-01T12:00:00Z [us since 1970]."""


def observed(hour: int, level: float) -> pa.Table:
    """Return one observation, some hours after noon."""
    moment = NOON + hour * 3_600_000_000
    row = {"phenomenon_time": moment, "result_time": moment, "result": level, "quality": "raw", "recorded_at": "2026"}
    columns = [pa.array([row[name]], SCHEMA.field(name).type) for name in row]
    return pa.Table.from_arrays(columns, schema=pa.schema([SCHEMA.field(name) for name in row]))


def test_the_latest_observations_are_worked_out_again_from_those_that_are_there(tmp_path):
    city = build(tmp_path)
    store = ObservationStore(city.observations)
    store.append(STREAM, observed(0, 1.5))
    store.append(STREAM, observed(1, 2.5))
    (city.observations / STREAM / "00000002.parquet").unlink()  # as if it came after the parts were read
    assert [row[3] for row in store.latest()] == [2.5]
    taken(city, tmp_path / "kept")
    vault = Vault(tmp_path / "kept")
    last = vault.manifests()[-1]
    assert [path for path in last.files if "observations" in path] == [f"observations/{STREAM}/00000001.parquet"]
    old, _ = vault.keep(city.observations / "latest.db")  # as backups of older versions have it
    files = dict(last.files) | {"observations/latest.db": old}
    vault.seal(replace(last, files=files, taken_at="2030-01-01T00:00:00.000Z"))
    restoration.restore(tmp_path / "kept", tmp_path / "made", tmp_path / "catalog", silent)
    with closing(city.registry()) as registry:
        copying.to_folder(city, registry, tmp_path / "copy", silent)
    for name in ("made", "copy"):
        assert [row[3] for row in ObservationStore(tmp_path / name / "observations").latest()] == [1.5]
