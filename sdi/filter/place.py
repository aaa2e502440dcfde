"""Places in a filter: literals of Simple Features and boxes, brought to CRS84 and to the grid of what is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely

from sdi.errors import InputError
from sdi.publishing.feature import rounded

ToCRS84 = Callable[[shapely.Geometry], shapely.Geometry]
"""Brings a place from the CRS of the filter to CRS84, the longitude first."""


def shape(literal: Mapping[str, Any], to_crs84: ToCRS84) -> shapely.Geometry:
    """Read a place.

    Parameters
    ----------
    literal : mapping
        GeoJSON geometry, or ``{"bbox": [...]}``.
    to_crs84 : callable
        From the CRS of the filter.

    Returns
    -------
    shapely geometry [CRS84]
        Rounded as published places are, so that what lies on a border still lies on it. Heights are left out.

    Raises
    ------
    InputError
        If it is no place, crosses itself, or leaves its CRS.
    """
    made = _box(literal["bbox"]) if "bbox" in literal else _geometry(literal)
    if made.is_empty or not shapely.is_valid(made):
        raise _refused(f"it is {'empty' if made.is_empty else shapely.is_valid_reason(made)}")
    moved: shapely.Geometry = rounded(np.array([to_crs84(made)], dtype=object))[0]
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise _refused("it lies outside its coordinate system")
    return moved


def parts(place: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the parts of a collection, else the place itself: engines compare no mixed collections."""
    return list(place.geoms) if place.geom_type == "GeometryCollection" else [place]


def _geometry(literal: Mapping[str, Any]) -> shapely.Geometry:
    """Read GeoJSON."""
    try:
        made: shapely.Geometry = shapely.from_geojson(json.dumps(literal))
        return shapely.force_2d(made)
    except (shapely.errors.GEOSException, ValueError) as error:
        raise _refused(str(error)) from error


def _box(numbers: Any) -> shapely.Geometry:
    """Make a rectangle; one whose west lies east of its east crosses the antimeridian."""
    if not isinstance(numbers, list) or len(numbers) not in {4, 6} or not all(_is_number(one) for one in numbers):
        raise _refused("a BBOX has 4 numbers, or 6 with heights")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if south > north:
        raise _refused(f"the south of BBOX {numbers} lies north of its north")
    if west == east or south == north:
        return shapely.MultiPoint([(west, south), (east, north)]).envelope
    if west < east:
        return shapely.box(west, south, east, north)
    return shapely.MultiPolygon([shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)])


def _is_number(value: object) -> bool:
    """Tell whether a value is a number and no truth."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refused(reason: str) -> InputError:
    """Make the error of a place that cannot be used."""
    return InputError(f"a place of the filter cannot be used ({' '.join(reason.split())[:120]})", code="filter-invalid")
