"""Arrays that can be computed again, kept so that they need not be: a cache beside a workspace."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from sdi.store.durable import write_whole

Arrays = dict[str, npt.NDArray[Any]]


def keep(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Keep arrays of numbers in a file.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    arrays : mapping of str to ndarray (n, ...) [any unit]
        What it shall hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_whole(path, content.getvalue())


def recall(path: Path) -> Arrays | None:
    """Return kept arrays.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to ndarray (n, ...) [any unit], or None
        ``None`` where nothing is kept there, or nothing that can be read.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, BadZipFile):
        return None


def forget(folder: Path, newest: int) -> None:
    """Remove the oldest files of a cache.

    Parameters
    ----------
    folder : Path
        Folder of the cache; may be missing.
    newest : int
        How many files stay.
    """
    kept = sorted(folder.glob("*.npz"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    for path in kept[newest:]:
        path.unlink(missing_ok=True)
