"""Commands about what few may read: who reads it says why, and the secret registry is asked for by name."""

from __future__ import annotations

import json
import stat
from contextlib import closing

import numpy as np
import pytest

from pipelines.__main__ import main
from sdi.access.readership import readings
from sdi.errors import IntegrityError, WorkspaceError
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests import model
from tests.leaks import GUARD
from tests.model import SURVEYED, point, writing
from tests.stores import outside


@pytest.fixture
def town(tmp_path, monkeypatch):
    """Return a city with a post for few, and the words that name it to a command."""
    workspace = model.build(tmp_path)
    (tmp_path / "catalog" / "registers" / "guard_camera.yaml").write_text(GUARD, encoding="utf-8")
    monkeypatch.setattr("pipelines.command.opened.packaged", lambda: tmp_path / "catalog")
    with closing(model.opened(workspace)) as registry, writing(registry) as tx:
        said = {"access": "restricted", "accuracy": SURVEYED, "identifiers": {"light-tag": ["L1"]}}
        few = Batch({"height": [9.0]}, np.array([point()]), **said)
        (eid,) = registry.register("post").add(few, tx)
    return workspace, eid


def asked(capsys, workspace: Workspace, *words: str) -> tuple[int, dict]:
    """Run a command for a machine; return its exit code and what it said."""
    code = main([*words, "--workspace", str(workspace.folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.shows("shared-model")
def test_what_is_for_few_is_read_for_a_reason_that_is_kept(town, capsys):
    workspace, eid = town
    code, said = asked(capsys, workspace, "thing", "show", "post", "L1")
    assert (code, said["error"]) == (1, "purpose-missing")
    who = ("--actor", "An", "--purpose", "a fallen post")
    code, said = asked(capsys, workspace, "thing", "show", "post", "L1", *who)
    assert (code, said["id"], said["values"]["height"]) == (0, eid, 9.0)
    asked(capsys, workspace, "thing", "history", "post", eid, *who)
    _, said = asked(capsys, workspace, "reads")
    told = [(one["actor"], one["purpose"], one["kind"], one["eid"], one["level"]) for one in said["reads"]]
    assert told == [("An", "a fallen post", "post", eid, "restricted")] * 2


def test_what_everybody_may_see_needs_no_reason_and_is_not_noted(town, capsys):
    workspace, _ = town
    place = ("--place", "105.77,10.03")
    _, added = asked(capsys, workspace, "thing", "add", "post", "light-tag=L2", *place, "--reason", "new")
    assert asked(capsys, workspace, "thing", "show", "post", added["id"])[0] == 0
    assert asked(capsys, workspace, "reads")[1] == {"reads": []}
    assert asked(capsys, workspace, "thing", "restrict", "post", "L2", "--reason", "a feeder")[0] == 0
    assert asked(capsys, workspace, "thing", "show", "post", added["id"])[0] == 1


def test_a_line_of_who_read_what_that_was_changed_is_found(town, capsys):
    workspace, eid = town
    for purpose in ("one", "two"):
        asked(capsys, workspace, "thing", "show", "post", eid, "--purpose", purpose)
    with closing(model.opened(workspace)) as registry:
        assert [one.purpose for one in readings(registry.store)] == ["one", "two"]
    outside.run(workspace, "UPDATE reading SET purpose = 'none' WHERE \"row\" = 1", guarded=False)
    with closing(model.opened(workspace)) as registry, pytest.raises(IntegrityError, match="line 1"):
        readings(registry.store)


@pytest.mark.shows("shared-model")
def test_a_secret_thing_is_written_and_read_by_the_secret_registry_alone(town, capsys):
    workspace, _ = town
    signed = ("--secret", "--reason", "a camera")
    _, added = asked(capsys, workspace, "thing", "add", "guard_camera", "looks=north", *signed)
    code, said = asked(capsys, workspace, "thing", "show", "guard_camera", added["id"], "--purpose", "x")
    assert (code, said["error"]) == (1, "not-in-register")
    code, said = asked(capsys, workspace, "thing", "show", "guard_camera", added["id"], "--secret")
    assert (code, said["error"]) == (1, "purpose-missing")
    _, said = asked(capsys, workspace, "thing", "show", "guard_camera", added["id"], "--secret", "--purpose", "repair")
    assert said["values"] == {"looks": "north"}
    assert asked(capsys, workspace, "reads")[1] == {"reads": []}
    assert [one["purpose"] for one in asked(capsys, workspace, "reads", "--secret")[1]["reads"]] == ["repair"]
    assert asked(capsys, workspace, "verify", "--secret")[1]["reads"] == 1


def test_the_secret_registry_is_for_its_owner_alone(town, capsys):
    workspace, _ = town
    asked(capsys, workspace, "thing", "add", "guard_camera", "looks=north", "--secret", "--reason", "a camera")
    path = workspace.folder / "secret" / "registry.db"
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path)] == [0o700, 0o600]
    path.chmod(0o644)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        workspace.secret_registry()


def test_the_secret_registry_lies_where_the_environment_says(town, capsys, tmp_path, monkeypatch):
    workspace, _ = town
    monkeypatch.setenv("PHUSA_SECRET_STORE", str(tmp_path / "vault" / "city.db"))
    asked(capsys, workspace, "thing", "add", "guard_camera", "looks=north", "--secret", "--reason", "a camera")
    assert (tmp_path / "vault" / "city.db").is_file()
    assert not (workspace.folder / "secret").exists()


DELIVERY = """
entry: cameras-2025
title: {vi: Camera, en: Cameras}
register: guard_camera
source: {path: cameras.csv, crs: 'EPSG:5897', columns: {x: x, y: y}}
licence: {name: internal, grade: B, attribution: Police}
custodian: Police
valid_from: 2025-01-01
accuracy: {horizontal_m: 1, method: as_built}
fields: {looks: looks}
"""


def test_a_secret_delivery_is_refused_in_the_open_and_leaves_no_report_in_the_workspace(town, capsys, tmp_path):
    workspace, _ = town
    (tmp_path / "cameras.csv").write_text(f"x,y,looks\n{model.X},{model.Y},north\n", encoding="utf-8")
    entry = tmp_path / "cameras-2025.yaml"
    entry.write_text(DELIVERY, encoding="utf-8")
    words = ("ingest", str(entry), "--data", str(tmp_path))
    code, said = asked(capsys, workspace, *words)
    assert (code, said["error"]) == (1, "secret-in-open")
    code, said = asked(capsys, workspace, *words, "--secret")
    assert (code, said["things"]) == (0, 1)
    assert list(workspace.reports.iterdir()) == []
    with closing(workspace.secret_registry()) as registry:
        assert len(registry.register("guard_camera")) == 1


def test_a_delivery_for_few_is_not_seen_by_the_public(town, capsys, tmp_path):
    workspace, _ = town
    (tmp_path / "posts.csv").write_text(f"x,y,looks\n{model.X},{model.Y},3.5\n", encoding="utf-8")
    entry = tmp_path / "posts-2025.yaml"
    said = DELIVERY.replace("cameras", "posts").replace("guard_camera", "post").replace("{looks:", "{height:")
    entry.write_text(said + "access: restricted\n", encoding="utf-8")
    assert asked(capsys, workspace, "ingest", str(entry), "--data", str(tmp_path))[0] == 0
    counts = []
    for level in ("public", "restricted"):
        with closing(workspace.publication(level)) as publication:
            counts.append(
                (publication.collection("posts").count, "Police" in publication.collection("posts").attribution)
            )
    assert counts == [(0, False), (2, True)]
