"""The points of a delivery that are looked at; each thing weighs the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Geometries = NDArray[np.object_]

CORNERS = 6
"""Most points of one thing."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Points of a delivery, thing after thing."""

    xy: FloatArray
    """Coordinates of each point (point, 2) [any unit]."""
    first: IntArray
    """First point of each thing (thing,)."""
    weight: FloatArray
    """One, divided among the points of a thing (point,) [1]."""
    names: tuple[str | None, ...]
    """Key of the area that the thing of each point names (point,)."""
    named: BoolArray
    """Whether it names one (point,)."""

    @classmethod
    def of(cls, geometries: Geometries, names: Sequence[str | None], things: int) -> Sample:
        """Take a sample.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [any CRS]
            As delivered; those without a place are left out, and of equal ones, which are one witness, all but one.
        names : sequence of str or None (n,)
            Key of the area that each names; empty where none does.
        things : int
            Most things that are looked at, spread evenly over the delivery.

        Returns
        -------
        Sample
            Of no things where none has a place.
        """
        rows = _spread(np.flatnonzero(np.isfinite(shapely.bounds(geometries)).all(axis=1)), things)
        rows = rows[np.sort(np.unique(shapely.to_wkb(geometries[rows]), return_index=True)[1])]
        xy, thing = shapely.get_coordinates(geometries[rows], return_index=True)
        xy, thing = (one[np.isfinite(xy).all(axis=1)] for one in (xy, thing))
        total = np.bincount(thing, minlength=len(rows))
        position = np.arange(len(thing)) - (np.cumsum(total) - total)[thing]
        wanted = np.minimum(total, CORNERS)[thing]
        # The k-th of few is the first whose share of the way reaches k.
        taken = position * wanted // total[thing] > (position - 1) * wanted // total[thing]
        count = np.minimum(total, CORNERS)
        of_point = [names[row] if len(names) else None for row in rows[thing[taken]]]
        return cls(
            xy[taken],
            np.cumsum(count) - count,
            1.0 / count[thing[taken]],
            tuple(of_point),
            np.array([one is not None for one in of_point], dtype=bool),
        )

    @property
    def count(self) -> int:
        """Number of things."""
        return len(self.first)

    @property
    def corners(self) -> list[IntArray]:
        """First, second … point of each thing (thing,); its last one again where it has no more."""
        many = np.diff(np.append(self.first, len(self.xy)))
        return [self.first + np.minimum(corner, many - 1) for corner in range(many.max(initial=1))]

    def weigh(self, points: BoolArray) -> float:
        """Count things by their points.

        Parameters
        ----------
        points : ndarray (point,) of bool
            Which points count.

        Returns
        -------
        float [1]
        """
        return float(points @ self.weight)

    def share(self, points: BoolArray) -> float:
        """Return the share of things that some points make up.

        Parameters
        ----------
        points : ndarray (point,) of bool
            Which points count.

        Returns
        -------
        float [1]
        """
        return self.weigh(points) / self.count


def _spread(rows: IntArray, count: int) -> IntArray:
    """Choose rows evenly."""
    if len(rows) <= count:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)])
