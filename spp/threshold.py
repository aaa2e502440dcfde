"""The thresholds of an answer, all stated in it: what is too small to be meant, and from which depth ground is wet."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SLIVER_AREA = 1.0
"""Area below which a part may be a sliver of two boundaries that were drawn apart [m2]."""
SLIVER_SHARE = 0.05
"""Share of the place below which such a part is one [1]: of a place of 5 m2 even half a square metre counts."""

WET = 0.10
"""Depth from which ground counts as flooded [m]: the first class of the flood map."""


def is_sliver(area: npt.NDArray[np.floating[Any]], whole: float) -> npt.NDArray[np.bool_]:
    """Tell which parts of a place are slivers.

    Parameters
    ----------
    area : ndarray (n,) [m2]
        Areas of the parts; of cells, ndarray (y, x) [m2].
    whole : float
        Area of the place [m2].

    Returns
    -------
    ndarray of bool (n,)
        True where a part is below both thresholds, as every empty part is; in the shape of `area`.
    """
    return np.asarray((area < SLIVER_AREA) & (area < SLIVER_SHARE * whole))
