from __future__ import annotations

import pytest


def rels(document):
    return [(one["rel"].rpartition("/")[2], one["type"]) for one in document["links"]]


def test_every_register_is_a_collection_in_the_order_of_the_map(client):
    names = [one["id"] for one in client.get("/ogc/collections").json()["collections"]]
    assert names[:2] == ["plots", "landmarks"]
    assert {"trees", "parcels", "flood-depth"} <= set(names)
    assert names[-2:] == ["flood", "terrain"]


def test_a_collection_says_the_same_alone_and_in_the_list(client):
    listed = {one["id"]: one for one in client.get("/ogc/collections").json()["collections"]}
    for name, one in listed.items():
        alone = client.get(f"/ogc/collections/{name}").json()
        assert {key: alone[key] for key in alone if key != "links"} == {key: one[key] for key in one if key != "links"}
        assert one["links"][0]["rel"] == "self"
        assert one["links"][1:] == list(alone["links"][2:])


def test_a_collection_of_features_says_what_it_is(client):
    one = client.get("/ogc/collections/landmarks?lang=en").json()
    assert (one["title"], one["description"]) == ("Landmarks", "Structures that everybody knows")
    assert one["itemType"] == "feature"
    assert one["notice"] == "Synthetic data for tests."
    assert one["extent"]["spatial"]["bbox"] == [[105.78, 10.03, 105.829, 10.054]]
    assert one["extent"]["temporal"]["interval"] == [["2020-01-01T00:00:00Z", None]]
    assert rels(one) == [
        ("self", "application/json"),
        ("alternate", "text/html"),
        ("items", "application/geo+json"),
        ("items", "text/html"),
        ("schema", "application/schema+json"),
        ("schema", "text/html"),
        ("queryables", "application/schema+json"),
        ("queryables", "text/html"),
        ("sortables", "application/schema+json"),
        ("sortables", "text/html"),
        ("tilesets-vector", "application/json"),
        ("tilesets-vector", "text/html"),
    ]


def test_an_empty_collection_claims_no_place(client):
    one = client.get("/ogc/collections/trees").json()
    assert "spatial" not in one.get("extent", {})


def test_the_list_of_systems_follows_the_city_and_no_country(client):
    codes = [uri.rpartition("/")[2] for uri in client.get("/ogc/collections/landmarks").json()["crs"]]
    assert codes[:4] == ["CRS84", "4326", "3857", "5897"]
    assert {"3405", "9209", "9210"} <= set(codes)
    assert not {"9215", "3406", "27700"} & set(codes)


def test_a_coverage_says_what_it_is(client):
    one = client.get("/ogc/collections/terrain?lang=en").json()
    assert one["title"] == "Terrain"
    assert one["fitForDecisions"] is False
    assert one["verticalDatum"] == "Hòn Dấu"
    assert one["attribution"] == "Ben Thu Town"
    assert one["crs"] == ["http://www.opengis.net/def/crs/EPSG/0/5897"]
    assert [one_["cellsCount"] for one_ in one["extent"]["spatial"]["grid"]] == [60, 40]
    west, south, east, north = one["extent"]["spatial"]["bbox"][0]
    assert 105.777 < west < east < 105.783
    assert 10.027 < south < north < 10.032
    assert "itemType" not in one
    assert {"coverage", "schema", "license"} <= {rel for rel, _ in rels(one)}


def test_a_flood_says_when_it_is(client):
    one = client.get("/ogc/collections/flood").json()
    assert one["extent"]["temporal"]["interval"] == [["2025-10-01T00:00:00Z", "2025-10-01T02:00:00Z"]]


def test_every_link_of_every_document_answers(client):
    seen, todo = set(), ["/ogc/"]
    while todo:
        path = todo.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        if "json" not in answer.headers["content-type"]:
            continue
        documents = [answer.json(), *answer.json().get("collections", [])]
        for link in (one for document in documents for one in document.get("links", [])):
            if (
                link["href"].startswith("http://city.test")
                and link["href"] not in seen
                and "/trees" not in link["href"]
            ):
                seen.add(link["href"])
                if link["rel"] != "next":
                    assert client.get(link["href"]).headers["content-type"].split(";")[0] == link["type"].split(";")[0]
                    todo.append(link["href"])
    assert len(seen) > 60


@pytest.mark.parametrize(
    "name", ["nothing", "Landmarks", "../landmarks", "%2e%2e", "sqlite_master", "landmarks_history"]
)
@pytest.mark.parametrize("below", ["", "/items", "/schema", "/queryables", "/coverage"])
def test_a_collection_that_is_not_published_is_not_found(client, name, below):
    answer = client.get(f"/ogc/collections/{name}{below}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"


def test_a_schema_has_both_its_dialect_and_its_address_without_parameters(client):
    schema = client.get("/ogc/collections/landmarks/schema?lang=en&f=json").json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "http://city.test/ogc/collections/landmarks/schema"
    assert schema["properties"]["height"]["x-ogc-unit"] == "m"
    assert schema["properties"]["grade"]["title"] == "Grade"
    assert [one["title"] for one in schema["properties"]["grade"]["oneOf"]] == ["Special", "Ordinary", "None"]


def test_titles_of_a_schema_follow_the_language(client):
    properties = client.get("/ogc/collections/landmarks/queryables?lang=vi").json()["properties"]
    assert properties["grade"]["title"] == "Hạng"


def test_a_coverage_has_a_schema_with_units(client):
    properties = client.get("/ogc/collections/flood/schema").json()["properties"]
    assert {name: one["x-ogc-unit"] for name, one in properties.items()} == {
        "water_depth": "m",
        "maximum_water_depth": "m",
    }
