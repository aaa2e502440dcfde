"""A folder of backups: what is foreign in it is left alone, what rotted is mended, what is forged is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from sdi.errors import IntegrityError, WorkspaceError
from sdi.store.vault import Manifest, Vault

GONE = 2**22 + 1
"""A process that cannot be: numbers of processes end at 2**22."""
DIGEST = "a" * 64
SAID = asdict(Manifest(1, "city", "2026-01-01T00:00:00.000Z", 3, "b" * 64, {"workspace.yaml": DIGEST}))
FORGED = {
    "no document": "[",
    "a list": [1],
    "a name too many": SAID | {"more": 1},
    "a name too few": {name: SAID[name] for name in ("form", "tx")},
    "a transaction in words": SAID | {"tx": "9"},
    "a transaction below 1": SAID | {"tx": -1},
    "a transaction that is true": SAID | {"tx": True},
    "a form in words": SAID | {"form": "1"},
    "files in a list": SAID | {"files": ["workspace.yaml"]},
    "a content that is no hash": SAID | {"files": {"workspace.yaml": "../../etc/passwd"}},
    "a path with a zero byte": SAID | {"files": {"a\0b": DIGEST}},
    "a workspace without a name": SAID | {"workspace": None},
}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Return an empty folder of backups."""
    made = Vault(tmp_path / "kept")
    made.prepare()
    return made


def written(path: Path, text: str = "dear") -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "names", [["files/letter.txt"], [".diary-2023"], ["files/aa/notes"], ["manifests/x", "files/y"]]
)
def test_a_folder_of_somebody_else_is_refused_and_nothing_in_it_is_touched(tmp_path, names):
    there = [written(tmp_path / "home" / name) for name in names]
    with pytest.raises(WorkspaceError, match="something else than backups"):
        Vault(tmp_path / "home").prepare()
    assert sorted(path for path in (tmp_path / "home").rglob("*") if path.is_file()) == sorted(there)


def test_only_what_a_killed_backup_left_is_removed(vault):
    vault.seal(Manifest(**SAID))
    foreign = [
        written(vault.folder / name)
        for name in (f".diary-{GONE}", f"papers/.notes-{GONE}", f"files/.letter-{GONE}", f"manifests/.plan-{GONE}")
    ]
    left = [
        written(vault.folder / name)
        for name in (
            f"files/.scratch-{GONE}", f"files/aa/.{DIGEST}-{GONE}", f"manifests/.000000003-{'c' * 32}.json-{GONE}",
        )
    ]  # fmt: skip
    vault.prepare()
    assert [path.exists() for path in foreign] == [True] * 4
    assert [path.exists() for path in left] == [False] * 3


def test_a_first_backup_that_was_killed_is_taken_up(tmp_path):
    for name in ("registry.db", "registry.db-wal", f"files/aa/{DIGEST}", f"files/aa/.{DIGEST}-{GONE}"):
        written(tmp_path / "kept" / name)
    Vault(tmp_path / "kept").prepare()
    assert (tmp_path / "kept" / "files" / "aa" / DIGEST).exists()
    assert not (tmp_path / "kept" / "files" / "aa" / f".{DIGEST}-{GONE}").exists()


def test_a_content_that_rotted_is_written_anew_although_its_size_is_right(vault, tmp_path):
    path = written(tmp_path / "letter.txt", "dear you")
    digest, _ = vault.keep(path)
    vault.place(digest).write_text("rotten!!", encoding="utf-8")
    assert vault.keep(path) == (digest, 8)
    assert vault.place(digest).read_text(encoding="utf-8") == "dear you"
    assert vault.keep(path) == (digest, 0)


@pytest.mark.parametrize("digest", ["", "../../../etc/passwd", "A" * 64, "a" * 63])
def test_a_content_is_named_by_a_hash_and_nothing_else(vault, digest):
    with pytest.raises(IntegrityError, match="names no content"):
        vault.place(digest)


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_manifest_is_refused_with_what_to_do(vault, forged):
    said = FORGED[forged]
    content = (said if isinstance(said, str) else json.dumps(said)).encode()
    name = f"000000003-{hashlib.sha256(content).hexdigest()[:32]}.json"
    (vault.folder / "manifests" / name).write_bytes(content)
    with pytest.raises(IntegrityError, match="move it away"):
        vault.manifests()
