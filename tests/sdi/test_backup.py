"""Backups: what is new is added, whoever writes meanwhile, and whatever ends one leaves those before."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sdi.declaration import Label
from sdi.errors import ConflictError, InputError, WorkspaceError
from sdi.safety import backup, restoration
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.store.vault import Vault
from sdi.workspace import Workspace
from tests.backing import backing_up, silent, starving
from tests.killed import context
from tests.past import build, lived, opened
from tests.sdi.test_register import add, write

pytestmark = pytest.mark.both_stores


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    """Return a city of one register."""
    return build(tmp_path, store)


def taken(workspace: Workspace, folder: Path) -> backup.Backup:
    """Take a backup with a registry of its own."""
    with closing(opened(workspace)) as registry:
        return backup.take(workspace, registry, folder, silent)


def write_raster(workspace: Workspace, name: str, level: float) -> RasterDescription:
    """Publish a raster of four cells."""
    cells = xr.DataArray(np.full((2, 2), level), dims=("y", "x"), attrs={"units": "m"})
    cells = cells.assign_coords(x=[584_005.0, 584_015.0], y=[1_109_015.0, 1_109_005.0]).rio.write_crs("EPSG:5897")
    said = RasterDescription(name=name, title=Label(name, name), kind="elevation")
    return raster.write(workspace.rasters, cells.to_dataset(name="elevation"), said)


@pytest.mark.shows("shared-model")
def test_a_second_backup_adds_only_what_is_new(workspace, tmp_path, figure):
    lived(workspace)
    write_raster(workspace, "terrain", 1.5)
    first = taken(workspace, tmp_path / "kept")
    assert taken(workspace, tmp_path / "kept") == backup.Backup(first.tx, first.root_hash, 0, first.files, 0)
    assert len(list((tmp_path / "kept" / "manifests").iterdir())) == 1
    with closing(opened(workspace)) as registry:
        write(registry, "change", registry.register("bench").list()[0], {"seats": 9}, valid_from="2026-03-01")
    second = taken(workspace, tmp_path / "kept")
    assert (second.tx, second.rows, second.added) == (first.tx + 1, 3, 0)
    figure("rows that a second backup adds after one change", second.rows, "1", f"{first.rows} in the first one")


def test_a_backup_has_the_files_but_nothing_that_follows_from_others(tmp_path):
    workspace = build(tmp_path)
    write_raster(workspace, "terrain", 1.5)
    (workspace.folder / "catalogs" / "codes").mkdir(parents=True)
    (workspace.folder / "catalogs" / "codes" / "own.yaml").write_text("own", encoding="utf-8")
    (workspace.folder / "cache").mkdir()
    (workspace.folder / "cache" / "overlay.npz").write_bytes(b"again")
    (workspace.folder / "secret").mkdir()
    (workspace.folder / "secret" / "registry.db").write_bytes(b"apart")
    with closing(sqlite3.connect(workspace.folder / "jobs.db")) as jobs, jobs:
        jobs.execute("PRAGMA journal_mode=WAL")
        jobs.execute("CREATE TABLE job (id)")
        jobs.execute("INSERT INTO job VALUES ('one')")
        jobs.commit()
        taken(workspace, tmp_path / "kept")
    files = Vault(tmp_path / "kept").manifests()[-1].files
    tops = {path.split("/")[0] for path in files}
    assert tops == {"workspace.yaml", "catalogs", "rasters", "jobs.db"}
    with closing(sqlite3.connect(Vault(tmp_path / "kept").place(files["jobs.db"]))) as copy:
        assert copy.execute("SELECT id FROM job").fetchall() == [("one",)]


def test_a_backup_taken_while_others_write_is_one_moment_of_the_chain(workspace, tmp_path):
    with closing(opened(workspace)) as registry:
        eid = add(registry, 50)[0]
    stop, wrong = threading.Event(), []

    def writer() -> None:
        try:
            with closing(workspace.registry()) as registry:
                while not stop.is_set():
                    add(registry, 1)
                    write(registry, "change", eid, {"seats": 1 + registry.last_tx % 12}, valid_from="2025-01-01")
        except Exception as error:  # noqa: BLE001 - told below
            wrong.append(error)

    busy = threading.Thread(target=writer)
    busy.start()
    time.sleep(0.1)
    done = [taken(workspace, tmp_path / "kept") for _ in range(3)]
    stop.set()
    busy.join()
    assert not wrong
    with closing(opened(workspace)) as registry:
        chain = dict(registry.store.select("SELECT tx, hash FROM tx"))
        assert [chain[one.tx] for one in done] == [one.root_hash for one in done]
    assert done[0].tx < done[-1].tx < len(chain)


@pytest.mark.shows("shared-model")
def test_a_backup_that_is_killed_leaves_the_last_one_whole(workspace, tmp_path, figure):
    kept, trials = tmp_path / "kept", 3
    taken(workspace, kept)
    for trial in range(trials):
        before = Vault(kept).manifests()[-1]
        process = context.Process(target=backing_up, args=(workspace.folder, kept))
        process.start()
        until = time.monotonic() + 60
        while Vault(kept).manifests()[-1] == before and process.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(0.07 * trial)
        before = Vault(kept).manifests()[-1]
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        place = tmp_path / f"restored-{trial}"
        done = restoration.restore(kept, place, tmp_path / "catalog", silent)
        assert done.tx >= before.tx
        with closing(opened(Workspace.open(place, kept.parent / "catalog"))) as registry:
            assert (registry.verify(), registry.root_hash) == (done.tx, done.root_hash)
    with closing(opened(workspace)) as registry:
        last = registry.last_tx
    assert taken(workspace, kept).tx == last
    figure("killed backups after which the last one was restored whole", trials, "1", f"{last} transactions")


@pytest.mark.parametrize("large", ["registry", "file"])
def test_a_backup_on_a_full_disk_says_so_and_leaves_the_last_one_whole(tmp_path, large):
    workspace = build(tmp_path)
    first = taken(workspace, tmp_path / "kept")
    if large == "file":
        (workspace.folder / "reports" / "large.txt").write_bytes(os.urandom(400_000))
    else:
        with closing(opened(workspace)) as registry:
            add(registry, 3_000)
    process = context.Process(target=starving, args=(workspace.folder, tmp_path / "kept", tmp_path / "told.txt"))
    process.start()
    process.join(timeout=60)
    assert "is the disk full?" in (tmp_path / "told.txt").read_text(encoding="utf-8")
    assert [one.tx for one in Vault(tmp_path / "kept").manifests()] == [first.tx]
    assert (
        restoration.restore(tmp_path / "kept", tmp_path / "r", tmp_path / "catalog", silent).root_hash
        == first.root_hash
    )
    assert taken(workspace, tmp_path / "kept").added or large == "registry"


def test_a_folder_that_is_none_of_its_backups_is_refused(tmp_path):
    workspace = build(tmp_path)
    with pytest.raises(InputError, match="lies in the workspace"):
        taken(workspace, workspace.folder / "kept")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="holds something else"):
        taken(workspace, tmp_path / "papers")
    with pytest.raises(WorkspaceError, match="is a file"):
        taken(workspace, tmp_path / "papers" / "letter.txt")
    (tmp_path / "another").mkdir()
    another = build(tmp_path / "another")
    with closing(another.registry()) as registry:
        add(registry, 1)
        backup.take(another, registry, tmp_path / "kept", silent)
    with pytest.raises(ConflictError, match="another registry"):
        taken(workspace, tmp_path / "kept")
