"""What becomes of places in a tile: cut at its edge, rounded to its units, valid, and written as commands.

References
----------
Mapbox Vector Tile Specification 2.1, section 4.3, "Geometry Encoding".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType

from sdi.tile.quad import MARGIN, UNITS
from sdi.tile.varint import Whole, zigzag

Geometries = NDArray[np.object_]

POINT, LINE, POLYGON = 1, 2, 3
"""Types of features, as the specification numbers them."""
SMALLEST = 2
"""Lines and areas that are neither as wide nor as high as this are not seen [unit]."""
FINE = 4.0
"""Where corners are nearer to each other than this on the average, those that say nothing are left out [unit]."""
TOLERANCE = 0.5
"""By how much an outline may miss then [unit]."""
COARSER = tuple(TOLERANCE * 4.0**step for step in range(1, 18))
"""By how much it may miss where a feature has too many corners still, one after the other; the last is wider than the
world on the deepest level [unit]."""
MANY = 20_000
"""Corners of one feature; with more of them it is drawn less exactly, or to untangle what rounding entangles would take
minutes [1]."""
RESTLESS = 1_000
"""How often one outline may cross the edge of a tile before it is drawn less exactly, for the same reason [1]."""
_MOVE, _CLOSE = 9, 15
"""``MoveTo`` one place, and ``ClosePath``."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Features that are seen in a tile, as a tile writes them."""

    index: Whole
    """Which of the geometries each feature is (n,)."""
    kinds: Whole
    """Type of each feature (n,)."""
    commands: Whole
    """Commands and their parameters, of one feature behind the other (m,)."""
    counts: Whole
    """How many of them each feature has (n,)."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """Paths and groups of points, one behind the other."""

    places: Whole
    """Corners (m, 2); rings without the last, which is the first [unit]."""
    counts: Whole
    """Corners of each part (p,)."""
    owners: Whole
    """Which geometry each part belongs to (p,), rising."""
    kind: int


def shapes(geometries: Geometries, side: int = UNITS) -> Shapes:
    """Return what of some geometries is seen in a tile.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [unit, from the north-western corner of the tile]
        Of any type; a collection counts as those of its members that have the most dimensions.
    side : int [1]
        Units along the side of the tile.

    Returns
    -------
    Shapes
        In the order of the geometries; what is empty, lies elsewhere or is smaller than `SMALLEST` is left out.
    """
    plain = of_one_kind(geometries)
    places, here = _placed(plain, side)
    dimensions = shapely.get_dimensions(plain)[here]
    told = []
    for kind, parts in ((POINT, _points), (LINE, _lines), (POLYGON, _rings)):
        chosen = np.flatnonzero(dimensions == kind - 1)
        if len(chosen):
            told.append(parts(places[chosen], here[chosen]))
    return _joined([_written(one) for one in told if len(one.counts)])


def of_one_kind(geometries: Geometries) -> Geometries:
    """Return geometries with a multiple one in the place of each collection.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [any CRS]
        Of any type.

    Returns
    -------
    ndarray (n,) of shapely geometry [same CRS]
        Those members of a collection that have the most dimensions.
    """
    mixed = np.flatnonzero(shapely.get_type_id(geometries) == GeometryType.GEOMETRYCOLLECTION)
    if not len(mixed):
        return geometries
    plain = geometries.copy()
    for at in mixed:
        plain[at] = _foremost(geometries[at])
    return plain


def _foremost(collection: shapely.Geometry) -> shapely.Geometry:
    """Return the members of a collection that have the most dimensions."""
    members = shapely.get_parts(shapely.get_parts([collection]))
    while (shapely.get_type_id(members) == GeometryType.GEOMETRYCOLLECTION).any():
        members = shapely.get_parts(members)
    dimensions = shapely.get_dimensions(members)
    few = members[dimensions == dimensions.max(initial=-1)]
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[int(dimensions.max(initial=0))]
    return make(few)


def _placed(geometries: Geometries, side: int) -> tuple[Geometries, Whole]:
    """Return geometries cut at the edge of a tile, and which of the given ones they are."""
    low, high = -MARGIN * side, (1 + MARGIN) * side
    xmin, ymin, xmax, ymax = shapely.bounds(geometries).T
    near = (xmin <= high) & (xmax >= low) & (ymin <= high) & (ymax >= low)
    wide = (shapely.get_dimensions(geometries) == 0) | (xmax - xmin >= SMALLEST) | (ymax - ymin >= SMALLEST)
    here = np.flatnonzero(near & wide)
    found = geometries[here]
    across = ((xmin < low) | (xmax > high) | (ymin < low) | (ymax > high))[here]
    if across.any():
        found[across] = _cut(found[across], low, high)
    seen = ~shapely.is_empty(found)
    return _smoothed(found[seen]), here[seen]


def _cut(geometries: Geometries, low: float, high: float) -> Geometries:
    """Cut geometries at the edge of a tile; what is left keeps its dimension."""
    before = shapely.get_dimensions(geometries)
    calm = _calmed(geometries, low, high)
    try:
        pieces = shapely.clip_by_rect(calm, low, low, high, high)
    except shapely.errors.GEOSException:  # an outline that crosses itself
        pieces = shapely.clip_by_rect(_mended(calm), low, low, high, high)
    pieces = of_one_kind(pieces)
    pieces[shapely.get_dimensions(pieces) != before] = shapely.Point()
    return pieces


def _calmed(geometries: Geometries, low: float, high: float) -> Geometries:
    """Draw outlines that cross the edge of a tile again and again less exactly, before they are cut there."""
    areas = shapely.get_dimensions(geometries) == 2  # all others are cut as fast as they are read
    heavy = np.flatnonzero(areas & (shapely.get_num_coordinates(geometries) > MANY))
    calm = geometries.copy()
    for at in heavy:
        corners = shapely.get_coordinates(geometries[at])
        inside = ((corners >= low) & (corners <= high)).all(axis=1)
        if np.count_nonzero(inside[1:] != inside[:-1]) > RESTLESS:
            calm[[at]] = _simplified(geometries[[at]])
    return calm


def _smoothed(geometries: Geometries) -> Geometries:
    """Leave out corners that say nothing, where there are so many that it pays to look for them."""
    corners = int(shapely.get_num_coordinates(geometries).sum())
    if corners <= MANY and float(shapely.length(geometries).sum()) >= FINE * corners:
        return geometries
    return _simplified(geometries)


def _simplified(geometries: Geometries) -> Geometries:
    """Leave out corners that say nothing, and more of them where a feature has too many still."""
    plain: Geometries = shapely.simplify(geometries, TOLERANCE, preserve_topology=False)
    for tolerance in COARSER:
        heavy = np.flatnonzero(shapely.get_num_coordinates(plain) > MANY)
        if not len(heavy):
            break
        for at in heavy:
            plain[at] = _fewer(plain[at])
        plain[heavy] = shapely.simplify(plain[heavy], tolerance, preserve_topology=False)
    return plain


def _fewer(geometry: shapely.Geometry) -> shapely.Geometry:
    """Leave out points and lines where there are so many that no tolerance helps; areas go by themselves."""
    dimensions = shapely.get_dimensions(geometry)
    if dimensions == 0:
        places = np.unique(np.rint(shapely.get_coordinates(geometry)), axis=0)
        return shapely.multipoints(places[:: -(-len(places) // MANY)])
    parts = shapely.get_parts(geometry)
    if dimensions == 2 or len(parts) <= MANY // 2:
        return geometry
    longest = np.argsort(-shapely.length(parts), kind="stable")[: MANY // 2]
    return shapely.multilinestrings(parts[np.sort(longest)])


def _mended(geometries: Geometries) -> Geometries:
    """Return polygons whose outlines do not cross themselves."""
    mended: Geometries = shapely.make_valid(geometries, method="structure", keep_collapsed=False)
    return mended


# parts ---------------------------------------------------------------------------------------------------------------


def _points(geometries: Geometries, owners: Whole) -> _Parts:
    """Return the places of points."""
    places, index = shapely.get_coordinates(geometries, return_index=True)
    return _Parts(np.rint(places).astype(np.int64), np.bincount(index), owners, POINT)


def _lines(geometries: Geometries, owners: Whole) -> _Parts:
    """Return the corners of lines."""
    parts, index = shapely.get_parts(geometries, return_index=True)
    places, path = shapely.get_coordinates(parts, return_index=True)
    return _shortened(np.rint(places).astype(np.int64), path, owners[index], LINE)


def _rings(geometries: Geometries, owners: Whole) -> _Parts:
    """Return the corners of the rings of polygons, outer ones clockwise on the screen and inner ones against it."""
    sound, index = _sound(geometries)
    if not len(sound):
        return _Parts(np.empty((0, 2), np.int64), np.empty(0, np.int64), np.empty(0, np.int64), POLYGON)
    _, corners, offsets = shapely.to_ragged_array(sound)
    starts, polygons, *many = offsets
    outer = np.zeros(len(starts) - 1, dtype=bool)
    outer[polygons[:-1]] = True
    rings = np.diff(polygons[many[0]] if many else polygons)
    open_ends = np.delete(np.rint(corners[:, :2]).astype(np.int64), starts[1:] - 1, axis=0)
    counts = np.diff(starts) - 1
    return _shortened(_turned(open_ends, counts, outer), _numbered(counts), np.repeat(owners[index], rings), POLYGON)


def _sound(geometries: Geometries) -> tuple[Geometries, Whole]:
    """Round polygons; those that would cross themselves then are rounded with care. Return which are left."""
    rounded = shapely.transform(geometries, np.rint)
    wrong = np.flatnonzero(~shapely.is_valid(rounded))
    if len(wrong):
        rounded[wrong] = shapely.set_precision(_mended(geometries[wrong]), 1.0)
    rounded = of_one_kind(rounded)
    left = np.flatnonzero(~shapely.is_empty(rounded) & (shapely.get_dimensions(rounded) == 2))
    return rounded[left], left


def _turned(places: Whole, counts: Whole, outer: NDArray[np.bool_]) -> Whole:
    """Turn rings so that outer ones have a positive area where y grows downwards, and inner ones a negative one."""
    starts = np.cumsum(counts) - counts
    following = np.arange(len(places)) + 1
    following[starts + counts - 1] = starts
    x, y = places.T
    area = np.add.reduceat(x * y[following] - x[following] * y, starts)
    turn = np.repeat((area > 0) != outer, counts)
    first, last = np.repeat(starts, counts), np.repeat(starts + counts - 1, counts)
    order = np.arange(len(places))
    return places[np.where(turn, first + last - order, order)]


def _shortened(places: Whole, path: Whole, owners: Whole, kind: int) -> _Parts:
    """Leave out corners that are the same as the one before, and then paths that have too few."""
    least = 2 if kind == LINE else 3
    same = np.zeros(len(places), dtype=bool)
    same[1:] = (path[1:] == path[:-1]) & (places[1:] == places[:-1]).all(axis=1)
    if kind == POLYGON and len(places):  # the last corner is followed by the first
        starts = np.flatnonzero(np.diff(path, prepend=-1))
        ends = np.append(starts[1:], len(path)) - 1
        same[starts] = (places[starts] == places[ends]).all(axis=1)
    places, path = places[~same], path[~same]
    counts = np.bincount(path, minlength=len(owners))
    long = counts >= least
    return _Parts(places[long[path]], counts[long], owners[long], kind)


def _numbered(counts: Whole) -> Whole:
    """Return for each corner the number of its path."""
    return np.repeat(np.arange(len(counts)), counts)


# commands ------------------------------------------------------------------------------------------------------------


def _written(parts: _Parts) -> Shapes:
    """Write parts as commands, each place as its distance from the one before in the same feature."""
    firsts = np.flatnonzero(np.diff(parts.owners, prepend=-1))
    starts = np.cumsum(parts.counts) - parts.counts
    steps = np.diff(parts.places, axis=0, prepend=0)
    steps[starts[firsts]] = parts.places[starts[firsts]]
    extra = {POINT: 1, LINE: 2, POLYGON: 3}[parts.kind]
    sizes = 2 * parts.counts + extra
    heads = np.cumsum(sizes) - sizes
    commands = np.empty(int(sizes.sum()), dtype=np.int64)
    within = np.arange(len(steps)) - np.repeat(starts, parts.counts)
    at = np.repeat(heads, parts.counts) + 1 + 2 * within + ((within > 0) & (parts.kind != POINT))
    commands[at], commands[at + 1] = zigzag(steps).T
    commands[heads] = parts.counts << 3 | 1 if parts.kind == POINT else _MOVE
    if parts.kind != POINT:
        commands[heads + 3] = (parts.counts - 1) << 3 | 2
    if parts.kind == POLYGON:
        commands[heads + sizes - 1] = _CLOSE
    owners = parts.owners[firsts]
    return Shapes(owners, np.full(len(owners), parts.kind), commands, np.add.reduceat(sizes, firsts))


def _joined(told: list[Shapes]) -> Shapes:
    """Put features of several types in the order of their geometries."""
    if not told:
        empty = np.empty(0, dtype=np.int64)
        return Shapes(empty, empty, empty, empty)
    if len(told) == 1:
        return told[0]
    index, kinds, counts = map(np.concatenate, zip(*((one.index, one.kinds, one.counts) for one in told), strict=True))
    commands = np.concatenate([one.commands for one in told])
    order = np.argsort(index, kind="stable")
    starts, taken = (np.cumsum(counts) - counts)[order], counts[order]
    places = np.repeat(starts - (np.cumsum(taken) - taken), taken) + np.arange(len(commands))
    return Shapes(index[order], kinds[order], commands[places], taken)
