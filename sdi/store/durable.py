"""Files that are either not there or complete and on the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file, or a folder with all it holds, is on the disk.

    Parameters
    ----------
    path : Path
        File or folder.
    """
    if path.is_dir():
        for below in sorted(path.iterdir()):
            sync(below)
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) if path.is_dir() else os.O_RDONLY
    try:
        handle = os.open(path, flags)
    except PermissionError:
        # Some systems do not open folders; there the rename alone must do.
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by new content in one move.

    Parameters
    ----------
    path : Path
        The file; whoever opens it sees the old content or the new, never a part.
    content : bytes
        What it shall hold.
    """
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_bytes(content)
    sync(beside)
    beside.replace(path)
    sync_folder(path.parent)


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone may open; one that is there is left as it is, and not even opened.

    Parameters
    ----------
    path : Path
        The file.
    """
    with suppress(FileExistsError):  # to open and close a database here would let go of the locks that others hold
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, not what stands behind them."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_running(process: int) -> bool:
    """Tell whether a process of this machine is running; where that cannot be asked without harm, it counts as such."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
