"""A backup of a workspace, taken while others write: all that cannot be worked out again.

The registry comes out as an embedded one, whichever store keeps it. Publications, the cache and the table of the latest
observations are left out, because they follow from the rest; the secret registry is left out, because it is kept apart,
and so are the keys of the service.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sdi.access.keyring import FILE as KEYS
from sdi.errors import InputError, WorkspaceError
from sdi.registry import Registry
from sdi.safety.replication import Replica, replicate
from sdi.store import choice
from sdi.store.embedded import EmbeddedStore
from sdi.store.raster import PENDING
from sdi.store.vault import FORM, REGISTRY, Manifest, Vault, snapshot
from sdi.work.process import Progress
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

LEFT_OUT = ("publications", "cache", "secret", KEYS)
"""Folders of a workspace that are no part of a backup, and the keys: one that was revoked since must not come back."""
LATEST = PurePosixPath("observations/latest.db")
"""Follows from the observations; of another moment than they, it would tell one that is not there."""
TRIES = 3
"""How often the files are read anew because one of them vanished meanwhile."""
_SHARE = 0.7
"""Part of the progress that the registry takes [1]."""

Kept = tuple[dict[str, str], int]
"""SHA-256 of files by path, and how many bytes were added."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup added."""

    tx: int
    """Last transaction that it holds."""
    root_hash: str
    rows: int
    """Rows added to those of earlier backups."""
    files: int
    """Files it holds beside the registry."""
    added: int
    """Content added to that of earlier backups [byte]."""


def take(
    workspace: Workspace, registry: Registry, folder: Path, progress: Progress, *, secret_store: str | None = None
) -> Backup:
    """Add a backup of a workspace to a folder of backups.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; others may write it meanwhile.
    folder : Path
        Folder of its backups, outside the workspace; made where it is missing.
    progress : callable
        Is told the step and the share that is done [1].
    secret_store : str, optional
        Where the secret registry is, if not where the workspace names it; it is left out wherever it lies.

    Returns
    -------
    Backup
        What was added. Nothing is, where nothing happened since the last backup.

    Raises
    ------
    InputError
        If the folder lies in the workspace.
    WorkspaceError
        If it holds something else or cannot be written; backups taken before are whole.
    ConflictError
        If it holds backups of another registry.
    """
    refuse_inside(workspace, folder)
    return _taken(
        workspace, registry, Vault(folder), progress, lambda vault: _files(workspace, vault, progress, secret_store)
    )


def take_secret(workspace: Workspace, registry: Registry, folder: Path, progress: Progress) -> Backup:
    """Add a backup of the secret registry to a folder of its own, which its owner alone may enter.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its secret registry.
    folder : Path
        Folder of the secret backups, outside the workspace; made where it is missing.
    progress : callable
        Is told the step and the share that is done [1].

    Returns
    -------
    Backup
        What was added.

    Raises
    ------
    WorkspaceError
        If others of this machine may read what is there.
    """
    refuse_inside(workspace, folder)
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    elif folder.stat().st_mode & 0o077:
        raise WorkspaceError(f"{folder} shall hold secret things, but others of this machine may enter; chmod 700 it")
    vault = Vault(folder)
    vault.prepare()
    choice.opened_secretly(folder, None, workspace.crs).close()
    return _taken(workspace, registry, vault, progress, lambda _: ({}, 0))


def refuse_inside(workspace: Workspace, folder: Path) -> None:
    """Refuse a folder that lies in the workspace of which it shall hold a copy.

    Raises
    ------
    InputError
        Saying what to give instead.
    """
    if folder.resolve().is_relative_to(workspace.folder.resolve()):
        raise InputError(f"{folder} lies in the workspace; give a folder outside, best on another disk", code="folder")


def _taken(
    workspace: Workspace, registry: Registry, vault: Vault, progress: Progress, keep: Callable[[Vault], Kept]
) -> Backup:
    """Add what is new to a vault, the manifest last."""
    try:
        vault.prepare()
        replica = _registry(registry, vault, progress)
        files, added = keep(vault)
        manifest = Manifest(
            form=FORM, workspace=workspace.name, taken_at=registry.clock.now(), tx=replica.tx,
            root_hash=replica.root_hash, files=files,
        )  # fmt: skip
        vault.seal(manifest)
    except OSError as error:
        raise WorkspaceError(
            f"the backup in {vault.folder} cannot be written ({error}); is the disk full? earlier backups are whole"
        ) from error
    logger.info("%s: %d rows and %d bytes added, up to transaction %d", vault.folder, replica.rows, added, replica.tx)
    return Backup(replica.tx, replica.root_hash, replica.rows, len(files), added)


def _registry(registry: Registry, vault: Vault, progress: Progress) -> Replica:
    """Add to the registry of the backups what is new."""
    with closing(EmbeddedStore(vault.registry_path)) as store:
        replica = replicate(registry.store, store, progress=lambda share: progress("registry", share * _SHARE))
        store.settle()
    return replica


def _files(workspace: Workspace, vault: Vault, progress: Progress, secret_store: str | None) -> Kept:
    """Keep the files of a workspace; return their hashes and how many bytes that added."""
    for _ in range(TRIES):
        try:
            return _kept(workspace, vault, progress, secret_store)
        except FileNotFoundError as error:
            logger.info("%s vanished while files were read; they are read anew", error.filename)
    raise WorkspaceError(
        f"files of {workspace.folder} come and go while they are read; take the backup when nothing is computed"
    )


def _kept(workspace: Workspace, vault: Vault, progress: Progress, secret_store: str | None) -> Kept:
    """Keep the files of a workspace as they are now."""
    found, added = {}, 0
    paths = list(belongings(workspace, secret_store))
    for number, path in enumerate(paths, 1):
        found[path], new = _content(workspace.folder / path, vault)
        added += new
        progress("files", _SHARE + (1 - _SHARE) * number / len(paths))
    return found, added


def _content(path: Path, vault: Vault) -> tuple[str, int]:
    """Keep the content of one file; of a database, as it is at one moment."""
    if path.suffix != ".db":
        return vault.keep(path)
    with vault.scratch() as copy:
        snapshot(path, copy)
        return vault.keep(copy)


def belongings(workspace: Workspace, secret_store: str | None = None) -> Iterator[str]:
    """Yield the files of a workspace that go with its registry, by their paths in it, in order.

    Parameters
    ----------
    workspace : Workspace
        The city.
    secret_store : str, optional
        Where the secret registry is, if not where the workspace names it.
    """
    named = (workspace.secret and workspace.folder / workspace.secret, secret_store and Path(secret_store))
    secret = {path.resolve() for path in named if path}
    for path in sorted(path for path in workspace.folder.rglob("*") if path.is_file()):
        place = PurePosixPath(path.relative_to(workspace.folder).as_posix())
        if belongs(place) and path.resolve() not in secret:
            yield str(place)


def belongs(place: PurePosixPath) -> bool:
    """Tell whether a path is one that a backup may have, by its name alone.

    Parameters
    ----------
    place : PurePosixPath
        Path in the workspace.
    """
    hidden = any(part.startswith(".") for part in place.parts) and (place.name != PENDING or ".." in place.parts)
    beside = place.name.endswith(("-wal", "-shm", "-journal"))
    apart = place.is_absolute() or not place.parts or place.parts[0] in (*LEFT_OUT, REGISTRY)
    return not (hidden or beside or apart or place == LATEST)
