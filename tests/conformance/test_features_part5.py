"""OGC API Features 5 (Common 3): schemas, roles, references, returnables, queryables, sortables and codelists."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import jsonschema
import pytest

from sdi.service.schema import standard, ucum
from tests.conformance.requirement import proves

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMA = "application/schema+json"
KINDS = ("schema", "queryables", "sortables")
VECTOR = ("landmarks", "plots", "trees", "hydrographs", "flood-depth")
EVERY = (*VECTOR, "terrain", "flood")
PLACES = {f"geometry-{one}" for one in ("any", "point", "multipoint", "linestring", "multilinestring", "polygon",
          "multipolygon", "geometrycollection", "point-or-multipoint", "linestring-or-multilinestring",
          "polygon-or-multipolygon")}  # fmt: skip
STANDARD = {
    "title", "description", "type", "format", "oneOf", "const", "minimum", "maximum", "maxLength", "pattern", "items",
    "readOnly",
}  # fmt: skip
"""Keywords of JSON Schema that occur in a property."""
_ATOM = r"(?:[A-Za-z%]+[A-Za-z0-9%]*?-?[0-9]*|\{[^{}]+\}|[0-9]+)"
UCUM = re.compile(rf"{_ATOM}(?:[./]{_ATOM})*(?:/{_ATOM})*", re.ASCII)


def schema_of(client, name, kind="schema", **parameters):
    answer = client.get(f"/ogc/collections/{name}/{kind}", params=parameters, headers={"Accept": SCHEMA})
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCHEMA)
    return answer.json()


def schemas(client):
    return [schema_of(client, name, kind) for name in EVERY for kind in KINDS]


def properties(client):
    return [one for schema in schemas(client) for one in schema["properties"].values()]


def with_role(schema, *roles):
    return {name: one for name, one in schema["properties"].items() if one.get("x-ogc-role") in roles}


def keywords(node):
    """Return every keyword of a property, however deep."""
    if isinstance(node, list):
        return {each for one in node for each in keywords(one)}
    if not isinstance(node, dict):
        return set()
    return set(node).union(*(keywords(value) for value in node.values()))


@proves("common-3/schemas/json-schema")
@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one_of_the_dialect_and_stands_at_its_own_address(client, kind):
    for name in EVERY:
        schema = schema_of(client, name, kind, lang="en")
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["type"] == "object"
        assert urlsplit(schema["$id"]).query == ""
        again = client.get(schema["$id"], headers={"Accept": SCHEMA, "Accept-Language": "en"})
        assert again.json() == schema


@proves("common-3/schemas/properties")
def test_every_property_has_a_type_or_is_a_place(client):
    for one in properties(client):
        if str(one.get("format", "")).startswith("geometry"):
            assert one["format"] in PLACES
            assert not {"type", "$ref"} & set(one)
        else:
            assert one["type"] in {"string", "number", "integer", "boolean", "array"}
        if one.get("format") in {"date", "date-time"}:
            assert one["type"] == "string"
    assert all(schema["additionalProperties"] is False for schema in schemas(client))


@proves("common-3/schemas/properties", "common-3/returnables-and-receivables/response")
@pytest.mark.parametrize("name", ["landmarks", "plots"])
def test_features_are_what_the_schema_says_and_nothing_else_may_be_in_them(client, name):
    schema = schema_of(client, name)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    for feature in client.get(f"/ogc/collections/{name}/items?limit=60").json()["features"]:
        told = {"id": feature["id"], "geometry": feature["geometry"], **feature["properties"]}
        members = {key: value for key, value in told.items() if value is not None}
        validator.validate(members)
        assert list(feature["properties"]) == [one for one in schema["properties"] if one not in {"id", "geometry"}]
    with pytest.raises(jsonschema.ValidationError, match="Additional properties"):
        validator.validate(members | {"keeper": "x"})


@proves("common-3/schemas/additional-keywords")
def test_keywords_that_json_schema_does_not_know_begin_with_x_ogc(client):
    used = set().union(*(keywords(one) for one in properties(client)))
    assert {one for one in used - STANDARD if not one.startswith("x-ogc-")} == set()
    assert {"x-ogc-role", "x-ogc-unit", "x-ogc-propertySeq", "x-ogc-definition", "x-ogc-collectionId"} <= used


@proves("common-3/schemas/role")
def test_a_role_is_one_of_those_of_the_standard(client):
    roles = {one["x-ogc-role"] for one in properties(client) if "x-ogc-role" in one}
    assert roles == {"id", "primary-geometry", "primary-interval-start", "reference"}


@proves("common-3/schemas/role-id")
@pytest.mark.parametrize("name", VECTOR)
def test_one_property_identifies_the_item(client, name):
    schema = schema_of(client, name)
    assert schema["properties"]["id"] | {"title": ""} == {
        "title": "", "type": "string", "format": "uuid", "readOnly": True, "x-ogc-role": "id",
    }  # fmt: skip
    assert list(with_role(schema, "id")) == ["id"]
    for feature in client.get(f"/ogc/collections/{name}/items?limit=2").json()["features"]:
        assert client.get(f"/ogc/collections/{name}/items/{feature['id']}").json()["id"] == feature["id"]


@proves("common-3/schemas/property-seq")
def test_positions_are_numbers_that_occur_once(client):
    for schema in schemas(client):
        given = [one["x-ogc-propertySeq"] for one in schema["properties"].values() if "x-ogc-propertySeq" in one]
        assert given == sorted(set(given))
        assert all(type(one) is int for one in given)


@proves("common-3/schemas/unit")
def test_units_are_ucum(client):
    units = {one["x-ogc-unit"] for one in properties(client) if "x-ogc-unit" in one}
    assert {"m", "1"} <= units
    assert [one for one in units if not UCUM.fullmatch(one)] == []
    assert not any("x-ogc-unitLang" in one for one in properties(client))
    assert schema_of(client, "landmarks")["properties"]["height"]["x-ogc-unit"] == "m"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("m3/s", "m3/s"), ("EUR/a", "{EUR}/a"), ("VND", "{VND}"), ("kV.A", "kV.A"), ("s m-1/3", "{s m-1/3}"), ("%", "%")],
)
def test_what_ucum_does_not_know_is_an_annotation(written, expected):
    assert ucum(written) == expected
    assert standard({"a": {"x-ogc-unit": written, "x-title-en": "A"}}) == {"a": {"x-ogc-unit": expected}}
    assert standard([{"x-unit": written}]) == [{"x-ogc-unit": expected}]


@proves("common-3/schemas/definition")
def test_a_definition_is_an_address(client):
    depth = schema_of(client, "flood")["properties"]["water_depth"]
    assert depth["x-ogc-definition"] == "https://vocab.nerc.ac.uk/standard_name/flood_water_thickness"
    for one in properties(client):
        assert urlsplit(one.get("x-ogc-definition", "https://x")).scheme == "https"


@proves("common-3/schemas/nullvalues")
def test_nothing_recorded_is_null_and_no_other_value_stands_for_it(client):
    assert not any("x-ogc-nullValues" in one for one in properties(client))
    features = client.get("/ogc/collections/landmarks/items?limit=10000").json()["features"]
    placeless = [one for one in features if one["geometry"] is None]
    assert [one["properties"]["height"] for one in placeless] == [None, None]


@proves("common-3/advanced-property-roles/role-primary-geometry")
@pytest.mark.parametrize("name", VECTOR)
def test_the_place_is_the_primary_geometry(client, name):
    schema = schema_of(client, name)
    places = [key for key, one in schema["properties"].items() if str(one.get("format", "")).startswith("geometry-")]
    assert places == list(with_role(schema, "primary-geometry")) == ["geometry"]


@proves(
    "common-3/advanced-property-roles/role-primary-instant",
    "common-3/advanced-property-roles/role-primary-interval-start",
    "common-3/advanced-property-roles/role-primary-interval-end",
    "common-3/advanced-property-roles/role-primary-interval",
    "common-3/advanced-property-roles/primary-temporal-constraints",
)
@pytest.mark.parametrize("name", VECTOR)
def test_a_current_item_holds_from_its_start_on(client, name):
    schema = schema_of(client, name)
    start = with_role(schema, "primary-interval-start")
    assert {key: (one["type"], one["format"]) for key, one in start.items()} == {"valid_from": ("string", "date-time")}
    assert with_role(schema, "primary-instant", "primary-interval-end", "primary-interval") == {}


@proves("common-3/advanced-property-roles/role-type")
def test_no_property_is_the_type_because_all_items_of_a_collection_are_of_one(client):
    assert [with_role(one, "type") for one in schemas(client)] == [{}] * len(EVERY) * len(KINDS)


@proves("common-3/references/role-reference")
def test_a_reference_names_an_item_of_the_collection_that_the_schema_names(client):
    schema = schema_of(client, "plots")
    (name, one), *more = with_role(schema, "reference").items()
    assert (name, one["type"], one["x-ogc-collectionId"], more) == ("beside", "string", "landmarks", [])
    for number, feature in enumerate(client.get("/ogc/collections/plots/items?limit=3").json()["features"]):
        target = client.get(f"/ogc/collections/{one['x-ogc-collectionId']}/items/{feature['properties'][name]}")
        assert target.json()["properties"]["landmark_tag"] == f"L{number}"
    for each in schemas(client):
        for reference in with_role(each, "reference").values():
            assert reference["type"] == "string"
            assert client.get(f"/ogc/collections/{reference['x-ogc-collectionId']}").status_code == 200


@proves(
    "common-3/returnables-and-receivables/link", "common-3/returnables-and-receivables/op",
    "common-3/queryables/link", "common-3/queryables/op", "common-3/sortables/link", "common-3/sortables/op",
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_every_collection_leads_to_its_schemas(client, kind):
    for one in client.get("/ogc/collections").json()["collections"]:
        found = [each for each in one["links"] if each["rel"] == REL + kind]
        assert [each["type"] for each in found] == [SCHEMA, "text/html"]
    for name in EVERY:
        alone = client.get(f"/ogc/collections/{name}").json()
        for each in [each for each in alone["links"] if each["rel"] == REL + kind]:
            assert client.get(each["href"]).headers["content-type"].startswith(each["type"])


@proves("common-3/queryables/response")
@pytest.mark.parametrize("name", VECTOR)
def test_what_is_no_queryable_is_refused_and_what_is_one_is_understood(client, name):
    schema, path = schema_of(client, name, "queryables"), f"/ogc/collections/{name}/items"
    assert schema["additionalProperties"] is False
    for key in schema["properties"]:
        assert client.get(path, params={"filter": f"{key} IS NULL", "limit": 1}).status_code == 200
    assert client.get(path, params={"filter": "nothing IS NULL"}).status_code == 400


@proves("common-3/sortables/response")
@pytest.mark.parametrize("name", VECTOR)
def test_a_page_is_sorted_by_every_sortable_and_by_nothing_else(client, name):
    schema, path = schema_of(client, name, "sortables"), f"/ogc/collections/{name}/items"
    assert schema["additionalProperties"] is False
    assert all(one["type"] in {"string", "number", "integer", "boolean"} for one in schema["properties"].values())
    for key in schema["properties"]:
        assert client.get(path, params={"sortby": f"-{key}", "limit": 1}).status_code == 200
    for key in (set(schema_of(client, name)["properties"]) - set(schema["properties"])) | {"nothing"}:
        assert client.get(path, params={"sortby": key}).status_code == 400


@proves("common-3/profile-codelists/consistency", "common-3/profile-codelists/codelist-inline")
@pytest.mark.parametrize("language", ["vi", "en"])
def test_codes_stand_in_the_schema_with_their_titles(client, language):
    profile = '<http://www.opengis.net/def/profile/OGC/0/codelist-inline>; rel="profile"'
    for name in VECTOR:
        answer = client.get(f"/ogc/collections/{name}/schema", params={"lang": language})
        assert answer.headers["link"] == profile
        for one in answer.json()["properties"].values():
            assert all(set(code) == {"const", "title"} for code in one.get("oneOf", []))
    grades = schema_of(client, "landmarks", lang=language)["properties"]["grade"]["oneOf"]
    special = {"vi": "Đặc biệt", "en": "Special"}[language]
    assert grades[0] == {"const": "high", "title": special}


@proves("common-3/profile-codelists/codelist-ref")
def test_no_code_list_is_told_by_reference(client):
    assert not any({"enum", "x-ogc-codelistUri"} & set(one) for one in properties(client))
