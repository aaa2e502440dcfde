"""A registry copied to another store, or a whole workspace to another folder: ids, history and chain as they are."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from sdi.registry import Registry
from sdi.safety.backup import belongings, refuse_inside
from sdi.safety.founding import beside, keep_in, refuse_full
from sdi.safety.replication import Replica, refuse_occupied, replicate
from sdi.store import choice
from sdi.store.observations import ObservationStore
from sdi.store.store import Store
from sdi.store.vault import snapshot
from sdi.work.process import Progress
from sdi.workspace import Workspace

_SHARE = 0.3
"""Part of the progress that the files take [1]."""


def to_database(workspace: Workspace, registry: Registry, address: str, progress: Progress) -> Replica:
    """Copy the registry of a workspace into a database; its files stay where they are.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; others may write it meanwhile.
    address : str
        Address of a PostGIS database that holds no registry.
    progress : callable
        Is told the step and the share that is done [1].

    Returns
    -------
    Replica
        What was copied.

    Raises
    ------
    ConflictError
        If the database holds a registry already.
    """
    with closing(choice.opened(workspace.registry_path, address, workspace.crs)) as target:
        refuse_occupied(target)
        return replicate(registry.store, target, progress=lambda share: progress("registry", share))


def to_folder(
    workspace: Workspace, registry: Registry, folder: Path, progress: Progress, *, secret_store: str | None = None
) -> Replica:
    """Copy a workspace into another folder, where a file keeps its registry; its publications are still to be built.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; others may write it meanwhile.
    folder : Path
        The new workspace; empty or missing, and outside the old one.
    progress : callable
        Is told the step and the share that is done [1].
    secret_store : str, optional
        Where the secret registry is, if not where the workspace names it; it is left out wherever it lies.

    Returns
    -------
    Replica
        What was copied.

    Raises
    ------
    WorkspaceError
        If the folder is not empty.
    InputError
        If it lies in the workspace.
    """
    refuse_inside(workspace, folder)
    refuse_full(folder)
    with beside(folder) as made:
        paths = list(belongings(workspace, secret_store))
        for number, path in enumerate(paths, 1):
            _copy(workspace.folder / path, made / path)
            progress("files", _SHARE * number / len(paths))
        keep_in(made, None)
        ObservationStore(made / workspace.observations.name).rebuild_latest()
        with closing(choice.opened(made / workspace.registry_path.name, None, workspace.crs)) as target:
            return _registry(registry.store, target, progress)


def _copy(path: Path, copy: Path) -> None:
    """Copy one file; a database as it is at one moment."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".db":
        snapshot(path, copy)
    else:
        shutil.copyfile(path, copy)


def _registry(source: Store, target: Store, progress: Progress) -> Replica:
    """Copy the registry after the files."""
    return replicate(source, target, progress=lambda share: progress("registry", _SHARE + (1 - _SHARE) * share))
