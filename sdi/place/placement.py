"""Placement: places that are told by other places, along a route or relative to another location, and their height.

What is told is kept, and the geometry follows from it; `sdi/place/following.py` writes it again when the route is
re-aligned or the other location moves.

A measure is counted on the alignment in force, so a re-alignment recalibrates it. Points that lie on the old and on the
new alignment keep their place, whatever their measure becomes; between two such points measures are stretched in
proportion, so what stood in the middle of a bend stands in the middle of the new one. The two beginnings belong
together, and the two ends, unless they lie on the other line. What stood beyond the end of a route that was shortened
comes to lie at its end, a stretch as the last centimetre of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from sdi.errors import ConflictError, InputError

FloatArray = NDArray[np.float64]

SAME_M = 0.01
"""How far a point may lie from a line and still be on it [m]."""
DEEPEST_M = 1000.0
"""A depth that is larger is a mistake of units [m]."""


@dataclass(frozen=True, slots=True)
class Along:
    """A place along a route."""

    route: str
    """Identifier of the route, a thing whose place is a line."""
    from_m: float
    """Distance from its beginning [m]."""
    to_m: float | None = None
    """Distance from its beginning to the end of a stretch [m]; a point where absent."""
    offset_m: float = 0.0
    """Distance beside the route [m], to the left where positive."""


@dataclass(frozen=True, slots=True)
class Relative:
    """A place relative to another location; that of a line or an area counts from its interior point."""

    to: str
    """Identifier of the other location."""
    dx_m: float
    """To the east [m]."""
    dy_m: float
    """To the north [m]."""
    dz_m: float = 0.0
    """Upward [m]."""


Reference = Along | Relative


@dataclass(frozen=True, slots=True)
class Height:
    """How high or deep something is."""

    z_m: float | None = None
    """Height over the vertical datum of its accuracy [m]."""
    depth_m: float | None = None
    """Depth of its top below the ground [m]."""


NOWHERE = Height()


def details(reference: Reference | None, height: Height = NOWHERE) -> dict[str, Any]:
    """Return what a location version keeps of a place beside its geometry.

    Parameters
    ----------
    reference : Along, Relative or None
        By what it is told.
    height : Height
        How high or deep it is.

    Returns
    -------
    dict of str to value
        Columns of ``location_version`` that are known.

    Raises
    ------
    InputError
        If a number is none, or a depth is above the ground or deeper than any.
    """
    found: dict[str, Any] = {"z_m": height.z_m, "depth_m": height.depth_m}
    if isinstance(reference, Along):
        found |= {"route": reference.route, "measure_from_m": reference.from_m, "measure_to_m": reference.to_m}
        found |= {"offset_m": reference.offset_m}
    elif isinstance(reference, Relative):
        found |= {"relative_to": reference.to, "dx_m": reference.dx_m, "dy_m": reference.dy_m, "dz_m": reference.dz_m}
    known = {name: value for name, value in found.items() if value is not None}
    for name, value in known.items():
        if not isinstance(value, str) and not np.isfinite(value):
            raise InputError(f"{name} of a place is {value}, no number; give it in metres", code="place-invalid")
    if not 0 <= known.get("depth_m", 0) <= DEEPEST_M:
        raise InputError(
            f"depth {height.depth_m} m is not between 0 and {DEEPEST_M:g} m below the ground; what stands above it has "
            "a height (z), no depth",
            code="depth-invalid",
        )
    return known


def of(columns: Mapping[str, Any]) -> tuple[Reference | None, Height]:
    """Return by what a place is told, and how high it is, from the columns of a location version."""
    height = Height(columns["z_m"], columns["depth_m"])
    if columns["route"] is not None:
        along = (columns[name] for name in ("route", "measure_from_m", "measure_to_m", "offset_m"))
        return Along(*along), height
    if columns["relative_to"] is not None:
        return Relative(*(columns[name] for name in ("relative_to", "dx_m", "dy_m", "dz_m"))), height
    return None, height


def kind(reference: Reference | None) -> str | None:
    """Return the type of a location that is told by another one; None where its geometry says it."""
    return {Along: "linear_ref", Relative: "relative"}.get(type(reference))


# geometry ----------------------------------------------------------------------------------------------------------


def shape_of(reference: Reference, base: Any) -> Any:
    """Return the place that is told.

    Parameters
    ----------
    reference : Along or Relative
        By what it is told.
    base : shapely geometry [m, storage CRS]
        The route, or the other place.

    Returns
    -------
    shapely geometry [m, storage CRS]
        A point, or the line of a stretch.

    Raises
    ------
    InputError
        If the route is not one line, or shorter than the measures.

    Examples
    --------
    >>> shape_of(Along("019b", 30, offset_m=2), shapely.LineString([(0, 0), (100, 0)])).wkt
    'POINT (30 2)'
    """
    if isinstance(reference, Relative):
        point = base if base.geom_type == "Point" else shapely.point_on_surface(base)
        return shapely.Point(point.x + reference.dx_m, point.y + reference.dy_m)
    line = _line(base, reference.route)
    start, end = reference.from_m, reference.from_m if reference.to_m is None else reference.to_m
    if not (0 <= start <= end <= line.length + SAME_M) or start == reference.to_m:
        raise InputError(
            f"measures {start} to {end} m do not lie in order on route {reference.route}, which is "
            f"{line.length:.2f} m long; measures are counted in metres from its beginning",
            code="measure-outside",
        )
    if reference.to_m is None:
        return _beside(line, min(start, line.length), reference.offset_m)
    stretch = substring(line, start, min(end, line.length))
    return shapely.offset_curve(stretch, reference.offset_m) if reference.offset_m else stretch


def _line(base: Any, route: str) -> Any:
    """Return a route as one line."""
    line = shapely.force_2d(shapely.line_merge(base, directed=True) if base.geom_type == "MultiLineString" else base)
    if line.geom_type != "LineString":
        raise InputError(
            f"route {route} is a {base.geom_type} here, not one line; measures need a line without gaps",
            code="route-broken",
        )
    return line


def _beside(line: Any, measure: float, offset: float) -> Any:
    """Return a point beside a line."""
    point = shapely.line_interpolate_point(line, measure)
    if not offset:
        return point
    ends = np.clip([measure - SAME_M, measure + SAME_M], 0, line.length)
    (x0, y0), (x1, y1) = shapely.get_coordinates(shapely.line_interpolate_point(line, ends))
    run = float(np.hypot(x1 - x0, y1 - y0))
    return shapely.Point(point.x - offset * (y1 - y0) / run, point.y + offset * (x1 - x0) / run)


def recalibrated(reference: Reference, old: Any, new: Any) -> Reference:
    """Return by what a place is told after the place that tells it changed.

    Parameters
    ----------
    reference : Along or Relative
        By what it was told.
    old, new : shapely geometry [m, storage CRS]
        The route before and after.

    Returns
    -------
    Along or Relative
        The same for a relative place; other measures along a route, by the rule of this module.

    Raises
    ------
    ConflictError
        If the new alignment runs the other way round.
    """
    if isinstance(reference, Relative):
        return reference
    before, after = calibration(_line(old, reference.route), _line(new, reference.route))
    start = float(np.interp(reference.from_m, before, after))
    if reference.to_m is None:
        return dataclasses.replace(reference, from_m=start)
    end = float(np.interp(reference.to_m, before, after))
    if end - start < SAME_M:  # a line all the same: a register of lines could not show a point
        start = max(end - SAME_M, 0.0)
        end = start + SAME_M
    return dataclasses.replace(reference, from_m=start, to_m=end)


def calibration(old: Any, new: Any) -> tuple[FloatArray, FloatArray]:
    """Return the measures of points that belong together on two alignments of a route.

    Parameters
    ----------
    old, new : LineString [m, storage CRS]
        The alignments.

    Returns
    -------
    tuple of ndarray (n,) [m]
        Measures on the old and on the new one, both in order; at least the beginnings and the ends.

    Raises
    ------
    ConflictError
        If the new alignment runs the other way round.

    Examples
    --------
    A road of 1,000 m whose stretch from 400 to 600 m becomes a bend of 250 m: what stood at 500 stands at 525.
    """
    corners, others = shapely.points(shapely.get_coordinates(old)), shapely.points(shapely.get_coordinates(new))
    first, last = shapely.distance(corners[[0, -1]], others[[0, -1]])
    if shapely.distance(corners[0], others[-1]) < first and shapely.distance(corners[-1], others[0]) < last:
        raise ConflictError(
            "the new alignment of the route runs the other way round, so that every measure along it would count from "
            "the other end; reverse its line and write it again",
            code="route-reversed",
        )
    pairs = [(_measures(old), shapely.line_locate_point(new, corners), shapely.distance(corners, new))]
    pairs += [(shapely.line_locate_point(old, others), _measures(new), shapely.distance(others, old))]
    met = [pair for ones, two, far in pairs for pair in zip(ones[far <= SAME_M], two[far <= SAME_M], strict=True)]
    starts, ends = shapely.distance(corners[[0, -1]], new) <= SAME_M
    met += [] if starts else [(0.0, 0.0)]
    met += [] if ends else [(old.length, new.length)]
    return _in_order(sorted(met))


def _measures(line: Any) -> FloatArray:
    """Return the measures of the corners of a line."""
    steps = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _in_order(met: Sequence[tuple[float, float]]) -> tuple[FloatArray, FloatArray]:
    """Return pairs of measures without those that would turn the order round."""
    kept: list[tuple[float, float]] = []
    for one, other in met:
        if not kept or (one > kept[-1][0] + SAME_M and other >= kept[-1][1]):
            kept.append((one, other))
    before, after = np.array(kept, dtype=np.float64).T
    return before, after
