"""OGC API Features 1: Core, one test per requirement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely

from tests.conformance.requirement import proves
from tests.town import COUNT, LAT, LON, PLACELESS

FEATURES = "features/part1-1.0.1/schemas"
COLLECTIONS = ("landmarks", "plots", "trees")
ITEMS = "/ogc/collections/landmarks/items"
ALL = COUNT + PLACELESS


def links(document, rel):
    return [one for one in document["links"] if one["rel"] == rel]


def placed(document):
    """Leave features without a place out: RFC 7946 allows them, the schema of the standard forgot them."""
    return document | {"features": [one for one in document["features"] if one["geometry"] is not None]}


@proves("features-1/core/root-op", "features-1/core/root-success")
def test_the_landing_page_leads_to_definition_conformance_and_data(client, check):
    answer = client.get("/ogc/")
    assert answer.status_code == 200
    check(f"{FEATURES}/landingPage.yaml", answer.json())
    for rel in ("service-desc", "service-doc", "conformance", "data"):
        assert all(client.get(one["href"]).status_code == 200 for one in links(answer.json(), rel))
        assert links(answer.json(), rel)


@proves("features-1/core/api-definition-op", "features-1/core/api-definition-success")
def test_the_api_definition_answers_in_the_type_asked_for(client):
    landing = client.get("/ogc/").json()
    for one in links(landing, "service-desc") + links(landing, "service-doc"):
        answer = client.get("/ogc/openapi", headers={"Accept": one["type"]})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(one["type"])


@proves("features-1/core/conformance-op", "features-1/core/conformance-success")
def test_conformance_lists_the_classes(client, check):
    answer = client.get("/ogc/conformance")
    assert answer.status_code == 200
    check(f"{FEATURES}/confClasses.yaml", answer.json())
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in answer.json()["conformsTo"]


@proves("features-1/core/http")
def test_http_1_1_is_spoken(client):
    assert client.get("/ogc/").http_version == "HTTP/1.1"


@proves("features-1/core/query-param-unknown")
@pytest.mark.parametrize("path", ["/ogc/collections", "/ogc/collections/landmarks", ITEMS])
def test_an_unknown_parameter_is_400(client, check, path):
    answer = client.get(f"{path}?wrong=1")
    assert answer.status_code == 400
    check(f"{FEATURES}/exception.yaml", answer.json())


@proves("features-1/core/query-param-invalid")
@pytest.mark.parametrize("query", ["limit=x", "bbox=x", "datetime=x", "floors=x", "f=x"])
def test_an_invalid_value_is_400(client, check, query):
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 400
    check(f"{FEATURES}/exception.yaml", answer.json())


@proves("features-1/core/crs84")
def test_places_are_longitude_and_latitude_unless_asked_otherwise(client):
    (first,) = client.get(f"{ITEMS}?limit=1").json()["features"]
    assert first["geometry"]["coordinates"] == pytest.approx([LON, LAT], abs=2e-8)


@proves("features-1/core/fc-md-op", "features-1/core/fc-md-success")
def test_the_collections_answer_and_are_valid(client, check):
    answer = client.get("/ogc/collections")
    assert answer.status_code == 200
    check(f"{FEATURES}/collections.yaml", answer.json())


@proves("features-1/core/fc-md-links")
def test_the_collections_link_to_themselves_and_their_alternates(client):
    document = client.get("/ogc/collections").json()
    assert len(links(document, "self")) == 1
    assert [one["type"] for one in links(document, "alternate")] == ["text/html"]
    assert all(one.get("rel") and one.get("type") for one in document["links"])


@proves("features-1/core/fc-md-items")
def test_there_is_one_entry_per_collection(client):
    names = [one["id"] for one in client.get("/ogc/collections").json()["collections"]]
    assert len(names) == len(set(names))
    assert set(COLLECTIONS) <= set(names)


@proves("features-1/core/fc-md-items-links")
def test_each_collection_of_features_links_to_its_items_in_every_encoding(client):
    for one in client.get("/ogc/collections").json()["collections"]:
        expected = ["application/geo+json", "text/html"] if one.get("itemType") == "feature" else []
        assert [link["type"] for link in links(one, "items")] == expected
        for link in links(one, "items"):
            assert client.get(link["href"]).status_code == 200


@proves("features-1/core/fc-md-extent", "features-1/core/fc-md-extent-multi")
@pytest.mark.parametrize("name", ["landmarks", "plots"])
def test_the_extent_encloses_every_place_and_time(client, name):
    extent = client.get(f"/ogc/collections/{name}").json()["extent"]
    assert len(extent["spatial"]["bbox"]) == 1
    whole = shapely.box(*extent["spatial"]["bbox"][0])
    features = client.get(f"/ogc/collections/{name}/items?limit=10000").json()["features"]
    shapes = [shapely.geometry.shape(one["geometry"]) for one in features if one["geometry"]]
    assert all(whole.covers(one) for one in shapes)
    (interval,) = extent.get("temporal", {"interval": [[None, None]]})["interval"]
    starts = [one["properties"]["valid_from"] for one in features if one["properties"]["valid_from"]]
    assert interval[0] is None or min(starts) >= interval[0]
    assert interval[1] is None


@proves("features-1/core/sfc-md-op", "features-1/core/sfc-md-success")
def test_a_collection_says_what_the_list_says(client, check):
    for listed in client.get("/ogc/collections").json()["collections"]:
        answer = client.get(f"/ogc/collections/{listed['id']}")
        assert answer.status_code == 200
        check(f"{FEATURES}/collection.yaml", answer.json())
        for key in ("id", "title", "description", "extent", "itemType"):
            assert answer.json().get(key) == listed.get(key)
        given = {(one["rel"], one["type"], one["href"]) for one in answer.json()["links"]}
        assert {(one["rel"], one["type"], one["href"]) for one in listed["links"]} <= given


@proves("features-1/core/fc-op", "features-1/core/fc-response")
def test_items_answer_with_the_features_selected_and_no_others(client, check):
    answer = client.get(f"{ITEMS}?limit=50&floors=2")
    assert answer.status_code == 200
    check(f"{FEATURES}/featureCollectionGeoJSON.yaml", placed(answer.json()))
    every = client.get(f"{ITEMS}?limit=10000&floors=2").json()
    assert {one["properties"]["floors"] for one in every["features"]} == {2}
    assert len(every["features"]) == sum(number % 7 == 2 for number in range(COUNT))


@proves("features-1/core/fc-limit-definition")
def test_limit_is_defined_with_minimum_maximum_and_default(client):
    limit = client.get("/ogc/openapi").json()["components"]["parameters"]["limit"]
    assert (limit["name"], limit["in"], limit.get("required", False)) == ("limit", "query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    for wrong in ("0", "-1", "1.5", ""):
        assert client.get(f"{ITEMS}?limit={wrong}").status_code == 400


@proves("features-1/core/fc-limit-response-1")
@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("10", 10), ("10000", ALL), ("99999999", ALL)])
def test_no_page_has_more_features_than_asked_for(client, limit, count):
    answer = client.get(f"{ITEMS}?limit={limit}")
    assert answer.status_code == 200
    assert len(answer.json()["features"]) == count


@proves("features-1/core/fc-bbox-definition")
def test_bbox_is_four_or_six_numbers(client):
    box = client.get("/ogc/openapi").json()["components"]["parameters"]["bbox"]
    assert (box["style"], box["explode"]) == ("form", False)
    assert (box["schema"]["type"], box["schema"]["items"]) == ("array", {"type": "number"})
    for wrong in ("1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "a,b,c,d", "inf,0,1,1", "0,0,nan,1"):
        assert client.get(f"{ITEMS}?bbox={wrong}").status_code == 400
    four = client.get(f"{ITEMS}?bbox=105,10,106,11").json()["numberMatched"]
    assert client.get(f"{ITEMS}?bbox=105,10,-100,106,11,100").json()["numberMatched"] == four


@proves("features-1/core/fc-bbox-response")
@pytest.mark.parametrize("name", ["landmarks", "plots"])
def test_bbox_selects_what_intersects_and_what_has_no_place(client, name):
    west, south, east, north = client.get(f"/ogc/collections/{name}").json()["extent"]["spatial"]["bbox"][0]
    edges = (west + (east - west) / 4, south + (north - south) / 4, west + (east - west) / 2, north)
    items = f"/ogc/collections/{name}/items?limit=10000"
    inside = client.get(f"{items}&bbox={','.join(map(str, edges))}").json()["features"]
    window = shapely.box(*edges)
    expected = {
        one["id"]
        for one in client.get(items).json()["features"]
        if one["geometry"] is None or window.intersects(shapely.geometry.shape(one["geometry"]))
    }
    assert {one["id"] for one in inside} == expected
    for beyond in ("-181,0,0,1", "0,0,181,1", "0,-91,1,1", "0,0,1,91"):
        assert client.get(f"{items}&bbox={beyond}").status_code == 400


@proves("features-1/core/fc-time-definition")
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("2024-01-01", 200), ("2024-01-01T00:00:00Z", 200), ("2024-01-01T07:00:00%2B07:00", 200),
        ("2024-01-01/2024-02-01", 200), ("../2024-02-01", 200), ("2024-01-01/..", 200), ("/2024-02-01", 200),
        ("2024-01-01/", 200), ("../..", 400), ("2025-13-01", 400), ("2024-01", 400), ("now", 400), ("", 400),
    ],
)  # fmt: skip
def test_datetime_is_a_moment_or_an_interval(client, text, status):
    assert client.get(f"{ITEMS}?datetime={text}").status_code == status


@proves("features-1/core/fc-time-response")
def test_datetime_selects_what_intersects(client):
    def count(text):
        return client.get(f"{ITEMS}?datetime={text}").json()["numberMatched"]

    assert count("2019-01-01") == 0
    assert count("2020-01-01") == COUNT + 1
    assert count("../2019-12-31T23:59:59Z") == 0
    assert count("2021-06-01/..") == ALL + 1
    assert count("2025-01-14") == ALL + 1
    assert count("2025-01-15") == ALL


@proves("features-1/core/fc-links", "features-1/core/fc-rel-type")
def test_items_link_to_themselves_their_alternates_and_the_next_page(client):
    document = client.get(f"{ITEMS}?limit=10&grade=low").json()
    assert len(links(document, "self")) == 1
    assert [one["type"] for one in links(document, "alternate")] == ["text/html"]
    assert all(one.get("rel") and one.get("type") for one in document["links"])
    (onward,) = links(document, "next")
    assert {one["properties"]["grade"] for one in client.get(onward["href"]).json()["features"]} == {"low"}
    for one in links(document, "self") + links(document, "alternate"):
        assert client.get(one["href"]).headers["content-type"].startswith(one["type"])


@proves("features-1/core/fc-timeStamp")
def test_the_time_stamp_is_the_moment_of_the_answer(client):
    said = datetime.fromisoformat(client.get(ITEMS).json()["timeStamp"])
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=1)


@proves("features-1/core/fc-numberMatched", "features-1/core/fc-numberReturned")
@pytest.mark.parametrize("query", ["", "&grade=low", "&bbox=105.78,10.03,105.8,10.05", "&datetime=2024-01-01"])
def test_numbers_are_exact_and_next_visits_every_feature_once(client, query):
    address, found = f"{ITEMS}?limit=217{query}", []
    while address:
        document = client.get(address).json()
        assert document["numberReturned"] == len(document["features"])
        found += [one["id"] for one in document["features"]]
        address = next((one["href"] for one in links(document, "next")), None)
    assert len(found) == len(set(found)) == document["numberMatched"]


@proves("features-1/core/f-op", "features-1/core/f-success")
def test_every_feature_answers_at_its_own_address(client, check):
    for feature in client.get(f"{ITEMS}?limit=25&offset=1220").json()["features"]:
        answer = client.get(f"{ITEMS}/{feature['id']}")
        assert answer.status_code == 200
        alone = answer.json()
        assert {key: alone[key] for key in feature} == feature
        if alone["geometry"] is not None:
            check(f"{FEATURES}/featureGeoJSON.yaml", alone)


@proves("features-1/core/f-links")
def test_a_feature_links_to_itself_its_alternates_and_its_collection(client):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    document = client.get(f"{ITEMS}/{eid}").json()
    assert [one["href"] for one in links(document, "self")] == [f"http://city.test{ITEMS}/{eid}"]
    assert [one["type"] for one in links(document, "alternate")] == ["text/html"]
    assert {one["type"] for one in links(document, "collection")} == {"application/json", "text/html"}
    assert all(one.get("rel") and one.get("type") for one in document["links"])


@proves("features-1/geojson/definition")
def test_features_are_geojson_and_the_rest_is_json(client):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    for path in (ITEMS, f"{ITEMS}/{eid}"):
        assert (
            client.get(path, headers={"Accept": "application/geo+json"}).headers["content-type"]
            == "application/geo+json"
        )
    for path in ("/ogc/", "/ogc/conformance", "/ogc/collections", "/ogc/collections/landmarks"):
        assert client.get(path, headers={"Accept": "application/json"}).headers["content-type"] == "application/json"


@proves("features-1/geojson/content")
@pytest.mark.parametrize(("name", "offset"), [("landmarks", 0), ("landmarks", 1200), ("plots", 0), ("trees", 0)])
def test_what_is_sent_is_valid_geojson(client, check, name, offset):
    document = client.get(f"/ogc/collections/{name}/items?limit=60&offset={offset}").json()
    check(f"{FEATURES}/featureCollectionGeoJSON.yaml", placed(document))
    for feature in document["features"][:5]:
        alone = client.get(f"/ogc/collections/{name}/items/{feature['id']}").json()
        assert alone["id"] == feature["id"]
        assert alone["type"] == "Feature"
        assert isinstance(alone["links"], list)


@proves("features-1/html/definition", "features-1/html/content")
def test_everything_is_a_page_with_all_information_and_all_links(client):
    feature = client.get(f"{ITEMS}?limit=1&offset=5").json()["features"][0]
    paths = (
        "/ogc/",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/landmarks",
        ITEMS,
        f"{ITEMS}/{feature['id']}",
    )
    for path in paths:
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = client.get(f"{ITEMS}/{feature['id']}?lang=en&f=html").text
    for value in ("Chợ nổi số 5 đường Hòa Bình", "Floating market 5", "L5", "1905-01-01", "1.25", feature["id"]):
        assert value in page
    for one in client.get(f"{ITEMS}/{feature['id']}?lang=en").json()["links"]:
        if one["rel"] not in {"self", "alternate"}:
            assert one["href"].replace("&", "&amp;") in page


@proves("features-1/oas30/oas-definition-1", "features-1/oas30/oas-definition-2")
def test_the_definition_is_openapi_3_0(client):
    landing = client.get("/ogc/").json()
    (described,) = links(landing, "service-desc")
    assert described["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert links(landing, "service-doc")[0]["type"] == "text/html"
    assert client.get(described["href"]).json()["openapi"].startswith("3.0")


@proves("features-1/oas30/oas-impl")
def test_a_parameter_of_the_definition_is_understood(client):
    document = client.get("/ogc/openapi").json()
    examples = {
        "f": "json", "lang": "en", "limit": "1", "offset": "1", "after": "1", "bbox": "105,10,106,11",
        "datetime": "2024-01-01", "recorded": "2026-02-01", "floors": "1", "height": "1.5", "listed": "true",
        "grade": "low", "built": "1900-01-01", "status": "active", "valid_from": "2020-01-01T00:00:00Z",
        "filter": "floors > 1", "filter-lang": "cql2-text", "sortby": "-floors,name", "properties": "name",
        "filter-crs": "http://www.opengis.net/def/crs/EPSG/0/4326", "skipGeometry": "true",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857", "bbox-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    }  # fmt: skip
    for one in document["paths"]["/collections/landmarks/items"]["get"]["parameters"]:
        name = (document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["name"]
        assert client.get(ITEMS, params={name: examples.get(name, "text")}).status_code == 200, name


@proves("features-1/oas30/completeness", "features-1/oas30/exceptions-codes")
def test_errors_of_features_are_described(client):
    paths = client.get("/ogc/openapi").json()["paths"]
    for path in ("/collections/landmarks/items", "/collections/landmarks/items/{featureId}"):
        assert {"200", "400", "404", "406", "500"} <= set(paths[path]["get"]["responses"])


@proves("features-1/oas30/security")
def test_the_schemes_of_access_are_described_and_nobody_needs_one(client):
    document = client.get("/ogc/openapi").json()
    described = document["components"]["securitySchemes"]
    assert [list(one) for one in document["security"]] == [[], *([name] for name in described)]
    assert client.get(ITEMS).status_code == 200
    assert client.get(ITEMS, headers={described["key"]["name"]: "wrong"}).status_code == 401
