"""100,000 made-up parcels: what all servers of the comparison serve."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg
import shapely

from sdi.entry import Accuracy
from sdi.recording import Batch

COUNT = 100_000
STEP = 24.0
"""Distance of neighbouring parcels [m]."""
WEST, SOUTH = 570_000.0, 1_105_000.0
"""Corner of all parcels [EPSG:5897]."""
USES = ("ODT", "ONT", "LUC", "CLN", "TMD", "DGT")
OWNERS = ("Nguyễn Thị Bưởi", "Trần Văn Đậu", "Lê Hoàng Ớt", "Phạm Kim Mướp", "Công ty Cổ phần Đất Phù Sa")
REGISTER = """
register: parcel
version: 1.0.0
title: {vi: Thửa đất, en: Parcels}
description: {vi: Thửa đất mô phỏng, en: Synthetic parcels}
location: {role: site, geometry: Polygon, required: true}
identity: {schemes: [parcel-code]}
fields:
  land_use: {type: text, max_length: 3, title: {vi: Mục đích, en: Land use}}
  owner: {type: text, max_length: 60, title: {vi: Người sử dụng, en: Holder}}
  area: {type: number, unit: m2, min: 0, title: {vi: Diện tích, en: Area}}
  floors: {type: integer, unit: "1", min: 0, title: {vi: Số tầng, en: Floors}}
  height: {type: number, unit: m, min: 0, title: {vi: Chiều cao, en: Height}}
  listed: {type: boolean, title: {vi: Được xếp hạng, en: Listed}}
  surveyed: {type: date, title: {vi: Ngày đo, en: Surveyed}}
  sheet: {type: text, max_length: 8, title: {vi: Tờ bản đồ, en: Sheet}}
on_bad_row: refuse
publish:
  collection: parcels
  fields: [land_use, owner, area, floors, height, listed, surveyed, sheet]
  keywords: [parcels]
  tiles: true
  order: 1
"""
SCHEMES = """
schemes:
  - {scheme: parcel-code, title: {vi: Mã thửa, en: Parcel code}, pattern: 'T\\d+', authority: Benchmark}
"""


def parcels(count: int = COUNT) -> gpd.GeoDataFrame:
    """Make parcels of eleven vertices on a jittered grid [EPSG:5897]."""
    dice = np.random.default_rng(7)
    side = int(np.ceil(np.sqrt(count)))
    row, column = np.divmod(np.arange(count), side)
    angles = np.linspace(0, 2 * np.pi, 11, endpoint=False)
    radius = 11.0 * dice.uniform(0.75, 1.0, (count, 11))
    x = WEST + STEP * column[:, None] + radius * np.cos(angles)
    y = SOUTH + STEP * row[:, None] + radius * np.sin(angles)
    made = shapely.polygons(np.stack([x, y], axis=2))
    days = np.datetime64("2010-01-01") + dice.integers(0, 5_000, count)
    return gpd.GeoDataFrame(
        {
            "parcel_code": [f"T{one:06}" for one in range(count)],
            "land_use": dice.choice(USES, count),
            "owner": dice.choice(OWNERS, count),
            "area": np.round(shapely.area(made), 1),
            "floors": dice.integers(0, 9, count),
            "height": np.round(dice.uniform(0, 30, count), 1),
            "listed": dice.random(count) < 0.1,
            "surveyed": days.astype(str),
            "sheet": [f"{one // 500:03}-{one % 9}" for one in range(count)],
        },
        geometry=made,
        crs=5897,
    )


def batch(made: gpd.GeoDataFrame) -> Batch:
    """Return the parcels as a batch for their register."""
    values = made.drop(columns=["parcel_code", "geometry"])
    return Batch(
        values={name: values[name].tolist() for name in values},
        identifiers={"parcel-code": made["parcel_code"].tolist()},
        geometry=made.geometry.to_numpy(),
        valid_from="2025-01-01",
        accuracy=Accuracy(1, method="synthetic"),
    )


def as_table(made: gpd.GeoDataFrame, address: str) -> None:
    """Write the parcels as a plain table with a numeric key and a spatial index, as the peers expect it."""
    flat = made.to_crs(4326)
    columns = [name for name in flat.columns if name != "geometry"]
    types = {"area": "double precision", "height": "double precision", "floors": "integer", "listed": "boolean"}
    listed = ", ".join(f"{name} {types.get(name, 'text')}" for name in columns)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            f"CREATE TABLE parcels (id serial PRIMARY KEY, {listed}, geom geometry(Polygon, 4326))".encode()
        )
        wkb = shapely.to_wkb(shapely.set_srid(flat.geometry.to_numpy(), 4326), hex=True, include_srid=True)
        with connection.cursor().copy(f"COPY parcels ({', '.join(columns)}, geom) FROM STDIN".encode()) as copy:
            for values, place in zip(flat[columns].itertuples(index=False), wkb, strict=True):
                copy.write_row((*values, place))
        connection.execute(b"CREATE INDEX ON parcels USING gist (geom)")
        connection.execute(b"VACUUM ANALYZE parcels")


def as_geopackage(made: gpd.GeoDataFrame, path: Path) -> None:
    """Write the parcels as a GeoPackage with a spatial index."""
    made.to_crs(4326).to_file(path, layer="parcels", driver="GPKG", engine="pyogrio")
