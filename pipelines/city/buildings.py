"""Buildings: tube houses that fill their lots to the street, farmhouses, and rows of blocks on larger grounds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.blocks import SUBURBAN, URBAN
from pipelines.city.frame import CRS, BoolArray, FloatArray, Geometries, IntArray, ragged
from pipelines.city.names import latin
from pipelines.city.parcels import Parcels
from pipelines.city.skeleton import CLASSES
from pipelines.city.streets import Streets
from pipelines.city.subdivision import Boxes

_USE = {
    "TMD": "commerce", "DCH": "market", "DGD": "school", "DYT": "health", "TSC": "government", "DVH": "culture",
    "DTT": "culture", "TON": "religious", "SKN": "industry", "DNL": "utility", "DTL": "utility", "DGT": "utility",
}  # fmt: skip
_TITLE = {
    "TMD": ("Trung tâm Thương mại Mẫu", "Sample Commercial Centre"), "DCH": ("Chợ Mẫu", "Sample Market"),
    "DGD": ("Trường học Mẫu", "Sample School"), "DYT": ("Bệnh viện Mẫu", "Sample Hospital"),
    "TSC": ("Trụ sở Mẫu", "Sample Public Office"), "DVH": ("Nhà Văn hóa Mẫu", "Sample Culture House"),
    "DTT": ("Nhà Thi đấu Mẫu", "Sample Sports Hall"), "TON": ("Cơ sở Tôn giáo Mẫu", "Sample Place of Worship"),
    "SKN": ("Nhà máy Mẫu", "Sample Factory"), "DNL": ("Trạm điện Mẫu", "Sample Substation"),
    "DTL": ("Nhà máy Nước Mẫu", "Sample Water Works"), "DGT": ("Bến xe Mẫu", "Sample Bus Station"),
}  # fmt: skip
_BAR = {"DTT": (42.0, 90.0), "SKN": (34.0, 52.0), "DCH": (26.0, 36.0), "TMD": (28.0, 44.0)}
"""Depth of a block and distance between blocks on large grounds [m]; others are 13 and 30."""


def build(parcels: Parcels, streets: Streets, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Put buildings on parcels.

    Parameters
    ----------
    parcels : Parcels
        Parcels and their axes.
    streets : Streets
        Streets in front of them: shops stand on the main ones.
    rng : Generator
        Source of sizes, years and uses.

    Returns
    -------
    GeoDataFrame
        Rows of the building register; every building lies within its parcel.
    """
    homes, home_parcel = _homes(parcels, rng)
    blocks, block_parcel, first = _blocks(parcels)
    shape, parcel = np.concatenate([homes, blocks]), np.concatenate([home_parcel, block_parcel])
    named = np.concatenate([np.zeros(len(homes), dtype=bool), first])
    keep = shapely.area(shape) >= 12.0
    shape, parcel, named = shape[keep], parcel[keep], named[keep]
    order = np.argsort(parcel, kind="stable")
    return _table(parcels, streets, shape[order], parcel[order], named[order], rng)


def _homes(parcels: Parcels, rng: np.random.Generator) -> tuple[Geometries, IntArray]:
    """Houses on house lots: to the side walls where the lot is narrow, a yard behind."""
    use = parcels.table["land_use"].to_numpy()
    chance = np.where(parcels.urban >= URBAN, 0.94, np.where(parcels.urban >= SUBURBAN, 0.85, 0.5))
    house = np.isin(use, ["ODT", "ONT"]) & ~parcels.lots.field & (rng.random(len(use)) < chance)
    index = np.flatnonzero(house)
    lots = parcels.lots.take(index)
    size = len(index)
    width, depth = lots.right - lots.left, np.abs(lots.front - lots.rear)
    wide = np.where(width > 12.0, rng.uniform(7.0, 10.0, size), width - 0.2)
    middle = (lots.left + lots.right) / 2
    rural = parcels.urban[index] < SUBURBAN
    yard = np.where(rural, 0.45, rng.uniform(0.06, 0.30, size)) * depth
    porch = np.where(rural, 6.0, np.where(parcels.urban[index] >= URBAN, rng.choice([0.2, 0.2, 1.4], size), 2.4))
    facing = np.sign(lots.front - lots.rear)
    slab = lots.slab(middle - wide / 2, middle + wide / 2, lots.rear + facing * yard, lots.front - facing * porch)
    inner = shapely.buffer(lots.geometry, -0.1, join_style="mitre")
    return _largest(shapely.intersection(inner, slab), index)


def _blocks(parcels: Parcels) -> tuple[Geometries, IntArray, BoolArray]:
    """Rows of blocks on the grounds of institutions, along their longer side."""
    use = parcels.table["land_use"].to_numpy()
    index = np.flatnonzero(np.isin(use, list(_USE)))
    inner = shapely.buffer(parcels.lots.geometry[index], -7.0, join_style="mitre")
    index, inner = index[~shapely.is_empty(inner)], inner[~shapely.is_empty(inner)]
    boxes = Boxes.around(inner)
    deep, pitch = (np.array([_BAR.get(u, (13.0, 30.0))[i] for u in use[index]]) for i in (0, 1))
    rows = np.clip(np.floor((boxes.short + pitch - deep) / pitch), 1, 5).astype(np.int64)
    owner, row = ragged(rows)
    centre = (row - (rows[owner] - 1) / 2) * pitch[owner]
    low, high = centre - deep[owner] / 2, centre + deep[owner] / 2
    reach = boxes.long[owner] * 0.42
    corners = [
        boxes.centre[owner] + boxes.major[owner] * u[:, None] + boxes.minor[owner] * v[:, None]
        for u, v in ((-reach, low), (reach, low), (reach, high), (-reach, high), (-reach, low))
    ]
    shapes, parcel = _largest(
        shapely.intersection(inner[owner], shapely.polygons(np.stack(corners, axis=1))), index[owner]
    )
    first = np.r_[True, parcel[1:] != parcel[:-1]]
    return shapes, parcel, first


def _largest(shapes: Geometries, owner: IntArray) -> tuple[Geometries, IntArray]:
    """Polygons only, one per shape."""
    parts, place = shapely.get_parts(shapely.set_precision(shapes, 0.001), return_index=True)
    keep = shapely.get_type_id(parts) == 3
    parts, place = parts[keep], place[keep]
    order = np.lexsort((-shapely.area(parts), place))
    _, first = np.unique(place[order], return_index=True)
    chosen = order[first]
    return parts[chosen], owner[place[chosen]]


def _table(
    parcels: Parcels, streets: Streets, shape: Geometries, parcel: IntArray, named: BoolArray, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    count, land = len(shape), parcels.table["land_use"].to_numpy()[parcel]
    urban, area = parcels.urban[parcel], shapely.area(shape)
    main = streets.rank[parcels.edge[parcel]] <= CLASSES.index("secondary")
    use = _building_use(land, main, rng)
    storeys = _storeys(use, urban, main, rng)
    year = np.clip(np.round(2024 - rng.gamma(2.2, 9.0, count)), 1960, 2025).astype(np.int64)
    title = [_TITLE[u] if n else None for u, n in zip(land, named, strict=True)]
    number = np.cumsum(named)
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-building": [f"MP-N{i + 1:06d}" for i in range(count)],
            "name:vi": [f"{t[0]} {n}" if t else None for t, n in zip(title, number, strict=True)],
            "name:en": [latin(f"{t[1]} {n}") if t else None for t, n in zip(title, number, strict=True)],
            "building_use": use,
            "storeys": storeys,
            "height": np.round(storeys * rng.uniform(3.2, 3.7, count) + 0.6, 1),
            "floor_height": np.round(np.clip(rng.normal(0.30 + 0.008 * (year - 1990), 0.13), 0.05, 1.2), 2),
            "construction": _construction(storeys, urban, rng),
            "year_built": year,
            "floor_area": np.round(area * storeys, 1),
            "parcel_code": parcels.table["identifier:synthetic-parcel"].to_numpy()[parcel],
            "residents": pd.array(_residents(use, area * storeys, rng), dtype="Int64"),
            "meter": [f"MP-DH{i + 1:06d}" for i in range(count)],
            "inspector": [f"Khảo sát viên mô phỏng {1 + i % 12}" for i in range(count)],
        },
        geometry=shape,
        crs=CRS,
    )


def _building_use(land: Geometries, main: BoolArray, rng: np.random.Generator) -> Geometries:
    """Use of a building by the use of its land; houses on main streets are mostly shops below."""
    chance = rng.random(len(land))
    home = np.where(main & (chance < 0.72), "shophouse", np.where(chance > 0.985, "office", "house"))
    home = np.where(~main & (chance < 0.07), "shophouse", home)
    grounds = np.array([_USE.get(u, "") for u in land], dtype=object)
    grounds = np.where((grounds == "commerce") & (chance < 0.35), "hotel", grounds)
    grounds = np.where((grounds == "commerce") & (chance > 0.80), "apartment", grounds)
    return np.where(grounds == "", home, grounds).astype(object)


def _storeys(use: Geometries, urban: FloatArray, main: BoolArray, rng: np.random.Generator) -> IntArray:
    """Storeys [1] by use: higher in the centre and along the main streets."""
    count = len(use)
    home = 1.0 + rng.poisson(0.25 + 1.7 * urban + 0.8 * main, count)
    tall = np.select(
        [np.isin(use, ["commerce", "hotel", "apartment"]), np.isin(use, ["health", "government", "school", "office"])],
        [3.0 + rng.poisson(1.0 + 8.0 * urban), 2.0 + rng.poisson(0.6 + 1.5 * urban)],
        np.where(np.isin(use, ["market", "culture", "religious"]), rng.integers(1, 3, count), 1),
    )
    chosen = np.where(np.isin(use, ["house", "shophouse"]), np.minimum(home, 7), np.minimum(tall, 22))
    return chosen.astype(np.int64)


def _construction(storeys: IntArray, urban: FloatArray, rng: np.random.Generator) -> Geometries:
    chance = rng.random(len(storeys)) + 0.5 * urban
    low = np.where(chance > 0.55, "permanent", np.where(chance > 0.18, "semi_permanent", "light"))
    return np.where(storeys >= 2, "permanent", low).astype(object)


def _residents(use: Geometries, floor: FloatArray, rng: np.random.Generator) -> IntArray:
    """People living in a building [1]: a family per house, more in apartments."""
    family = 1 + rng.poisson(2.9, len(use))
    many = np.round(floor / 28.0)
    return np.where(use == "apartment", many, np.where(np.isin(use, ["house", "shophouse"]), family, 0)).astype(
        np.int64
    )
