"""Plan zones: what the plan wants, drawn over the city with other borders than those of the parcels."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.blocks import SUBURBAN, URBAN, Blocks
from pipelines.city.frame import CRS, FloatArray, Frame, Geometries
from pipelines.city.names import latin
from pipelines.city.skeleton import CLASSES, intensity
from pipelines.city.streets import Streets
from pipelines.city.subdivision import subdivide
from pipelines.city.water import Waters

FRONTAGE = 17.0
"""Depth of the commercial strip behind the red line of a main street [m]; few parcels end there."""
MAIN = CLASSES.index("tertiary")
"""Streets of this rank and above are zones of their own."""
DECISION = "MP-QHPK-01/2025 (mô phỏng)"
DECISION_DATE = "2025-03-31"
_KEPT = ("DKV", "DGD", "DYT", "DCH", "TSC", "DVH", "DTT", "TON", "SKN", "DNL", "DTL", "NTD", "DGT")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a zone of one use allows, in the densest place and in the fields."""

    storeys: tuple[float, float]
    """Largest number of storeys [1]."""
    coverage: tuple[float, float]
    """Largest building coverage [%]."""
    setback: float
    """Smallest setback [m]."""
    title: tuple[str, str]
    """Name of the zone in Vietnamese and English."""


LIMITS = {
    "ODT": Limits((8, 5), (80, 65), 0.0, ("Đất ở đô thị", "Urban housing")),
    "ONT": Limits((4, 3), (60, 40), 3.0, ("Đất ở nông thôn", "Rural housing")),
    "TMD": Limits((20, 9), (60, 60), 6.0, ("Thương mại dịch vụ", "Commerce and services")),
    "DCH": Limits((3, 2), (60, 50), 6.0, ("Chợ", "Market")),
    "DGD": Limits((5, 4), (40, 40), 6.0, ("Trường học", "School")),
    "DYT": Limits((9, 5), (40, 40), 6.0, ("Y tế", "Health")),
    "TSC": Limits((9, 5), (40, 40), 6.0, ("Cơ quan", "Public offices")),
    "DVH": Limits((5, 3), (40, 40), 6.0, ("Văn hóa", "Culture")),
    "DTT": Limits((4, 3), (30, 30), 6.0, ("Thể dục thể thao", "Sport")),
    "DKV": Limits((1, 1), (5, 5), 0.0, ("Cây xanh công viên", "Park")),
    "TON": Limits((3, 2), (40, 40), 3.0, ("Tôn giáo", "Religious")),
    "SKN": Limits((4, 3), (60, 60), 10.0, ("Cụm công nghiệp", "Industrial cluster")),
    "DNL": Limits((2, 2), (40, 40), 10.0, ("Trạm điện", "Power station")),
    "DTL": Limits((2, 2), (40, 40), 10.0, ("Nhà máy nước", "Water works")),
    "DGT": Limits((2, 2), (20, 20), 6.0, ("Bến xe", "Bus station")),
}


def plan(
    frame: Frame, blocks: Blocks, streets: Streets, waters: Waters, limit: shapely.Polygon, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Draw the zones of the plan in force.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    blocks : Blocks
        Superblocks and present quarters.
    streets : Streets
        Streets; the main ones are zones.
    waters : Waters
        Waters; they are zones.
    limit : Polygon [EPSG:5897]
        The city.
    rng : Generator
        Source of the borders, drawn anew: the plan was not made from the cadastre.

    Returns
    -------
    GeoDataFrame
        Zones that do not overlap and cover the city.
    """
    roads = _roads(streets, limit)
    kept = np.isin(blocks.use, _KEPT)
    shape, use = _areas(frame, blocks, kept, rng)
    strip = _strips(frame, streets)
    strip_zones = _clean(shapely.intersection(shape, strip))
    rest_zones = _clean(shapely.difference(shape, strip))
    housing = np.isin(use, ["ODT"])
    shape = np.concatenate([np.where(housing, rest_zones, shape), strip_zones[housing]])
    use = np.concatenate([use, np.full(int(housing.sum()), "TMD", dtype=object)])
    shape = _clean(shapely.difference(shape, roads))
    water = shapely.difference(shapely.intersection(waters.body, limit), roads)
    bank = shapely.difference(limit, shapely.union_all([*blocks.superblocks, roads, water], grid_size=0.001))
    parts, owner = shapely.get_parts(np.concatenate([shape, [roads, water, bank]]), return_index=True)
    use = np.concatenate([use, ["ROAD", "SON", "BANK"]])[owner]
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 40.0)
    return _table(frame, shapely.coverage_clean(parts[keep], gap_width=0.05), use[keep], rng)


def _roads(streets: Streets, limit: shapely.Polygon) -> BaseGeometry:
    main = streets.roads[(streets.rank <= MAIN)]
    return shapely.intersection(shapely.union_all(main, grid_size=0.01), limit)


def _strips(frame: Frame, streets: Streets) -> BaseGeometry:
    """Commercial strips along the main streets of the town."""
    town = intensity(frame, *frame.locate(shapely.centroid(streets.network.lines)))
    along = (streets.rank <= CLASSES.index("secondary")) & (town >= SUBURBAN)
    return shapely.union_all(shapely.buffer(streets.roads[along], FRONTAGE, join_style="mitre"), grid_size=0.01)


def _areas(frame: Frame, blocks: Blocks, kept: np.ndarray, rng: np.random.Generator) -> tuple[Geometries, Geometries]:
    """Institutions as they are; the land between them cut anew and given its future use."""
    town = intensity(frame, *frame.locate(shapely.centroid(blocks.superblocks)))
    size = np.where(town >= URBAN, 310.0, np.where(town >= SUBURBAN, 360.0, 620.0)) * (0.55 + 0.45 * frame.unit)
    fresh = subdivide(blocks.superblocks, size, 0.72 * size, rng, tilt=0.12)
    institutions = shapely.union_all(blocks.quarters[kept], grid_size=0.01)
    rest = shapely.get_parts(_clean(shapely.difference(fresh.pieces, institutions)))
    rest = rest[shapely.area(rest) > 150.0]
    along, inland = frame.locate(shapely.centroid(rest))
    urban = intensity(frame, along, inland)
    y = inland / frame.depth
    # New quarters are planned between the town and the bypass, the rest of the fields stays.
    extension = (urban < SUBURBAN) & (urban > 0.03) & (y < 0.62) & (rng.random(len(rest)) < 0.55)
    use = np.where((urban >= SUBURBAN) | extension, "ODT", np.where(rng.random(len(rest)) < 0.12, "ONT", "CLN"))
    use = np.where((use == "CLN") & (y > 0.7) & (rng.random(len(rest)) < 0.6), "LUA", use)
    size = shapely.area(rest)
    park = (rng.random(len(rest)) < 0.05) & (use == "ODT") & (size > 8_000.0) & (size < 45_000.0)
    use = np.where(park, "DKV", use)
    return np.concatenate([blocks.quarters[kept], rest]), np.concatenate([blocks.use[kept], use]).astype(object)


def _clean(shapes: Geometries) -> Geometries:
    return np.asarray(shapely.set_precision(shapes, 0.001))


def _table(frame: Frame, shape: Geometries, use: Geometries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    along, inland = frame.locate(shapely.point_on_surface(shape))
    order = np.lexsort((np.round(along, 2), np.round(inland / (0.1 * frame.depth))))
    shape, use, along, inland = shape[order], use[order], along[order], inland[order]
    urban = intensity(frame, along, inland)
    rules = _rules(use, urban, rng)
    land_use = np.where(use == "ROAD", "DGT", np.where(use == "BANK", "DKV", use)).astype(object)
    zone_class = [f"{u}-{i + 1:03d}" for i, u in enumerate(land_use)]
    titles = [_title(u) for u in use]
    vi = [f"Ô {c} {t[0]}" for c, t in zip(zone_class, titles, strict=True)]
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-zone": [f"MP-Q{i + 1:04d}" for i in range(len(shape))],
            "name:vi": vi,
            "name:en": [f"Zone {latin(c)} {t[1]}" for c, t in zip(zone_class, titles, strict=True)],
            "land_use": land_use,
            "zone_class": zone_class,
            "plan_level": "zoning",
            **rules,
            "ground_level": _ground(use, urban, inland / frame.depth),
            "planned_population": _people(use, shapely.area(shape), urban),
            "decision": DECISION,
            "decision_date": DECISION_DATE,
            "officer_note": "Ghi chú nội bộ (mô phỏng)",
        },
        geometry=shape,
        crs=CRS,
    )


def _title(use: str) -> tuple[str, str]:
    plain = {
        "ROAD": ("Đường giao thông", "Street"), "SON": ("Sông rạch", "Waterway"),
        "BANK": ("Cây xanh ven sông", "Bank green"),
        "CLN": ("Vườn cây lâu năm", "Orchards"), "LUA": ("Đất lúa", "Rice land"), "NTD": ("Nghĩa trang", "Cemetery"),
    }  # fmt: skip
    return plain[use] if use in plain else LIMITS[use].title


def _rules(use: Geometries, urban: FloatArray, rng: np.random.Generator) -> dict[str, object]:
    """Storeys, height, coverage, floor area ratio and setback; nothing where nothing may be built."""
    built = np.isin(use, list(LIMITS))
    share = np.clip(urban, 0.0, 1.0)
    best, least = (
        np.array([(LIMITS[u].storeys[i], LIMITS[u].coverage[i]) if u in LIMITS else (np.nan, np.nan) for u in use])
        for i in (0, 1)
    )
    mixed = least + (best - least) * share[:, None]
    storeys = np.round(mixed[:, 0] + np.where(built, rng.integers(-1, 2, len(use)) * (mixed[:, 0] > 3), 0))
    coverage = np.round(mixed[:, 1] / 5) * 5
    ratio = np.floor(np.minimum(storeys * coverage / 100, 13.0) * 10) / 10
    setback = np.array([LIMITS[u].setback if u in LIMITS else np.nan for u in use])
    return {
        "max_storeys": pd.array(np.where(built, storeys, np.nan), dtype="Int64"),
        "max_height": np.round(storeys * 3.6 + 1.5, 1),
        "floor_area_ratio": np.where(np.isin(use, ["DKV"]), 0.05, ratio),
        "building_coverage": coverage,
        "setback": setback,
    }


def _ground(use: Geometries, urban: FloatArray, depth: FloatArray) -> FloatArray:
    """Design ground level [m, synthetic datum]: new land is raised more than old; nothing for water and fields."""
    level = np.where(urban >= URBAN, 2.0, np.where(urban >= SUBURBAN, 2.2, 2.4))
    level = np.where(use == "ROAD", np.where(depth > 0.55, 2.4, 2.1), level)
    level = np.where(use == "DKV", 1.6, level)
    return np.where(np.isin(use, ["SON", "BANK", "CLN", "LUA"]), np.nan, level)


def _people(use: Geometries, area: FloatArray, urban: FloatArray) -> object:
    """Planned population of housing zones."""
    density = np.where(use == "ODT", 90 + 210 * urban, np.where(use == "ONT", 40.0, np.nan))
    return pd.array(np.round(area / 1e4 * density), dtype="Int64")
