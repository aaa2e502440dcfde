"""OGC API Features 3: queryables and the parameters that follow from them."""

from __future__ import annotations

import jsonschema
import pytest

from tests.conformance.requirement import proves

ITEMS = "/ogc/collections/landmarks/items"
QUERYABLES = "/ogc/collections/landmarks/queryables"


@proves("features-3/queryables/get-queryables-op")
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


@proves("features-3/queryables/queryables-link")
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
