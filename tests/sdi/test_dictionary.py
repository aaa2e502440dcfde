"""What a feature is made of: schemas that OGC clients understand, in two languages."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from catalogs import packaged
from sdi.catalog import Catalog
from sdi.publishing.dictionary import as_queryables, json_schema, localised, published_names, queryables
from tests.sdi import catalogue
from tests.sdi.catalogue import PARK, TREE, changed, golden

URI = "http://127.0.0.1:5000/ogc/collections/trees/queryables"
WITH_PARK = changed(changed(TREE, "[species, dbh]", "[dbh, species, park, planted_on]"), "unit: cm", "unit: s m-1/3")


@pytest.fixture
def catalog(tmp_path):
    return Catalog.read(catalogue.write(tmp_path))


@pytest.fixture(scope="module")
def shipped():
    return Catalog.read(packaged())


def test_properties_stand_in_their_fixed_order(catalog):
    tree = catalog.registers["tree"]
    start = ("name", "name_en", "ct_tree_tag", "status")
    assert published_names(tree, "public") == (*start, "species", "dbh", "valid_from")
    assert published_names(tree, "restricted") == (
        *start,
        *("species", "dbh", "planted_on", "inspector", "park"),
        "valid_from",
    )
    assert published_names(tree, "public", ["a-b"])[2] == "a_b"


def test_nameless_things_have_no_name(catalog):
    assert published_names(catalog.registers["park"], "public") == ("status", "area", "valid_from")


def test_the_schema_describes_exactly_the_geometry_and_the_published_names(shipped):
    for register in shipped.registers.values():
        for level in ("public", "restricted"):
            schema = json_schema(register, shipped, level=level)
            assert list(schema["properties"]) == ["geometry", *published_names(register, level)], register.name


def test_every_schema_is_valid_json_schema_2020_12(shipped):
    for register in shipped.registers.values():
        schema = json_schema(register, shipped, uri="http://127.0.0.1:5000/ogc/schema")
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)
        Draft202012Validator.check_schema(queryables(register, shipped, URI))


def test_spatial_properties_have_a_format_and_no_type_all_others_a_type(shipped):
    for register in shipped.registers.values():
        properties = dict(json_schema(register, shipped)["properties"])
        geometry = properties.pop("geometry")
        assert "type" not in geometry
        assert geometry["format"].startswith("geometry-")
        assert all(isinstance(one["type"], str) for one in properties.values())


def test_each_role_is_played_once(shipped):
    for register in shipped.registers.values():
        properties = json_schema(register, shipped)["properties"]
        roles = {name: one["x-ogc-role"] for name, one in properties.items() if "x-ogc-role" in one}
        assert roles["geometry"] == "primary-geometry"
        assert roles["valid_from"] == "primary-interval-start"
        own = [role for role in roles.values() if role != "reference"]
        assert len(own) == len(set(own))


def test_a_schema_accepts_a_feature_and_refuses_a_wrong_one(catalog):
    validator = Draft202012Validator(json_schema(catalog.registers["tree"], catalog))
    feature = {"geometry": {"type": "Point"}, "status": "active", "species": "hopea", "dbh": 12.5}
    validator.validate(feature)
    for wrong in ({"species": "oak"}, {"dbh": 401}, {"dbh": "1"}, {"ct_tree_tag": "xT00012"}, {"inspector": "A"}):
        with pytest.raises(ValidationError):
            validator.validate(feature | wrong)
    with pytest.raises(ValidationError, match="species"):
        validator.validate({"geometry": None, "status": "active"})


def test_fields_carry_unit_range_codes_and_reference(tmp_path):
    text = changed(WITH_PARK, "unit: s m-1/3", "unit: cm")
    catalog = Catalog.read(catalogue.write(tmp_path, registers__tree=text))
    properties = json_schema(catalog.registers["tree"], catalog, "en")["properties"]
    assert {"x-ogc-unit": "cm", "minimum": 0, "maximum": 400, "type": "number"}.items() <= properties["dbh"].items()
    assert properties["species"]["oneOf"] == [
        {"const": "hopea", "title": "Hopea", "x-title-vi": "Sao đen"},
        {"const": "delonix", "title": "Delonix", "x-title-vi": "Phượng"},
    ]
    assert properties["park"] == {
        "title": "Park",
        "x-title-vi": "Park",
        "type": "string",
        "format": "uuid",
        "x-ogc-role": "reference",
        "x-ogc-collectionId": "parks",
        "x-ogc-propertySeq": 8,
    }
    assert properties["planted_on"]["format"] == "date"


def test_published_fields_keep_the_order_of_the_file(tmp_path):
    catalog = Catalog.read(catalogue.write(tmp_path, registers__tree=WITH_PARK))
    tree = catalog.registers["tree"]
    assert tree.publish.fields == ("species", "dbh", "planted_on", "park")
    assert published_names(tree, "public")[4:-1] == tree.publish.fields


def test_a_unit_that_ucum_cannot_write_is_not_called_ucum(tmp_path):
    catalog = Catalog.read(catalogue.write(tmp_path, registers__tree=WITH_PARK))
    dbh = json_schema(catalog.registers["tree"], catalog)["properties"]["dbh"]
    assert dbh["x-unit"] == "s m-1/3"
    assert "x-ogc-unit" not in dbh


def test_a_reference_to_an_unpublished_register_points_nowhere(tmp_path):
    park = changed(PARK, "publish: {collection: parks, fields: [area]}\n", "")
    catalog = Catalog.read(catalogue.write(tmp_path, registers__tree=WITH_PARK, registers__park=park))
    assert "x-ogc-role" not in json_schema(catalog.registers["tree"], catalog)["properties"]["park"]


def test_the_language_of_a_schema_can_be_exchanged(shipped):
    for register in shipped.registers.values():
        vietnamese, english = (json_schema(register, shipped, language) for language in ("vi", "en"))
        assert vietnamese != english
        assert localised(vietnamese, "en") == english
        assert localised(english, "vi") == vietnamese
        assert localised(english, "en") == english


def test_queryables_forbid_unknown_names_and_require_nothing(catalog):
    asked = queryables(catalog.registers["tree"], catalog, URI, "en")
    assert asked["$id"] == URI
    assert asked["additionalProperties"] is False
    assert "required" not in asked
    assert list(asked["properties"]) == ["geometry", *published_names(catalog.registers["tree"], "public")]
    assert as_queryables(json_schema(catalog.registers["tree"], catalog, "en"), URI) == asked


def test_the_schema_of_one_register_is_the_golden_one(catalog):
    schema = json_schema(catalog.registers["tree"], catalog, uri="https://example.org/ogc/collections/trees/schema")
    golden("tree.schema.json", json.dumps(schema, ensure_ascii=False, indent=2) + "\n")
