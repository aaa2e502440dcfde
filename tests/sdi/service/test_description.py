from __future__ import annotations

import re

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator


@pytest.fixture(scope="module", params=["vi", "en"])
def document(client, request):
    return client.get(f"/ogc/openapi?lang={request.param}").json()


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_valid_without_a_network(document):
    assert document["openapi"].startswith("3.0.")
    OpenAPIV30SpecValidator(document).validate()


def test_nothing_refers_outside_the_document(document):
    assert {one.partition("/")[0] for one in references(document)} == {"#"}


def test_operations_have_names_of_their_own_and_tags_that_exist(document):
    operations = [item["get"] for item in document["paths"].values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert {tag for one in operations for tag in one["tags"]} <= {tag["name"] for tag in document["tags"]}


def test_no_operation_writes(document):
    assert {method for item in document["paths"].values() for method in item if method != "servers"} == {"get"}


def test_the_items_of_a_collection_list_every_parameter_they_take(document, client):
    given = document["paths"]["/collections/landmarks/items"]["get"]["parameters"]
    parts = document["components"]["parameters"]
    names = [(parts[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["name"] for one in given]
    assert names == [
        "f", "lang", "limit", "offset", "after", "bbox", "bbox-crs", "crs", "datetime", "recorded", "filter",
        "filter-lang", "filter-crs", "sortby", "properties", "skipGeometry",
        "name", "name_en", "landmark_tag", "status", "floors", "height", "listed", "grade", "built", "remark",
        "valid_from",
    ]  # fmt: skip
    refused = client.get("/ogc/collections/landmarks/items?nothing=1").json()["description"]
    assert set(refused.partition("one of ")[2].split(", ")) == set(names)


def test_limits_and_systems_are_those_of_the_service(document, client):
    parameters = document["components"]["parameters"]
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    offered = client.get("/ogc/collections/landmarks").json()["crs"]
    assert parameters["crs"]["schema"]["enum"] == offered


def test_every_answer_that_occurs_is_described(document):
    responses = document["paths"]["/collections/landmarks/items/{featureId}"]["get"]["responses"]
    refused = ["400", "401", "403", "404", "406", "410", "414", "429", "431"]
    assert list(responses) == ["200", "304", *refused, "500", "503"]
    assert "204" in document["paths"]["/collections/terrain/coverage"]["get"]["responses"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/collections/landmarks/items?limit=1", "200"),
        ("/collections/landmarks/items?limit=0", "400"),
        ("/collections/landmarks/items/nobody", "404"),
    ],
)
def test_answers_have_the_media_type_that_is_promised(document, client, path, status):
    answer = client.get(f"/ogc{path}")
    described = re.sub(r"items/.*", "items/{featureId}", path.partition("?")[0])
    response = document["paths"][described]["get"]["responses"][status]["$ref"].rpartition("/")[2]
    assert str(answer.status_code) == status
    assert answer.headers["content-type"] in document["components"]["responses"][response]["content"]


def test_the_document_speaks_the_language_asked_for(client):
    assert client.get("/ogc/openapi?lang=en").json()["info"]["title"] == "Ben Thu Town"
    assert "danh sách đối tượng" in client.get("/ogc/openapi?lang=vi").text


def test_the_media_type_of_the_document_is_that_of_openapi(client):
    plain = client.get("/ogc/openapi")
    asked = client.get("/ogc/openapi", headers={"Accept": "application/vnd.oai.openapi+json;version=3.0"})
    assert {plain.headers["content-type"], asked.headers["content-type"]} == {
        "application/vnd.oai.openapi+json;version=3.0"
    }


def test_the_items_of_a_collection_are_described_by_its_own_properties(document, client):
    parts = document["components"]
    answer = parts["responses"]["landmarks.Features"]["content"]["application/geo+json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/landmarks.features"}
    told = parts["schemas"]["landmarks.feature"]["allOf"][1]["properties"]["properties"]["properties"]
    feature = client.get("/ogc/collections/landmarks/items?limit=1").json()["features"][0]
    assert list(told) == list(feature["properties"])
    assert {name: told[name]["type"] for name in ("name", "floors", "height", "listed")} == {
        "name": "string", "floors": "integer", "height": "number", "listed": "boolean",
    }  # fmt: skip
