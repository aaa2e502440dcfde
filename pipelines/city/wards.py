"""Wards: the city cut along its canals and two of its streets, so that neighbours share their border exactly."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.frame import CRS, FloatArray, Frame, Geometries
from pipelines.city.names import MAIN_STREETS, WARDS, latin
from pipelines.city.skeleton import OVERSHOOT, Lines, intensity, parallel_count
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
    band = np.digitize(inland, [0.22 * frame.depth, 0.45 * frame.depth])
    order = np.lexsort((along, band))
    faces, along, inland = faces[order], along[order], inland[order]
    # The densest place of a unit decides what it is; its centre may lie in the fields.
    dense = intensity(frame, along, np.maximum(inland - 0.18 * frame.depth, 0.03 * frame.depth)) > 0.30
    names = [
        WARDS[i] if i < len(WARDS) else f"{WARDS[i % len(WARDS)]} {i // len(WARDS) + 1}" for i in range(len(faces))
    ]
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
    wards = _between([*borders, limit.boundary], limit)
    # The centre is divided once more, along the second street.
    central = intensity(frame, *_near_bank(frame, wards)) > 0.75
    second = shapely.union_all(main.geometry[main.name == MAIN_STREETS[1]])
    inner = shapely.intersection(second, shapely.buffer(shapely.union_all(wards[central]), OVERSHOOT))
    return _between([*shapely.boundary(wards), inner], limit)


def _near_bank(frame: Frame, wards: Geometries) -> tuple[FloatArray, FloatArray]:
    """Where the middle of each ward is, moved towards the river by half of the city's core."""
    along, inland = frame.locate(shapely.centroid(wards))
    return along, np.maximum(inland - 0.15 * frame.depth, 0.0)


def _between(lines: list[BaseGeometry], limit: shapely.Polygon) -> Geometries:
    """Faces between lines."""
    noded = shapely.union_all(lines, grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(faces[shapely.intersects(limit, shapely.point_on_surface(faces))])


def population(wards: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Count the residents of each ward.

    Parameters
    ----------
    wards : GeoDataFrame [EPSG:5897]
        Wards without population.
    buildings : GeoDataFrame [EPSG:5897]
        Buildings with their residents.

    Returns
    -------
    GeoDataFrame [EPSG:5897]
        Wards with their population.
    """
    places = shapely.point_on_surface(buildings.geometry.to_numpy())
    ward, building = shapely.STRtree(places).query(wards.geometry.to_numpy(), predicate="contains")
    residents = buildings["residents"].to_numpy(dtype=np.int64)
    total = np.bincount(ward, weights=residents[building], minlength=len(wards))
    return wards.assign(population=total.astype(np.int64))
