"""Features as they are published: GeoJSON text, made once when a thing changes, served as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

DECIMALS = 8
"""Decimal places of published longitudes and latitudes; the eighth is about a millimetre."""

Geometries = NDArray[np.object_]


def rounded(geometries: Geometries) -> Geometries:
    """Round the coordinates of published geometries.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [CRS84]
        Geometries, ``None`` where missing.

    Returns
    -------
    ndarray (n,) of shapely geometry [CRS84]
        Heights are left out: a published place is a place on the map. A polygon that rounding would make cross itself
        keeps its digits.
    """
    flat = shapely.force_2d(geometries)
    short = np.asarray(shapely.transform(flat, lambda xy: np.round(xy, DECIMALS)), dtype=object)
    broken = ~shapely.is_valid(short) & ~shapely.is_missing(short)
    short[broken] = flat[broken]
    return short


def serialised(
    ids: Sequence[str], places: Sequence[str | None], properties: Sequence[Mapping[str, Any]]
) -> list[bytes]:
    """Write features as GeoJSON.

    Parameters
    ----------
    ids : sequence of str (n,)
        Identifiers of the things.
    places : sequence of str or None (n,) [CRS84]
        GeoJSON geometries, ``None`` where missing.
    properties : sequence of mapping (n,)
        Properties in the order in which they shall be written.

    Returns
    -------
    list of bytes (n,)
        One GeoJSON Feature each, without links.
    """
    return [
        b'{"type":"Feature","id":"%b","geometry":%b,"properties":%b}'
        % (one.encode(), place.encode() if place is not None else b"null", orjson.dumps(values))
        for one, place, values in zip(ids, places, properties, strict=True)
    ]


def properties_of(feature: bytes) -> dict[str, Any]:
    """Return the properties of a serialised feature."""
    found: dict[str, Any] = orjson.loads(feature)["properties"]
    return found
