"""GeoParquet 1.1, as its specification asks."""

from __future__ import annotations

import geopandas as gpd
import orjson
import pyarrow.parquet as pq
import pytest
from pyproj import CRS

from tests.fair import STALLS
from tests.sdi.bulk.conftest import EMBEDDED, Built


def geo(fair: Built, collection: str) -> dict:
    found: dict = orjson.loads(pq.read_metadata(fair.path(collection, "parquet")).metadata[b"geo"])
    return found


@EMBEDDED
def test_the_metadata_say_version_encoding_system_types_and_box(fair: Built) -> None:
    said = geo(fair, "odd-things")
    assert (said["version"], said["primary_column"]) == ("1.1.0", "geometry")
    column = said["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["LineString", "Point", "Polygon"]
    assert CRS.from_json_dict(column["crs"]).equals(CRS("OGC:CRS84"))
    frame = gpd.read_parquet(fair.path("odd-things", "parquet"))
    assert column["bbox"] == frame.total_bounds.tolist()
    assert frame.crs.to_string() == "OGC:CRS84"


@EMBEDDED
def test_the_box_of_each_feature_stands_where_the_metadata_say(fair: Built) -> None:
    path = fair.path("odd-things", "parquet")
    covering = geo(fair, "odd-things")["columns"]["geometry"]["covering"]["bbox"]
    assert covering == {edge: ["geometry_bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}
    boxes = [tuple(one.values()) for one in pq.read_table(path)["geometry_bbox"].to_pylist()]
    frame = gpd.read_parquet(path)
    assert boxes == [tuple(one) for one in frame.bounds.to_numpy().tolist()]
    west = frame.total_bounds[0]
    assert len(gpd.read_parquet(path, bbox=(west - 1, 0, west - 0.5, 20))) == 0
    assert len(gpd.read_parquet(path, bbox=tuple(frame.total_bounds))) == 3


@EMBEDDED
def test_a_feature_without_a_place_has_no_box_either(fair: Built) -> None:
    (nowhere,) = [one for one in pq.read_table(fair.path("stalls", "parquet")).to_pylist() if one["geometry"] is None]
    assert nowhere["geometry_bbox"] is None


@pytest.mark.parametrize("collection", ["stalls", "lawns"])
@EMBEDDED
def test_it_is_packed_with_zstd_and_tells_whose_data_it_holds(fair: Built, collection: str) -> None:
    metadata = pq.read_metadata(fair.path(collection, "parquet"))
    assert metadata.row_group(0).column(0).compression == "ZSTD"
    assert metadata.metadata[b"attribution"].decode() == "Hội chợ thử"
    assert metadata.metadata[b"licence"] == b"CC-BY-4.0"
    assert metadata.metadata[b"as_of"].startswith(b"2026-01-01T00:00:0")
    assert metadata.num_rows == (STALLS if collection == "stalls" else 2)
