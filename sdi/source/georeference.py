"""Where on Earth a delivery lies: its CRS, the order of its axes, and places that cannot be.

A CRS is never guessed: an undeclared one refuses the delivery. What can be told from coordinates alone is told: degrees
where metres are declared, latitude before longitude, a lost sign, a place far from all others. Two grids of the same
country cannot be told apart this way; the entry must know.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from sdi import crs as systems
from sdi.entry import SourceOptions
from sdi.errors import RefusedError, refused
from sdi.source.delivery import Raw

Places = NDArray[np.object_]
Boxes = NDArray[np.float64]

DEFINITION = 1_048_576
"""Largest definition of a CRS [byte]; most have a thousandth of that."""
_LARGEST = 1e12
"""Beyond this no coordinate is one; shapefiles write -1.8e308 for «no data»."""
_NEARBY = 3.0
"""How far data may lie outside the area for which a CRS is made [degree]."""
_SPREAD = 20.0
"""How many times the extent of the others a place may lie away from them [1]."""
_MANY = 50
"""From how many rows on single places are judged by the others."""
_CORRECTED = re.compile(
    r"""
    PARAMETERFILE\s*[\[(](?!\s*"[^"]*"\s*,\s*"@null"\s*[,\])])  # WKT 2
    | PROJ4_GRIDS(?!"\s*,\s*"@null"(?!"))                       # WKT 1
    | grids\s*=(?!\s*@null(?:["\s]|$))                          # a definition of PROJ, also as an extension of WKT 1
    | \A(?!\s*(?:\w+\s*[\[(]|\{)).*?grids\s*=(?!\s*@null(?:\s|$))  # the same alone: there a quote ends nothing
    | "value"\s*:\s*"(?!@null") | \A\s*\{.*\\u                  # PROJJSON, and what is spelled so that it is not seen
    | \binit\s*= | PROJ-based
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Where a definition names a file: shifts of a grid, heights of a geoid, a list of systems; «@null» alone is none."""
_WGS84 = re.compile(r"wgs[\s_-]*(19)?84|world geodetic system 1984", re.IGNORECASE)


def place(raw: Raw, options: SourceOptions) -> CRS | None:
    """Settle CRS and axes of a table and put impossible places aside.

    Parameters
    ----------
    raw : Raw
        The table; its geometry is replaced.
    options : SourceOptions
        What the entry declares.

    Returns
    -------
    CRS or None
        CRS of the geometry, x easting or longitude; None for a table without any place.

    Raises
    ------
    RefusedError
        If the CRS is undeclared, or the coordinates contradict it.
    """
    _drop_no_numbers(raw)
    if shapely.is_missing(raw.geometry).all() and raw.crs is None and not options.crs:
        return None
    if raw.crs is not None and not options.crs:
        check_definition(raw.crs.to_wkt())
    crs = _settled(raw, options)
    if not (crs.is_geographic or crs.is_projected) and (crs.is_geocentric or crs.is_vertical):
        found = f"{crs.name} ({crs.type_name}) gives no place on a map"
        raise refused("crs-contradicted", found, "name a geographic or projected CRS as source.crs in the entry")
    if options.axes == "yx":
        raw.geometry = systems.swap_axes(raw.geometry)
        raw.remark("axes-exchanged", "the entry declares latitude or northing first; exchanged to x, y", "accepted")
    rows = np.flatnonzero(~(shapely.is_missing(raw.geometry) | shapely.is_empty(raw.geometry)))
    if len(rows):
        _check_range(raw, crs, rows)
        _check_outliers(raw, rows)
    return crs


def check_definition(text: str) -> None:
    """Refuse a CRS that names a file of corrections: who wrote the delivery must not choose which one is opened.

    Parameters
    ----------
    text : str
        Definition of a CRS; the libraries that read one open such files at once.

    Raises
    ------
    RefusedError
        If it names a file.
    """
    if named := _CORRECTED.search(text):
        found = f"the CRS of the delivery is to be corrected by a file that it names ({named[0][:40]}…)"
        raise refused("crs-names-a-file", found, "deliver it with the definition of a CRS that is registered")


def check_definition_beside(path: Path) -> None:
    """Refuse a CRS in a file beside the data, WKT or XML, as :func:`check_definition` does.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    RefusedError
        If it is too large to be a definition, or names a file.
    """
    check_length(path.name, path.stat().st_size)
    check_definition(html.unescape(path.read_text("latin-1")))


def check_length(name: str, size: int) -> None:
    """Refuse a definition of a CRS, and what stands around it, that is too large to be one.

    Parameters
    ----------
    name : str
        Where it stands, in words.
    size : int
        Its size [byte].

    Raises
    ------
    RefusedError
        If it is larger than :data:`DEFINITION`.
    """
    if size > DEFINITION:
        found = f"{name} has {size:,} bytes; a definition of a CRS has at most {DEFINITION:,}"
        raise refused("file-too-large", found, "ask the supplier for the delivery again", bytes=size, limit=DEFINITION)


def _drop_no_numbers(raw: Raw) -> None:
    """Put rows aside whose coordinates are no numbers, or no coordinates."""
    xy, rows = shapely.get_coordinates(raw.geometry, return_index=True)
    wrong = ~(np.abs(xy) < _LARGEST).all(axis=1)
    for row in np.unique(rows[wrong]):
        first = xy[wrong & (rows == row)][0]
        message = "a coordinate is missing, infinite or beyond all bounds; survey the place again"
        raw.remark("coordinate-not-finite", message, "quarantined", int(row), before=f"{first[0]:g}, {first[1]:g}")
        raw.geometry[row] = None


def _settled(raw: Raw, options: SourceOptions) -> CRS:
    """Choose between what the file and what the entry declare."""
    if options.crs:
        chosen = systems.known(options.crs)
        if raw.crs is not None and raw.declares_crs and not raw.crs.equals(chosen, ignore_axis_order=True):
            message = f"the file declares {raw.crs.name}; the entry declares {options.crs}, which was taken"
            raw.remark("crs-overridden", message, "accepted", before=raw.crs.name, after=options.crs)
        return chosen
    if raw.crs is None:
        xy = shapely.get_coordinates(raw.geometry)
        looks = "degrees" if len(xy) and (np.abs(xy) <= (180, 90)).all() else "metres of some grid"
        found = f"the delivery declares no CRS; its coordinates, such as {_pair(xy)}, look like {looks}"
        raise refused("crs-undeclared", found, "ask the supplier and name the CRS as source.crs in the entry")
    return _matched(raw.crs, raw)


def _pair(xy: NDArray[np.float64]) -> str:
    """Write the first pair of coordinates."""
    return f"({xy[0][0]:g}, {xy[0][1]:g})" if len(xy) else "(none)"


def _matched(crs: CRS, raw: Raw) -> CRS:
    """Find the registered CRS behind a definition without a code."""
    if crs.to_authority(min_confidence=100):
        return crs
    match = _registered(crs)
    if match is None:
        message = f"the CRS {crs.name!r} has no code and equals none that has; taken as defined (is its datum right?)"
        raw.remark("crs-without-code", message, "accepted", before=crs.name)
        return crs
    message = f"the CRS {crs.name!r} has no code; it equals {match.to_string()} ({match.name})"
    raw.remark("crs-matched", message, "repaired", before=crs.name, after=match.to_string())
    return match


def _registered(crs: CRS) -> CRS | None:
    """Look for a registered CRS that means the same; unequal ones are no match, however similar."""
    found = [CRS.from_authority(info.auth_name, info.code) for info in crs.list_authority(min_confidence=25)]
    equal = [one for one in found if one.equals(crs, ignore_axis_order=True)]
    # Old writers call the datum just «WGS84», which PROJ does not take for the ensemble of that name.
    if not equal and crs.is_geographic and _WGS84.search(crs.datum.name if crs.datum else ""):
        standard = systems.known("EPSG:4326")
        if crs.ellipsoid == standard.ellipsoid and crs.axis_info[0].unit_conversion_factor == _degree(standard):
            equal = [standard]
    return min(equal, key=lambda one: one.to_string().partition(":")[0] != "EPSG", default=None)


def _degree(crs: CRS) -> float:
    """Size of the angular unit of a CRS [rad]."""
    return float(crs.axis_info[0].unit_conversion_factor)


def _check_range(raw: Raw, crs: CRS, rows: NDArray[np.intp]) -> None:
    """Refuse coordinates outside the CRS; single rows outside are put aside."""
    boxes = shapely.bounds(raw.geometry[rows])
    inside: Callable[[Boxes], NDArray[np.bool_]] = _on_the_globe if crs.is_geographic else _projected_test(crs)
    good = inside(boxes)
    if good.all():
        return
    if 2 * good.sum() <= len(rows):
        _contradiction(boxes, crs, inside)
    for row in rows[~good]:
        west, south, *_ = shapely.bounds(raw.geometry[row])
        message = f"the place lies outside {crs.name}; survey it again"
        raw.remark("coordinate-outside", message, "quarantined", int(row), before=f"{west:g}, {south:g}")
        raw.geometry[row] = None


def _on_the_globe(boxes: Boxes) -> NDArray[np.bool_]:
    """Tell which boxes are possible longitudes and latitudes [degree]."""
    limit = np.array([180.0, 90.0, 180.0, 90.0]) + 1e-9
    return np.asarray((np.abs(boxes) <= limit).all(axis=1))


def _projected_test(crs: CRS) -> Callable[[Boxes], NDArray[np.bool_]]:
    """Build the test whether boxes lie where a projected CRS is made for, or near it."""
    area = crs.area_of_use

    def inside(boxes: Boxes) -> NDArray[np.bool_]:
        if area is None:
            return np.ones(len(boxes), dtype=bool)
        centres = shapely.points((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
        xy = shapely.get_coordinates(_in_degrees(centres, crs))
        west, east = area.west - _NEARBY, area.east + _NEARBY + (360 if area.east < area.west else 0)
        x, y = xy.T
        near = (x >= west) & (x <= east) & (y >= area.south - _NEARBY) & (y <= area.north + _NEARBY)
        return np.asarray(near)

    return inside


def _in_degrees(points: Places, crs: CRS) -> Places:
    """Reproject points; those that the CRS cannot express end far from everything."""
    try:
        return systems.project(points, crs.to_string(), systems.CRS84)
    except RefusedError:
        if len(points) == 1:
            return np.array([shapely.Point(1e6, 1e6)], dtype=object)
        return np.concatenate([_in_degrees(half, crs) for half in np.array_split(points, 2)])


def _contradiction(boxes: Boxes, crs: CRS, inside: Callable[[Boxes], NDArray[np.bool_]]) -> None:
    """Refuse a delivery whose coordinates do not fit its CRS, with the likeliest reason."""
    first = f"({boxes[0][0]:g}, {boxes[0][1]:g})"
    if inside(boxes[:, [1, 0, 3, 2]]).mean() > 0.5:
        found = f"coordinates such as {first} lie outside {crs.name}, but inside it with x and y exchanged"
        raise refused("axes-exchanged", found, "write source.axes: yx in the entry if latitude or northing comes first")
    if crs.is_geographic and (np.abs(boxes[:, :2]) > 400).any(axis=1).mean() > 0.5:
        found = f"coordinates such as {first} are no degrees, but {crs.name} is declared or assumed"
        raise refused("crs-contradicted", found, "they look projected: name the right CRS as source.crs in the entry")
    if not crs.is_geographic and _on_the_globe(boxes).mean() > 0.5:
        found = f"coordinates such as {first} look like degrees, but {crs.name} counts in {crs.axis_info[0].unit_name}s"
        raise refused("crs-contradicted", found, "name the right CRS as source.crs in the entry, perhaps OGC:CRS84")
    found = f"coordinates such as {first} lie outside {crs.name}"
    raise refused(
        "coordinates-outside", found, "correct the coordinates, or name the right CRS as source.crs in the entry"
    )


def _check_outliers(raw: Raw, rows: NDArray[np.intp]) -> None:
    """Judge places far from all others: a lost sign or exchanged axes are undone, others are put aside."""
    rows = rows[~shapely.is_missing(raw.geometry[rows])]
    if len(rows) < _MANY:
        return
    boxes = shapely.bounds(raw.geometry[rows])
    centres = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)])
    low, high = np.percentile(centres, [2, 98], axis=0)
    reach = _SPREAD * np.maximum(high - low, np.abs(boxes[:, 2:] - boxes[:, :2]).max(axis=0) + 1e-9)
    far = (np.abs(centres - np.median(centres, axis=0)) > reach).any(axis=1)
    if far.mean() > 0.02:
        return  # two towns in one delivery are no outliers
    for row, centre in zip(rows[far], centres[far], strict=True):
        _judge_outlier(raw, int(row), centre, low - (high - low), high + (high - low))


def _judge_outlier(
    raw: Raw, row: int, centre: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> None:
    """Undo the one slip that brings a place among the others; put it aside where none does."""
    before = f"{centre[0]:g}, {centre[1]:g}"
    slips = {"the sign of x was lost": (-1, 1), "the sign of y was lost": (1, -1)}
    possible = {
        slip: shapely.transform(raw.geometry[row], lambda xy, signs=signs: xy * signs)
        for slip, signs in slips.items()
        if ((low <= centre * signs) & (centre * signs <= high)).all()
    }
    if ((low <= centre[::-1]) & (centre[::-1] <= high)).all():
        possible["x and y were exchanged"] = systems.swap_axes(raw.geometry[row : row + 1])[0]
    if len(possible) == 1:
        slip, geometry = next(iter(possible.items()))
        raw.geometry[row] = geometry
        after = ", ".join(f"{ordinate:g}" for ordinate in shapely.get_coordinates(shapely.centroid(geometry))[0])
        message = f"the place lies far from all others; {slip}, undone: it now lies among them"
        raw.remark("coordinate-slip", message, "repaired", row, before=before, after=after)
        return
    message = "the place lies far from all others; survey it again"
    raw.remark("coordinate-outlier", message, "quarantined", row, before=before)
    raw.geometry[row] = None
