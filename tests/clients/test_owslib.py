"""OWSLib reads the service."""

from __future__ import annotations

import json

import pytest
from owslib.ogcapi.features import Features

from tests.town import COUNT, LAT, LON, PLACELESS

pytestmark = pytest.mark.clients
ALL = COUNT + PLACELESS


@pytest.fixture
def service(address: str) -> Features:
    """Return OWSLib's view of the service."""
    return Features(address)


def test_it_finds_the_collections_of_features_and_no_coverage(service):
    names = service.feature_collections()
    assert {"landmarks", "plots", "trees"} <= set(names)
    assert "terrain" not in names


def test_it_reads_conformance_and_the_api_definition(service):
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert "/collections/landmarks/items" in service.api()["paths"]


def test_it_counts_exactly_and_reads_vietnamese(service):
    page = service.collection_items("landmarks", limit=5)
    assert (page["numberMatched"], page["numberReturned"]) == (ALL, 5)
    assert page["features"][0]["properties"]["name"] == "Chợ nổi số 0 đường Hòa Bình"
    assert service.collection("landmarks")["title"] == "Công trình tiêu biểu"


def test_it_selects_by_box_time_and_property(service):
    box = [LON - 0.0005, LAT - 0.0005, LON + 0.0025, LAT + 0.0005]
    assert service.collection_items("landmarks", bbox=box)["numberMatched"] == 3 + PLACELESS
    assert service.collection_items("landmarks", datetime_="2020-06-01")["numberMatched"] == COUNT + 1
    assert service.collection_items("landmarks", landmark_tag="L7")["numberMatched"] == 1


def test_it_asks_for_another_system(service):
    page = service.collection_items("landmarks", limit=1, crs="http://www.opengis.net/def/crs/EPSG/0/5897")
    assert page["features"][0]["geometry"]["coordinates"] == pytest.approx([585308.9, 1109275.2], abs=0.2)


def test_it_reads_queryables_schema_and_one_item(service):
    assert service.collection_queryables("landmarks")["properties"]["grade"]["type"] == "string"
    assert "floors" in service.collection_schema("landmarks")["properties"]
    eid = service.collection_items("landmarks", limit=1)["features"][0]["id"]
    assert service.collection_item("landmarks", eid)["properties"]["landmark_tag"] == "L0"


@pytest.mark.shows("service")
@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"filter": "height > 20 AND grade = 'low'"}, sum(n / 4 > 20 and n % 3 == 1 for n in range(COUNT))),
        ({"filter": "ACCENTI(CASEI(name)) LIKE accenti(casei('CHO NOI SO 12 %'))"}, 1),
        ({"filter": "built >= DATE('1950-01-01')"}, sum(n % 100 >= 50 for n in range(COUNT))),
        ({"cql": {"op": "=", "args": [{"property": "landmark_tag"}, "L7"]}}, 1),
    ],
)
def test_it_selects_by_cql2(service, given, count):
    if "cql" in given:
        given = {"filter": json.dumps(given["cql"]), "filter-lang": "cql2-json"}
    assert service.collection_items("landmarks", limit=1, **given)["numberMatched"] == count


@pytest.mark.shows("service")
def test_it_sorts_by_what_the_sortables_name_and_leaves_out_what_is_not_wanted(service):
    wanted = {"sortby": ("height", "desc"), "properties": "name,height", "skipGeometry": "true"}
    page = service.collection_items("landmarks", limit=2, **wanted)
    assert [one["properties"] for one in page["features"]] == [
        {"name": f"Chợ nổi số {n} đường Hòa Bình", "height": n / 4} for n in (COUNT - 1, COUNT - 2)
    ]


def test_it_reads_the_roles_and_units_of_the_schema(service):
    properties = service.collection_schema("landmarks")["properties"]
    assert properties["id"]["x-ogc-role"] == "id"
    assert properties["height"]["x-ogc-unit"] == "m"
