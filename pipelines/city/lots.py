"""Lots: blocks sliced into rows of narrow tube-house lots, garden lots or long fields behind a house lot."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from pipelines.city.blocks import SUBURBAN, URBAN
from pipelines.city.frame import BoolArray, FloatArray, Geometries, IntArray, ragged
from pipelines.city.subdivision import Boxes

HOUSE_DEPTH = 30.0
"""Depth of the house lot in front of a field [m]."""


@dataclass(frozen=True, slots=True)
class Lots:
    """Lots and the slab of its block that each was cut with."""

    geometry: Geometries
    """Polygons [EPSG:5897]."""
    block: IntArray
    """Piece of land each lot was cut from."""
    centre: FloatArray
    """Origin of the slab's axes (lot, 2) [m, EPSG:5897]."""
    major: FloatArray
    """Unit vector along the street (lot, 2) [1]."""
    left: FloatArray
    """Start of the slab along `major` [m]."""
    right: FloatArray
    """End of the slab along `major` [m]."""
    rear: FloatArray
    """Rear of the slab along the normal of `major` [m]."""
    front: FloatArray
    """Front of the slab, at the street, along the normal of `major` [m]."""
    field: BoolArray
    """Whether the lot is a field behind a house lot."""

    def take(self, index: IntArray | BoolArray) -> Lots:
        """Choose some of the lots.

        Parameters
        ----------
        index : ndarray (lot,) of int or of bool
            Lots to keep, in that order.
        """
        return Lots(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def slab(self, left: FloatArray, right: FloatArray, rear: FloatArray, front: FloatArray) -> Geometries:
        """Rectangles in the axes of the lots.

        Parameters
        ----------
        left, right : ndarray (lot,) [m]
            Extent along the street.
        rear, front : ndarray (lot,) [m]
            Extent across it.

        Returns
        -------
        ndarray (lot,) of Polygon [EPSG:5897]
            Rectangles.
        """
        minor = np.stack([-self.major[:, 1], self.major[:, 0]], axis=1)
        corners = [
            self.centre + self.major * u[:, None] + minor * v[:, None]
            for u, v in ((left, rear), (right, rear), (right, front), (left, front), (left, rear))
        ]
        return np.asarray(shapely.polygons(np.stack(corners, axis=1)))


def cut(pieces: Geometries, homes: BoolArray, urban: FloatArray, rng: np.random.Generator) -> Lots:
    """Slice pieces of land into lots.

    Parameters
    ----------
    pieces : ndarray (piece,) of Polygon [EPSG:5897]
        Land between the streets.
    homes : ndarray (piece,) of bool
        Whether a piece is sliced; the others stay whole.
    urban : ndarray (piece,) [1]
        Intensity: the higher, the narrower the lots.
    rng : Generator
        Source of the widths.

    Returns
    -------
    Lots
        Lots in the order of their pieces; cuts run through a whole piece, so that lots back to back share corners.
    """
    boxes = Boxes.around(pieces)
    slab_piece, left, right = _slabs(boxes, homes, urban, rng)
    band_piece, rear, front, field = _bands(boxes, homes, urban)
    slab, band = _paired(slab_piece, band_piece, len(pieces))
    piece = slab_piece[slab]
    lots = Lots(
        pieces[piece], piece, boxes.centre[piece], boxes.major[piece],
        left[slab], right[slab], rear[band], front[band], field[band],
    )  # fmt: skip
    slabs = lots.slab(lots.left, lots.right, lots.rear, lots.front)
    shape = np.where(homes[piece], shapely.intersection(lots.geometry, slabs), lots.geometry)
    parts, owner = shapely.get_parts(shapely.set_precision(shape, 0.001), return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) >= 18.0)
    return replace(lots.take(owner[keep]), geometry=parts[keep])


def _slabs(
    boxes: Boxes, homes: BoolArray, urban: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Cut each piece along its longer side; return piece, start and end of every slab [m]."""
    count = len(homes)
    core = 5.6 - 1.3 * np.clip(urban, 0.0, 1.0)
    width = np.where(urban >= URBAN, core, np.where(urban >= SUBURBAN, 8.5, 32.0)) * rng.uniform(0.9, 1.15, count)
    slabs = np.where(homes, np.maximum(1, np.round(boxes.long / width)), 1).astype(np.int64)
    piece, _ = ragged(slabs)
    weight = rng.uniform(0.82, 1.18, len(piece))
    # Here and there a family has bought the lot next door as well.
    weight[rng.random(len(piece)) < 0.05] *= 2.0
    total = np.bincount(piece, weights=weight, minlength=count)
    ends = np.cumsum(weight) - (np.cumsum(total) - total)[piece]
    right = (ends / total[piece] - 0.5) * boxes.long[piece]
    left = right - weight / total[piece] * boxes.long[piece]
    # Both neighbours must compute their common cut from the same number.
    same = np.flatnonzero(piece[1:] == piece[:-1]) + 1
    left[same] = right[same - 1]
    return piece, left, right


def _bands(boxes: Boxes, homes: BoolArray, urban: FloatArray) -> tuple[IntArray, FloatArray, FloatArray, BoolArray]:
    """Cut each piece across: return piece, rear and front [m] of every row of lots, and whether it holds fields."""
    half = boxes.short / 2
    rural = homes & (urban < SUBURBAN)
    double = homes & (boxes.short >= np.where(rural, 150.0, 30.0))
    house = np.where(rural, HOUSE_DEPTH, half)
    rows = [
        (homes & double & ~rural, 0 * half, half, False), (homes & double & ~rural, 0 * half, -half, False),
        (homes & ~double & ~rural, -half, half, False), (~homes, -half, half, False),
        (rural, half - house, half, False), (rural & double, house - half, -half, False),
        (rural & double, 0 * half, half - house, True), (rural & double, 0 * half, house - half, True),
        (rural & ~double & (half > house), -half, half - house, True),
    ]  # fmt: skip
    piece = np.concatenate([np.flatnonzero(where) for where, *_ in rows])
    rear = np.concatenate([r[where] for where, r, _, _ in rows])
    front = np.concatenate([f[where] for where, _, f, _ in rows])
    field = np.concatenate([np.full(int(where.sum()), flag) for where, _, _, flag in rows])
    order = np.lexsort((front, piece))
    return piece[order], rear[order], front[order], field[order]


def _paired(slab_piece: IntArray, band_piece: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Every slab with every row of its piece."""
    slabs, bands = np.bincount(slab_piece, minlength=count), np.bincount(band_piece, minlength=count)
    first_slab, first_band = np.cumsum(slabs) - slabs, np.cumsum(bands) - bands
    piece, member = ragged(slabs * bands)
    return first_slab[piece] + member // bands[piece], first_band[piece] + member % bands[piece]
