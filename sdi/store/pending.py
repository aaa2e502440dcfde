"""Rasters that wait to be shown, and what killed writers left: moved and removed without looking into them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sdi.store.description import DESCRIPTION, RasterDescription
from sdi.store.durable import is_running, sync_folder

PENDING = ".pending.json"
"""File that describes a version which waits to take its place."""
WRITING = ".writing-"
"""Beginning of the name of a version on its way."""


def complete(folder: Path, name: str) -> RasterDescription:
    """Show a prepared raster, in one move, in place of what was shown before.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    name : str
        Name of the raster.

    Returns
    -------
    RasterDescription
        As published.
    """
    home = folder / name
    written = RasterDescription.read(home, PENDING)
    (home / PENDING).replace(home / DESCRIPTION)
    sync_folder(home)
    _tidy(home)
    return written


def abandon(folder: Path, name: str) -> None:
    """Forget a prepared raster; what is shown stays.

    Parameters
    ----------
    folder : Path
        Folder of all rasters.
    name : str
        Name of the raster.
    """
    (folder / name / PENDING).unlink(missing_ok=True)
    _tidy(folder / name)


def list_pending(folder: Path) -> tuple[RasterDescription, ...]:
    """List the rasters that were prepared and neither completed nor abandoned.

    Parameters
    ----------
    folder : Path
        Folder of all rasters; may be missing.

    Returns
    -------
    tuple of RasterDescription
        By name.
    """
    return tuple(RasterDescription.read(path.parent, PENDING) for path in sorted(folder.glob(f"*/{PENDING}")))


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove what killed processes left behind; for whoever opens a workspace to write.

    Parameters
    ----------
    folder : Path
        Folder of all rasters; may be missing.

    Returns
    -------
    tuple of Path
        What was removed.
    """
    homes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return tuple(gone for home in homes for gone in _tidy(home))


def _tidy(home: Path) -> list[Path]:
    """Remove versions nobody needs, writers that are gone, and a folder that never came to anything."""
    needed = {DESCRIPTION, PENDING}
    for file in (DESCRIPTION, PENDING):
        if (home / file).exists():
            said = RasterDescription.read(home, file)
            needed |= {said.place, said.previous or ""}
    gone = [path for path in sorted(home.iterdir()) if path.name not in needed and not _is_alive(path)]
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not any(home.iterdir()):
        home.rmdir()
        gone.append(home)
    return gone


def _is_alive(path: Path) -> bool:
    """Tell whether something on its way belongs to another process that is still running."""
    for beginning in (WRITING, f".{PENDING}-"):
        if path.name.startswith(beginning):
            owner = path.name.removeprefix(beginning).partition("-")[0]
            return owner.isdigit() and int(owner) != os.getpid() and is_running(int(owner))
    return False
