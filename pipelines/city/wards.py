"""Wards: the city cut along its canals and two of its streets, so that neighbours share their border exactly."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from pipelines.city.frame import CRS, Frame, Geometries
from pipelines.city.names import MAIN_STREETS, WARDS, latin
from pipelines.city.skeleton import Lines, intensity, parallel_count
from pipelines.city.subdivision import GRID
from pipelines.city.water import Waters


def divide(frame: Frame, waters: Waters, limit: shapely.Polygon, main: Lines) -> gpd.GeoDataFrame:
    """Divide the city into wards.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        The main canals are borders.
    limit : Polygon [EPSG:5897]
        The city.
    main : Lines
        Main lines; the third street along the river is a border.

    Returns
    -------
    GeoDataFrame
        Wards without gap or overlap, without population; town quarters are wards, the fields are communes.
    """
    faces = _faces(frame, waters, limit, main)
    along, inland = frame.locate(shapely.centroid(faces))
    band = (inland > 0.45 * frame.depth).astype(int)
    faces, along, inland = (values[np.lexsort((along, band))] for values in (faces, along, inland))
    # The densest place of a unit decides what it is; its centre may lie in the fields.
    dense = intensity(frame, along, np.maximum(inland - 0.18 * frame.depth, 0.03 * frame.depth)) > 0.30
    names = [WARDS[i] if i < len(WARDS) else f"{WARDS[i % len(WARDS)]} {i // len(WARDS) + 1}" for i in range(len(faces))]
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-ward": [f"MP-P{i + 1:02d}" for i in range(len(faces))],
            "name:vi": [f"{'Phường' if town else 'Xã'} {name}" for name, town in zip(names, dense, strict=True)],
            "name:en": [
                f"{latin(name)} {'Ward' if town else 'Commune'}" for name, town in zip(names, dense, strict=True)
            ],
            "level": "commune",
            "unit_type": np.where(dense, "ward", "commune"),
            "official_area": np.round(shapely.area(faces) / 1e6, 2),
            "decision": "Quyết định mô phỏng 01/MP",
            "contact": "Bộ phận một cửa (mô phỏng)",
        },
        geometry=faces,
        crs=CRS,
    )


def _faces(frame: Frame, waters: Waters, limit: shapely.Polygon, main: Lines) -> Geometries:
    inland = np.concatenate([[-1.2 * waters.river_width], waters.canals[0].inland])
    borders = [frame.line(np.concatenate([[c.along[0]], c.along]), inland) for c in waters.canals]
    # Streets along the river took the first names, from the river inland.
    borders += list(main.geometry[main.name == MAIN_STREETS[min(2, parallel_count(frame) - 1)]])
    noded = shapely.union_all([*borders, limit.boundary], grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(faces[shapely.intersects(limit, shapely.point_on_surface(faces))])


def population(wards: gpd.GeoDataFrame, places: Geometries, residents: np.ndarray) -> gpd.GeoDataFrame:
    """Count the residents of each ward.

    Parameters
    ----------
    wards : GeoDataFrame [EPSG:5897]
        Wards without population.
    places : ndarray (building,) of Point [EPSG:5897]
        Where people live.
    residents : ndarray (building,) [1]
        How many live there.

    Returns
    -------
    GeoDataFrame [EPSG:5897]
        Wards with their population.
    """
    ward, building = shapely.STRtree(places).query(wards.geometry.to_numpy(), predicate="contains")
    total = np.bincount(ward, weights=residents[building], minlength=len(wards))
    return wards.assign(population=total.astype(np.int64))
