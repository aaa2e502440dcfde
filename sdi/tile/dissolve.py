"""What a map shows of many things from far away: one area for all neighbours of a class, one line for all that meet."""

from __future__ import annotations

import numpy as np
import shapely

from sdi.tile.shape import Geometries

CLOSED = 4.0
"""Half the width of the gaps that are closed: that of a street between blocks, less than a pixel [unit]."""
DETAIL = 1.0
"""By how much an outline may miss [unit]."""
SEEN = 64.0
"""Smallest area, and smallest hole in one, that is shown: a pixel [unit2]."""


def merged(geometries: Geometries) -> Geometries:
    """Merge the geometries of one class.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [unit of a level of tiles]
        Areas, lines and points.

    Returns
    -------
    ndarray (m,) of shapely geometry [same]
        Single areas, lines and points, the largest of each first.
    """
    dimensions = shapely.get_dimensions(geometries)
    areas, lines, points = (geometries[dimensions == one] for one in (2, 1, 0))
    return np.concatenate([_areas(areas), _lines(lines), _points(points)])


def coarser(geometries: Geometries) -> Geometries:
    """Merge what was merged already for the level above, whose units are twice as wide.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [unit of a level of tiles]
        As `merged` returned them.

    Returns
    -------
    ndarray (m,) of shapely geometry [unit of the level above]
    """
    return merged(shapely.transform(geometries, lambda corners: corners / 2))


def _areas(areas: Geometries) -> Geometries:
    """Merge areas between which there is no more than a narrow gap."""
    grown = shapely.buffer(areas, CLOSED, quad_segs=1, join_style="mitre", mitre_limit=2.0)
    whole = shapely.get_parts(shapely.union_all(grown))
    shrunk = shapely.get_parts(shapely.buffer(whole, -CLOSED, quad_segs=1, join_style="mitre", mitre_limit=2.0))
    plain = shapely.get_parts(shapely.simplify(shrunk, DETAIL))
    return _filled(_from_largest(plain[shapely.area(plain) >= SEEN], shapely.area))


def _filled(areas: Geometries) -> Geometries:
    """Fill the holes that are too small to be seen."""
    filled = areas.copy()
    for at in np.flatnonzero(shapely.get_num_interior_rings(areas)):
        holes = shapely.polygons(shapely.get_rings(areas[at])[1:])
        kept = shapely.get_exterior_ring(holes[shapely.area(holes) >= SEEN])
        filled[at] = shapely.Polygon(areas[at].exterior, list(kept))
    return filled


def _lines(lines: Geometries) -> Geometries:
    """Join lines at their ends."""
    joined = shapely.line_merge(shapely.union_all(shapely.simplify(lines, DETAIL)))
    plain = shapely.get_parts(shapely.simplify(joined, DETAIL))
    return _from_largest(plain[shapely.length(plain) >= SEEN**0.5], shapely.length)


def _points(points: Geometries) -> Geometries:
    """Keep one of the points that are nearer to each other than a pixel."""
    places = shapely.get_coordinates(points)
    _, first = np.unique(np.floor(places / SEEN**0.5), axis=0, return_index=True)
    return shapely.points(places[np.sort(first)]) if len(first) else np.empty(0, dtype=object)


def _from_largest(geometries: Geometries, size: np.ufunc) -> Geometries:
    """Order geometries by their size, the largest first."""
    return geometries[np.argsort(-size(geometries), kind="stable")]
