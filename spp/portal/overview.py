"""Generalised pictures of whole collections, for small scales and for pages without a map.

Areas and lines too small to be seen are left out, the rest is simplified; points are thinned evenly, so that what is
dense stays dense. A generalised feature keeps what the map must write or colour, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication

CELLS = 1500
"""Cells along the longer side of the extent; what is smaller than a cell is left out."""
MOST = 4000
"""Most features of one generalised picture."""
KEPT = ("name", "name_en", "fit_for_decisions", "notice")
"""Properties that a generalised feature keeps beside the one that chooses its class: the map writes them."""
_PAGE = 2000
_WORLD = 360 / 512
"""Width of a pixel of the map at zoom level 0 [degree]."""
_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Overview:
    """The generalised features of one collection."""

    ids: tuple[str, ...]
    properties: tuple[Mapping[str, object], ...]
    """Properties kept, of every feature."""
    geometries: NDArray[np.object_]
    """Geometries (feature,) [degree, CRS84]."""

    def geojson(self) -> bytes:
        """Write the features as a GeoJSON FeatureCollection.

        Returns
        -------
        bytes
            UTF-8 JSON [CRS84].
        """
        shapes = shapely.to_geojson(self.geometries)
        features = [
            {"type": "Feature", "id": eid, "geometry": orjson.Fragment(shape), "properties": kept}
            for eid, kept, shape in zip(self.ids, self.properties, shapes, strict=True)
        ]
        return orjson.dumps({"type": "FeatureCollection", "features": features})


def exact_until(extent: tuple[float, float, float, float]) -> float:
    """Zoom level up to which a generalised picture looks like the things themselves.

    Parameters
    ----------
    extent : tuple of float (4,) [degree, CRS84]
        Box of the collection.

    Returns
    -------
    float [1]
        Level at which the tolerance of the simplification, half a cell, is half a pixel.
    """
    cell = max(extent[2] - extent[0], extent[3] - extent[1]) / CELLS
    return max(0.0, math.log2(_WORLD / max(cell, 1e-9)))


def overview(
    publication: Publication,
    collection: Collection,
    by: str | None,
    most: int = MOST,
    where: Mapping[str, str] | None = None,
) -> Overview:
    """Generalise a collection.

    Parameters
    ----------
    publication : Publication
        Where its features are read.
    collection : Collection
        The collection.
    by : str or None
        Property that chooses the class of a feature.
    most : int, optional
        Largest number of features kept [1].
    where : mapping of str to str, optional
        Properties that the features must have.

    Returns
    -------
    Overview
        Empty where nothing has a place.
    """
    keep = [name for name in (*KEPT, by) if name and name in collection.schema["properties"]]
    rows = [row for row in _rows(publication, collection.name, keep, where or {}) if row[2] is not None]
    if collection.extent is None or not rows:
        return Overview((), (), np.array([], dtype=object))
    geometries = np.empty(len(rows), dtype=object)
    geometries[:] = [row[2] for row in rows]
    west, south, east, north = collection.extent
    cell = max(east - west, north - south) / CELLS
    ids = [row[0] for row in rows]
    kept = _kept(geometries, ids, cell, most)
    shapes = _simplified(geometries[kept], cell / 2)
    return Overview(tuple(ids[i] for i in kept), tuple(rows[i][1] for i in kept), shapes)


def _rows(
    publication: Publication, name: str, keep: list[str], where: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, object], shapely.Geometry | None]]:
    """Read identifier, kept properties and geometry of every feature, page by page."""
    after: int | None = None
    while True:
        page = publication.items(name, limit=_PAGE, after=after, where=where)
        shapes = shapely.from_geojson(np.array(page.features, dtype=object), on_invalid="ignore")
        for feature, shape in zip(page.features, np.atleast_1d(shapes), strict=True):
            document = orjson.loads(feature)
            found = document["properties"]
            yield document["id"], {one: found[one] for one in keep if found[one] is not None}, shape
        if page.next_key is None:
            return
        after = page.next_key


def _kept(geometries: NDArray[np.object_], ids: list[str], cell: float, most: int) -> NDArray[np.intp]:
    """Places of the features to keep, in their old order."""
    dimension = shapely.get_dimensions(geometries)
    size = np.where(
        dimension == 2, np.sqrt(shapely.area(geometries)), np.where(dimension == 1, shapely.length(geometries), np.inf)
    )
    seen = np.flatnonzero(size >= cell)
    if len(seen) <= most:
        return seen
    # Points all have the same size: the checksum of the identifier chooses among them, evenly and always alike.
    chance = np.array([crc32(ids[i].encode()) for i in seen])
    order = np.lexsort((chance, -size[seen]))
    return np.sort(seen[order[:most]])


def _simplified(geometries: NDArray[np.object_], tolerance: float) -> NDArray[np.object_]:
    """Drop vertices and decimals that cannot be seen."""
    simple = shapely.simplify(geometries, tolerance, preserve_topology=True)
    rounded: NDArray[np.object_] = shapely.transform(simple, lambda points: points.round(_DECIMALS))
    return rounded
