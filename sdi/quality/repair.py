"""Geometries brought into the form a register needs, with a ledger of what each repair changed.

Repairs keep the shape that was meant: rings are joined as the structure of the polygon says (shells are merged, holes
subtracted), lines and points left over are dropped. The moved area is the area of the plane that belongs to the
repaired polygon but not to the delivered rings as they are drawn (even-odd rule for each part), or the other way round;
it is zero for a polygon that was valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from sdi.declaration import LocationRule
from sdi.source import Finding

Geometries = NDArray[np.object_]
Rows = NDArray[np.intp]

_MANY = 20
"""From how many rows on a habit of the whole file is reported once."""
_MOST_CROSSINGS = 2_000
"""How often a polygon may cross itself and still be repaired, which takes a second then and a minute at 20,000 [1]."""
_TOGETHER = 16
"""Most segments whose crossings are counted at once: in a large star each crosses half of the others."""
_AT_A_POST = 16
"""With how many others a segment may share an end; where four parcels meet at a post it is thirteen."""
_MOST_NEAR = 2_000_000
"""How many pairs of segments may lie in each other's box, more than that many to each; repairs look at them all."""
_REDRAWN = ("geometry-invalid", "geometry-antimeridian")
"""Repairs after which the order of the rings says nothing of the delivery."""
_FAMILY = {"Point": "Point", "LineString": "LineString", "LinearRing": "LineString", "Polygon": "Polygon"}


@dataclass(slots=True)
class Ledger:
    """Geometries under repair and what was done to them."""

    geometry: Geometries
    crs: CRS | None
    findings: list[Finding] = field(default_factory=list)

    def note(self, code: str, row: int | np.integer[Any], message: str, action: str, **more: object) -> None:
        """Add a finding about one row."""
        self.findings.append(Finding(code, int(row), message, action, **more))  # type: ignore[arg-type]

    def put_aside(self, code: str, row: int | np.integer[Any], message: str, **more: object) -> None:
        """Declare a row bad; it has no place any more."""
        self.note(code, row, message, "quarantined", **more)
        self.geometry[row] = None

    @property
    def rows(self) -> Rows:
        """Rows that have a place."""
        return np.flatnonzero(~shapely.is_missing(self.geometry))


def repaired(
    geometry: Geometries, crs: CRS | None, rule: LocationRule, *, ordered_rings: bool, known_bad: Iterable[int] = ()
) -> Ledger:
    """Bring geometries into the form a register needs.

    Parameters
    ----------
    geometry : ndarray (row,) of shapely geometry [CRS of the delivery]
        As delivered, None where there is none.
    crs : CRS or None
        CRS of the delivery.
    rule : LocationRule
        What the register asks for.
    ordered_rings : bool
        The format demands shells counter-clockwise and holes clockwise, so that others are a finding.
    known_bad : iterable of int
        Rows whose place was refused earlier, for which no second finding is wanted.

    Returns
    -------
    Ledger
        Repaired geometries, None where a row has no usable place, and the findings.
    """
    ledger = Ledger(np.array(geometry, dtype=object), crs)
    _judge_missing(ledger, rule, set(known_bad))
    if crs is not None and crs.is_geographic:
        _cut_at_antimeridian(ledger)
    _drop_zero_lengths(ledger)
    _make_valid(ledger)
    _remark_on_repeated_points(ledger)
    _fit_type(ledger, rule)
    _order_rings(ledger, reported=ordered_rings)
    return ledger


def _judge_missing(ledger: Ledger, rule: LocationRule, known_bad: set[int]) -> None:
    """Judge rows without a place."""
    empty = set(np.flatnonzero(shapely.is_empty(ledger.geometry)).tolist())
    missing = set(np.flatnonzero(shapely.is_missing(ledger.geometry)).tolist()) - known_bad
    for row in sorted(empty | missing):
        ledger.geometry[row] = None
        code = "geometry-empty" if row in empty else "geometry-missing"
        if rule.required:
            message = "the row has no place, but the register needs one; digitise it"
            ledger.put_aside(code, row, message)
        elif row in empty:
            ledger.note(code, row, "the geometry is empty; taken as a thing without a place", "accepted")


def _cut_at_antimeridian(ledger: Ledger) -> None:
    """Cut geometries that mean the short way across 180 degrees but are drawn the long way round."""
    boxes = shapely.bounds(ledger.geometry)
    with np.errstate(invalid="ignore"):
        wide = np.flatnonzero(boxes[:, 2] - boxes[:, 0] > 180)
    for row in wide:
        shifted = shapely.transform(ledger.geometry[row], _eastwards)
        west, _, east, _ = shapely.bounds(shifted)
        if east - west >= 180 or shapely.get_dimensions(shifted) == 0:
            continue
        parts = [
            shapely.intersection(shapely.make_valid(shifted), shapely.box(low, -90, low + 360, 90))
            for low in (-180, 180)
        ]
        parts[1] = shapely.transform(parts[1], lambda xy: xy - (360, 0))
        ledger.geometry[row] = shapely.union_all([part for part in parts if not part.is_empty])
        message = "the geometry crosses the antimeridian; cut there in two"
        ledger.note("geometry-antimeridian", row, message, "repaired", before=f"{boxes[row][0]:g} to {boxes[row][2]:g}")


def _eastwards(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count western longitudes on beyond 180 degrees."""
    return np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]])


def _remark_on_repeated_points(ledger: Ledger) -> None:
    """Count geometries with vertices that repeat the one before; they are valid, so nothing is changed."""
    rows = ledger.rows[shapely.get_dimensions(ledger.geometry[ledger.rows]) > 0]
    before = shapely.get_num_coordinates(ledger.geometry[rows])
    fewer = shapely.get_num_coordinates(shapely.remove_repeated_points(ledger.geometry[rows], 0)) < before
    if fewer.any():
        message = f"{fewer.sum():,} geometries repeat a vertex, the first in row {rows[fewer][0]}; harmless, left so"
        ledger.findings.append(Finding("geometry-repeated-points", None, message, "accepted"))


def _drop_zero_lengths(ledger: Ledger) -> None:
    """Drop lines without length; a row that has no other is bad."""
    rows = ledger.rows
    linear = rows[np.isin(shapely.get_type_id(ledger.geometry[rows]), (1, 2, 5))]
    for row in linear:
        parts = shapely.get_parts(ledger.geometry[row])
        long = parts[shapely.length(parts) > 0]
        if not len(long):
            message = "the line has no length; digitise it again"
            first = shapely.get_coordinates(parts)[0]
            ledger.put_aside("geometry-zero-length", row, message, before=f"{first[0]:g}, {first[1]:g}")
        elif len(long) < len(parts):
            ledger.geometry[row] = shapely.multilinestrings(long)
            message = f"{len(parts) - len(long)} of {len(parts)} lines have no length; dropped"
            ledger.note("geometry-zero-length", row, message, "repaired")


def _make_valid(ledger: Ledger) -> None:
    """Repair invalid polygons and state the area that moved."""
    rows = ledger.rows
    for row in rows[~shapely.is_valid(ledger.geometry[rows])]:
        delivered = ledger.geometry[row]
        reason = _reason(delivered)
        if _is_tangled(delivered):
            found = f"the polygon crosses itself more than {_MOST_CROSSINGS:,} times, or lies in narrow folds"
            ledger.put_aside("geometry-tangled", row, f"{found}; draw it again", before=reason)
            continue
        try:
            mended = valid(delivered)
            moved = area(shapely.symmetric_difference(mended, drawn(delivered)), ledger.crs)
        except shapely.GEOSException as error:
            ledger.put_aside("geometry-unreadable", row, f"the geometry cannot be repaired ({error}); draw it again")
            continue
        if mended.is_empty:
            message = "the polygon has no area; digitise it again"
            ledger.put_aside("geometry-collapsed", row, message, before=reason)
            continue
        message = f"the polygon is invalid; repaired, {moved:,.2f} m2 moved"
        after = f"{mended.geom_type}, {len(shapely.get_parts(mended))} parts, {area(mended, ledger.crs):,.2f} m2"
        ledger.geometry[row] = mended
        ledger.note("geometry-invalid", row, message, "repaired", before=reason, after=after, moved_area_m2=moved)


def _is_tangled(geometry: BaseGeometry) -> bool:
    """Tell whether a geometry crosses or covers itself so often that to repair it would take too long."""
    ends = _segments(geometry)
    # Shuffled, or whoever delivers the geometry could hide the worst of it behind what is harmless.
    ends = np.random.default_rng(0).permutation(ends)
    segments = shapely.linestrings(ends)
    tree, crossings, near, first, together = shapely.STRtree(segments), 0, 0, 0, 1
    while first < len(segments) and crossings <= 2 * _MOST_CROSSINGS and near <= _MOST_NEAR:  # each is met from both
        shapely.prepare(segments[first : first + together])
        one, other = tree.query(segments[first : first + together])
        near += _beyond(one, _AT_A_POST)
        meet = shapely.intersects(segments[first + one], segments[other])
        one, other = one[meet], other[meet]
        joined = (ends[first + one][:, :, None] == ends[other][:, None, :]).all(axis=-1).any(axis=(1, 2))
        crossings += int((~joined).sum()) + _beyond(one[joined], _AT_A_POST)
        first, together = first + together, min(2 * together, _TOGETHER)
    return crossings > 2 * _MOST_CROSSINGS or near > _MOST_NEAR


def _beyond(one: Rows, free: int) -> int:
    """Count what segments meet beyond themselves and some others that each is free to meet."""
    return int(np.maximum(np.bincount(one) - 1 - free, 0).sum())


def _segments(geometry: BaseGeometry) -> NDArray[np.float64]:
    """Take the rings of a geometry apart into the ends of their segments (segment, 2, 2); none is without length."""
    parts = np.array(_simple_parts(geometry), dtype=object)
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(parts)]
    ends: NDArray[np.float64] = np.concatenate(
        [np.empty((0, 2, 2)), *(np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings)]
    )
    long: NDArray[np.bool_] = (ends[:, 0] != ends[:, 1]).any(axis=1)
    return ends[long]


def _reason(geometry: BaseGeometry) -> str:
    """Say why a geometry is invalid, with the place in full."""
    return re.sub(r"\[(\S+) (\S+)\]", r" at \1 \2", str(shapely.is_valid_reason(geometry)))


def valid(geometry: BaseGeometry) -> BaseGeometry:
    """Repair one geometry by its structure: shells are merged, holes subtracted, what has no area is dropped.

    Parameters
    ----------
    geometry : shapely geometry [any CRS]
        Invalid.

    Returns
    -------
    shapely geometry [same CRS]
        Valid; empty where no area is left.
    """
    mended = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    return polygonal(mended) if geometry.geom_type in ("Polygon", "MultiPolygon") else mended


def drawn(geometry: BaseGeometry) -> BaseGeometry:
    """Fill polygons as a drawing does: a place inside an odd number of rings of one part belongs to it.

    Parameters
    ----------
    geometry : shapely geometry [any CRS]
        Any type; what has no rings counts nothing.

    Returns
    -------
    shapely geometry [same CRS]
        Equal to the polygon where that is valid.
    """
    polygons = [part for part in _simple_parts(geometry) if part.geom_type == "Polygon"]
    return polygonal(shapely.union_all([_filled(polygon) for polygon in polygons]))


def _filled(polygon: shapely.Polygon) -> BaseGeometry:
    """Fill the rings of one part."""
    filled: BaseGeometry = shapely.Polygon()
    for ring in (polygon.exterior, *polygon.interiors):
        filled = shapely.symmetric_difference(filled, polygonal(shapely.make_valid(shapely.Polygon(ring))))
    return filled


def polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """Keep the polygons of a geometry.

    Parameters
    ----------
    geometry : shapely geometry [any CRS]
        Any type.

    Returns
    -------
    shapely geometry [same CRS]
        Polygon or MultiPolygon; an empty polygon where there is none.
    """
    return _of_family(geometry, "Polygon")[0] or shapely.Polygon()


def _of_family(geometry: BaseGeometry, family: str) -> tuple[BaseGeometry | None, list[BaseGeometry]]:
    """Split a geometry into what belongs to one family, joined, and the parts that do not."""
    parts = _simple_parts(geometry)
    kept = [part for part in parts if _FAMILY[part.geom_type] == family]
    others = [part for part in parts if _FAMILY[part.geom_type] != family]
    if len(kept) < 2:
        return (kept[0] if kept else None), others
    if family == "Polygon" and not shapely.multipolygons(kept).is_valid:
        return shapely.union_all(kept), others
    joined = {"Point": shapely.multipoints, "LineString": shapely.multilinestrings, "Polygon": shapely.multipolygons}
    return joined[family](kept), others


def _simple_parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Take a geometry apart down to points, lines and polygons."""
    if geometry.geom_type in _FAMILY:
        return [] if geometry.is_empty else [geometry]
    return [simple for part in geometry.geoms for simple in _simple_parts(part)]


def area(geometry: BaseGeometry, crs: CRS | None) -> float:
    """Measure a surface.

    Parameters
    ----------
    geometry : shapely geometry [CRS ``crs``]
        Polygons are measured, the rest counts nothing.
    crs : CRS or None
        Geographic ones are measured on the ellipsoid, projected ones in the plane.

    Returns
    -------
    float [m2]
        Area; in square units of the coordinates where there is no CRS.
    """
    surface = shapely.orient_polygons(polygonal(geometry))
    if crs is None or surface.is_empty:
        return float(surface.area)
    ellipsoid = crs.get_geod()
    if crs.is_geographic and ellipsoid is not None:
        return abs(float(ellipsoid.geometry_area_perimeter(surface)[0]))
    return float(surface.area) * float(crs.axis_info[0].unit_conversion_factor) ** 2


def _fit_type(ledger: Ledger, rule: LocationRule) -> None:
    """Bring geometries to the type of the register; single and multiple count as the same."""
    if rule.geometry == "Any":
        return
    family = rule.geometry.removeprefix("Multi")
    for row in ledger.rows:
        geometry = ledger.geometry[row]
        if geometry.geom_type.removeprefix("Multi") == family:
            continue
        fitting, others = _of_family(geometry, family)
        if fitting is None or geometry.geom_type != "GeometryCollection":
            message = (
                f"the geometry is a {geometry.geom_type}, the register holds {rule.geometry}; correct the delivery"
            )
            ledger.put_aside("geometry-type", row, message)
            continue
        left_out = ", ".join(sorted({part.geom_type for part in others})) or "nothing"
        message = f"the {fitting.geom_type} was taken out of a collection; left out: {left_out}"
        ledger.note("geometry-collection", row, message, "repaired")
        ledger.geometry[row] = fitting


def _order_rings(ledger: Ledger, *, reported: bool) -> None:
    """Turn shells counter-clockwise and holes clockwise."""
    rows = ledger.rows
    rows = rows[shapely.get_dimensions(ledger.geometry[rows]) == 2]
    ordered = shapely.orient_polygons(ledger.geometry[rows])
    turned = rows[~np.asarray(shapely.equals_exact(ordered, ledger.geometry[rows], tolerance=0), dtype=bool)]
    ledger.geometry[rows] = ordered
    if not reported:
        return
    turned = np.setdiff1d(turned, [finding.row for finding in ledger.findings if finding.code in _REDRAWN])
    if len(turned) > _MANY and 2 * len(turned) > len(rows):
        message = f"{len(turned):,} of {len(rows):,} polygons run the wrong way round, so the whole file does; turned"
        ledger.findings.append(Finding("geometry-winding", None, message, "repaired"))
        return
    for row in turned:
        message = "a ring runs the wrong way round (RFC 7946, section 3.1.6); turned, the shape is unchanged"
        ledger.note("geometry-winding", row, message, "repaired")
