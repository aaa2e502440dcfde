"""Copy, backup and restore by command."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from catalogs import packaged
from pipelines.__main__ import main
from sdi.publishing import projector
from sdi.store.vault import Vault
from sdi.workspace import Workspace
from tests.sdi.conftest import small
from tests.sdi.test_register import add


@pytest.fixture
def told(capsys):
    """Return what a command answers, as JSON."""

    def run(*words: str) -> dict[str, object]:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.shows("shared-model")
def test_a_city_is_backed_up_restored_as_it_was_and_copied_by_command(tmp_path, told):
    city, kept, made = (str(tmp_path / name) for name in ("city", "kept", "made"))
    workspace = small(tmp_path)
    with closing(workspace.registry()) as registry:
        add(registry, 2)
        projector.refresh(workspace, registry)
        then = (registry.last_tx, registry.root_hash, projector.verified(workspace, registry))
        add(registry, 1)
        last = registry.root_hash
    assert told("backup", kept, "-w", city)["root_hash"] == last
    restored = told("restore", kept, "-w", made, "--at", str(then[0]))
    assert (restored["tx"], restored["root_hash"]) == then[:2]
    made_there = Workspace.open(tmp_path / "made", packaged())
    with closing(made_there.registry()) as registry:
        assert (registry.last_tx, registry.root_hash, projector.verified(made_there, registry)) == then
    copied = told("copy", "-w", city, "--to", str(tmp_path / "copy"))
    assert copied["root_hash"] == last == told("status", "-w", str(tmp_path / "copy"))["root_hash"]
    assert main(["restore", kept, "-w", str(tmp_path / "again"), "--timezone", "Asia/Bangkok"]) == 1


def test_what_cannot_be_done_is_refused_with_what_to_do(tmp_path, capsys):
    small(tmp_path)
    city = str(tmp_path / "city")
    assert main(["restore", str(tmp_path / "nothing"), "-w", str(tmp_path / "made")]) == 1
    assert "make one with `phusa backup" in capsys.readouterr().err
    assert main(["copy", "-w", city, "--to", city]) == 1
    assert "give a folder outside" in capsys.readouterr().err
    assert main(["copy", "-w", city, "--to", "mysql://host/db"]) == 1
    assert "expected postgresql://" in capsys.readouterr().err


def test_a_registry_is_copied_into_a_database_by_command(tmp_path, told, database):
    workspace = small(tmp_path)
    with closing(workspace.registry()) as registry:
        add(registry, 2)
        root = registry.root_hash
    assert told("copy", "-w", str(tmp_path / "city"), "--to", database)["root_hash"] == root
    description = workspace.folder / "workspace.yaml"
    description.write_text(description.read_text(encoding="utf-8") + f"store: {database}\n", encoding="utf-8")
    with closing(Workspace.open(workspace.folder, packaged()).registry()) as registry:
        assert (registry.root_hash, registry.verify()) == (root, registry.last_tx)


def test_the_secret_registry_is_backed_up_from_where_the_environment_says_and_never_made(tmp_path, capsys, monkeypatch):
    workspace = small(tmp_path)
    with closing(workspace.registry()) as registry:
        add(registry, 1)
    place, hidden = tmp_path / "apart" / "registry.db", str(tmp_path / "hidden")
    monkeypatch.setenv("PHUSA_SECRET_STORE", str(place))
    words = ["backup", str(tmp_path / "kept"), "--secret", hidden, "-w", str(tmp_path / "city")]
    assert main(words) == 1
    assert "there is no secret registry" in capsys.readouterr().err
    assert not place.parent.exists()
    assert not (workspace.folder / "secret").exists()
    with closing(workspace.secret_registry(str(place))) as secret:
        add(secret, 1)
        root = secret.root_hash
    assert main(words) == 0
    assert not (workspace.folder / "secret").exists()
    assert Vault(tmp_path / "hidden").manifests()[-1].root_hash == root
