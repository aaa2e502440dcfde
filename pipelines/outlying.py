"""Places that lie off the city they were delivered to: in the sea, in another city, or in a CRS that is not theirs."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.declaration import Declaration
from sdi.registry import Registry
from sdi.source import Finding
from sdi.workspace import Workspace

OFF_M = 1_000.0
"""Distance from the city beyond which a place is no matter of drawn borders any more [m]."""

Geometries = NDArray[np.object_]


def flagged(
    places: Geometries, declaration: Declaration, workspace: Workspace, registry: Registry
) -> tuple[Finding, ...]:
    """Say how many places lie off the city, and how far.

    Parameters
    ----------
    places : ndarray of geometry (n,) [m, storage CRS]
        Where things are, ``None`` where one has no place.
    declaration : Declaration
        Their register.
    workspace : Workspace
        The city: its areas are those of ``detection``, else its ``bounds``; without either nothing is flagged.
    registry : Registry
        What it knows.

    Returns
    -------
    tuple of Finding
        One, or empty where nothing lies off.
    """
    ground = _ground(declaration, workspace, registry)
    points = shapely.centroid(places[~shapely.is_missing(places)])
    if not len(ground) or not len(points):
        return ()
    tree = shapely.STRtree(ground)
    near = np.unique(tree.query(points, predicate="dwithin", distance=OFF_M)[0])
    off = np.delete(points, near)
    if not len(off):
        return ()
    farthest = float(shapely.distance(off, ground[tree.nearest(off)]).max())
    message = (
        f"{len(off):,} of {len(points):,} places lie more than {OFF_M / 1000:g} km off the city, the farthest "
        f"{farthest / 1000:,.1f} km: in the sea, in another city, or in another CRS than declared? look at a map"
    )
    return (Finding("places-off-city", None, message, "accepted"),)


def _ground(declaration: Declaration, workspace: Workspace, registry: Registry) -> Geometries:
    """Return what the city covers; empty where that is not known, or being delivered."""
    areas = workspace.detection.areas if workspace.detection else None
    if areas == declaration.name:
        return np.empty(0, dtype=object)
    shapes = registry.register(areas).table().geometry if areas else np.empty(0, dtype=object)
    known: Geometries = shapes[~shapely.is_missing(shapes)]
    if not len(known) and workspace.bounds is not None:
        known = np.array([shapely.box(*workspace.bounds)], dtype=object)
    return known
