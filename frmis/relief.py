"""What the heights of a terrain give away by themselves: pits, noise, roofs, false lakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from rasterio.features import sieve

FloatArray = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

LOWEST = -5.0
"""Ground lower than this [m] in a patch smaller than `PATCH` is no ground."""

PATCH = 30
"""[cells]"""


def pits(heights: FloatArray) -> Mask:
    """Find cells far below any ground, in patches too small for a river.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.

    Returns
    -------
    ndarray of bool (y, x)
    """
    deep = np.nan_to_num(heights, nan=np.inf) < LOWEST
    return np.asarray(deep & ~sieve(deep.astype(np.uint8), size=PATCH, connectivity=8).astype(bool))


def noise(heights: FloatArray) -> float:
    """Measure how much neighbouring cells differ without reason.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.

    Returns
    -------
    float [m]
        Mean distance from the median of 3 x 3 cells. An even slope has none, a narrow canal little.
    """
    return float(np.nanmean(np.abs(heights - local_median(heights, 3))))


def standing_out(heights: FloatArray) -> float:
    """Measure what stands on the ground, as roofs and trees do in a surface model.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.

    Returns
    -------
    float [m]
        Height above the surroundings that one cell in a hundred exceeds, where heights above are much more frequent
        than depths below (skewness above 1); 0 where they are not.
    """
    # Every third cell is enough to see what stands out from 15 x 15 cells.
    thin = heights[::3, ::3]
    above = thin - local_median(thin, 5)
    above = above[np.isfinite(above)]
    spread = float(above.std()) if above.size else 0.0
    if spread == 0 or float(((above - above.mean()) ** 3).mean()) / spread**3 <= 1:
        return 0.0
    return float(np.percentile(above, 99))


def plateaus(heights: FloatArray) -> Iterator[tuple[float, int]]:
    """Find large patches of one height far above the rest: water that was interpolated wrongly.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.

    Yields
    ------
    tuple of float [m] and int
        Height above the median, and number of cells.
    """
    known = heights[np.isfinite(heights)]
    values, counts = np.unique(known, return_counts=True)
    median, least = float(np.median(known)), max(PATCH, known.size // 100)
    for level in values[(counts >= least) & (values > median + 5)]:
        cells = int(sieve((heights == level).astype(np.uint8), size=least).sum())
        if cells >= least:
            yield float(level) - median, cells


def local_median(heights: FloatArray, width: int) -> FloatArray:
    """Median of the heights around each cell.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.
    width : int
        Side of the window [cells], odd.

    Returns
    -------
    ndarray (y, x) [m]
        NaN where the whole window is missing.
    """
    padded = np.pad(heights, width // 2, mode="constant", constant_values=np.nan)
    result = np.full(heights.shape, np.nan)
    for row, window in enumerate(sliding_window_view(padded, (width, width))):
        cells = window.reshape(heights.shape[1], -1)
        some = np.isfinite(cells).any(axis=1)
        result[row, some] = np.nanmedian(cells[some], axis=1)
    return result
