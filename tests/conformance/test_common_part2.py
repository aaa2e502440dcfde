"""OGC API Common 2 (draft): collections of geospatial data, one test per requirement."""

from __future__ import annotations

import pytest
import shapely

from tests.conformance.requirement import proves

SCHEMAS = "common/part2-1.0.0-draft/schemas/common-geodata"
NAMES = ("landmarks", "plots", "trees", "terrain", "flood")


def links(document, rel):
    return [one for one in document["links"] if one["rel"] == rel]


@proves("common-2/collections/collections-list-op", "common-2/collections/collections-list-success")
def test_the_collections_answer_where_the_landing_page_says(client, check):
    for one in links(client.get("/ogc/").json(), "data"):
        answer = client.get(one["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(one["type"])
    check(f"{SCHEMAS}/collections.yaml", client.get("/ogc/collections").json())


@proves("common-2/collections/collections-list-links")
def test_the_list_links_to_itself_and_its_alternate(client):
    document = client.get("/ogc/collections").json()
    assert [one["type"] for one in links(document, "self")] == ["application/json"]
    assert [one["type"] for one in links(document, "alternate")] == ["text/html"]


@proves("common-2/collections/collections-list-collections")
def test_every_collection_is_listed_once_features_and_coverages_alike(client):
    names = [one["id"] for one in client.get("/ogc/collections").json()["collections"]]
    assert len(names) == len(set(names))
    assert set(NAMES) <= set(names)


@proves("common-2/collections/description-op", "common-2/collections/description-success")
@pytest.mark.parametrize("name", NAMES)
def test_a_description_says_what_the_list_says(client, check, name):
    answer = client.get(f"/ogc/collections/{name}")
    assert answer.status_code == 200
    check(f"{SCHEMAS}/collectionDesc.yaml", answer.json())
    (listed,) = [one for one in client.get("/ogc/collections").json()["collections"] if one["id"] == name]
    assert {key: value for key, value in answer.json().items() if key != "links"} == {
        key: value for key, value in listed.items() if key != "links"
    }


@proves("common-2/collections/description-links")
@pytest.mark.parametrize("name", NAMES)
def test_a_description_links_to_itself_its_alternate_and_its_data(client, name):
    document = client.get(f"/ogc/collections/{name}").json()
    (itself,) = links(document, "self")
    assert client.get(itself["href"]).json() == document
    assert [one["type"] for one in links(document, "alternate")] == ["text/html"]
    data = links(document, "items") + links(document, "http://www.opengis.net/def/rel/ogc/1.0/coverage")
    assert data
    assert all(one["rel"] and one["type"] for one in document["links"])


@proves("common-2/collections/description-extent", "common-2/collections/description-extent-multi")
@pytest.mark.parametrize("name", ["landmarks", "plots"])
def test_the_extent_encloses_all_data_in_one_box_and_one_interval(client, name):
    extent = client.get(f"/ogc/collections/{name}").json()["extent"]
    ((west, south, east, north),) = extent["spatial"]["bbox"]
    (interval,) = extent.get("temporal", {"interval": [[None, None]]})["interval"]
    for feature in client.get(f"/ogc/collections/{name}/items?limit=10000").json()["features"]:
        if feature["geometry"] is not None:
            assert shapely.box(west, south, east, north).covers(shapely.geometry.shape(feature["geometry"]))
        assert interval[0] is None or feature["properties"]["valid_from"] >= interval[0]


@proves("common-2/json/definition", "common-2/json/content", "common-2/html/definition", "common-2/html/content")
@pytest.mark.parametrize("path", ["/ogc/collections", "/ogc/collections/landmarks", "/ogc/collections/terrain"])
def test_both_resources_come_in_both_encodings(client, path):
    answer = client.get(path, headers={"Accept": "application/json", "Accept-Language": "en"})
    assert answer.headers["content-type"] == "application/json"
    page = client.get(path, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.headers["content-type"].startswith("text/html")
    for one in answer.json().get("collections", [answer.json()]):
        assert one["title"] in page.text
        assert one["id"] in page.text


@proves("common-2/collections/description-extent")
def test_the_extent_of_a_coverage_says_how_its_cells_lie(client):
    grid = client.get("/ogc/collections/terrain").json()["extent"]["spatial"]["grid"]
    assert grid == [
        {"cellsCount": 60, "resolution": 10.0, "firstCoordinate": 585_005.0},
        {"cellsCount": 40, "resolution": 10.0, "firstCoordinate": 1_109_005.0},
    ]
