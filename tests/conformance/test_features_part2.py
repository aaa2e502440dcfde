"""OGC API Features 2: CRS by reference, one test per requirement."""

from __future__ import annotations

import pytest
import shapely
from pyproj import Transformer

from tests.conformance.requirement import proves
from tests.town import LAT, LON, PLACELESS

ITEMS = "/ogc/collections/landmarks/items"
PLOTS = "/ogc/collections/plots/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
EAST_FIRST = (3857, 3405, 5897, 9209, 9210)


@proves("features-2/crs/crs-uri")
def test_every_system_is_named_by_a_uri(client):
    for one in client.get("/ogc/collections").json()["collections"]:
        assert all(uri == CRS84 or uri.startswith(EPSG) for uri in one["crs"])
        assert one["storageCrs"].startswith("http://www.opengis.net/def/crs/")


@proves("features-2/crs/fc-md-crs-list")
def test_every_collection_lists_its_systems_with_the_default(client, check):
    for one in client.get("/ogc/collections").json()["collections"]:
        check("features/part2-1.0.1/schemas/collection.yaml", one)
        if one.get("itemType") == "feature":
            assert one["crs"][0] == CRS84
            assert len(one["crs"]) == len(set(one["crs"]))


@proves("features-2/crs/fc-md-crs-list-global")
def test_no_list_points_to_a_global_one_that_is_not_there(client, check):
    document = client.get("/ogc/collections").json()
    check("features/part2-1.0.1/schemas/collections.yaml", document)
    assert "crs" not in document
    assert not any("#/crs" in one["crs"] for one in document["collections"])


@proves("features-2/crs/fc-md-storageCrs", "features-2/crs/fc-md-storageCrs-valid-value")
def test_the_storage_system_is_one_of_the_list(client):
    for one in client.get("/ogc/collections").json()["collections"]:
        assert one["storageCrs"] in one["crs"]


@proves("features-2/crs/fc-crs-definition")
@pytest.mark.parametrize("path", ["/collections/landmarks/items", "/collections/landmarks/items/{featureId}"])
def test_crs_is_a_parameter_of_items_and_item(client, path):
    document = client.get("/ogc/openapi").json()
    assert {"$ref": "#/components/parameters/crs"} in document["paths"][path]["get"]["parameters"]
    assert document["components"]["parameters"]["crs"]["schema"]["format"] == "uri"


@proves("features-2/crs/fc-crs-action")
@pytest.mark.parametrize("code", [*EAST_FIRST, 4326])
def test_places_come_in_the_system_asked_for_in_its_axis_order(client, town, code):
    (feature,) = client.get(f"{ITEMS}?limit=1&crs={EPSG}{code}").json()["features"]
    (x, y) = feature["geometry"]["coordinates"]
    if code == 4326:
        assert (x, y) == pytest.approx((LAT, LON), abs=2e-8)
        return
    back = Transformer.from_crs(code, 4326 if code == 3857 else 4756, always_xy=True).transform(x, y)
    # VN-2000 and WGS 84 are some 190 m apart here: the datum was not forgotten.
    assert back == pytest.approx((LON, LAT), abs=1e-6 if code == 3857 else 4e-3)
    if code == 5897:
        assert (x, y) == pytest.approx(
            next(iter(town.crs.to_storage([shapely.Point(LON, LAT)], "OGC:CRS84")[0].coords)), abs=2e-3
        )
    assert 100_000 < x < 12_000_000
    alone = client.get(f"{ITEMS}/{feature['id']}?crs={EPSG}{code}").json()
    assert alone["geometry"] == feature["geometry"]


@proves("features-2/crs/fc-crs-action")
def test_all_systems_of_one_datum_agree_with_each_other(client):
    """One place in every VN-2000 system, brought back to the storage CRS by PROJ, is the same to the millimetre."""
    places = set()
    for code in (3405, 5897, 9209, 9210):
        (feature,) = client.get(f"{ITEMS}?limit=1&crs={EPSG}{code}").json()["features"]
        x, y = Transformer.from_crs(code, 5897, always_xy=True).transform(*feature["geometry"]["coordinates"])
        places.add((round(x, 2), round(y, 2)))
    assert len(places) == 1


@proves("features-2/crs/fc-crs-action")
def test_polygons_keep_their_rings(client):
    (plain,) = client.get(f"{PLOTS}?limit=1").json()["features"]
    (moved,) = client.get(f"{PLOTS}?limit=1&crs={EPSG}5897").json()["features"]
    assert [len(ring) for ring in moved["geometry"]["coordinates"]] == [
        len(ring) for ring in plain["geometry"]["coordinates"]
    ]
    square = shapely.geometry.shape(moved["geometry"])
    assert square.area == pytest.approx(40 * 40 - 20 * 20, abs=0.1)
    assert moved["properties"] == plain["properties"]


@proves("features-2/crs/fc-crs-default-value")
def test_without_crs_places_are_crs84(client):
    plain = client.get(f"{ITEMS}?limit=3").json()["features"]
    assert client.get(f"{ITEMS}?limit=3&crs={CRS84}").json()["features"] == plain
    assert plain[0]["geometry"]["coordinates"] == pytest.approx([LON, LAT], abs=2e-8)


@proves("features-2/crs/fc-crs-valid-value", "features-2/crs/crs-exception")
@pytest.mark.parametrize(
    "value", ["", "EPSG:4326", "4326", f"{EPSG}99999", f"{EPSG}27700", f"{CRS84}h", "urn:ogc:def:crs:EPSG::4326"]
)
def test_a_system_that_is_not_offered_is_400_with_a_message(client, check, value):
    answer = client.get(ITEMS, params={"crs": value})
    assert answer.status_code == 400
    check("features/part1-1.0.1/schemas/exception.yaml", answer.json())
    assert "crs" in answer.json()["description"].lower()
    meant = {"EPSG:4326", "4326", "urn:ogc:def:crs:EPSG::4326"}
    assert (f"did you mean {EPSG}4326?" in answer.json()["description"]) == (value in meant)


@proves("features-2/crs/fc-bbox-crs-definition")
def test_bbox_crs_is_a_parameter_of_items(client):
    document = client.get("/ogc/openapi").json()
    given = document["paths"]["/collections/landmarks/items"]["get"]["parameters"]
    assert {"$ref": "#/components/parameters/bbox-crs"} in given


@proves("features-2/crs/fc-bbox-crs-action")
@pytest.mark.parametrize("code", [*EAST_FIRST, 4326])
def test_a_box_in_another_system_selects_the_same_features(client, code):
    def edges(identifier):
        (feature,) = client.get(f"{ITEMS}?landmark_tag={identifier}&crs={EPSG}{code}").json()["features"]
        return feature["geometry"]["coordinates"]

    # L153 lies three steps east and three steps north of L0: a box around both holds sixteen.
    low, high = edges("L0"), edges("L153")
    margin = [(b - a) / 10 for a, b in zip(low, high, strict=True)]
    box = [low[0] - margin[0], low[1] - margin[1], high[0] + margin[0], high[1] + margin[1]]
    page = client.get(f"{ITEMS}?limit=100&bbox={','.join(map(str, box))}&bbox-crs={EPSG}{code}").json()
    tags = {one["properties"]["landmark_tag"] for one in page["features"] if one["geometry"]}
    assert tags == {f"L{row * 50 + column}" for row in range(4) for column in range(4)}
    assert page["numberMatched"] == 16 + PLACELESS


@proves("features-2/crs/fc-bbox-crs-valid-default-value")
def test_without_bbox_crs_the_box_is_crs84(client):
    box = f"{LON - 0.0005},{LAT - 0.0005},{LON + 0.0005},{LAT + 0.0005}"
    plain = client.get(f"{ITEMS}?bbox={box}").json()["features"]
    assert client.get(f"{ITEMS}?bbox={box}&bbox-crs={CRS84}").json()["features"] == plain
    assert len(plain) == 1 + PLACELESS


@proves("features-2/crs/fc-bbox-crs-action")
def test_longitude_and_latitude_are_not_mistaken_for_each_other(client):
    right = f"{LAT - 0.0005},{LON - 0.0005},{LAT + 0.0005},{LON + 0.0005}"
    page = client.get(f"{ITEMS}?bbox={right}&bbox-crs={EPSG}4326").json()
    assert page["numberMatched"] == 1 + PLACELESS
    wrong = f"{LON - 0.0005},{LAT - 0.0005},{LON + 0.0005},{LAT + 0.0005}"
    assert client.get(f"{ITEMS}?bbox={wrong}&bbox-crs={EPSG}4326").status_code == 400


@proves("features-2/crs/fc-bbox-crs-valid-value", "features-2/crs/bbox-crs-exception")
@pytest.mark.parametrize("value", ["", "EPSG:4326", f"{EPSG}99999", f"{EPSG}27700"])
def test_a_system_of_the_box_that_is_not_offered_is_400_with_a_message(client, check, value):
    answer = client.get(ITEMS, params={"bbox": "1,2,3,4", "bbox-crs": value})
    assert answer.status_code == 400
    check("features/part1-1.0.1/schemas/exception.yaml", answer.json())
    assert client.get(ITEMS, params={"bbox-crs": value}).status_code == 400


@proves("features-2/crs/ogc-crs-header", "features-2/crs/ogc-crs-header-value")
@pytest.mark.parametrize("uri", [CRS84, f"{EPSG}4326", f"{EPSG}5897"])
def test_the_header_names_the_system_in_angle_brackets(client, uri):
    answer = client.get(ITEMS, params={"limit": 1, "crs": uri})
    assert answer.headers["content-crs"] == f"<{uri}>"
    eid = answer.json()["features"][0]["id"]
    assert client.get(f"{ITEMS}/{eid}", params={"crs": uri}).headers["content-crs"] == f"<{uri}>"
    assert client.get(ITEMS).headers["content-crs"] == f"<{CRS84}>"


@proves("features-2/crs/geojson")
def test_geojson_in_another_system_is_still_geojson(client, check):
    answer = client.get(f"{PLOTS}?limit=5&crs={EPSG}3405")
    assert answer.headers["content-type"] == "application/geo+json"
    check("features/part1-1.0.1/schemas/featureCollectionGeoJSON.yaml", answer.json())
