"""The zone of a city is chosen once: the registry keeps it outside the chain, and copies and backups carry it."""

from __future__ import annotations

import re
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from catalogs import packaged
from sdi import timekeeping
from sdi.errors import InputError, WorkspaceError
from sdi.registry import Registry
from sdi.safety import backup, chain, copying, restoration
from sdi.store.embedded import EmbeddedStore
from sdi.store.vault import Vault
from sdi.workspace import Workspace
from sdi.zone import GREENWICH, Zone
from tests.backing import silent
from tests.model import add, build, opened, point, writing

HERE = "Asia/Ho_Chi_Minh"
ELSEWHERE = "America/El_Salvador"
FIXTURE = Path(__file__).parents[1] / "fixtures" / "workspace-0.1.0.tar.xz"


def recorded(workspace: Workspace) -> str:
    """Record one thing; return the root hash."""
    with closing(opened(workspace)) as registry:
        with writing(registry) as tx:
            add(registry, "valve", tx, places=[point()], since="2025-07-01")
        return registry.root_hash


def say(workspace: Workspace, zone: str) -> Workspace:
    """Write a zone into the description of a city, which is read again."""
    path = workspace.folder / "workspace.yaml"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("timezone:")]
    path.write_text("\n".join([*kept, f"timezone: {zone}", ""]), encoding="utf-8")
    return Workspace.open(workspace.folder, workspace.catalogs[0])


@pytest.mark.both_stores
def test_another_zone_is_refused_until_the_old_one_is_written_back(tmp_path, store):
    workspace = build(tmp_path, store, zone=HERE)
    root = recorded(workspace)
    other = say(workspace, ELSEWHERE)
    with pytest.raises(
        WorkspaceError, match=f"clock of {HERE}, but the workspace says {ELSEWHERE}.*write `timezone: {HERE}` back"
    ):
        opened(other)
    with closing(opened(say(workspace, HERE))) as registry:
        assert timekeeping.known(registry.store) == HERE
        assert registry.root_hash == root
        assert registry.verify() == registry.last_tx
        with pytest.raises(WorkspaceError, match=f"clock of {HERE}"):
            timekeeping.keep(registry.store, GREENWICH)  # as if somebody else had kept it meanwhile


def test_the_secret_registry_keeps_the_zone_as_well(tmp_path):
    workspace = build(tmp_path, None, zone=HERE)
    with closing(workspace.secret_registry()) as secret:
        assert [timekeeping.known(one.store) for one in (secret, secret.beside)] == [HERE, HERE]


def test_a_registry_of_0_1_0_keeps_its_zone_when_it_is_first_written_and_all_its_hashes(tmp_path):
    with tarfile.open(FIXTURE) as archive:
        for name in ("registry.db", "workspace.yaml"):
            archive.extract(f"workspace/{name}", tmp_path, filter="data")
    workspace = Workspace.open(tmp_path / "workspace", packaged())
    before = workspace.registry_path.read_bytes()
    with closing(EmbeddedStore(workspace.registry_path, read_only=True)) as store:
        reader = Registry(store, workspace.catalog(), workspace.crs, zone=workspace.zone)
        hashes = store.select("SELECT tx, hash FROM tx ORDER BY tx")
        assert (reader.root_hash, timekeeping.known(store)) == (hashes[-1][1], None)
    assert workspace.registry_path.read_bytes() == before
    with closing(workspace.registry()) as registry:
        assert timekeeping.known(registry.store) == HERE
        assert registry.store.select("SELECT tx, hash FROM tx ORDER BY tx")[: len(hashes)] == hashes
        assert registry.verify() == registry.last_tx


def test_a_copy_and_a_backup_carry_the_zone(tmp_path):
    workspace = build(tmp_path, None, zone=HERE)
    root = recorded(workspace)
    with closing(opened(workspace)) as registry:
        backup.take(workspace, registry, tmp_path / "kept", silent)
        assert backup.take(workspace, registry, tmp_path / "kept", silent).rows == 0
        copying.to_folder(workspace, registry, tmp_path / "copy", silent)
    restoration.restore(tmp_path / "kept", tmp_path / "made", tmp_path / "catalog", silent, at=1)
    for name in ("copy", "made"):
        with closing(EmbeddedStore(tmp_path / name / "registry.db", read_only=True)) as store:
            assert timekeeping.known(store) == HERE
            assert (chain.root(store) == root) is (name == "copy")
    with pytest.raises(WorkspaceError, match=f"chosen once.*restore with --timezone {HERE}"):
        restoration.restore(
            tmp_path / "kept", tmp_path / "again", tmp_path / "catalog", silent, timezone=ELSEWHERE
        )  # fmt: skip
    assert not (tmp_path / "again").exists()


@pytest.fixture
def unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return backups of a version that read the zone nowhere: the city says one that does not exist."""
    workspace = build(tmp_path, None)
    with monkeypatch.context() as earlier:
        earlier.setattr(timekeeping, "keep", lambda *_: None)
        recorded(workspace)
        path = workspace.folder / "workspace.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "timezone: Asia/Can_Tho\n", encoding="utf-8")
        with closing(opened(workspace)) as registry:
            backup.take(workspace, registry, tmp_path / "kept", silent)
    return tmp_path / "kept"


@pytest.mark.parametrize("at", [None, "2030-01-01"])
def test_a_backup_of_no_zone_that_there_is_is_restored_with_one_that_is_told(tmp_path, unknown, at):
    vault, place = Vault(unknown), tmp_path / "made"
    content = vault.place(vault.manifests()[-1].files["workspace.yaml"])
    with pytest.raises(
        WorkspaceError, match=rf"{re.escape(str(content))}.*'Asia/Can_Tho'.*restore with --timezone NAME"
    ):
        restoration.restore(unknown, place, tmp_path / "catalog", silent, at=at)
    with pytest.raises(InputError, match="'Asia/Hanoy' is not known"):
        restoration.restore(unknown, place, tmp_path / "catalog", silent, at=at, timezone="Asia/Hanoy")
    assert not place.exists()
    restoration.restore(unknown, place, tmp_path / "catalog", silent, at=at, timezone=HERE)
    assert yaml.safe_load((place / "workspace.yaml").read_text(encoding="utf-8"))["timezone"] == HERE
    made = Workspace.open(place, tmp_path / "catalog")
    with closing(opened(made)) as registry:
        assert registry.zone == Zone.of(HERE)
        assert timekeeping.known(registry.store) == HERE
