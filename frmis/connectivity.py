"""Which cells can be reached from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Mask = npt.NDArray[np.bool_]


def reachable(passable: Mask, seeds: Mask, wall_x: Mask | None = None, wall_y: Mask | None = None) -> Mask:
    """Find the cells that can be reached over the sides of passable cells.

    Parameters
    ----------
    passable : ndarray of bool (y, x)
        Cells one can go through.
    seeds : ndarray of bool (y, x)
        Cells to start from; those that are not passable are left out.
    wall_x : ndarray of bool (y, x + 1), optional
        Whether a wall stands west of each column.
    wall_y : ndarray of bool (y + 1, x), optional
        Whether a wall stands north of each row.

    Returns
    -------
    ndarray of bool (y, x)
        All False where nothing can be started from.
    """
    rows, columns = passable.shape
    wall_x = np.zeros((rows, columns + 1), dtype=bool) if wall_x is None else wall_x
    wall_y = np.zeros((rows + 1, columns), dtype=bool) if wall_y is None else wall_y
    return np.isfinite(distance(passable, seeds, wall_x, wall_y))


@njit(cache=True)
def _walk(
    passable: Mask, wall_x: Mask, wall_y: Mask, steps: npt.NDArray[Any], queue: npt.NDArray[Any], filled: int
) -> None:
    """Count the steps from the cells in the queue to all that can be walked to, the nearest first."""
    rows, columns = passable.shape
    done = 0
    while done < filled:
        j, i = queue[done, 0], queue[done, 1]
        done += 1
        for dj, di in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            k, m = j + dj, i + di
            if not (0 <= k < rows and 0 <= m < columns) or not passable[k, m] or steps[k, m] >= 0:
                continue
            if (di != 0 and wall_x[j, max(i, m)]) or (dj != 0 and wall_y[max(j, k), i]):
                continue
            steps[k, m] = steps[j, i] + 1
            queue[filled, 0], queue[filled, 1] = k, m
            filled += 1


def distance(passable: Mask, seeds: Mask, wall_x: Mask, wall_y: Mask) -> npt.NDArray[np.float64]:
    """Count how many sides one has to cross to come to each cell, without crossing a wall.

    Parameters
    ----------
    passable : ndarray of bool (y, x)
        Cells one can go through.
    seeds : ndarray of bool (y, x)
        Cells to start from; those that are not passable are left out.
    wall_x : ndarray of bool (y, x + 1)
        Whether a wall stands west of each column.
    wall_y : ndarray of bool (y + 1, x)
        Whether a wall stands north of each row.

    Returns
    -------
    ndarray (y, x) [1]
        Infinite where there is no way; everywhere where nothing can be started from.
    """
    start = np.argwhere(passable & seeds)
    steps = np.full(passable.shape, -1, dtype=np.int64)
    steps[tuple(start.T)] = 0
    queue = np.empty((passable.size, 2), dtype=np.int64)
    queue[: len(start)] = start
    laid = [np.ascontiguousarray(mask) for mask in (passable, wall_x, wall_y)]
    _walk(laid[0], laid[1], laid[2], steps, queue, len(start))
    return np.where(steps < 0, np.inf, steps.astype(float))


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
