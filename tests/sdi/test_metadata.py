"""Metadata that other catalogues can harvest: OGC API Records and DCAT."""

from __future__ import annotations

import dataclasses
import re

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from catalogs import packaged
from sdi.catalog import Catalog
from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import InputError
from sdi.publishing.metadata import Holding, dcat, record
from tests.sdi import catalogue

FEATURES = "https://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/"
URI = "https://example.org/ogc/collections/trees"
OPEN = Licence("CC-BY-4.0", "A", "City of Vancouver", "https://creativecommons.org/licenses/by/4.0/", bulk=True)
OSM = Licence("ODbL-1.0", "A-copyleft", "© OpenStreetMap contributors", "https://www.openstreetmap.org/copyright")
CLOSED = Licence("for display only", "B", "Survey of Vietnam")
HOLDING = Holding(
    publisher="Sở Xây dựng",
    extent=(105.2, 9.2, 106.3, 10.3),
    interval=("2025-07-01T00:00:00Z", None),
    created="2026-01-01T00:00:00Z",
    updated="2026-02-01T00:00:00Z",
    licences=(OPEN,),
    notice=Label("Dữ liệu mô phỏng", "Synthetic data"),
)
EMPTY = Holding(publisher="Sở Xây dựng")
DISTRIBUTION = {"url": f"{URI}/items?f=json", "title": "GeoJSON", "type": "application/geo+json"}


@pytest.fixture
def tree(tmp_path):
    return Catalog.read(catalogue.write(tmp_path)).registers["tree"]


@pytest.fixture(scope="module")
def record_validator(shared_data):
    """Validator of the standard's own schema, whose ``type: null`` is mended in memory."""
    root = shared_data.parent / "schemas"
    records, features = root / "records/part1-1.0.0/schemas", root / "features/part1-1.0.1/schemas"
    resources = [(path.as_uri(), resource(path)) for path in records.glob("*.yaml")]
    resources += [(FEATURES + path.name, resource(path)) for path in features.glob("*.yaml")]
    start = (records / "recordGeoJSON.yaml").as_uri()
    return Draft202012Validator({"$ref": start}, registry=Registry().with_resources(resources))


def resource(path):
    text = path.read_text(encoding="utf-8").replace("type: null", 'type: "null"')
    return Resource.from_contents(yaml.safe_load(text), default_specification=DRAFT202012)


@pytest.mark.parametrize("holding", [HOLDING, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_record_conforms_to_the_standard(record_validator, holding, language):
    link = {"rel": "collection", "href": "https://example.org/ogc/collections/catalogue"}
    for register in Catalog.read(packaged()).registers.values():
        record_validator.validate(record(register, holding, language, links=[link]))


def test_the_validator_would_notice_a_wrong_record(record_validator, tree):
    wrong = record(tree, HOLDING) | {"time": {"interval": ["July 2025", ".."]}}
    assert list(record_validator.iter_errors(wrong))


def test_a_record_says_what_when_where_and_who(tree):
    made = record(tree, HOLDING, "en")
    assert made["id"] == "trees"
    assert made["time"] == {"interval": ["2025-07-01", ".."]}
    assert made["geometry"]["coordinates"][0][0] == [105.2, 9.2]
    assert made["geometry"]["coordinates"][0][2] == [106.3, 10.3]
    properties = made["properties"]
    assert properties["title"] == "Urban trees"
    assert properties["license"] == "CC-BY-4.0"
    assert properties["rights"] == "City of Vancouver; Synthetic data"
    assert properties["contacts"] == [{"organization": "Sở Xây dựng", "roles": ["publisher"]}]
    assert properties["language"]["code"] == "en"


def test_a_record_speaks_vietnamese(tree):
    properties = record(tree, HOLDING, "vi")["properties"]
    assert properties["title"] == "Cây xanh đô thị"
    assert properties["rights"] == "City of Vancouver; Dữ liệu mô phỏng"


def test_all_licences_of_a_collection_hold_together(tree):
    made = record(tree, dataclasses.replace(HOLDING, licences=(OPEN, OSM)), "en")
    assert made["properties"]["license"] == "CC-BY-4.0 AND ODbL-1.0"
    assert "© OpenStreetMap contributors" in made["properties"]["rights"]
    assert [link["href"] for link in made["links"]] == [OPEN.url, OSM.url]


def test_a_licence_that_spdx_does_not_know_is_called_other(tree):
    made = record(tree, dataclasses.replace(HOLDING, licences=(OPEN, CLOSED)), "en")
    assert made["properties"]["license"] == "other"
    assert [link["rel"] for link in made["links"]] == ["license"]


def test_a_collection_without_things_has_neither_place_nor_time(tree):
    made = record(tree, EMPTY)
    assert made["geometry"] is None
    assert made["time"] is None
    assert "license" not in made["properties"]


def test_an_unpublished_register_has_no_metadata(tree):
    hidden = dataclasses.replace(tree, publish=None)
    with pytest.raises(InputError, match="add publish: to tree"):
        record(hidden, HOLDING)
    with pytest.raises(InputError, match="not published"):
        dcat(hidden, HOLDING, URI)


def test_dcat_describes_the_same_data_set(tree):
    made = dcat(tree, dataclasses.replace(HOLDING, licences=(OPEN, OSM)), URI, distributions=[DISTRIBUTION])
    assert (made["@id"], made["@type"]) == (URI, "dcat:Dataset")
    assert {"@language": "vi", "@value": "Cây xanh đô thị"} in made["dct:title"]
    assert {"@language": "en", "@value": "Synthetic data"} in made["dct:description"]
    assert made["dct:temporal"] == {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": {"@type": "xsd:date", "@value": "2025-07-01"},
    }
    assert "POLYGON ((105.2 9.2, 106.3 9.2" in made["dct:spatial"]["dcat:bbox"]["@value"]
    only = made["dcat:distribution"][0]
    assert only["dct:license"] == [{"@id": OPEN.url}, {"@id": OSM.url}]
    assert only["dct:rights"] == ["City of Vancouver", "© OpenStreetMap contributors"]


def test_dcat_of_an_empty_collection_leaves_out_what_is_not_known(tree):
    made = dcat(tree, EMPTY, URI)
    assert not {"dct:spatial", "dct:temporal", "dct:issued", "dcat:distribution"} & set(made)


def test_every_dcat_term_exists_in_the_vocabulary(tree, shared_data):
    vocabulary = (shared_data.parent / "schemas/dcat/3.0/dcat3.ttl").read_text(encoding="utf-8")
    terms = terms_of(dcat(tree, HOLDING, URI, distributions=[DISTRIBUTION]), "dcat")
    assert len(terms) >= 8
    for term in terms:
        assert re.search(rf"^{term}\b", vocabulary, re.MULTILINE), term


def terms_of(value, prefix):
    """Every term of a vocabulary that a document uses."""
    if isinstance(value, list):
        return set().union(*(terms_of(part, prefix) for part in value))
    if isinstance(value, dict):
        used = {name for name in [*value, value.get("@type", "")] if name.startswith(f"{prefix}:")}
        return used.union(*(terms_of(part, prefix) for part in value.values()))
    return set()
