"""Coordinate reference systems offered to clients (Features 2).

A city is offered CRS84, WGS 84 with latitude first, Web Mercator, its storage CRS, and every projected system of the
EPSG register with the same geodetic datum whose area of use meets the city: no list of any country stands here.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from sdi.crs import CRS84, StorageCRS, is_latitude_first, known, project, uri
from sdi.errors import InputError
from sdi.filter.place import ToCRS84
from sdi.service.parameter import Box, box, check_globe

_WORLD = ("EPSG:4326", "EPSG:3857")
_FARTHEST = 1e9
"""Largest coordinate of a projected system that is worth a look [unit of the CRS]."""
_SEGMENTS = 20
"""Pieces into which each edge of a box is cut before it is reprojected, as edges become curves."""


@cache
def offered(storage: str, extent: Box | None) -> tuple[str, ...]:
    """List the systems in which features of a city can be asked for.

    Parameters
    ----------
    storage : str
        Storage CRS, ``EPSG:n``.
    extent : tuple of float (4,) [degree, CRS84], optional
        Where the city is; without it only the systems of the world and the storage CRS are offered.

    Returns
    -------
    tuple of str
        ``OGC:CRS84`` first, as some clients take the first of the list.
    """
    first = (CRS84, *_WORLD, storage)
    if extent is None:
        return tuple(dict.fromkeys(first))
    datum: CRS | None = known(storage).geodetic_crs
    found = query_crs_info(
        auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=AreaOfInterest(*extent), contains=False
    )
    codes = sorted({int(one.code) for one in found if not one.deprecated})
    near = (f"EPSG:{code}" for code in codes if known(f"EPSG:{code}").geodetic_crs == datum)
    return tuple(dict.fromkeys((*first, *near)))


def uris(codes: tuple[str, ...]) -> list[str]:
    """Name systems by their URIs.

    Parameters
    ----------
    codes : tuple of str
        Systems such as ``EPSG:3857``.

    Returns
    -------
    list of str
    """
    return [uri(code) for code in codes]


def asked(name: str, text: str | None, codes: tuple[str, ...]) -> str:
    """Read a parameter that names a system.

    Parameters
    ----------
    name : str
        ``crs`` or ``bbox-crs``.
    text : str, optional
        URI sent by the client, or ``[EPSG:n]``; CRS84 without it.
    codes : tuple of str
        Systems offered.

    Returns
    -------
    str
        Code of the system.

    Raises
    ------
    InputError
        If the URI names a system that is not offered.
    """
    if text is None:
        return CRS84
    written = {uri(code): code for code in codes} | {f"[{code}]": code for code in codes}
    if text not in written:
        number = re.split(r"[:/]", text.strip("[]"))[-1]
        near = [one for one in uris(codes) if one.endswith(f"/{number}")]
        cure = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(uris(codes))}"
        raise InputError(f"parameter {name} is {text!r}, not offered here; {cure}")
    return written[text]


def box_in_crs84(text: str, code: str, storage: StorageCRS) -> Box:
    """Read ``bbox`` in the system of ``bbox-crs`` and express it in longitude and latitude.

    Parameters
    ----------
    text : str
        The parameter.
    code : str
        System of the numbers, in its own axis order.
    storage : StorageCRS
        For the pinned datum operation.

    Returns
    -------
    tuple of float (4,) [degree, CRS84]
        Box around the box asked for.

    Raises
    ------
    InputError
        If the numbers are no box of that system.
    """
    edges = box(text, latitude_first=is_latitude_first(code))
    if code in {CRS84, "EPSG:4326"}:
        return check_globe(edges)
    if max(map(abs, edges)) > _FARTHEST:
        raise InputError(f"parameter bbox is {text!r}; expected coordinates of {uri(code)}")
    if edges[0] > edges[2]:
        raise InputError(f"parameter bbox is {text!r}; only boxes in longitude and latitude may cross the antimeridian")
    return bounds_between(edges, code, CRS84, storage)


def into_crs84(code: str, storage: StorageCRS) -> ToCRS84:
    """Return what brings a place of a system to CRS84.

    Parameters
    ----------
    code : str
        System of the place, its axes in its own order.
    storage : StorageCRS
        For the pinned datum operation.

    Returns
    -------
    callable
        From a place of that system to one in CRS84 [degree, longitude first]; a place that the system does not have
        raises InputError.
    """
    if code == CRS84:
        return _on_the_globe

    def moved(place: shapely.Geometry) -> shapely.Geometry:
        eastward = shapely.transform(place, lambda xy: xy[:, ::-1]) if is_latitude_first(code) else place
        if known(code).is_geographic:
            _on_the_globe(eastward)
        elif np.abs(shapely.get_coordinates(eastward)).max() > _FARTHEST:
            raise InputError(f"a place of the filter lies outside {uri(code)}; expected its coordinates")
        if code == "EPSG:4326":
            return eastward
        return project(np.array([eastward], dtype=object), code, CRS84, storage.operation)[0]

    return moved


def _on_the_globe(place: shapely.Geometry) -> shapely.Geometry:
    """Return a place in longitude and latitude, refused where it leaves the globe."""
    check_globe(place.bounds)
    return place


def bounds_between(edges: Box, source: str, target: str, storage: StorageCRS) -> Box:
    """Express a box in another system.

    Parameters
    ----------
    edges : tuple of float (4,) [CRS ``source``]
        Box, east-west first.
    source, target : str
        Systems.
    storage : StorageCRS
        For the pinned datum operation.

    Returns
    -------
    tuple of float (4,) [CRS ``target``]
        The smallest box around the given one, east-west first.
    """
    if source == target:
        return edges
    ring = shapely.box(*edges)
    longest = max(edges[2] - edges[0], edges[3] - edges[1])
    if longest > 1e-9:
        ring = shapely.segmentize(ring, longest / _SEGMENTS)
    moved = project(np.array([ring], dtype=object), source, target, storage.operation)[0]
    west, south, east, north = shapely.bounds(moved).tolist()
    return west, south, east, north


def one_side(box: Box, extent: Box | None) -> Box:
    """Choose the side of a box across the antimeridian on which a collection lies.

    Parameters
    ----------
    box : tuple of float (4,) [degree, CRS84]
        Box; returned as it is where it does not cross.
    extent : tuple of float (4,) [degree, CRS84], optional
        Where the collection lies.

    Returns
    -------
    tuple of float (4,) [degree, CRS84]
        A box that does not cross.

    Raises
    ------
    InputError
        If the collection lies on both sides.
    """
    if box[0] <= box[2]:
        return box
    halves = ((box[0], box[1], 180.0, box[3]), (-180.0, box[1], box[2], box[3]))
    touched = [half for half in halves if extent and half[0] <= extent[2] and extent[0] <= half[2]]
    if len(touched) > 1:
        raise InputError(
            f"bbox {box} crosses the antimeridian where this collection lies on both sides; ask for each side"
        )
    return touched[0] if touched else halves[0]
