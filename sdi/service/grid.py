"""Which cells of a raster a client asks for: spans of indices along each axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pygeoapi.provider.base import ProviderInvalidQueryError, ProviderNoDataError

from sdi.history import Interval

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Axes:
    """Cell centres of a raster."""

    x: FloatArray
    """Eastings or longitudes (n,) [unit of the CRS]."""
    y: FloatArray
    """Northings or latitudes (m,) [unit of the CRS], in the order of the rows."""
    time: NDArray[np.datetime64] | None = None
    """Moments (k,) [UTC]; None where the raster has no time."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Outer edges of the cells ``(xmin, ymin, xmax, ymax)`` [CRS of the raster]."""
        half_x, half_y = _half(self.x), _half(self.y)
        return (
            float(self.x.min()) - half_x, float(self.y.min()) - half_y,
            float(self.x.max()) + half_x, float(self.y.max()) + half_y,
        )  # fmt: skip

    @property
    def interval(self) -> tuple[str | None, str | None]:
        """First and last moment [UTC]; ``None`` without time."""
        if self.time is None:
            return None, None
        first, last = (f"{np.datetime_as_string(self.time[at], unit='s')}Z" for at in (0, -1))
        return first, last


@dataclass(frozen=True, slots=True)
class Part:
    """A box of cells."""

    columns: slice
    rows: slice
    times: slice
    step: int = 1
    """Every how many cells one is taken, in both directions."""

    def thinned(self, layers: int, maximum: int) -> Part:
        """Take fewer cells where the part is larger than an answer may be.

        Parameters
        ----------
        layers : int
            Values in one cell: one per variable, and per moment where the variable has time.
        maximum : int
            Most values in the answer.

        Returns
        -------
        Part
        """
        size = layers * (self.columns.stop - self.columns.start) * (self.rows.stop - self.rows.start)
        return Part(self.columns, self.rows, self.times, max(1, math.ceil(math.sqrt(size / maximum))))


def part_of(
    axes: Axes,
    bbox: Sequence[float],
    subsets: Mapping[str, Sequence[object]],
    period: Interval | None,
) -> Part:
    """Find the cells that a box, subsets and a period select.

    Parameters
    ----------
    axes : Axes
        Cell centres.
    bbox : sequence of float (0,) or (4,) [CRS of the raster]
        Box; empty selects all.
    subsets : mapping of str to sequence
        Axis ``x``, ``y`` or ``time`` to one value or to lower and upper value; ``*`` is open.
    period : Interval, optional
        From its start until before its end.

    Returns
    -------
    Part

    Raises
    ------
    ProviderInvalidQueryError
        If box and subsets speak of the same axis.
    ProviderNoDataError
        If no cell is selected.
    """
    if (bbox and {"x", "y"} & set(subsets)) or (period and "time" in subsets):
        raise ProviderInvalidQueryError(user_msg="an axis is limited twice; give bbox or subset, datetime or subset")
    spans = {name: _limits(name, values) for name, values in subsets.items()}
    if bbox:
        spans |= {"x": (bbox[0], bbox[2]), "y": (bbox[1], bbox[3])}
    return Part(_span(axes.x, spans.get("x")), _span(axes.y, spans.get("y")), _moments(axes.time, period))


def _limits(name: str, values: Sequence[object]) -> tuple[float, float]:
    """Read the lower and the upper value of a subset."""
    ends = [-math.inf if values[0] == "*" else values[0], math.inf if values[-1] == "*" else values[-1]]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in ends):
        raise ProviderInvalidQueryError(
            user_msg=f"subset {name} is {list(values)}; expected numbers, or * for an open end"
        )
    low, high = (float(str(one)) for one in ends)
    return min(low, high), max(low, high)


def _span(centres: FloatArray, limits: tuple[float, float] | None) -> slice:
    """Cells of one axis that touch an interval."""
    if limits is None:
        return slice(0, len(centres))
    half = _half(centres)
    inside = np.flatnonzero((centres + half >= limits[0]) & (centres - half <= limits[1]))
    if inside.size == 0:
        raise ProviderNoDataError
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _half(centres: FloatArray) -> float:
    """Half the width of a cell."""
    return abs(float(centres[-1] - centres[0])) / max(len(centres) - 1, 1) / 2


def _moments(times: NDArray[np.datetime64] | None, period: Interval | None) -> slice:
    """Time steps within a period; a raster without time matches every period."""
    if times is None:
        return slice(0, 1)
    if period is None:
        return slice(0, len(times))
    start, end = (np.datetime64(one.removesuffix("Z")) for one in period)
    seconds = times.astype("datetime64[s]")
    inside = np.flatnonzero((seconds >= start) & (seconds < end))
    if inside.size == 0:
        raise ProviderNoDataError
    return slice(int(inside[0]), int(inside[-1]) + 1)
