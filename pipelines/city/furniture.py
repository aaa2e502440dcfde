"""Street furniture and parking: lamps along the streets, car parks where many people go."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.blocks import SUBURBAN, URBAN
from pipelines.city.frame import CRS, Frame, Geometries, IntArray, ragged
from pipelines.city.names import latin
from pipelines.city.parcels import Parcels
from pipelines.city.skeleton import CARRIAGEWAY, CLASSES, intensity
from pipelines.city.streets import Streets

LAMPS = {"trunk": 40.0, "primary": 32.0, "secondary": 34.0, "tertiary": 36.0, "local": 40.0, "alley": 55.0}
"""Distance between lamps [m]."""
POWER = {"trunk": 150.0, "primary": 120.0, "secondary": 120.0, "tertiary": 100.0, "local": 70.0, "alley": 40.0}
"""Power of an LED lamp [W]; a sodium lamp takes twice as much."""
_HEIGHT = {"trunk": 12.0, "primary": 10.0, "secondary": 9.0, "tertiary": 8.0, "local": 7.0, "alley": 5.0}
_BUSY = {
    "DCH": "motorbike", "TMD": "underground", "DYT": "surface", "DKV": "surface", "TSC": "surface",
    "DTT": "surface", "DGT": "bus",
}  # fmt: skip


def lights(frame: Frame, streets: Streets, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Put lamps along the streets of the town and along the main roads.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    streets : Streets
        Streets.
    rng : Generator
        Source of lamp types and years.

    Returns
    -------
    GeoDataFrame
        Rows of the street light register, each lamp at the edge of its carriageway.
    """
    network, rank = streets.network, streets.rank
    town = intensity(frame, *frame.locate(shapely.centroid(network.lines)))
    lit = (town >= SUBURBAN) | (rank <= CLASSES.index("secondary"))
    lit &= (rank < CLASSES.index("alley")) | (town >= URBAN)
    step = np.array([LAMPS[name] for name in CLASSES])[rank]
    edge, order = ragged(np.where(lit, np.round(network.length / step), 0).astype(np.int64))
    measure = (order + 0.5) * network.length[edge] / np.maximum(np.bincount(edge, minlength=len(rank))[edge], 1)
    side = np.where(order % 2 == 0, 1.0, -1.0)
    reach = np.array([CARRIAGEWAY[name] / 2 + (0.3 if name == "alley" else 0.8) for name in CLASSES])[rank[edge]]
    points = _offset(network.lines[edge], measure, side * reach)
    return _lamps(streets, edge, points, rng)


def _offset(lines: Geometries, measure: np.ndarray, offset: np.ndarray) -> Geometries:
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, measure))
    back = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(measure - 0.5, 0.0)))
    along = here - back
    unit = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.asarray(shapely.points(np.round(here + np.stack([-unit[:, 1], unit[:, 0]], axis=1) * offset[:, None], 2)))


def _lamps(streets: Streets, edge: IntArray, points: Geometries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    count = len(edge)
    name = np.array(CLASSES, dtype=object)[streets.rank[edge]]
    year = rng.integers(1998, 2026, count)
    led = year >= rng.integers(2012, 2020, count)
    power = np.array([POWER[n] for n in name]) * np.where(led, 1.0, 2.0)
    cell = np.floor((shapely.get_coordinates(points) - shapely.get_coordinates(points).min(axis=0)) / 600.0).astype(int)
    _, cabinet = np.unique(cell[:, 1] * 1000 + cell[:, 0], return_inverse=True)
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-asset": [f"MP-DD{i + 1:05d}" for i in range(count)],
            "lamp": np.where(led, "led", "sodium").astype(object),
            "power": power,
            "pole_height": np.array([_HEIGHT[n] for n in name]),
            "cabinet": [f"MP-TU{c + 1:03d}" for c in cabinet],
            "circuit": [f"MP-TU{c + 1:03d}-{1 + s % 4}" for c, s in zip(cabinet, streets.street[edge], strict=True)],
            "street_code": streets.table["identifier:synthetic-street"].to_numpy()[streets.street[edge]],
            "year_installed": year,
            "meter": [f"MP-CTD{c + 1:03d}" for c in cabinet],
            "contract": "Hợp đồng mô phỏng CS-01",
        },
        geometry=points,
        crs=CRS,
    )


def parking(frame: Frame, streets: Streets, parcels: Parcels, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Open car parks on busy grounds and on main streets of the centre.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    streets : Streets
        Streets; every entrance lies on one.
    parcels : Parcels
        Grounds that need parking.
    rng : Generator
        Source of capacities.

    Returns
    -------
    GeoDataFrame
        Rows of the parking register.
    """
    use = parcels.table["land_use"].to_numpy()
    grounds = np.flatnonzero(np.isin(use, list(_BUSY)) & (shapely.area(parcels.lots.geometry) > 2_500.0))
    entrance = shapely.line_interpolate_point(
        streets.network.lines[parcels.edge[grounds]],
        shapely.line_locate_point(
            streets.network.lines[parcels.edge[grounds]], shapely.centroid(parcels.lots.geometry[grounds])
        ),
    )
    kerb = _kerbs(frame, streets)
    points = np.concatenate(
        [entrance, shapely.line_interpolate_point(streets.network.lines[kerb], 0.5, normalized=True)]
    )
    kind = np.array([_BUSY[u] for u in use[grounds]] + ["on_street"] * len(kerb), dtype=object)
    area = np.concatenate([np.round(shapely.area(parcels.lots.geometry[grounds]) * 0.08), np.full(len(kerb), np.nan)])
    street = streets.table["name:vi"].to_numpy()[streets.street[np.concatenate([parcels.edge[grounds], kerb])]]
    return _sites(points, kind, area, street, rng)


def _kerbs(frame: Frame, streets: Streets) -> IntArray:
    """Longest pieces of main streets in the centre, for parking at the kerb."""
    town = intensity(frame, *frame.locate(shapely.centroid(streets.network.lines)))
    fit = np.flatnonzero((town > 0.6) & (streets.rank <= CLASSES.index("secondary")) & ~streets.bridge)
    order = np.lexsort((fit, -np.round(streets.network.length[fit], 1)))
    return fit[order[: max(2, round(24 * frame.unit**2))]]


def _sites(
    points: Geometries, kind: Geometries, area: np.ndarray, street: Geometries, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    count = len(points)
    cars = np.where(kind == "on_street", rng.integers(8, 30, count), np.maximum(np.nan_to_num(area) / 25.0, 6.0))
    cars = np.where(kind == "motorbike", 0, cars).astype(np.int64)
    bikes = np.where(kind == "on_street", 0, np.maximum(np.nan_to_num(area) / 3.0, 40.0)).astype(np.int64)
    title = [f"Bãi đỗ xe mẫu {i + 1}, {name}" for i, name in enumerate(street)]
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-asset": [f"MP-BD{i + 1:05d}" for i in range(count)],
            "name:vi": title,
            "name:en": [f"Sample car park {i + 1}, {latin(name)}" for i, name in enumerate(street)],
            "parking_kind": kind,
            "capacity_car": cars,
            "capacity_motorbike": bikes,
            "capacity_accessible": np.minimum(np.maximum(cars // 40, 1), cars),
            "capacity_charging": cars // 30,
            "area": area,
            "fee": rng.random(count) < 0.7,
            "opening_hours": np.where(kind == "on_street", "06:00-22:00", "24/7").astype(object),
            "operator": "Đơn vị vận hành mô phỏng",
            "contract": "Hợp đồng mô phỏng BD-01",
        },
        geometry=points,
        crs=CRS,
    ).pipe(_rounded)


def _rounded(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shape = shapely.points(np.round(shapely.get_coordinates(table.geometry.to_numpy()), 2))
    return table.assign(capacity_car=pd.array(table["capacity_car"], dtype="Int64")).set_geometry(
        gpd.GeoSeries(shape, index=table.index, crs=CRS)
    )
