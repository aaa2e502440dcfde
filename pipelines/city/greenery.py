"""Trees: rows along the streets, groves in parks and grounds, and what grows on the banks."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.blocks import SUBURBAN
from pipelines.city.frame import CRS, FloatArray, Frame, Geometries, IntArray, either, ragged
from pipelines.city.parcels import Parcels
from pipelines.city.skeleton import CARRIAGEWAY, CLASSES, RIGHT_OF_WAY, intensity
from pipelines.city.streets import Streets
from pipelines.city.water import Waters

SPACING = {"trunk": 16.0, "primary": 10.0, "secondary": 11.0, "tertiary": 13.0, "local": 21.0}
"""Distance between the trees of a row [m]."""
CORNER = 9.0
"""Distance that trees keep from junctions [m]."""
_TALL = ("hopea_odorata", "dipterocarpus_alatus", "khaya_senegalensis", "pterocarpus_macrocarpus", "tamarindus_indica")
_SHOWY = ("lagerstroemia_speciosa", "delonix_regia", "cassia_fistula", "tabebuia_rosea", "peltophorum_pterocarpum")
_SMALL = ("terminalia_mantaly", "mimusops_elengi", "bauhinia_purpurea", "plumeria_rubra", "polyalthia_longifolia")
_BANK = ("sonneratia_caseolaris", "barringtonia_acutangula", "thespesia_populnea", "cocos_nucifera", "nypa_fruticans")
_GARDEN = ("mangifera_indica", "chrysophyllum_cainito", "syzygium_cumini", "magnolia_alba", "ficus_religiosa")
_GROUNDS = ("DKV", "DGD", "DYT", "TSC", "DVH", "TON", "DTT")


@dataclass(frozen=True, slots=True)
class Stand:
    """Trees of one kind of place."""

    points: FloatArray
    """Places (tree, 2) [m, EPSG:5897]."""
    species: Geometries
    place: Geometries
    street: IntArray
    """Street of each tree, a row of the street register; -1 for none."""


def plant(
    frame: Frame, streets: Streets, parcels: Parcels, waters: Waters, ponds: Geometries, limit: shapely.Polygon,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Plant the trees.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    streets : Streets
        Streets; rows stand between carriageway and red line.
    parcels : Parcels
        Parks and grounds.
    waters : Waters
        Waters, along which trees stand too.
    ponds : ndarray (pond,) of Polygon [EPSG:5897]
        Ponds, in which none stands.
    limit : Polygon [EPSG:5897]
        The city.
    rng : Generator
        Source of places and species.

    Returns
    -------
    GeoDataFrame
        Rows of the tree register; every tree stands on land, none on a carriageway.
    """
    stands = [_rows(frame, streets, rng), _groves(parcels, rng), _banks(frame, waters, limit, rng)]
    points = np.round(np.concatenate([s.points for s in stands]), 2)
    species, place, street = (
        np.concatenate([getattr(s, name) for s in stands]) for name in ("species", "place", "street")
    )
    where = shapely.points(points)
    wet = shapely.union_all([waters.body, *ponds])
    shapely.prepare(wet)
    width = np.array([CARRIAGEWAY[CLASSES[rank]] for rank in streets.rank])
    carriageways = shapely.buffer(streets.network.lines, width / 2, cap_style="flat")
    on_road = np.unique(shapely.STRtree(where).query(carriageways, predicate="intersects")[1])
    keep = ~shapely.intersects(wet, where) & shapely.contains(limit, where)
    keep[on_road] = False
    _, first = np.unique(points, axis=0, return_index=True)
    keep &= np.isin(np.arange(len(points)), first)
    return _table(streets, where[keep], species[keep], place[keep], street[keep], rng)


def _rows(frame: Frame, streets: Streets, rng: np.random.Generator) -> Stand:
    """Rows on both pavements, of one leading species per street."""
    lines, rank, length = streets.network.lines, streets.rank, streets.network.length
    town = intensity(frame, *frame.locate(shapely.centroid(lines)))
    step = np.array([SPACING.get(name, np.inf) for name in CLASSES])[rank]
    room = np.where(streets.bridge | (town < np.where(rank <= 2, 0.04, SUBURBAN)), 0.0, length - 2 * CORNER)
    count = np.maximum(np.floor(room / step), 0).astype(np.int64)
    edge, order = ragged(np.concatenate([count, count]))
    side = np.where(edge < len(lines), 1.0, -1.0)
    edge %= len(lines)
    measure = CORNER + (order + rng.uniform(0.2, 0.8, len(edge))) * step[edge]
    offset = np.array([(CARRIAGEWAY[c] + RIGHT_OF_WAY[c]) / 4 for c in CLASSES])[rank[edge]]
    kept = rng.random(len(edge)) < np.where(rank[edge] == CLASSES.index("local"), 0.45, 0.72)
    edge, points = edge[kept], _beside(lines[edge], measure, side * offset)[kept]
    street = streets.street[edge]
    leading = _leading(streets, rng)
    species = np.where(rng.random(len(edge)) < 0.72, leading[street], rng.choice(_TALL + _SHOWY + _SMALL, len(edge)))
    place = np.full(len(edge), "street", dtype=object)
    return Stand(points, species.astype(object), place, street)


def _leading(streets: Streets, rng: np.random.Generator) -> Geometries:
    """Leading species of every street: tall ones on wide streets, small ones in lanes."""
    class_ = streets.table["street_class"].to_numpy()
    wide = np.isin(class_, ["trunk", "primary", "secondary"])
    count = len(class_)
    some = np.where(rng.random(count) < 0.6, rng.choice(_TALL, count), rng.choice(_SHOWY, count))
    few = np.where(rng.random(count) < 0.5, rng.choice(_SHOWY, count), rng.choice(_SMALL, count))
    return np.where(wide, some, few).astype(object)


def _beside(lines: Geometries, measure: FloatArray, offset: FloatArray) -> FloatArray:
    """Points beside lines: so far along them and so far to the left [m]."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, measure))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, measure + 0.5))
    along = ahead - here
    unit = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.asarray(here + np.stack([-unit[:, 1], unit[:, 0]], axis=1) * offset[:, None])


def _groves(parcels: Parcels, rng: np.random.Generator) -> Stand:
    """Scattered trees in parks, and a fringe of them around schools and the like."""
    use = parcels.table["land_use"].to_numpy()
    index = np.flatnonzero(np.isin(use, _GROUNDS))
    shape = parcels.lots.geometry[index]
    park = use[index] == "DKV"
    dense = np.where(park, 1 / 140.0, 1 / 420.0)
    count = np.round(shapely.area(shape) * dense).astype(np.int64)
    owner, points = _scattered(shape, count, rng)
    fringe = ~park[owner] & (shapely.distance(shapely.points(points), shapely.boundary(shape[owner])) > 6.5)
    owner, points = owner[~fringe], points[~fringe]
    species = rng.choice(_TALL + _SHOWY + _GARDEN + _SMALL, len(owner)).astype(object)
    place = np.where(park[owner], "park", "grounds").astype(object)
    return Stand(points, species, place, np.full(len(owner), -1, dtype=np.int64))


def _scattered(shapes: Geometries, count: IntArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Random points within polygons, about so many in each."""
    box = shapely.bounds(shapes)
    share = shapely.area(shapes) / np.maximum((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]), 1e-9)
    owner, _ = ragged(np.ceil(count / np.maximum(share, 0.05)).astype(np.int64))
    points = box[owner, :2] + rng.random((len(owner), 2)) * (box[owner, 2:] - box[owner, :2])
    inside = shapely.contains_xy(shapes[owner], points[:, 0], points[:, 1])
    return owner[inside], points[inside]


def _banks(frame: Frame, waters: Waters, limit: BaseGeometry, rng: np.random.Generator) -> Stand:
    """Trees on the strip between the water and the bank road."""
    shore = shapely.get_parts(shapely.intersection(shapely.boundary(shapely.buffer(waters.main, 4.5)), limit))
    shore = shore[shapely.length(shore) > 60.0]
    count = np.floor(shapely.length(shore) / 26.0).astype(np.int64)
    owner, order = ragged(count)
    measure = (order + rng.uniform(0.1, 0.9, len(owner))) * 26.0
    points = shapely.get_coordinates(shapely.line_interpolate_point(shore[owner], measure))
    points += rng.normal(0.0, 1.2, points.shape)
    town = intensity(frame, *frame.locate(shapely.points(points)))
    kept = rng.random(len(owner)) < 0.6
    wild, kind = rng.choice(_BANK, len(owner)), rng.choice(_SHOWY + _BANK[:3], len(owner))
    species = np.where(town < SUBURBAN, wild, kind).astype(object)[kept]
    place = np.full(len(species), "bank", dtype=object)
    return Stand(points[kept], species, place, np.full(len(species), -1, dtype=np.int64))


def _table(
    streets: Streets, where: Geometries, species: Geometries, place: Geometries, street: IntArray,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    count = len(where)
    age = np.clip(rng.gamma(2.4, 8.0, count), 1.0, 80.0)
    growth = np.where(np.isin(species, _TALL), 1.5, np.where(np.isin(species, _SMALL), 0.8, 1.1))
    dbh = np.round(np.clip(3.0 + age * growth * rng.uniform(0.7, 1.2, count), 3.0, 160.0), 1)
    height = np.round(1.6 + 26.0 * (1 - np.exp(-dbh / 45.0)) * rng.uniform(0.75, 1.1, count), 1)
    planted = [
        f"{2025 - int(a)}-{m:02d}-{d:02d}"
        for a, m, d in zip(age, *rng.integers(1, [[13], [29]], (2, count)), strict=True)
    ]
    known = rng.random(count) < 0.7
    street_code = streets.table["identifier:synthetic-street"].to_numpy()
    condition = rng.choice(["good", "fair", "poor", "dangerous", "dead"], count, p=[0.62, 0.28, 0.07, 0.025, 0.005])
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-tree": [f"MP-C{i + 1:06d}" for i in range(count)],
            "species": species,
            "dbh": dbh,
            "height": height,
            "crown_diameter": np.round(np.minimum(1.0 + 0.13 * dbh * rng.uniform(0.8, 1.2, count), 18.0), 1),
            "condition": condition.astype(object),
            "planted": either(known, np.array(planted, dtype=object)),
            "place": place,
            "street_code": either(street >= 0, street_code[street]),
            "inspector": [f"Kiểm tra viên mô phỏng {1 + i % 9}" for i in range(count)],
            "inspected": "2025-06-30",
            "contract": "Hợp đồng mô phỏng CX-01",
        },
        geometry=where,
        crs=CRS,
    )
