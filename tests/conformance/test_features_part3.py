"""OGC API Features 3: queryables and the parameters that follow from them."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest

from tests.conformance.requirement import proves

ITEMS = "/ogc/collections/landmarks/items"
QUERYABLES = "/ogc/collections/landmarks/queryables"


@proves("features-3/queryables/get-queryables-op", "features-3/features-filter/get-queryables-op")
def test_queryables_answer_as_json_schema(client):
    answer = client.get(QUERYABLES, headers={"Accept": "application/schema+json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")


@proves("features-3/queryables/get-queryables-response")
@pytest.mark.parametrize("name", ["landmarks", "plots", "trees", "parcels", "flood-depth"])
def test_queryables_are_a_schema_of_the_dialect_with_types_and_formats(client, name):
    path = f"/ogc/collections/{name}/queryables"
    schema = client.get(f"{path}?lang=en").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"http://city.test{path}"
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    for one in schema["properties"].values():
        if one.get("format", "").startswith("geometry-"):
            assert "type" not in one
            assert "$ref" not in one
        else:
            assert one["type"] in {"string", "number", "integer", "boolean"}


@proves("features-3/queryables/queryables-link", "features-3/features-filter/queryables-link")
def test_a_collection_links_to_its_queryables(client):
    links = client.get("/ogc/collections/landmarks").json()["links"]
    rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
    assert [(one["type"], client.get(one["href"]).status_code) for one in links if one["rel"] == rel] == [
        ("application/schema+json", 200),
        ("text/html", 200),
    ]


@proves("features-3/queryables/expression-construction")
def test_what_is_no_queryable_cannot_be_asked_for(client):
    for name in ("keeper", "fid", "id", "geom", "version", "1=1", 'grade" OR "1'):
        assert client.get(ITEMS, params={name: "x"}).status_code == 400


@proves("features-3/queryables-query-parameters/parameters")
def test_every_simple_queryable_is_a_parameter_and_only_equal_values_come_back(client):
    properties = client.get(QUERYABLES).json()["properties"]
    feature = client.get(f"{ITEMS}?landmark_tag=L40").json()["features"][0]["properties"]
    for name, schema in properties.items():
        if "type" not in schema or feature[name] is None:
            continue
        value = str(feature[name]).lower() if schema["type"] == "boolean" else feature[name]
        found = client.get(ITEMS, params={name: value, "limit": 10_000}).json()
        assert found["numberMatched"] == len(found["features"]) > 0
        assert {one["properties"][name] for one in found["features"]} == {feature[name]}


def found(client, **parameters):
    """Return what a filter finds: the answer and the numbers of the landmarks."""
    answer = client.get(ITEMS, params={"limit": 10_000, **parameters})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["numberMatched"] == len(body["features"])
    return body, {one["properties"]["landmark_tag"] for one in body["features"]}


@proves("features-3/filter/filter-param", "features-3/features-filter/filter-param", "features-3/filter/response")
def test_a_filter_lets_through_what_it_is_true_for_and_not_what_it_does_not_know(client):
    every, _ = found(client)
    high = {one["properties"]["landmark_tag"] for one in every["features"] if (one["properties"]["height"] or 0) > 20}
    low = {
        one["properties"]["landmark_tag"]
        for one in every["features"]
        if one["properties"]["height"] is not None and one["properties"]["height"] <= 20
    }
    assert found(client, filter="height > 20")[1] == high
    assert found(client, filter="NOT height > 20")[1] == low
    assert high
    assert low


@proves("features-3/filter/filter-lang-param", "features-3/features-filter/filter-lang-param")
def test_a_filter_is_understood_as_text_and_as_json_and_in_no_other_language(client):
    parameter = client.get("/ogc/openapi").json()["components"]["parameters"]["filter-lang"]["schema"]
    assert (parameter["enum"], parameter["default"]) == (["cql2-text", "cql2-json", "cql-text"], "cql2-text")
    high, low = ({"op": ">", "args": [{"property": "height"}, 20]}, {"op": "=", "args": [{"property": "grade"}, "low"]})
    as_json = json.dumps({"op": "and", "args": [high, low]})
    text = found(client, filter="height > 20 AND grade = 'low'")[1]
    assert text
    assert text == found(client, filter=as_json, **{"filter-lang": "cql2-json"})[1]
    assert text == found(client, filter="height > 20 AND grade = 'low'", **{"filter-lang": "cql2-text"})[1]
    assert client.get(ITEMS, params={"filter": as_json}).status_code == 400
    assert client.get(ITEMS, params={"filter": "height > 20", "filter-lang": "ecql-text"}).status_code == 400


@proves(
    "features-3/filter/filter-crs-wgs84",
    "features-3/filter/filter-crs-param",
    "features-3/features-filter/filter-crs-param",
)
def test_places_of_a_filter_are_in_crs84_unless_another_system_is_named(client):
    west, south, east, north = 105.775, 10.025, 105.785, 10.035
    plain = found(client, filter=f"S_INTERSECTS(geometry, BBOX({west},{south},{east},{north}))")[1]
    assert plain == found(client, bbox=f"{west},{south},{east},{north}")[1] - nowhere(client)
    assert plain
    swapped = f"S_INTERSECTS(geometry, BBOX({south},{west},{north},{east}))"
    wgs84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
    assert plain == found(client, filter=swapped, **{"filter-crs": wgs84})[1]
    metres = "http://www.opengis.net/def/crs/EPSG/0/3857"
    x1, y1, x2, y2 = (f"{one:.3f}" for one in (*mercator(west, south), *mercator(east, north)))
    assert (
        plain == found(client, filter=f"S_INTERSECTS(geometry, BBOX({x1},{y1},{x2},{y2}))", **{"filter-crs": metres})[1]
    )
    for wrong in (f"{wgs84}9", "EPSG:4326", ""):
        assert client.get(ITEMS, params={"filter": swapped, "filter-crs": wrong}).status_code == 400
    assert client.get(ITEMS, params={"filter": swapped.replace("105", "905")}).status_code == 400


@proves("features-3/filter/mixing-expressions", "features-3/features-filter/response")
def test_a_filter_adds_to_all_other_ways_of_choosing(client):
    box, day, text = "105.77,10.02,105.80,10.05", "2024-02-01", "height > 20"
    alone = [found(client, **one)[1] for one in ({"bbox": box}, {"grade": "low"}, {"filter": text})]
    assert found(client, bbox=box, grade="low", filter=text)[1] == set.intersection(*alone) != set()
    then = [found(client, datetime=day, **one)[1] for one in ({"bbox": box}, {"grade": "low"}, {"filter": text})]
    assert found(client, bbox=box, grade="low", filter=text, datetime=day)[1] == set.intersection(*then) != set()


@proves("features-3/features-filter/response")
def test_pages_of_a_filter_are_walked_without_gap_or_double(client):
    whole, tags = found(client, filter="grade <> 'none'")
    url, walked = f"{ITEMS}?limit=100&filter=grade%20%3C%3E%20%27none%27", []
    while url:
        body = client.get(url).json()
        assert body["numberMatched"] == whole["numberMatched"]
        walked += [one["properties"]["landmark_tag"] for one in body["features"]]
        url = next((one["href"] for one in body["links"] if one["rel"] == "next"), None)
    assert (len(walked), set(walked)) == (len(tags), tags)


def test_a_page_is_sorted_and_what_has_no_value_comes_last(client):
    every = [one["properties"] for one in found(client)[0]["features"]]
    order = sorted(
        every, key=lambda one: (one["height"] is None, -(one["height"] or 0), one["name"] is None, one["name"] or "")
    )
    whole = [one["properties"] for one in found(client, sortby="-height,name")[0]["features"]]
    assert [(one["height"], one["name"]) for one in whole] == [(one["height"], one["name"]) for one in order]
    url, walked = f"{ITEMS}?limit=500&sortby=-height,name", []
    while url:
        body = client.get(url).json()
        walked += [one["properties"]["landmark_tag"] for one in body["features"]]
        url = next((one["href"] for one in body["links"] if one["rel"] == "next"), None)
    assert walked == [one["landmark_tag"] for one in whole]
    past = found(client, sortby="-height,name", datetime="2024-02-01")[0]["features"]
    heights = [one["properties"]["height"] for one in past]
    assert [one for one in heights if one is not None] == sorted(
        (one for one in heights if one is not None), reverse=True
    )
    for wrong in ("geometry", "keeper", "", "-", "name,,floors", "name;--", ",".join(["name"] * 6)):
        assert client.get(ITEMS, params={"sortby": wrong}).status_code == 400, wrong
    assert client.get(ITEMS, params={"sortby": "name", "after": "3"}).status_code == 400


def test_properties_and_places_that_are_not_wanted_are_left_out(client):
    one = client.get(ITEMS, params={"limit": 1, "properties": "floors,name"}).json()["features"][0]
    assert list(one["properties"]) == ["name", "floors"]
    assert one["geometry"] is not None
    bare = client.get(ITEMS, params={"limit": 1, "skipGeometry": "true"}).json()["features"][0]
    assert bare["geometry"] is None
    for wrong in ({"properties": "keeper"}, {"properties": "name,geom"}, {"skipGeometry": "1"}):
        assert client.get(ITEMS, params=wrong).status_code == 400


def nowhere(client):
    """Return the landmarks without a place, which match every box and no filter of places."""
    return {one["properties"]["landmark_tag"] for one in found(client)[0]["features"] if one["geometry"] is None}


def mercator(lon, lat):
    """Project a point to Web Mercator [m], by its formula."""
    return lon * 111_319.490793273, math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * 6_378_137.0
