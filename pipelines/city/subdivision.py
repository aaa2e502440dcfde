"""Land cut into smaller and smaller pieces by streets, each cut across the longer side of its piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from pipelines.city.frame import BoolArray, FloatArray, Geometries, IntArray

GRID = 0.001
"""Coordinates of pieces and cuts lie on this grid [m]."""
_ROUNDS = 14


@dataclass(frozen=True, slots=True)
class Boxes:
    """Smallest rectangles around pieces, as a centre and two half axes."""

    centre: FloatArray
    """Centre (piece, 2) [m]."""
    major: FloatArray
    """Unit vector along the longer side (piece, 2) [1]."""
    long: FloatArray
    """Length of the longer side [m]."""
    short: FloatArray
    """Length of the shorter side [m]."""

    @classmethod
    def around(cls, pieces: Geometries) -> Boxes:
        """Compute the boxes of polygons."""
        ring = shapely.get_coordinates(shapely.oriented_envelope(pieces)).reshape(-1, 5, 2)
        first, second = ring[:, 1] - ring[:, 0], ring[:, 2] - ring[:, 1]
        a, b = np.hypot(*first.T), np.hypot(*second.T)
        along = np.where((a >= b)[:, None], first, second)
        major = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
        return cls(ring[:, :4].mean(axis=1), major, np.maximum(a, b), np.minimum(a, b))

    @property
    def minor(self) -> FloatArray:
        """Unit vector along the shorter side, a quarter turn left of the longer (piece, 2) [1]."""
        return np.stack([-self.major[:, 1], self.major[:, 0]], axis=1)


@dataclass(frozen=True, slots=True)
class Cut:
    """Pieces after the cutting, and the lines that were cut."""

    pieces: Geometries
    """Polygons [EPSG:5897]."""
    origin: IntArray
    """Which of the given polygons each piece came from."""
    lines: Geometries
    """LineStrings of the cuts [EPSG:5897]."""
    area: FloatArray
    """Area of the piece that each line cut [m2]."""
    line_origin: IntArray
    """Which of the given polygons each line lies in."""


def subdivide(
    polygons: Geometries, longest: FloatArray, deepest: FloatArray, rng: np.random.Generator, *, tilt: float = 0.05
) -> Cut:
    """Cut polygons until none is longer or deeper than it may be.

    Parameters
    ----------
    polygons : ndarray (polygon,) of Polygon [EPSG:5897]
        Pieces of land.
    longest, deepest : ndarray (polygon,) [m]
        Largest longer and shorter side of the pieces of each polygon.
    rng : Generator
        Source of the place and the slight turn of each cut.
    tilt : float [rad]
        Standard deviation of that turn.

    Returns
    -------
    Cut
        Pieces and cutting lines; where nothing was too large, the polygons themselves and no line.
    """
    pieces, origin = polygons, np.arange(len(polygons))
    done, done_origin, lines, areas, line_origin = [], [], [], [], []
    for _ in range(_ROUNDS):
        boxes = Boxes.around(pieces)
        large = (boxes.long > longest[origin]) | (boxes.short > deepest[origin])
        done.append(pieces[~large])
        done_origin.append(origin[~large])
        if not large.any():
            break
        halves, owner, cut, cutter = _halve(
            pieces[large], _choose(boxes, longest[origin], large), large, boxes, rng, tilt
        )
        lines.append(cut)
        areas.append(shapely.area(pieces[large])[cutter])
        line_origin.append(origin[large][cutter])
        pieces, origin = halves, origin[large][owner]
    return Cut(
        np.concatenate(done), np.concatenate(done_origin), _joined(lines, object), _joined(areas, float),
        _joined(line_origin, np.int64),
    )  # fmt: skip


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)


def _choose(boxes: Boxes, longest: FloatArray, large: BoolArray) -> BoolArray:
    """Cut across where a piece is too long or nearly square, otherwise lengthwise."""
    return (boxes.long[large] > longest[large]) | (boxes.long[large] < 1.3 * boxes.short[large])


def _halve(
    pieces: Geometries, across: BoolArray, large: BoolArray, boxes: Boxes, rng: np.random.Generator, tilt: float
) -> tuple[Geometries, IntArray, Geometries, IntArray]:
    """Cut each piece once; return halves, their owners, cutting lines and their owners."""
    count = len(pieces)
    major, minor = boxes.major[large], boxes.minor[large]
    normal = np.where(across[:, None], major, minor)
    extent = np.where(across, boxes.long[large], boxes.short[large])
    middle = boxes.centre[large] + normal * (extent * rng.uniform(-0.09, 0.09, count))[:, None]
    turn = rng.normal(0.0, tilt, count)
    turned = _rotate(normal, turn)
    along = _rotate(turned, np.full(count, np.pi / 2))
    reach = 2.0 * boxes.long[large][:, None]
    start, end = np.round(middle - along * reach, 2), np.round(middle + along * reach, 2)
    quads = [_quad(start, end, side * turned * reach) for side in (1, -1)]
    halves = [shapely.intersection(pieces, quad, grid_size=GRID) for quad in quads]
    parts, owner = shapely.get_parts(np.concatenate(halves), return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 4.0)
    cut = shapely.intersection(shapely.linestrings(np.stack([start, end], axis=1)), pieces, grid_size=GRID)
    lines, cutter = shapely.get_parts(cut, return_index=True)
    real = shapely.length(lines) > 2.0
    return parts[keep], owner[keep] % count, lines[real], cutter[real]


def _rotate(vectors: FloatArray, angle: FloatArray) -> FloatArray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * vectors[:, 0] - sin * vectors[:, 1], sin * vectors[:, 0] + cos * vectors[:, 1]], axis=1)


def _quad(start: FloatArray, end: FloatArray, side: FloatArray) -> Geometries:
    ring = np.stack([start, end, end + side, start + side, start], axis=1)
    return np.asarray(shapely.polygons(ring))
