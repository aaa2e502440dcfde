"""What is wet: how deep the water stands in things, and in which class of depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from frmis.hazard import DEPTH_CLASSES
from frmis.overlay import Overlay
from sdi.grid import FloatArray, IndexArray

FILM = 1e-4
"""Depth [m] above which a cell is wet, as in Delft-FIAT."""

CLASS_CODES = tuple(f"from_{bound:.2f}".replace(".", "_") for bound in DEPTH_CLASSES)
"""Codes of the classes of depth, as in the list ``depth_class``."""


@dataclass(frozen=True, slots=True, eq=False)
class Wet:
    """How deep the water stands in things, for each of several maps."""

    depth: FloatArray
    """ndarray (map, thing) [m]: mean over the wet cells, above the floor; NaN where none is wet."""
    share: FloatArray
    """ndarray (map, thing) [1]: share of the cells that is wet."""


def flood_depth(
    maximum: FloatArray, standing: FloatArray | None = None, *, threshold: float = DEPTH_CLASSES[0]
) -> FloatArray:
    """Return the depth of the flood: of water where usually there is none.

    The same water that the map shows in classes of depth; the film that rain leaves everywhere is no flood.

    Parameters
    ----------
    maximum : ndarray (y, x) [m]
        Largest depth of a run, NaN where nothing flows.
    standing : ndarray (y, x) [m], optional
        Depth at the start of the run: where it reaches the threshold there is a river or a pond.
    threshold : float [m]
        Depth from which water counts.

    Returns
    -------
    ndarray (y, x) [m]
        0 where there is no flood, NaN where nothing flows.
    """
    shallow = maximum < threshold
    if standing is not None:
        shallow |= standing >= threshold
    return np.where(shallow, 0.0, maximum)


def wet(
    overlay: Overlay, depth: FloatArray, *, floor: FloatArray | float = 0.0, ground: FloatArray | None = None
) -> Wet:
    """Return how deep the water stands in things: the mean over their wet cells, and how large a share those are.

    Parameters
    ----------
    overlay : Overlay
        The cells of the things.
    depth : ndarray (map, y, x) [m]
        Depth above ground, or level above the datum of ``ground``; one map may stand alone as (y, x).
    floor : ndarray (thing,) [m]
        Height of the floor above ground.
    ground : ndarray (thing,) [m, datum of the levels], optional
        Elevation of the ground, where levels are given instead of depths.

    Returns
    -------
    Wet
        (map, thing); one map is a row of its own. NaN and 0 where nothing is wet.

    References
    ----------
    Deltares, Delft-FIAT 0.4, methods/flood.py, ``calculate_hazard`` with the method "mean": cells deeper than `FILM`
    are averaged, the floor is subtracted from the mean, and the share of the wet cells reduces the damage. A cell where
    nothing flows, for example under a building that the run went around, is not counted here; there it counts as dry.
    """
    maps = np.ascontiguousarray(depth, dtype=float).reshape(-1, depth.shape[-2] * depth.shape[-1])
    mean, share = np.empty((2, len(maps), len(overlay)))
    datum = np.zeros(len(overlay)) if ground is None else np.asarray(ground, dtype=float)
    for at, values in enumerate(maps):
        _compiled_means(overlay.first, overlay.cell, values, datum, mean[at], share[at])
    return Wet(mean - floor, share)


def _means(
    first: IndexArray, cell: IndexArray, values: FloatArray, datum: FloatArray, mean: FloatArray, share: FloatArray
) -> None:
    """Write the mean over the wet cells of each thing, and their share of those that have a value."""
    for thing in range(first.size - 1):
        total, wet_cells, known = 0.0, 0, 0
        for pair in range(first[thing], first[thing + 1]):
            depth = values[cell[pair]] - datum[thing]
            known += not np.isnan(depth)
            if depth > FILM:
                total += depth
                wet_cells += 1
        mean[thing] = total / wet_cells if wet_cells else np.nan
        share[thing] = wet_cells / known if known else 0.0


_compile = njit(cache=True, nogil=True)
_compiled_means = _compile(_means)


def depth_class(depth: FloatArray, thresholds: tuple[float, ...] = DEPTH_CLASSES) -> IndexArray:
    """Return the number of the class of depths.

    Parameters
    ----------
    depth : ndarray (n,) [m]
        Depths, NaN where there is no water.
    thresholds : tuple of float (class,) [m]
        Lower bounds of the classes, ascending.

    Returns
    -------
    ndarray (n,) of int
        0 below the first class, 1 in it, and so on.
    """
    return np.asarray(np.digitize(np.nan_to_num(depth, nan=0.0), thresholds), dtype=np.intp)
