"""Coordinate reference systems: one storage CRS per workspace, one pinned datum operation.

Two valid operations lead from VN-2000 to WGS 84, 0.81 m apart; leaving the choice to a library means that the same
parcel moves when the library is upgraded. A workspace therefore names its operation, and every reprojection of the
project goes through :class:`StorageCRS`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from sdi.errors import InputError, RefusedError

CRS84 = "OGC:CRS84"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"

Geometries = NDArray[np.object_]


def uri(crs: str) -> str:
    """Name a CRS by its OGC URI.

    Parameters
    ----------
    crs : str
        ``OGC:CRS84`` or ``EPSG:n``.

    Returns
    -------
    str
        The URI as OGC API writes it.
    """
    authority, _, code = crs.partition(":")
    if crs == CRS84:
        return CRS84_URI
    if authority != "EPSG" or not code.isdigit():
        raise InputError(f"CRS {crs!r} has no OGC URI; expected OGC:CRS84 or EPSG:<number>", code="crs-unknown")
    return f"{_EPSG_URI}{code}"


def from_uri(text: str) -> str:
    """Read a CRS from its OGC URI; the reverse of :func:`uri`.

    Raises
    ------
    InputError
        If the URI names no CRS that PROJ knows.
    """
    if text in (CRS84_URI, "[OGC:CRS84]"):
        return CRS84
    code = text.removeprefix(_EPSG_URI) if text.startswith(_EPSG_URI) else text.removeprefix("[EPSG:").removesuffix("]")
    if code.isdigit():
        known(f"EPSG:{code}")
        return f"EPSG:{code}"
    raise InputError(
        f"CRS {text!r} is not known; expected a URI such as {CRS84_URI} or {_EPSG_URI}5897", code="crs-unknown"
    )


@cache
def known(crs: str) -> CRS:
    """Return the definition of a CRS, or say that PROJ does not know it.

    Raises
    ------
    InputError
        If PROJ does not know it.
    """
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(
            f"CRS {crs!r} is not known to PROJ; expected for example EPSG:5897", code="crs-unknown"
        ) from error


@cache
def is_latitude_first(crs: str) -> bool:
    """Tell whether a CRS orders its axes latitude (or northing) first, as ``EPSG:4326`` does."""
    axes = known(crs).axis_info
    return bool(axes) and axes[0].direction.lower() in {"north", "south"}


@cache
def _operation(source: str, target: str, operation: str | None) -> tuple[str, str]:
    """Choose the operation between two CRSs, the pinned one where both ends need it; return its name and pipeline."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Best transformation is not available")
        group = TransformerGroup(known(source), known(target), always_xy=True)
    if not group.transformers:
        raise RefusedError(f"PROJ has no operation from {source} to {target}", code="crs-no-operation")
    pinned = [t for t in group.transformers if operation and operation in (t.description or "")]
    chosen = (pinned or group.transformers)[0]
    return chosen.description or "", chosen.definition


@cache
def _transformer(source: str, target: str, operation: str | None) -> Transformer:
    """Return the chosen operation, made from its pipeline: those of a group must not be shared between threads."""
    return Transformer.from_pipeline(_operation(source, target, operation)[1])


def project(geometries: Geometries, source: str, target: str, operation: str | None = None) -> Geometries:
    """Reproject geometries in one call.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [CRS ``source``]
        Geometries, ``None`` where missing.
    source, target : str
        CRSs; coordinates are easting/longitude first on both sides.
    operation : str, optional
        Name of the datum operation to use where PROJ offers several.

    Returns
    -------
    ndarray (n,) of shapely geometry [CRS ``target``]
        New geometries; heights, where there are any, are kept as they are.

    Raises
    ------
    RefusedError
        If a coordinate cannot be expressed in the target CRS.
    """
    geometries = np.asarray(geometries, dtype=object)
    if source == target:
        return geometries.copy()
    xy = shapely.get_coordinates(geometries)
    moved = _expressed(xy, source, target, operation)
    if not shapely.has_z(geometries).any():
        return _placed(geometries.copy(), moved)
    z = shapely.get_coordinates(geometries, include_z=True)[:, 2]
    with_z = _placed(shapely.force_3d(geometries), np.column_stack([moved, z]))
    return np.asarray(np.where(shapely.has_z(geometries), with_z, shapely.force_2d(with_z)), dtype=object)


def _expressed(xy: NDArray[np.float64], source: str, target: str, operation: str | None) -> NDArray[np.float64]:
    """Reproject coordinates, all of which can be expressed, or refuse the first that cannot."""
    moved = transformed(xy, source, target, operation)
    if not np.isfinite(moved).all():
        bad = int(np.flatnonzero(~np.isfinite(moved).all(axis=1))[0])
        raise RefusedError(
            f"coordinate ({xy[bad, 0]}, {xy[bad, 1]}) of {source} cannot be expressed in {target}; "
            "is the declared CRS right, and are the axes in order?",
            code="crs-out-of-range",
        )
    return moved


def transformed(xy: NDArray[np.float64], source: str, target: str, operation: str | None = None) -> NDArray[np.float64]:
    """Reproject coordinates; those that cannot be expressed become infinite.

    Parameters
    ----------
    xy : ndarray (n, 2) [CRS ``source``]
        Easting or longitude first.
    source, target : str
        CRSs.
    operation : str, optional
        Name of the datum operation to use where PROJ offers several.

    Returns
    -------
    ndarray (n, 2) [CRS ``target``]
        Easting or longitude first.
    """
    x, y = _transformer(source, target, operation).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


@cache
def on_datum(crs: str, datum: str) -> str:
    """Return a projected CRS laid over another datum, as it is written by those who ignore that the datums differ.

    Parameters
    ----------
    crs : str
        A projected CRS, such as ``EPSG:5897``.
    datum : str
        The geographic CRS it is laid over, such as ``EPSG:4326``.

    Returns
    -------
    str
        Its full text (WKT): there is no code for it.
    """
    grid = known(crs)
    if not grid.is_projected or grid.coordinate_operation is None:
        raise InputError(
            f"{crs} is no projected CRS, so it cannot be laid over the datum of {datum}", code="crs-unknown"
        )
    name = f"{grid.name} on {known(datum).name}"
    return ProjectedCRS(grid.coordinate_operation, name=name, geodetic_crs=known(datum)).to_wkt()


def as_proj(crs: str) -> str:
    """Write a CRS that has no code in one short line, as an entry can hold it."""
    with warnings.catch_warnings():
        # A line of PROJ has no names of datum and grid; the numbers are all there.
        warnings.filterwarnings("ignore", message="You will likely lose important projection information")
        return known(crs).to_proj4()


def _placed(geometries: Geometries, coordinates: NDArray[np.float64]) -> Geometries:
    """Give geometries new coordinates."""
    return np.asarray(shapely.set_coordinates(geometries, coordinates), dtype=object)


@dataclass(frozen=True, slots=True)
class StorageCRS:
    """The CRS a workspace stores its locations in, with the pinned datum operation."""

    code: str
    """``EPSG:n`` of a projected CRS in metres."""
    operation: str | None = None
    """Name of the operation to WGS 84, as PROJ describes it, for example ``VN-2000 to WGS 84 (2)``."""

    def check(self) -> None:
        """Raise where the CRS is not a projected one in metres, or the operation does not exist.

        Raises
        ------
        InputError
            With the list of operations that exist.
        """
        definition = known(self.code)
        if not definition.is_projected or definition.axis_info[0].unit_name != "metre":
            raise InputError(
                f"storage CRS {self.code} is not projected in metres; areas and distances need one, e.g. EPSG:5897",
                code="crs-not-metric",
            )
        if self.operation and self.operation not in _operation(self.code, CRS84, self.operation)[0]:
            raise InputError(
                f"no operation {self.operation!r} from {self.code} to WGS 84; "
                f"see `projinfo -s {self.code} -t OGC:CRS84`",
                code="crs-no-operation",
            )

    def to_storage(self, geometries: Geometries, source: str) -> Geometries:
        """Reproject delivered geometries to the storage CRS.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [CRS ``source``]
            As delivered, easting or longitude first.
        source : str
            Their CRS.

        Returns
        -------
        ndarray (n,) of shapely geometry [storage CRS]
        """
        return project(geometries, source, self.code, self.operation)

    def to_crs84(self, geometries: Geometries) -> Geometries:
        """Reproject stored geometries to longitude and latitude (WGS 84).

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [storage CRS]
            Stored geometries.

        Returns
        -------
        ndarray (n,) of shapely geometry [CRS84]
        """
        return project(geometries, self.code, CRS84, self.operation)

    def check_corners(self, boxes: NDArray[np.float64]) -> None:
        """Raise where a box has a corner without longitude and latitude: what it encloses could never be published.

        Parameters
        ----------
        boxes : ndarray (n, 4) [storage CRS]
            ``(xmin, ymin, xmax, ymax)``.

        Raises
        ------
        RefusedError
            Naming the corner.
        """
        low, high = boxes[:, :2], boxes[:, 2:]
        wide = (low != high).any(axis=1)  # a point has one corner
        _expressed(np.concatenate([low, high[wide]]), self.code, CRS84, self.operation)

    def from_crs84(self, geometries: Geometries, target: str) -> Geometries:
        """Reproject published geometries to a CRS a client asked for, in that CRS's own axis order.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [CRS84]
            Published geometries.
        target : str
            ``OGC:CRS84`` or ``EPSG:n``.

        Returns
        -------
        ndarray (n,) of shapely geometry [CRS ``target``, axis order as its authority defines it]
        """
        moved = project(geometries, CRS84, target, self.operation)
        return swap_axes(moved) if is_latitude_first(target) else moved


def swap_axes(geometries: Geometries) -> Geometries:
    """Exchange x and y.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [any CRS]
        Geometries.

    Returns
    -------
    ndarray (n,) of shapely geometry [same CRS, axes exchanged]
    """
    return np.asarray(shapely.transform(geometries, lambda x, y: (y, x), interleaved=False), dtype=object)
