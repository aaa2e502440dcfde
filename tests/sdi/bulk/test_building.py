"""The job: it builds what changed, removes what may not be offered, and killed at any moment leaves whole files."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from contextlib import closing
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from catalogs import packaged
from sdi.bulk import building, shelf
from sdi.errors import ConflictError
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.store.durable import is_running
from sdi.workspace import Workspace
from tests import fair
from tests.killed import context
from tests.sdi.bulk.conftest import Built, silent

OFFERED = ("lawns", "odd-things", "stalls")


def add_stall(workspace: Workspace) -> str:
    """Record and publish one more stall; return its identifier."""
    with closing(workspace.registry()) as registry:
        (eid,) = fair.add(registry, "stall", [fair.point(500)], {"remark": ["new"]}, names=["Quầy mới"])
        projector.refresh(workspace, registry)
    return eid


def whole(workspace: Workspace) -> dict[str, int]:
    """Check that all files are what their descriptions say; return the number of features by collection."""
    found = shelf.holdings(workspace.bulk("public"))
    for one in found.values():
        assert [file.form.ending for file in one.files] == ["parquet", "fgb", "gpkg", "csv"]
        for file in one.files:
            content = file.path.read_bytes()
            assert len(content) == file.length
            assert sha256(content).hexdigest().startswith(file.digest)
        assert pq.read_metadata(one.files[0].path).num_rows == one.count
    return {name: one.count for name, one in found.items()}


def test_everything_is_built_once_and_then_only_what_changed(own: Built) -> None:
    assert whole(own.workspace) == {"lawns": 2, "odd-things": 3, "stalls": fair.STALLS}
    again = building.refresh(own.workspace, "public", silent)
    assert (again.built, set(OFFERED) - set(again.kept)) == ((), set())
    add_stall(own.workspace)
    assert building.refresh(own.workspace, "public", silent).built == ("stalls",)
    assert whole(own.workspace)["stalls"] == fair.STALLS + 1


def test_a_file_that_somebody_removed_is_built_again(own: Built) -> None:
    own.path("lawns", "gpkg").unlink()
    assert building.refresh(own.workspace, "public", silent).built == ("lawns",)
    whole(own.workspace)


@pytest.mark.shows("service")
def test_of_data_of_grade_b_no_file_is_on_the_disk(own: Built) -> None:
    assert "visitors" in building.refresh(own.workspace, "public", silent).refused
    assert not [path for path in own.workspace.folder.rglob("*visitors*") if "bulk" in path.parts]


def test_a_collection_that_gets_data_of_grade_b_loses_its_files_at_the_next_run(own: Built) -> None:
    with closing(own.workspace.registry()) as registry:
        fair.add(registry, "lawn", [fair.point(900).buffer(5)], {"number": [9]}, licence=fair.SHOWN)
        projector.refresh(own.workspace, registry)
    publication = own.workspace.publication("public")
    held = shelf.holdings(own.workspace.bulk("public"))["lawns"]
    assert shelf.offered(held, publication.collection("lawns"), publication.identity()) is None
    assert "lawns" in building.refresh(own.workspace, "public", silent).refused
    assert not list(own.workspace.bulk("public").glob("lawns*"))


@pytest.mark.shows("service")
def test_what_is_withdrawn_is_in_no_file_from_the_moment_it_is(own: Built) -> None:
    eid = add_stall(own.workspace)
    building.refresh(own.workspace, "public", silent)
    before = own.workspace.publication("public").identity()
    with closing(own.workspace.registry()) as registry:
        with registry.transaction("test", "withdrawn") as tx:
            registry.register("stall").restrict(eid, tx)
        projector.refresh(own.workspace, registry)
    assert own.workspace.publication("public").identity() != before
    assert not list(own.workspace.bulk("public").iterdir())
    building.refresh(own.workspace, "public", silent)
    assert eid.encode() not in own.path("stalls", "csv").read_bytes()


def test_what_is_withdrawn_while_files_are_built_does_not_come_back(own: Built, monkeypatch) -> None:
    eid, real = add_stall(own.workspace), building._formats

    def meanwhile(*arguments, **options):
        with closing(own.workspace.registry()) as registry:
            with registry.transaction("test", "withdrawn") as tx:
                registry.register("stall").restrict(eid, tx)
            projector.refresh(own.workspace, registry)
        return real(*arguments, **options)

    monkeypatch.setattr(building, "_formats", meanwhile)
    with pytest.raises(ConflictError, match="run `phusa bulk` again"):
        building.refresh(own.workspace, "public", silent)
    assert not list(own.workspace.bulk("public").iterdir())


def test_files_that_others_replaced_are_kept_for_an_hour(own: Built) -> None:
    old = own.path("stalls", "csv")
    add_stall(own.workspace)
    building.refresh(own.workspace, "public", silent)
    assert old.exists()
    building.refresh(own.workspace, "public", silent)
    assert old.exists()
    description = own.workspace.bulk("public") / "stalls.json"
    long_ago = time.time() - shelf.GRACE_S - 10
    os.utime(description, (long_ago, long_ago))
    building.refresh(own.workspace, "public", silent)
    assert not old.exists()
    whole(own.workspace)


def test_files_for_few_are_for_their_owner_alone(own: Built) -> None:
    building.refresh(own.workspace, "restricted", silent)
    assert stat.S_IMODE(own.workspace.bulk("restricted").stat().st_mode) == 0o700


def growing(folder: Path, told: Connection) -> None:
    """Add a stall and build the files, for ever; tell of each."""
    workspace = Workspace.open(folder, packaged())
    with closing(workspace.registry()) as registry:
        while True:
            with registry.transaction("test", "one more") as tx:
                registry.register("stall").add(Batch({"remark": ["new"]}, valid_from="2025-01-01"), tx)
            projector.refresh(workspace, registry)
            told.send("building")
            building.refresh(workspace, "public", silent)


@pytest.mark.slow
def test_killed_at_any_moment_every_file_is_whole(own: Built) -> None:
    dice, least = random.Random(5), fair.STALLS
    for _ in range(30):
        listening, telling = context.Pipe(duplex=False)
        process = context.Process(target=growing, args=(own.workspace.folder, telling))
        process.start()
        assert listening.recv() == "building"
        time.sleep(dice.uniform(0, 0.25))
        assert process.is_alive()
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        counts = whole(own.workspace)
        assert counts["stalls"] >= least
        least = counts["stalls"]
    recovers(own)


def recovers(own: Built) -> None:
    """Check that the next run leaves everything whole and nothing else."""
    with closing(own.workspace.registry()) as registry:
        projector.refresh(own.workspace, registry)
    building.refresh(own.workspace, "public", silent)
    assert whole(own.workspace)["stalls"] == own.workspace.publication("public").collection("stalls").count
    left = [int(one.name.rpartition("-")[2]) for one in own.workspace.bulk("public").glob(".*")]
    assert not [one for one in left if not is_running(one)], "the number of a killed process may be that of another"


DYING = """
import os, signal, sys
from pathlib import Path
from catalogs import packaged
from sdi.bulk import building, shelf
from sdi.workspace import Workspace
shelf.write_whole = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
building.refresh(Workspace.open(Path(sys.argv[1]), packaged()), "public", lambda step, share: None)
"""
"""A run that is killed when its files lie in place and nobody has been told."""


@pytest.mark.shows("service")
def test_killed_before_anybody_is_told_the_old_files_are_given(own: Built) -> None:
    add_stall(own.workspace)
    died = subprocess.run([sys.executable, "-c", DYING, own.workspace.folder], check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(list(own.workspace.bulk("public").glob("stalls-*"))) == 8
    assert whole(own.workspace)["stalls"] == fair.STALLS
    recovers(own)
    assert whole(own.workspace)["stalls"] == fair.STALLS + 1
