"""GDAL reads the service: the system's own program and the GDAL inside pyogrio."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pyogrio
import pytest
import rasterio

from tests.town import COUNT, HOSTILE, LAT, LON, PLACELESS

pytestmark = pytest.mark.clients
ALL = COUNT + PLACELESS


@pytest.fixture
def ask(ogrinfo: Path, address: str):
    """Return a function that runs ogrinfo on the service and gives what it says."""

    def run(*arguments: str, source: str = f"OAPIF:{address}") -> str:
        done = subprocess.run(
            [ogrinfo, "-ro", source, *arguments], capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stdout + done.stderr
        return done.stdout

    return run


def test_it_finds_the_collections_with_their_vietnamese_titles_and_no_coverage(ask):
    said = ask("-so")
    assert "landmarks (title: Công trình tiêu biểu) (Point)" in said
    assert "trees (title: Cây xanh đô thị)" in said
    assert "terrain" not in said


def test_it_counts_exactly_and_knows_the_types(ask):
    said = ask("-so", "landmarks")
    assert f"Feature Count: {ALL}" in said
    assert "Extent: (105.780000, 10.030000) - (105.829000, 10.054000)" in said
    for line in (
        "floors: Integer (0.0)",
        "height: Real (0.0)",
        "listed: Integer(Boolean)",
        "built: Date",
        "name: String",
    ):
        assert line in said


@pytest.mark.parametrize("size", ["7", "100", "1000"])
def test_it_pages_through_everything_whatever_the_page_size(ask, size):
    said = ask("landmarks", "-oo", f"PAGE_SIZE={size}", "-geom=NO", "-fields=NO")
    assert said.count("OGRFeature(landmarks)") == ALL


def test_it_pushes_an_equality_and_a_box_to_the_service(ask):
    expected = sum(n % 3 == 0 for n in range(COUNT)) + 1
    assert f"Feature Count: {expected}" in ask("landmarks", "-so", "-where", "grade = 'high'")
    box = (str(LON - 0.0005), str(LAT - 0.0005), str(LON + 0.0025), str(LAT + 0.0005))
    # GDAL leaves out by itself what has no place.
    assert "Feature Count: 3\n" in ask("landmarks", "-so", "-spat", *box)


def test_vietnamese_and_hostile_text_arrive_unharmed(ask):
    assert "name (String) = Chợ nổi số 0 đường Hòa Bình" in ask("landmarks", "-where", "landmark_tag = 'L0'")
    assert f"name (String) = {HOSTILE}" in ask("landmarks", "-where", "landmark_tag = 'L3'")


def test_it_reads_a_single_collection_by_its_address(ask, address):
    said = ask("-so", "plots", source=f"OAPIF:{address}collections/plots")
    assert "Feature Count: 60" in said
    assert "Geometry: Polygon" in said


def test_the_gdal_of_python_reads_the_same(address):
    layers = {name for name, _ in pyogrio.list_layers(f"OAPIF:{address}")}
    assert {"landmarks", "plots", "trees"} <= layers
    assert "terrain" not in layers
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer="landmarks")
    assert len(frame) == ALL
    assert frame.crs.to_authority() in {("OGC", "CRS84"), ("EPSG", "4326")}
    first = frame[frame["landmark_tag"] == "L0"].iloc[0]
    assert first["name"] == "Chợ nổi số 0 đường Hòa Bình"
    assert (first.geometry.x, first.geometry.y) == pytest.approx((LON, LAT), abs=2e-8)


def test_the_gdal_of_python_reads_another_system(address):
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer="landmarks", CRS="EPSG:5897")
    first = frame[frame["landmark_tag"] == "L0"].iloc[0]
    assert frame.crs.to_epsg() == 5897
    assert (first.geometry.x, first.geometry.y) == pytest.approx((585308.9, 1109275.2), abs=0.2)


def test_it_reads_a_page_of_geojson_as_a_plain_file(ask, address):
    said = ask("-so", "-al", source=f"{address}collections/plots/items?limit=60")
    assert "using driver `GeoJSON' successful" in said
    assert "Feature Count: 60" in said


def test_it_reads_a_window_of_the_terrain_without_fetching_the_file(address):
    with rasterio.open(f"/vsicurl/{address}collections/terrain/coverage?f=tiff") as data:
        assert (data.width, data.height, data.crs.to_epsg()) == (60, 40, 5897)
        assert data.read(1, window=((5, 6), (10, 11)))[0, 0] == pytest.approx(1.1)
