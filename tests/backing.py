"""Processes that take backups and are made to be killed, or to starve; light, because each one imports this."""

from __future__ import annotations

import os
import resource
from contextlib import closing
from pathlib import Path

import numpy as np
import shapely

from sdi.errors import WorkspaceError
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.safety import backup
from sdi.store.embedded import EmbeddedStore
from sdi.workspace import Workspace


def silent(step: str, share: float) -> None:
    """Tell nobody."""


def backing_up(folder: Path, kept: Path) -> None:
    """Take backups for ever, a transaction between each, as a process made to be killed."""
    workspace = Workspace.open(folder, folder.parent / "catalog")
    number = 0
    while True:
        number += 1
        with closing(workspace.registry()) as registry:
            places = np.full(200, shapely.Point(584_000, 1_109_000), dtype=object)
            with registry.transaction("test", "add") as tx:
                registry.register("bench").add(Batch({"seats": [4] * 200}, places), tx)
            (workspace.folder / "reports" / f"{number}.txt").write_bytes(os.urandom(200_000))
            backup.take(workspace, registry, kept, silent)


def starving(folder: Path, kept: Path, told: Path) -> None:
    """Take a backup where no file may grow beyond a size, as on a full disk; keep what was said."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    workspace = Workspace.open(folder, folder.parent / "catalog")
    with closing(EmbeddedStore(workspace.registry_path, read_only=True)) as store:
        registry = Registry(store, workspace.catalog(), workspace.crs)
        try:
            backup.take(workspace, registry, kept, silent)
        except WorkspaceError as error:
            told.write_text(error.message, encoding="utf-8")
