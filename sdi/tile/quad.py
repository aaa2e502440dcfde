"""WebMercatorQuad: the grid of squares that web maps are cut into, halved at every level.

A place is a fraction of the world, ``(0, 0)`` in the north-west and ``(1, 1)`` in the south-east; level ``z`` has
``2 ** z`` columns from west to east and as many rows from north to south.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IDENTIFIER = "WebMercatorQuad"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{IDENTIFIER}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
LEVELS = 25
"""Levels of the set, as OGC registered it [1]."""
DEEPEST = 18
"""Deepest level with tiles; what they round to is 4 cm there, and a map enlarges them from there on [1]."""
UNITS = 4096
"""Units along the side of a tile, to which places are rounded [1]."""
MARGIN = 1 / 64
"""Width of the edge around a tile that is cut with it, so that outlines are not drawn at its border [side]."""
STRAIGHT = 1 / 8
"""By how much latitudes may miss where they are counted evenly across a tile [unit]."""
RADIUS = 6_378_137.0
"""Radius of the sphere of EPSG:3857 [m]."""
AROUND = 2 * math.pi * RADIUS
"""Side of the world [m, EPSG:3857]."""
SCREEN = 256
"""Pixels along the side of a tile as the set counts them [1]."""
PIXEL = 0.00028
"""Size of a pixel by which scales are told [m]."""
_NEARLY_POLE = 89.99
"""A pole lies infinitely far away; nobody sees what lies beyond this [degree]."""
_SHARES = (0.25, 0.5, 0.75)
"""Where a tile is looked at; at the equator its middle alone would tell nothing."""

Box = tuple[float, float, float, float]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the grid."""

    level: int
    row: int
    column: int

    @property
    def box(self) -> Box:
        """Corners ``(west, south, east, north)`` [degree, CRS84]."""
        return self.widened(0.0)

    def widened(self, by: float = MARGIN) -> Box:
        """Return the corners of a tile with an edge around it.

        Parameters
        ----------
        by : float [side]
            Width of the edge.

        Returns
        -------
        (float, float, float, float) [degree, CRS84]
            West, south, east, north.
        """
        side = 2.0**-self.level
        west, east = ((column * side) * 360 - 180 for column in (self.column - by, self.column + 1 + by))
        north, south = (latitude(row * side) for row in (self.row - by, self.row + 1 + by))
        return west, south, east, north

    @property
    def metres(self) -> Box:
        """Corners ``(xmin, ymin, xmax, ymax)`` [m, EPSG:3857]."""
        side = AROUND * 2.0**-self.level
        west, north = self.column * side - AROUND / 2, AROUND / 2 - self.row * side
        return west, north - side, west + side, north

    @property
    def straight(self) -> bool:
        """Whether latitudes may be counted evenly from its southern to its northern side.

        The side of a tile in Mercator's projection is nearly straight where it is short. A database then has no
        coordinate to reproject, and both stores round places alike because they count alike.
        """
        _, south, _, north = self.box
        missed = [fraction(north - share * (north - south)) * 2.0**self.level - self.row - share for share in _SHARES]
        return max(map(abs, missed)) * UNITS <= STRAIGHT

    def units(self, places: FloatArray, side: int = UNITS) -> FloatArray:
        """Return where places lie in this tile.

        Parameters
        ----------
        places : ndarray (n, 2) [degree, CRS84]
            Longitude and latitude.
        side : int [1]
            Units along the side of the tile.

        Returns
        -------
        ndarray (n, 2) [unit]
            From the north-western corner to the east and to the south.
        """
        if not self.straight:
            return world(places, self.level, side) - np.array([self.column, self.row]) * float(side)
        _, south, _, north = self.box
        found = np.empty_like(places)
        found[:, 0] = ((places[:, 0] + 180) * (2.0**self.level / 360) - self.column) * side
        found[:, 1] = (north - places[:, 1]) * (side / (north - south))
        return found


def world(places: FloatArray, level: int, side: int = UNITS) -> FloatArray:
    """Return where places lie in a level.

    Parameters
    ----------
    places : ndarray (n, 2) [degree, CRS84]
        Longitude and latitude.
    level : int
        Level of the grid.
    side : int [1]
        Units along the side of a tile.

    Returns
    -------
    ndarray (n, 2) [unit]
        From the north-western corner of the world to the east and to the south.
    """
    found = np.empty_like(places)
    parallels = np.radians(np.clip(places[:, 1], -_NEARLY_POLE, _NEARLY_POLE))
    found[:, 0] = (places[:, 0] + 180) / 360
    found[:, 1] = 0.5 - np.arcsinh(np.tan(parallels)) / (2 * math.pi)
    found *= 2.0**level * side
    return found


def latitude(down: float) -> float:
    """Return the latitude of a fraction of the world from north to south [degree]."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))


def fraction(parallel: float) -> float:
    """Return where a latitude [degree] lies between north and south, as a fraction of the world."""
    within = math.radians(min(max(parallel, -_NEARLY_POLE), _NEARLY_POLE))
    return 0.5 - math.asinh(math.tan(within)) / (2 * math.pi)


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows and columns of a level that a collection may touch."""

    level: int
    first_row: int
    last_row: int
    first_column: int
    last_column: int

    def holds(self, tile: Tile) -> bool:
        """Tell whether a tile of this level lies within."""
        return (
            self.first_row <= tile.row <= self.last_row and self.first_column <= tile.column <= self.last_column
        )  # fmt: skip


def limits(extent: Sequence[float], level: int) -> Limits:
    """Return the tiles of a level that a box touches.

    Parameters
    ----------
    extent : sequence of float (4,) [degree, CRS84]
        ``(west, south, east, north)``.
    level : int
        Level of the grid.

    Returns
    -------
    Limits
        At least one tile: what lies beyond the grid counts to its border.
    """
    west, south, east, north = extent
    count = 2**level
    across = [_clamped((longitude + 180) / 360 * count, count) for longitude in (west, east)]
    down = [_clamped(fraction(parallel) * count, count) for parallel in (north, south)]
    return Limits(level, down[0], down[1], across[0], across[1])


def _clamped(place: float, count: int) -> int:
    """Return the number of the square at a place, the last one at most."""
    return min(max(math.floor(place), 0), count - 1)


def scale(level: int) -> float:
    """Return the denominator of the scale of a level, at the equator [1]."""
    return cell(level) / PIXEL


def cell(level: int) -> float:
    """Return the size of a pixel of a level, at the equator [m]."""
    return AROUND / SCREEN * 2.0**-level
