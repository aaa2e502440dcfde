"""How deep and how dangerous it gets, in classes people can use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio.features
import shapely
import xarray as xr
from affine import Affine

from sdi.errors import InputError
from sdi.grid import FloatArray, Grid

DEPTH_CLASSES = (0.10, 0.20, 0.30, 0.50, 1.00)
"""Lower bounds of the classes [m]: the kerb, the exhaust of a motorbike, the knee, the door sill, the chest."""

BLOCK = 64
"""Side of the square pieces that polygons are cut into [cells].

A class that covers a city is one polygon of a hundred thousand corners: nobody can load it or ask for a part of it. One
polygon for each connected puddle gives tens of thousands of things. Pieces of 64 cells have a few hundred corners, a
city has a few hundred of them, and a box finds those it needs.
"""


HAZARD_LIMITS = (
    (0.3, 2.0, 0.3),
    (0.5, 2.0, 0.6),
    (1.2, 2.0, 0.6),
    (2.0, 2.0, 1.0),
    (4.0, 4.0, 4.0),
)
"""Upper limits of the hazard classes H1 to H5: depth [m], speed [m s-1], depth times speed [m2 s-1]; H6 is above.

What they mean stands in the code list ``hazard_class``. Smith, G. P., Davey, E. K., Cox, R. J. (2014), Flood hazard,
WRL technical report 2014/07, tables 5-1 and 5-2; adopted by Flood Hazard, Australian Disaster Resilience Guideline 7-3
(AIDR 2017, second edition).
"""


def hazard_class(
    depth: FloatArray, speed: FloatArray, depth_speed: FloatArray, *, wet_threshold: float = 0.01
) -> npt.NDArray[np.int8]:
    """Tell how dangerous water is for vehicles, people and buildings.

    Each of the three has a class of its own, the highest counts. So the class of three maxima is the highest class of
    all times, although they need not come at one time.

    Parameters
    ----------
    depth : ndarray (...) [m]
        Depth; NaN where nothing flows.
    speed : ndarray (...) [m s-1]
        Speed.
    depth_speed : ndarray (...) [m2 s-1]
        Depth times speed.
    wet_threshold : float [m]
        Where it is less deep it is dry.

    Returns
    -------
    ndarray (...) [1]
        0 dry, 1 to 6 for H1 to H6.
    """
    limits = zip(*HAZARD_LIMITS, strict=True)
    found = [np.searchsorted(limit, of) for limit, of in zip(limits, (depth, speed, depth_speed), strict=True)]
    return np.where(depth >= wet_threshold, 1 + np.max(found, axis=0), 0).astype(np.int8)


def depth_classes(
    maximum_depth: xr.DataArray,
    thresholds: Sequence[float] = DEPTH_CLASSES,
    *,
    standing: xr.DataArray | None = None,
    block: int = BLOCK,
) -> gpd.GeoDataFrame:
    """Outline the areas of each class of the largest depth.

    Parameters
    ----------
    maximum_depth : DataArray (y, x) [m]
        Largest depth of a run, NaN where nothing flows.
    thresholds : sequence of float [m]
        Lower bounds of the classes, ascending.
    standing : DataArray (y, x) [m], optional
        Depth at the start of the run: where it reaches the first class there is a river or a pond, no flood.
    block : int
        Side of the pieces [cells].

    Returns
    -------
    GeoDataFrame
        One row for each class and piece of the grid, from the north-west: ``depth_class`` (``from_0_10`` for 0.10 m and
        more), ``lower_m``, ``upper_m`` (missing for the last class) [m], a valid MultiPolygon in the CRS of the grid.
        No row where nothing is wet.

    Raises
    ------
    InputError
        If the thresholds do not ascend from above 0.
    """
    bounds = tuple(float(one) for one in thresholds)
    if not bounds or bounds[0] <= 0 or any(b <= a for a, b in pairwise(bounds)):
        raise InputError(f"the thresholds {bounds} m do not ascend from above 0; expected for example {DEPTH_CLASSES}")
    grid = Grid.from_dataarray(maximum_depth)
    classes = _classes(maximum_depth, bounds, standing)
    rows = [
        (f"from_{bounds[number - 1]:.2f}".replace(".", "_"), bounds[number - 1], (*bounds, np.nan)[number], shape)
        for number, shape in _pieces(classes, grid, block)
    ]
    columns = ["depth_class", "lower_m", "upper_m", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=grid.crs)


def _classes(depth: xr.DataArray, bounds: tuple[float, ...], standing: xr.DataArray | None) -> npt.NDArray[np.uint8]:
    """Return the number of the class of each cell, 0 where it is dry, (y, x)."""
    values = np.nan_to_num(depth.transpose("y", "x").values, nan=0.0)
    if standing is not None:
        values = np.where(standing.transpose("y", "x").values >= bounds[0], 0.0, values)
    return np.asarray(np.digitize(values, bounds), dtype=np.uint8)


def _pieces(classes: npt.NDArray[np.uint8], grid: Grid, block: int) -> Iterator[tuple[int, Any]]:
    """Outline each class in each piece of the grid."""
    (rows, columns), a = classes.shape, grid.affine
    for top in range(0, rows, block):
        for left in range(0, columns, block):
            part = np.ascontiguousarray(classes[top : top + block, left : left + block])
            yield from _outlines(part, Affine(a.a, 0, a.c + left * a.a, 0, a.e, a.f + top * a.e))


def _outlines(classes: npt.NDArray[np.uint8], affine: Affine) -> Iterator[tuple[int, Any]]:
    """Outline each class of one piece; parts of a class touch at corners only, so together they are valid."""
    found = rasterio.features.shapes(classes, mask=classes > 0, connectivity=4, transform=affine)
    polygons = sorted(
        ((int(number), shapely.geometry.shape(outline)) for outline, number in found), key=lambda one: one[0]
    )
    for number, parts in groupby(polygons, key=lambda one: one[0]):
        yield number, shapely.normalize(shapely.MultiPolygon([polygon for _, polygon in parts]))
