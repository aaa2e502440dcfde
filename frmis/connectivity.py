"""Which cells can be reached from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Mask = npt.NDArray[np.bool_]


@njit(cache=True)
def _spread(passable: Mask, reached: Mask, stack: npt.NDArray[Any], filled: int) -> None:
    """Walk from the cells on the stack to all passable neighbours."""
    rows, columns = passable.shape
    while filled > 0:
        filled -= 1
        j, i = stack[filled, 0], stack[filled, 1]
        for dj, di in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            k, m = j + dj, i + di
            if 0 <= k < rows and 0 <= m < columns and passable[k, m] and not reached[k, m]:
                reached[k, m] = True
                stack[filled, 0], stack[filled, 1] = k, m
                filled += 1


def reachable(passable: Mask, seeds: Mask) -> Mask:
    """Find the cells that can be reached over the sides of passable cells.

    Parameters
    ----------
    passable : ndarray of bool (y, x)
        Cells one can go through.
    seeds : ndarray of bool (y, x)
        Cells to start from; those that are not passable are left out.

    Returns
    -------
    ndarray of bool (y, x)
        All False where nothing can be started from.
    """
    reached = np.ascontiguousarray(passable & seeds)
    stack = np.empty((passable.size, 2), dtype=np.int64)
    start = np.argwhere(reached)
    stack[: len(start)] = start
    _spread(np.ascontiguousarray(passable), reached, stack, len(start))
    return reached


def border(shape: tuple[int, int], *sides: str) -> Mask:
    """Mark the cells along sides of a grid.

    Parameters
    ----------
    shape : tuple of 2 int
        Rows and columns.
    *sides : str
        ``north``, ``east``, ``south``, ``west``; all four where none is given.

    Returns
    -------
    ndarray of bool (y, x)
    """
    mask = np.zeros(shape, dtype=bool)
    lines = {"north": mask[0], "south": mask[-1], "west": mask[:, 0], "east": mask[:, -1]}
    for side in sides or tuple(lines):
        lines[side][:] = True
    return mask
