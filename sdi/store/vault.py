"""Where backups of a workspace are kept: one folder, to which every backup adds what is new.

::

    registry.db               everything known, an embedded registry whichever store it came from
    files/3f/3f0c9a…          contents of all other files, each named by its SHA-256 and kept once
    manifests/000000012-….json  what one backup holds: transaction, root hash, files; its name has its SHA-256

A backup counts from the moment its manifest is there, which is written last. Whoever is killed before leaves the
backups that were there; rows and contents that he added already are taken up by the next one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import orjson

from sdi.errors import IntegrityError, WorkspaceError
from sdi.store.durable import is_running, sync, sync_folder, write_whole

FORM = 1
"""Version of the manifests."""
REGISTRY = "registry.db"
_FILES = "files"
_MANIFESTS = "manifests"
_NAMED = 32
"""Digits of the hash in the name of a manifest."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MANIFEST = re.compile(r"\d{9,}-[0-9a-f]{32}\.json")
_LEFT = re.compile(r"\.(?:scratch|[0-9a-f]{64}|\d{9,}-[0-9a-f]{32}\.json)-(\d+)(?:-journal|-wal|-shm)?")
"""What a process leaves that is killed while it writes, with its number."""
_OWN = re.compile(
    rf"registry\.db(-journal|-wal|-shm)?|{_MANIFESTS}|{_FILES}(/[0-9a-f]{{2}}(/[0-9a-f]{{64}})?)?"
    rf"|({_MANIFESTS}|{_FILES}(/[0-9a-f]{{2}})?)/{_LEFT.pattern}"
)
"""Paths of a first backup that was killed before it had a manifest."""
_TAKE_ANOTHER = "take an older backup of it with --at, or another copy of the folder"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one backup holds."""

    form: int
    workspace: str
    """Name of the city."""
    taken_at: str
    tx: int
    """Last transaction."""
    root_hash: str
    """Its hash: of everything known then."""
    files: Mapping[str, str]
    """SHA-256 of every other file, by its path in the workspace."""

    @property
    def content(self) -> bytes:
        """The manifest as its file holds it."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


class Vault:
    """A folder of backups.

    Parameters
    ----------
    folder : Path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def registry_path(self) -> Path:
        """File of the registry."""
        return self.folder / REGISTRY

    def prepare(self) -> None:
        """Make the folder; remove what killed processes left.

        Raises
        ------
        WorkspaceError
            If it holds something else: neither a backup, nor only what a killed first one left.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise WorkspaceError(f"{self.folder} is a file; give a folder for the backups")
        if self.folder.exists() and not self._is_backup() and not self._is_begun():
            raise WorkspaceError(f"{self.folder} holds something else than backups; give an empty or a new folder")
        for part in (_FILES, _MANIFESTS):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        for place in (f"{_MANIFESTS}/.*", f"{_FILES}/.*", f"{_FILES}/??/.*"):
            for path in self.folder.glob(place):
                left = _LEFT.fullmatch(path.name)
                if left and path.is_file() and not is_running(int(left[1])):
                    path.unlink()

    def _is_backup(self) -> bool:
        """Tell whether there is a manifest."""
        return any(_MANIFEST.fullmatch(path.name) for path in (self.folder / _MANIFESTS).glob("*.json"))

    def _is_begun(self) -> bool:
        """Tell whether there is nothing but what a first backup may have left that was killed."""
        there = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
        return all(_OWN.fullmatch(path) for path in there)

    # contents ------------------------------------------------------------------------------------------------------

    def keep(self, path: Path) -> tuple[str, int]:
        """Keep the content of a file, where it is not kept already; one that rotted is written anew.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        tuple of str and int
            Its SHA-256, and how many bytes were added [byte].
        """
        digest, size = sha256(path), path.stat().st_size
        place = self.place(digest)
        if place.is_file() and sha256(place) == digest:
            return digest, 0
        place.parent.mkdir(exist_ok=True)
        beside = place.with_name(f".{place.name}-{os.getpid()}")
        try:
            shutil.copyfile(path, beside)
            if sha256(beside) != digest:
                raise WorkspaceError(f"{path} changed while it was read; take the backup again", code="file-changing")
            sync(beside)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        return digest, size

    def hand_out(self, digest: str, path: Path) -> None:
        """Write a kept content to a file.

        Parameters
        ----------
        digest : str
            SHA-256 of the content.
        path : Path
            The file; its folder is made.

        Raises
        ------
        IntegrityError
            If the content is missing or damaged.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(self.place(digest), path)
        except FileNotFoundError:
            raise IntegrityError(
                f"the backup in {self.folder} lacks the content of {path.name} ({digest[:12]}); {_TAKE_ANOTHER}"
            ) from None
        if sha256(path) != digest:
            raise IntegrityError(
                f"the content of {path.name} ({digest[:12]}) is damaged in the backup in {self.folder}; {_TAKE_ANOTHER}"
            )

    def place(self, digest: str) -> Path:
        """Return where a content is kept.

        Raises
        ------
        IntegrityError
            If it is no SHA-256.
        """
        if not _DIGEST.fullmatch(digest):
            raise IntegrityError(f"{digest[:80]!r} names no content of {self.folder}; {_TAKE_ANOTHER}")
        return self.folder / _FILES / digest[:2] / digest

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Lend the name of a file that is removed afterwards."""
        path = self.folder / _FILES / f".scratch-{os.getpid()}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    # manifests -----------------------------------------------------------------------------------------------------

    def seal(self, manifest: Manifest) -> None:
        """Make a backup count, once everything it names is on the disk; one that says nothing new is not kept."""
        if any(manifest == replace(one, taken_at=manifest.taken_at) for one in self._all()[-1:]):
            return
        files = self.folder / _FILES
        for folder in (*(path for path in files.iterdir() if path.is_dir()), files):
            sync_folder(folder)
        digest = hashlib.sha256(manifest.content).hexdigest()
        path = self.folder / _MANIFESTS / f"{manifest.tx:09}-{digest[:_NAMED]}.json"
        write_whole(path, manifest.content)
        sync_folder(self.folder)

    def manifests(self) -> list[Manifest]:
        """Return what the backups hold, the oldest first.

        Raises
        ------
        WorkspaceError
            If there is none.
        IntegrityError
            If a manifest is damaged.
        """
        found = self._all()
        if not found:
            raise WorkspaceError(f"{self.folder} holds no backup; make one with `phusa backup {self.folder}`")
        return found

    def _all(self) -> list[Manifest]:
        """Read all manifests, the oldest first."""
        found = [_read(path) for path in (self.folder / _MANIFESTS).glob("*.json")]
        return sorted(found, key=lambda one: (one.tx, one.taken_at))


def _read(path: Path) -> Manifest:
    """Read one manifest, which must hash to its name."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:_NAMED] != path.stem.partition("-")[2]:
        raise IntegrityError(
            f"manifest {path} is damaged: it does not hash to its name; move it away to use the other backups of the "
            "folder, or take another copy of it"
        )
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        said = None
    form = said.get("form") if isinstance(said, dict) else None
    if type(form) is int and form > FORM:
        raise WorkspaceError(f"{path} was written by a newer version (form {form}); upgrade phusa")
    if not _is_manifest(said):
        raise IntegrityError(
            f"manifest {path} does not say what a backup says ({', '.join(one.name for one in fields(Manifest))}), so "
            "phusa did not write it; move it away to use the other backups of the folder, or take another copy of it"
        )
    return Manifest(**said)


def _is_manifest(said: object) -> bool:
    """Tell whether a document has what a manifest has, each of its kind."""
    if not isinstance(said, dict) or set(said) != {one.name for one in fields(Manifest)}:
        return False
    texts = [said[name] for name in ("workspace", "taken_at", "root_hash")]
    numbers = [said[name] for name in ("form", "tx")]
    files = said["files"]
    return (
        all(isinstance(one, str) for one in texts)
        and all(type(one) is int and 1 <= one < 2**63 for one in numbers)
        and isinstance(files, dict)
        and all(path and "\0" not in path for path in files)
        and all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in files.values())
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def snapshot(path: Path, copy: Path) -> None:
    """Copy an SQLite file as it is at one moment, whoever writes it meanwhile.

    Parameters
    ----------
    path : Path
        The file.
    copy : Path
        Its copy; replaced.
    """
    copy.unlink(missing_ok=True)
    source = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as read, closing(sqlite3.connect(copy)) as written:
        read.backup(written)
