"""How much of each cell things cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio.features
import shapely
from affine import Affine

from sdi.grid import FloatArray, Grid

FINE = 5
"""Parts that a cell is divided into along each side: a share is right to 1/25."""

BAND = 4_000_000
"""Most parts looked at in one go: memory does not grow with the grid."""

Labels = npt.NDArray[np.int32]


def means(geometries: Sequence[Any], labels: Sequence[int], values: FloatArray, grid: Grid) -> FloatArray:
    """Average what things bring over each cell, by the share that each of them covers.

    Parameters
    ----------
    geometries : sequence of geometry (n,) [CRS of the grid]
        Polygons; where they overlap, the later one holds.
    labels : sequence of int (n,)
        What each of them is, from 1.
    values : ndarray (quantity, label) [any unit]
        What each label brings; label 0 is where nothing lies.
    grid : Grid
        Cells.

    Returns
    -------
    ndarray (quantity, y, x) [unit of the values]
        The value of label 0 where there are no polygons.
    """
    drawn = [(shape, label) for shape, label in zip(geometries, labels, strict=True) if not _is_empty(shape)]
    result = np.empty((len(values), *grid.shape))
    result[...] = values[:, :1, None]
    for first, last in _bands(grid) if drawn else ():
        fine = _drawn(drawn, grid, first, last).reshape(last - first, FINE, grid.shape[1], FINE)
        for quantity, of_label in zip(result, values, strict=True):
            quantity[first:last] = of_label[fine].mean(axis=(1, 3))
    return result


def share(geometries: Sequence[Any], grid: Grid) -> FloatArray:
    """Measure how much of each cell things cover together.

    Parameters
    ----------
    geometries : sequence of geometry (n,) [CRS of the grid]
        Polygons.
    grid : Grid
        Cells.

    Returns
    -------
    ndarray (y, x) [1]
        0 to 1; 0 where there are no polygons.
    """
    return np.asarray(means(geometries, [1] * len(geometries), np.array([[0.0, 1.0]]), grid)[0])


def _is_empty(shape: Any) -> bool:
    return bool(shapely.is_missing(shape) or shapely.is_empty(shape))


def _bands(grid: Grid) -> Iterator[tuple[int, int]]:
    """Cut the rows of a grid into bands."""
    step = max(1, BAND // (FINE * FINE * grid.shape[1]))
    for first in range(0, grid.shape[0], step):
        yield first, min(first + step, grid.shape[0])


def _drawn(drawn: Sequence[tuple[Any, int]], grid: Grid, first: int, last: int) -> Labels:
    """Draw polygons on the parts of a band of rows; 0 where there is none."""
    transform = grid.affine @ Affine.translation(0, first) @ Affine.scale(1 / FINE)
    shape = ((last - first) * FINE, grid.shape[1] * FINE)
    return np.asarray(rasterio.features.rasterize(drawn, out_shape=shape, transform=transform, fill=0, dtype=np.int32))
