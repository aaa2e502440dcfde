"""OGC API Common 1: Core, one test per requirement."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.conformance.requirement import proves

ITEMS = "/ogc/collections/landmarks/items"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def links(document, rel):
    return [one for one in document["links"] if one["rel"] == rel]


@proves("common-1/core/http")
def test_http_1_1_is_spoken(client):
    answer = client.get("/ogc/")
    assert answer.http_version == "HTTP/1.1"
    assert client.head("/ogc/").status_code == 200


@proves("common-1/core/query-param-name-unknown")
@pytest.mark.parametrize("path", ["/ogc/", "/ogc/conformance", "/ogc/openapi", "/ogc/collections", ITEMS])
def test_an_unknown_parameter_is_400(client, path):
    assert client.get(f"{path}?unknown=1").status_code == 400


@proves("common-1/core/query-param-value-invalid")
@pytest.mark.parametrize("query", ["f=", "f=xml", "lang=", "lang=fr"])
def test_an_invalid_value_is_400(client, query):
    assert client.get(f"/ogc/?{query}").status_code == 400


@proves("common-1/core/query-param-capitalization")
def test_names_and_values_are_case_sensitive(client):
    assert client.get("/ogc/?F=json").status_code == 400
    assert client.get("/ogc/?f=JSON").status_code == 400
    assert client.get(f"{ITEMS}?grade=HIGH").status_code == 400


@proves("common-1/core/query-param-list-delimiter", "common-1/core/query-param-list-escape")
def test_a_list_is_separated_by_commas_written_plainly_or_encoded(client):
    plain = client.get(f"{ITEMS}?bbox=105,10,106,11").json()["numberMatched"]
    assert client.get(f"{ITEMS}?bbox=105%2C10%2C106%2C11").json()["numberMatched"] == plain
    assert client.get(f"{ITEMS}?bbox=105;10;106;11").status_code == 400
    assert client.get(f"{ITEMS}?bbox=105 10 106 11").status_code == 400


@proves("common-1/core/query-param-list-empty")
def test_an_empty_item_of_a_list_is_an_empty_text_and_no_number(client):
    assert client.get(f"{ITEMS}?bbox=105,,106,11").status_code == 400


@proves("common-1/core/query-param-value-boolean")
@pytest.mark.parametrize(("value", "status"), [("true", 200), ("false", 200), ("True", 400), ("1", 400), ("yes", 400)])
def test_a_truth_value_is_true_or_false(client, value, status):
    assert client.get(f"{ITEMS}?listed={value}").status_code == status


@proves("common-1/core/query-param-value-integer")
@pytest.mark.parametrize(
    ("value", "status"), [("3", 200), ("-3", 200), ("3.0", 400), ("3e0", 400), ("0x3", 400), ("٣", 400)]
)
def test_a_whole_number_is_digits_with_an_optional_minus(client, value, status):
    assert client.get(f"{ITEMS}?floors={value}").status_code == status


@proves("common-1/core/query-param-value-decimal", "common-1/core/query-param-value-double")
@pytest.mark.parametrize(
    ("value", "status"), [("0.25", 200), ("-0.25", 200), ("2.5e-1", 200), ("25E-2", 200), ("0,25", 400), ("nan", 400)]
)
def test_a_number_has_a_point_and_perhaps_an_exponent(client, value, status):
    assert client.get(f"{ITEMS}?height={value}").status_code == status


@proves("common-1/landing-page/root-op", "common-1/landing-page/root-success")
def test_the_landing_page_answers_and_is_valid(client, check):
    answer = client.get("/ogc/")
    assert answer.status_code == 200
    check("common/part1-1.0.0/schemas/landingPage.yaml", answer.json())
    for rel in ("service-desc", "service-doc", "conformance"):
        assert links(answer.json(), rel)


@proves("common-1/landing-page/api-definition-op", "common-1/landing-page/api-definition-success")
def test_every_api_definition_answers_in_the_type_of_its_link(client):
    landing = client.get("/ogc/").json()
    for one in links(landing, "service-desc") + links(landing, "service-doc"):
        assert client.get(one["href"]).status_code == 200
        answer = client.get(one["href"].partition("?")[0], headers={"Accept": one["type"]})
        assert answer.headers["content-type"].removesuffix("; charset=utf-8") == one["type"]


@proves("common-1/landing-page/conformance-op", "common-1/landing-page/conformance-success")
def test_conformance_answers_and_is_valid(client, check):
    for one in links(client.get("/ogc/").json(), "conformance"):
        answer = client.get(one["href"])
        assert answer.status_code == 200
        if one["type"] == "application/json":
            check("common/part1-1.0.0/schemas/confClasses.yaml", answer.json())


@proves("common-1/json/definition", "common-1/json/content")
@pytest.mark.parametrize(("path", "schema"), [("/ogc/", "landingPage"), ("/ogc/conformance", "confClasses")])
def test_landing_page_and_conformance_are_json(client, check, path, schema):
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    check(f"common/part1-1.0.0/schemas/{schema}.yaml", answer.json())


@proves("common-1/html/definition", "common-1/html/content")
@pytest.mark.parametrize("path", ["/ogc/", "/ogc/conformance"])
def test_landing_page_and_conformance_are_pages_with_the_same_content(client, path):
    document = client.get(path, headers={"Accept-Language": "en"}).json()
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert answer.headers["content-type"].startswith("text/html")
    for text in (document.get("title"), *document.get("conformsTo", [])):
        assert text is None or text in answer.text
    for one in document["links"]:
        if one["rel"] not in {"self", "alternate"}:
            assert one["href"].replace("&", "&amp;") in answer.text
            assert one["title"] in answer.text


@proves("common-1/oas30/oas-definition-1", "common-1/oas30/oas-definition-2")
def test_the_api_definition_is_openapi_3_0_in_json_and_as_a_page(client):
    answer = client.get("/ogc/openapi", headers={"Accept": OPENAPI})
    assert answer.headers["content-type"] == OPENAPI
    OpenAPIV30SpecValidator(answer.json()).validate()
    assert client.get("/ogc/openapi", headers={"Accept": "text/html"}).status_code == 200


@proves("common-1/oas30/oas-impl")
def test_everything_the_definition_promises_answers(client):
    document = client.get("/ogc/openapi").json()
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    plot = client.get("/ogc/collections/plots/items?limit=1").json()["features"][0]["id"]
    for path, item in document["paths"].items():
        root = "" if "servers" in item else "/ogc"
        names = {"kind": "landmark", "uuid": eid, "n": "1", "featureId": plot if "plots" in path else eid}
        names |= {"tileMatrixSetId": "WebMercatorQuad", "tileMatrix": "0", "tileRow": "0", "tileCol": "0"}
        given = _parameters(document, item)
        names |= {
            one["name"]: one["schema"]["enum"][0] for one in given if one["in"] == "path" and "enum" in one["schema"]
        }
        filled = re.sub(r"{(\w+)}", lambda found, names=names: names[found[1]], path)
        needed = {one["name"]: one["example"] for one in given if one["in"] == "query" and one.get("required")}
        answer = client.get(f"{root}{filled}", params=needed)
        nothing = "plots" not in path and "landmarks" not in path
        expected = {404} if nothing and path.endswith("{featureId}") else {200}
        if path.endswith("{tileCol}"):
            expected = {404} if nothing else {200, 204}
        assert answer.status_code in expected, path


def _parameters(document, item):
    """Parameters of a path, references followed."""
    parts = document["components"]["parameters"]
    given = item["get"].get("parameters", [])
    return [parts[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]


@proves("common-1/oas30/completeness", "common-1/oas30/exceptions-codes")
def test_every_status_that_occurs_is_in_the_definition(client):
    paths = client.get("/ogc/openapi").json()["paths"]
    asked = {
        "/collections/landmarks/items": ["", "?limit=0", "?limit=1&f=html"],
        "/collections/landmarks/items/{featureId}": ["/nobody"],
        "/collections/terrain/coverage": ["", "?bbox=1,1,2,2", "?bbox=1"],
        "/": ["", "?f=xml"],
    }
    for path, tries in asked.items():
        for one in tries:
            answer = client.get("/ogc" + path.replace("/{featureId}", "") + one)
            assert str(answer.status_code) in paths[path]["get"]["responses"]


@proves("common-1/oas30/security")
def test_every_way_to_be_recognised_is_described(client):
    described = client.get("/ogc/openapi").json()["components"]["securitySchemes"]
    assert (described["key"]["in"], described["token"]["scheme"]) == ("header", "bearer")
    for headers in ({described["key"]["name"]: "wrong"}, {"Authorization": "Bearer wrong"}):
        answer = client.get("/ogc/collections", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].lower().startswith("bearer")
    assert client.get("/ogc/collections").status_code == 200
