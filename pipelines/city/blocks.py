"""Blocks: the land between the streets, cut from the main lines down to the alleys, with the use of each quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from pipelines.city.frame import BoolArray, FloatArray, Frame, Geometries, IntArray
from pipelines.city.skeleton import Lines, bank_zones, intensity
from pipelines.city.subdivision import Cut, subdivide
from pipelines.city.uses import assign
from pipelines.city.water import Waters

URBAN = 0.40
"""Intensity from which land is cut into tube-house lots [1]."""
SUBURBAN = 0.17
"""Intensity from which land is cut into garden lots [1]."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Pieces of land that no street crosses, before the streets' width is taken from them."""

    faces: Geometries
    """Polygons bounded by centrelines [EPSG:5897]."""
    quarter: IntArray
    """Quarter each face belongs to."""
    quarters: Geometries
    """Quarters: larger polygons of one use, bounded by centrelines [EPSG:5897]."""
    use: Geometries
    """Land use code of each quarter."""
    urban: FloatArray
    """Intensity of each quarter [1]."""
    superblocks: Geometries
    """Polygons between the main lines [EPSG:5897]."""


def draw(
    frame: Frame, waters: Waters, limit: shapely.Polygon, main: Lines, rng: np.random.Generator
) -> tuple[Blocks, Lines]:
    """Cut the land between the main lines into blocks.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Waters; the strips between them and their bank roads are no blocks.
    limit : Polygon [EPSG:5897]
        The city.
    main : Lines
        Main lines.
    rng : Generator
        Source of the cuts.

    Returns
    -------
    tuple of Blocks and Lines
        The blocks, and all lines of the city: the main ones first, then the cuts as nameless streets.
    """
    superblocks = _superblocks(waters, limit, main)
    urban = intensity(frame, *frame.locate(shapely.point_on_surface(superblocks)))
    small = 0.55 + 0.45 * frame.unit
    coarse = subdivide(
        superblocks, small * _size(urban, 250.0, 300.0, 480.0), small * _size(urban, 190.0, 230.0, 330.0), rng
    )
    town = intensity(frame, *frame.locate(shapely.centroid(coarse.pieces)))
    use = assign(frame, coarse.pieces, town, rng)
    homes = np.isin(use, ["ODT", "ONT"])
    whole = np.where(homes, 1.0, 1e6)
    fine = subdivide(
        coarse.pieces, whole * _size(town, 130.0, 190.0, 480.0), whole * _size(town, 62.0, 84.0, 330.0), rng, tilt=0.03
    )
    lines = main + _streets(coarse, urban, coarse=True) + _streets(fine, town, coarse=False)
    return Blocks(fine.pieces, fine.origin, coarse.pieces, use, town, superblocks), lines


def _size(urban: FloatArray, core: float, suburb: float, field: float) -> FloatArray:
    """Largest size of a piece [m] by its intensity."""
    return np.where(urban >= URBAN, core, np.where(urban >= SUBURBAN, suburb, field))


def _superblocks(waters: Waters, limit: shapely.Polygon, main: Lines) -> Geometries:
    """Faces between the main lines and the limit, without the water and its strips."""
    noded = shapely.union_all([*main.geometry, limit.boundary], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    wet = shapely.union_all(bank_zones(waters))
    shapely.prepare(wet)
    inside = shapely.point_on_surface(faces)
    dry = ~shapely.intersects(wet, inside) & shapely.intersects(limit, inside)
    keep: BoolArray = dry & (shapely.area(faces) > 200.0)
    parts = shapely.get_parts(shapely.difference(faces[keep], waters.body, grid_size=0.01))
    kept = parts[shapely.area(parts) > 200.0]
    x, y = shapely.get_x(shapely.centroid(kept)), shapely.get_y(shapely.centroid(kept))
    return np.asarray(kept[np.lexsort((np.round(y, 2), np.round(x, 2)))])


def _streets(cut: Cut, urban: FloatArray, *, coarse: bool) -> Lines:
    """Streets of the cuts: the larger the land they divide, the wider."""
    town = urban[cut.line_origin]
    if coarse:
        wide = np.where((cut.area > 90_000.0) & (town >= URBAN), "tertiary", "local")
        classes = np.where(town >= SUBURBAN, wide, "alley")
    else:
        classes = np.where((cut.area > 20_000.0) & (town >= SUBURBAN), "local", "alley")
    return Lines.of(cut.lines, classes.astype(object))


def land(blocks: Blocks, roads: Geometries) -> tuple[Geometries, IntArray]:
    """Take the width of the streets from the faces.

    Parameters
    ----------
    blocks : Blocks
        Faces bounded by centrelines.
    roads : ndarray (edge,) of Polygon [EPSG:5897]
        Strips between the red lines, one per piece of street.

    Returns
    -------
    ndarray (piece,) of Polygon [EPSG:5897]
        Building land; slivers are left out.
    ndarray (piece,) of int
        Face that each came from.
    """
    face, road = shapely.STRtree(roads).query(blocks.faces, predicate="intersects")
    order = np.lexsort((road, face))
    face, road = face[order], road[order]
    touched, place = np.unique(face, return_inverse=True)
    taken = shapely.multipolygons(roads[road], indices=place)
    pieces = blocks.faces.copy()
    pieces[touched] = shapely.difference(pieces[touched], shapely.unary_union(taken[:, None], axis=1))
    parts, owner = shapely.get_parts(pieces, return_index=True)
    # Narrow tails vanish; two centimetres stay clear, so that no rounding brings neighbours to overlap.
    opened = shapely.buffer(shapely.buffer(parts, -1.2, join_style="mitre"), 1.18, join_style="mitre", mitre_limit=2.0)
    parts, inner = shapely.get_parts(shapely.intersection(opened, parts, grid_size=0.001), return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 30.0)
    return parts[keep], owner[inner][keep]
