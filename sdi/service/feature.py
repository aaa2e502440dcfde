"""Pages of features: bytes from the publication, put together without reading them.

A publication keeps each feature as it is sent, in CRS84. Only another CRS or a page for people needs it parsed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import shapely

from sdi.crs import CRS84, StorageCRS, known

_DECIMALS = {True: 8, False: 3}
"""Decimals of a coordinate in degrees and in metres: about a millimetre in both."""


def collection_bytes(features: Sequence[bytes], members: Mapping[str, object]) -> bytes:
    """Write a FeatureCollection around serialised features.

    Parameters
    ----------
    features : sequence of bytes
        Serialised features.
    members : mapping
        Further members, such as ``links`` and ``numberMatched``.

    Returns
    -------
    bytes
        JSON.
    """
    head = orjson.dumps({"type": "FeatureCollection"} | dict(members))[:-1]
    return b"".join((head, b',"features":[', b",".join(features), b"]}"))


def feature_bytes(feature: bytes, members: Mapping[str, object]) -> bytes:
    """Add members, such as ``links``, to a serialised feature.

    Parameters
    ----------
    feature : bytes
        A serialised feature.
    members : mapping
        At least one member that the feature does not have.

    Returns
    -------
    bytes
        JSON.
    """
    return feature.rstrip()[:-1] + b"," + orjson.dumps(members)[1:]


def parsed(features: Sequence[bytes]) -> list[dict[str, Any]]:
    """Read serialised features.

    Parameters
    ----------
    features : sequence of bytes
        Serialised features.

    Returns
    -------
    list of dict
    """
    found: list[dict[str, Any]] = orjson.loads(b"[" + b",".join(features) + b"]")
    return found


def narrowed(features: Sequence[bytes], properties: Sequence[str] | None, *, places: bool = True) -> Sequence[bytes]:
    """Leave out what was not asked for.

    Parameters
    ----------
    features : sequence of bytes
        Serialised features.
    properties : sequence of str, optional
        Properties to keep, in the order in which they are published; all of them where ``None``.
    places : bool
        Keep the geometry.

    Returns
    -------
    sequence of bytes
    """
    if properties is None and places:
        return features
    documents = parsed(features)
    for one in documents:
        if properties is not None:
            one["properties"] = {name: value for name, value in one["properties"].items() if name in properties}
        if not places:
            one["geometry"] = None
    return [orjson.dumps(one) for one in documents]


def in_crs(features: Sequence[bytes], target: str, storage: StorageCRS) -> Sequence[bytes]:
    """Reproject a page of features, all coordinates in one call.

    Parameters
    ----------
    features : sequence of bytes [CRS84]
        Serialised features.
    target : str
        System to answer in.
    storage : StorageCRS
        For the pinned datum operation.

    Returns
    -------
    sequence of bytes [CRS ``target``, axis order as its authority defines it]
        Rounded to about a millimetre.
    """
    if target == CRS84 or not features:
        return features
    documents = parsed(features)
    geometries = np.array(geometries_of(documents), dtype=object)
    moved = storage.from_crs84(geometries, target)
    decimals = _DECIMALS[known(target).is_geographic]
    rounded = shapely.transform(moved, lambda xyz: np.round(xyz, decimals), include_z=bool(shapely.has_z(moved).any()))
    for one, text in zip(documents, shapely.to_geojson(rounded), strict=True):
        one["geometry"] = None if text is None else orjson.Fragment(text)
    return [orjson.dumps(one) for one in documents]


def geometries_of(documents: Sequence[Mapping[str, Any]]) -> list[shapely.Geometry | None]:
    """Geometries of parsed features.

    Parameters
    ----------
    documents : sequence of mapping
        Parsed features.

    Returns
    -------
    list of shapely geometry or None
        In the order given; None where a feature has no place.
    """
    texts = [None if one["geometry"] is None else orjson.dumps(one["geometry"]).decode() for one in documents]
    found: list[shapely.Geometry | None] = list(shapely.from_geojson(texts))
    return found
