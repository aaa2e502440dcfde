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
WHERE = [
    ("grade = 'high'", "grade = 'high'", sum(n % 3 == 0 for n in range(COUNT)) + 1),
    ("height > 9 AND floors = 3", "(height > 9) AND (floors = 3)", sum(n > 36 and n % 7 == 3 for n in range(COUNT))),
    ("grade = 'high' OR NOT name LIKE 'Ch%'", "(grade = 'high') OR (NOT (name LIKE 'Ch%'))", 415),
    ("name ILIKE '%SỐ 12 %'", "name ILIKE '%SỐ 12 %'", 1),
    ("height BETWEEN 30 AND 40", "(height >= 30) AND (height <= 40)", 41),
    ("built >= '1950-01-01'", "built >= '1950-01-01T'", sum(n % 100 >= 50 for n in range(COUNT))),
    ("listed = 1", "listed = 1", sum(n % 2 == 0 for n in range(COUNT))),
    ("height IS NULL", "(height IS NULL)", PLACELESS),
]
"""What a user of GDAL writes, what GDAL makes of it, and how many landmarks there are."""


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


@pytest.fixture
def asked(ogrinfo: Path, overheard):
    """Return a function that runs ogrinfo and gives what it says and which pages it asked for, the first to look."""
    root, ear = overheard

    def run(*arguments: str):
        done = subprocess.run(
            [ogrinfo, "-ro", f"OAPIF:{root}/ogc/", *arguments], capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
        )  # fmt: skip
        assert "ERROR" not in done.stdout + done.stderr
        return done.stdout, ear.pages("landmarks")

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


@pytest.mark.parametrize(("size", "pages"), [("7", 177), ("100", 13), ("1000", 2)])
def test_it_pages_through_everything_whatever_the_page_size(asked, size, pages):
    said, heard = asked("landmarks", "-oo", f"PAGE_SIZE={size}", "-geom=NO", "-fields=NO")
    assert said.count("OGRFeature(landmarks)") == ALL
    assert {one.get("limit") for one in heard[1:]} == {size}
    assert len(heard) - 1 == pages == -(-ALL // int(size))
    assert len({one.get("after") for one in heard[1:]}) == pages


@pytest.mark.shows("service")
@pytest.mark.parametrize(("where", "pushed", "count"), WHERE)
def test_it_leaves_the_whole_filter_to_the_service(asked, where, pushed, count, figure):
    said, heard = asked("landmarks", "-so", "-where", where, "-oo", "PAGE_SIZE=1000")
    assert f"Feature Count: {count}\n" in said
    assert {one.get("filter") for one in heard[1:]} == {pushed}
    assert {one.get("filter-lang") for one in heard[1:]} == {"cql-text"}
    figure(f"GDAL, {where}: pages asked for", len(heard) - 1, "1", f"= {max(1, -(-count // 1000))}")
    assert len(heard) - 1 == max(1, -(-count // 1000))


@pytest.mark.shows("service")
def test_it_leaves_a_box_to_the_service(asked, figure):
    box = (str(LON - 0.0005), str(LAT - 0.0005), str(LON + 0.0025), str(LAT + 0.0005))
    said, heard = asked("landmarks", "-so", "-spat", *box)
    # GDAL leaves out by itself what has no place.
    assert "Feature Count: 3\n" in said
    (page,) = heard[1:]
    assert [float(one) for one in page["bbox"].split(",")] == pytest.approx([float(one) for one in box])
    figure("GDAL, a box of 3 points: pages asked for", len(heard) - 1, "1", "= 1")


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


@pytest.mark.shows("service")
@pytest.mark.parametrize(
    ("code", "east", "north", "within"),
    [(5897, 585_308.9, 1_109_275.2, 0.2), (3857, 11_775_375.74, 1_122_281.24, 0.02), (4326, LON, LAT, 2e-8)],
)
def test_the_gdal_of_python_reads_other_systems_in_their_order_of_axes(address, code, east, north, within):
    wanted = {"layer": "landmarks", "CRS": f"EPSG:{code}", "where": "landmark_tag = 'L0'"}
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", **wanted)
    assert frame.crs.to_epsg() == code or code == 4326
    (first,) = frame.geometry
    assert (first.x, first.y) == pytest.approx((east, north), abs=within)


def test_the_gdal_of_python_asks_by_a_box_in_another_system(address):
    box = (585_300, 1_109_270, 585_700, 1_109_290)
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer="landmarks", CRS="EPSG:5897", bbox=box)
    assert sorted(frame["landmark_tag"]) == ["L0", "L1", "L2", "L3"]


def test_it_reads_a_page_of_geojson_as_a_plain_file(ask, address):
    said = ask("-so", "-al", source=f"{address}collections/plots/items?limit=60")
    assert "using driver `GeoJSON' successful" in said
    assert "Feature Count: 60" in said


def test_it_reads_a_window_of_the_terrain_without_fetching_the_file(address):
    with rasterio.open(f"/vsicurl/{address}collections/terrain/coverage?f=tiff") as data:
        assert (data.width, data.height, data.crs.to_epsg()) == (60, 40, 5897)
        assert data.read(1, window=((5, 6), (10, 11)))[0, 0] == pytest.approx(1.1)
