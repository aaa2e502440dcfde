from __future__ import annotations

import time

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from starlette.testclient import TestClient

from sdi.service import application, cog, raster
from tests import town as towns

TERRAIN = "/ogc/collections/terrain/coverage"
FLOOD = "/ogc/collections/flood/coverage"


def values(document, name):
    one = document["ranges"][name]
    return np.array(one["values"], dtype=float).reshape(one["shape"])


def test_a_cog_is_answered_with_its_values_its_unit_and_its_crs(client):
    answer = client.get(TERRAIN)
    document = answer.json()
    assert answer.headers["content-type"] == "application/prs.coverage+json"
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/EPSG/0/5897>"
    assert document["domain"]["axes"]["x"] == {"start": 585005.0, "stop": 585595.0, "num": 60}
    assert document["domain"]["axes"]["y"] == {"start": 1109395.0, "stop": 1109005.0, "num": 40}
    (system,) = document["domain"]["referencing"]
    assert system["system"] == {"type": "ProjectedCRS", "id": "http://www.opengis.net/def/crs/EPSG/0/5897"}
    assert document["parameters"]["elevation"]["unit"]["symbol"]["value"] == "m"
    elevation = values(document, "elevation")
    np.testing.assert_allclose(elevation[5], 1 + np.arange(60) / 100, atol=1e-4)


def test_a_missing_cell_is_null_and_not_a_number(client):
    document = client.get(TERRAIN).json()
    assert document["ranges"]["elevation"]["values"].count(None) == 1
    assert document["ranges"]["elevation"]["values"][0] is None


def test_a_zarr_is_answered_with_time(client):
    document = client.get(f"{FLOOD}?properties=water_depth").json()
    assert document["domain"]["axes"]["t"]["values"] == [f"2025-10-01T0{hour}:00:00Z" for hour in range(3)]
    depth = values(document, "water_depth")
    assert depth.shape == (3, 40, 60)
    assert [float(one.max()) for one in depth] == [0, 1, 2]


def test_all_variables_come_where_none_is_named_and_all_have_units(client):
    document = client.get(FLOOD).json()
    assert set(document["ranges"]) == {"water_depth", "maximum_water_depth"}
    assert {one["unit"]["symbol"]["value"] for one in document["parameters"].values()} == {"m"}


@pytest.mark.parametrize("address", [TERRAIN, FLOOD])
def test_a_box_that_comes_alone_cuts_a_part(client, town, address):
    system = "http://www.opengis.net/def/crs/EPSG/0/5897"
    axes = client.get(f"{address}?bbox=585101,1109101,585149,1109129&bbox-crs={system}").json()["domain"]["axes"]
    assert axes["x"] == {"start": 585105.0, "stop": 585145.0, "num": 5}
    assert axes["y"] == {"start": 1109125.0, "stop": 1109105.0, "num": 3}


def test_a_box_in_longitude_and_latitude_finds_the_same_cells(client):
    box = "105.77810,10.02831,105.77853,10.02857"
    in_degrees = client.get(f"{TERRAIN}?bbox={box}").json()["domain"]["axes"]
    latitude_first = "10.02831,105.77810,10.02857,105.77853"
    swapped = client.get(f"{TERRAIN}?bbox={latitude_first}&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326")
    assert in_degrees == swapped.json()["domain"]["axes"]
    assert 0 < in_degrees["x"]["num"] < 10


def test_subset_cuts_along_the_axes_of_the_grid(client):
    axes = client.get(f"{TERRAIN}?subset=x(585101:585149),y(1109101:*)").json()["domain"]["axes"]
    assert axes["x"]["num"] == 5
    assert axes["y"] == {"start": 1109395.0, "stop": 1109105.0, "num": 30}


@pytest.mark.parametrize(
    ("query", "steps"),
    [("2025-10-01T01:00:00Z", 1), ("2025-10-01", 3), ("2025-10-01T01:00:00Z/..", 2), ("../2025-10-01T01:00:00Z", 2)],
)
def test_datetime_selects_steps(client, query, steps):
    document = client.get(f"{FLOOD}?datetime={query}&properties=water_depth").json()
    assert len(document["domain"]["axes"]["t"]["values"]) == steps


@pytest.mark.parametrize(
    ("address", "query"),
    [
        (TERRAIN, "bbox=105,10,106,11&subset=x(585101:585149)"),
        (TERRAIN, "bbox=1,2,3"),
        (TERRAIN, "bbox=1,2,inf,4"),
        (TERRAIN, "bbox-crs=EPSG:5897&bbox=1,2,3,4"),
        (TERRAIN, "subset=z(1:2)"),
        (TERRAIN, "subset=x"),
        (TERRAIN, "subset=x(a:b)"),
        (TERRAIN, "subset="),
        (TERRAIN, "datetime=../.."),
        (TERRAIN, "properties=height"),
        (TERRAIN, "colour=red"),
        (TERRAIN, "f=png"),
        (FLOOD, "f=tiff"),
        (FLOOD, "datetime=2025-13-01"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_never_a_server_error(client, address, query):
    answer = client.get(f"{address}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "InvalidParameterValue"


@pytest.mark.parametrize("query", ["bbox=1,1,2,2", "subset=x(1:2)"])
def test_a_part_wholly_outside_is_no_content(client, query):
    answer = client.get(f"{TERRAIN}?{query}")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_moment_wholly_outside_is_no_content(client):
    assert client.get(f"{FLOOD}?datetime=1999-01-01").status_code == 204


def test_the_whole_file_is_sent_as_it_lies_and_in_ranges(client, town):
    whole = client.get(f"{TERRAIN}?f=tiff")
    assert whole.headers["content-type"].startswith("image/tiff")
    assert "content-encoding" not in whole.headers
    part = client.get(f"{TERRAIN}?f=tiff", headers={"Range": "bytes=4-11"})
    assert part.status_code == 206
    assert part.content == whole.content[4:12]
    with MemoryFile(whole.content) as memory, memory.open() as data:
        assert data.crs.to_epsg() == 5897
        assert np.isnan(data.read(1)[0, 0])


def test_a_part_is_cut_out_as_a_file_with_its_place(client):
    answer = client.get(f"{TERRAIN}?f=tiff&subset=x(585101:585149),y(1109101:1109129)")
    with MemoryFile(answer.content) as memory, memory.open() as data:
        assert data.bounds == rasterio.coords.BoundingBox(585100, 1109100, 585150, 1109130)
        assert data.descriptions == ("elevation",)
        assert data.units == ("m",)
        np.testing.assert_allclose(data.read(1)[0], 1 + np.arange(10, 15) / 100, atol=1e-6)


def test_a_coverage_that_may_not_be_copied_offers_no_file(client):
    document = client.get("/ogc/collections/flood").json()
    assert not any("tiff" in one["type"] for one in document["links"])
    assert client.get(FLOOD, headers={"Accept": "image/tiff"}).status_code == 406


def test_a_large_part_is_thinned_in_json(client, monkeypatch):
    monkeypatch.setattr(raster, "MAXIMUM_CELLS", 600)
    document = client.get(TERRAIN).json()
    assert document["ranges"]["elevation"]["shape"] == [20, 30]
    assert document["domain"]["axes"]["x"]["num"] == 30


def test_a_part_too_large_for_memory_is_refused_as_a_file(client, monkeypatch):
    monkeypatch.setattr(cog, "MAXIMUM_TIFF_CELLS", 100)
    answer = client.get(f"{TERRAIN}?f=tiff&subset=x(585101:*)")
    assert answer.status_code == 400
    assert "ask for less" in answer.json()["description"]


def test_a_file_that_is_gone_is_not_found(tmp_path):
    town = towns.build(tmp_path)
    with TestClient(application(town)) as asking:
        assert asking.get(f"{TERRAIN}?f=tiff").status_code == 200
        for path in town.rasters.rglob("*.tif"):
            path.unlink()
        answer = asking.get(f"{TERRAIN}?f=tiff")
        assert (answer.status_code, "ask again" in answer.json()["description"]) == (404, True)


def test_handles_stay_open_until_the_coverage_is_published_anew(tmp_path):
    town = towns.build(tmp_path)
    with TestClient(application(town)) as asking:
        first = asking.get(TERRAIN)
        assert values(first.json(), "elevation")[5, 0] == 1
        towns.write_terrain(town, level=7)
        second = asking.get(TERRAIN, headers={"If-None-Match": first.headers["etag"]})
        assert second.status_code == 200
        assert values(second.json(), "elevation")[5, 0] == 7
        again = asking.get(TERRAIN, headers={"If-None-Match": second.headers["etag"]})
        assert again.status_code == 304


def test_a_broken_coverage_is_left_out_and_does_not_silence_the_others(tmp_path, caplog):
    town = towns.build(tmp_path)
    broken = town.rasters / "broken"
    broken.mkdir()
    (broken / "coverage.json").write_text("{")
    with TestClient(application(town)) as asking:
        names = [one["id"] for one in asking.get("/ogc/collections").json()["collections"]]
    assert {"terrain", "flood"} <= set(names)
    assert "broken" not in names
    assert "coverage broken is not served" in caplog.text


def test_a_coverage_has_no_items_and_features_no_coverage(client):
    assert client.get("/ogc/collections/terrain/items").status_code == 404
    assert client.get("/ogc/collections/terrain/queryables").json()["properties"] == {}
    assert client.get("/ogc/collections/landmarks/coverage").status_code == 404


@pytest.mark.parametrize("subset", ["x" + "(" * 20_000, "x(1:2)," * 1_000, "x(" + "1" * 5_000 + ")", "x(1:2)y", ","])
def test_a_hostile_subset_is_refused_at_once(client, subset):
    start = time.perf_counter()
    assert client.get(TERRAIN, params={"subset": subset}).status_code == 400
    assert time.perf_counter() - start < 1


def test_a_variable_that_is_named_many_times_is_read_once(client):
    once = client.get(FLOOD, params={"properties": "water_depth"}).json()
    assert client.get(FLOOD, params={"properties": ",".join(["water_depth"] * 1_000)}).json() == once


@pytest.mark.parametrize("numbers", ["1e300,1e300,1e301,1e301", "1e308,1e308,1.7e308,1.7e308"])
@pytest.mark.parametrize("code", ["3857", "5897"])
def test_a_box_beyond_all_bounds_is_refused(client, numbers, code):
    system = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    for address in (TERRAIN, "/ogc/collections/landmarks/items"):
        answer = client.get(address, params={"bbox": numbers, "bbox-crs": system})
        assert answer.status_code == 400, answer.text


def test_a_box_across_the_antimeridian_that_leaves_the_city_out_selects_nothing(client):
    assert client.get(f"{TERRAIN}?bbox=106,9,105,11").status_code == 204
