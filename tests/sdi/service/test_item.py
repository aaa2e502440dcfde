from __future__ import annotations

import pytest

from tests.town import CHANGED, COUNT, ENDED, HOSTILE, LAT, LON, PLACELESS, RETIRED

ITEMS = "/ogc/collections/landmarks/items"
ALL = COUNT + PLACELESS


def link(document, rel):
    return next((one["href"] for one in document["links"] if one["rel"] == rel), None)


def visited(client, address):
    """Follow ``next`` to the end."""
    found = []
    while address:
        page = client.get(address).json()
        assert page["numberReturned"] == len(page["features"])
        found += [feature["id"] for feature in page["features"]]
        address = link(page, "next")
    return found, page["numberMatched"]


@pytest.mark.parametrize(
    "query", ["limit=100", "limit=1000", "limit=1236", "limit=617&offset=0", "limit=500&offset=10"]
)
def test_next_visits_every_feature_once(client, query):
    found, matched = visited(client, f"{ITEMS}?{query}")
    assert matched == ALL
    assert len(found) == len(set(found)) == ALL - (10 if "offset=10" in query else 0)


def test_offset_and_key_give_the_same_features_in_the_same_order(client):
    by_key, _ = visited(client, f"{ITEMS}?limit=400")
    by_offset = [
        feature["id"]
        for offset in range(0, ALL, 400)
        for feature in client.get(f"{ITEMS}?limit=400&offset={offset}").json()["features"]
    ]
    assert by_key == by_offset


def test_a_page_by_offset_links_back(client):
    page = client.get(f"{ITEMS}?limit=100&offset=150").json()
    before = client.get(link(page, "prev")).json()
    assert link(before, "self").endswith("offset=50")
    assert link(client.get(link(before, "prev")).json(), "prev") is None


def test_the_default_page_has_a_hundred_features(client):
    assert client.get(ITEMS).json()["numberReturned"] == 100


def test_offset_beyond_the_end_is_an_empty_page(client):
    page = client.get(f"{ITEMS}?offset=99999").json()
    assert (page["numberMatched"], page["features"]) == (ALL, [])
    assert link(page, "next") is None


def test_offset_and_key_together_are_refused(client):
    assert client.get(f"{ITEMS}?offset=1&after=1").status_code == 400


def test_the_answer_is_geojson_in_the_published_order_of_properties(client):
    answer = client.get(f"{ITEMS}?limit=1")
    assert answer.headers["content-type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert list(feature["properties"]) == [
        "name", "name_en", "landmark_tag", "status", "floors", "height", "listed", "grade", "built", "remark",
        "valid_from",
    ]  # fmt: skip
    assert feature["properties"]["name"] == "Chợ nổi số 0 đường Hòa Bình"
    assert "Chợ nổi" in answer.text


def test_what_is_restricted_is_nowhere(client):
    pages = [ITEMS, f"{ITEMS}?f=html", "/ogc/collections/landmarks/schema", "/ogc/openapi", "/ogc/collections"]
    assert not any("keeper" in client.get(page).text for page in pages)
    assert client.get(f"{ITEMS}?keeper=nobody").status_code == 400


def test_a_box_selects_what_it_touches_and_what_has_no_place(client):
    page = client.get(f"{ITEMS}?bbox={LON},{LAT},{LON + 0.0025},{LAT + 0.0015}").json()
    assert page["numberMatched"] == 3 * 2 + PLACELESS


def test_a_box_across_the_antimeridian_selects_either_side(client):
    assert client.get(f"{ITEMS}?bbox=170,-20,{LON + 0.0005},20").json()["numberMatched"] == 25 + PLACELESS
    assert client.get(f"{ITEMS}?bbox={LON + 0.0485},-20,-170,20").json()["numberMatched"] == 24 + PLACELESS
    assert client.get(f"{ITEMS}?bbox=170,-20,-170,20").json()["numberMatched"] == PLACELESS


def test_a_page_within_a_box_goes_on_by_key(client):
    found, matched = visited(client, f"{ITEMS}?bbox={LON},{LAT},{LON + 0.01},{LAT + 0.01}&limit=7")
    assert len(found) == len(set(found)) == matched == 121 + PLACELESS


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("floors=3", sum(n % 7 == 3 for n in range(COUNT))),
        ("listed=true", COUNT // 2),
        ("height=0.25", 1),
        ("built=1900-01-01", 13),
        ("landmark_tag=L7", 1),
        ("grade=low", sum(n % 3 == 1 and n != 1 for n in range(COUNT))),
        ("grade=low&floors=1", sum(n % 21 == 1 and n != 1 for n in range(COUNT))),
        ("name=Ch%E1%BB%A3%20n%E1%BB%95i%20s%E1%BB%91%207%20%C4%91%C6%B0%E1%BB%9Dng%20H%C3%B2a%20B%C3%ACnh", 1),
        ("valid_from=2024-03-01", 1),
        ("name=nobody", 0),
    ],
)
def test_queryables_select_by_equality(client, query, count):
    page = client.get(f"{ITEMS}?{query}&limit=10000").json()
    assert page["numberMatched"] == len(page["features"]) == count


@pytest.mark.parametrize(
    "query", ["floors=x", "floors=1.5", "listed=yes", "grade=unheard", "built=x", "floors=", "geometry=x"]
)
def test_a_value_that_no_feature_could_have_is_refused(client, query):
    assert client.get(f"{ITEMS}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("text", "count", "grade"),
    [
        ("2019-12-31", 0, None),
        ("2020-06-01", COUNT + ENDED, "low"),
        ("2022-01-01T00:00:00Z", COUNT + ENDED + PLACELESS, "low"),
        ("2023-01-01/..", COUNT + ENDED + PLACELESS, "high"),
        ("../2019-12-31", 0, None),
        (f"{RETIRED}/..", COUNT + PLACELESS, "high"),
        (f"2020-01-01/{CHANGED}", COUNT + ENDED + PLACELESS, "high"),
    ],
)
def test_datetime_selects_what_held_then(client, text, count, grade):
    page = client.get(f"{ITEMS}?datetime={text}&limit=2").json()
    assert page["numberMatched"] == count
    if grade:
        assert page["features"][1]["properties"]["grade"] == grade


@pytest.mark.parametrize(
    "text", ["../..", "/", "", "..", "2025-13-01", "2025-02-30", "yesterday", "2025-01-02/2025-01-01", "a/b/c"]
)
def test_a_time_that_is_none_is_refused(client, text):
    assert client.get(ITEMS, params={"datetime": text}).status_code == 400


def test_an_item_links_to_itself_its_page_its_collection_and_its_lasting_address(client):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    answer = client.get(f"{ITEMS}/{eid}")
    feature = answer.json()
    assert feature["id"] == eid
    assert answer.headers["content-type"] == "application/geo+json"
    assert {one["rel"] for one in feature["links"]} >= {"self", "alternate", "collection", "canonical"}
    assert client.get(link(feature, "canonical")).json()["id"] == eid
    assert all(client.get(one["href"]).status_code == 200 for one in feature["links"])


@pytest.mark.parametrize(
    "eid", ["nothing", "0", "..%2f..%2fetc%2fpasswd", "%00", "' OR 1=1 --", "019b76da-0000-7000-8000-000000000000"]
)
def test_an_item_that_never_was_is_not_found(client, eid):
    assert client.get(f"{ITEMS}/{eid}").status_code == 404


def test_an_item_that_ended_is_gone(client):
    before = client.get(f"{ITEMS}?datetime=2020-06-01&landmark_tag=L{COUNT}").json()["features"]
    (eid,) = [feature["id"] for feature in before]
    answer = client.get(f"{ITEMS}/{eid}")
    assert answer.status_code == 410
    assert answer.json()["code"] == "Gone"


def test_the_same_state_is_not_sent_twice(client):
    first = client.get(f"{ITEMS}?limit=3")
    again = client.get(f"{ITEMS}?limit=3", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(f"{ITEMS}?limit=4", headers={"If-None-Match": first.headers["etag"]}).status_code == 200
    assert client.get(f"{ITEMS}?limit=3&f=html", headers={"If-None-Match": first.headers["etag"]}).status_code == 200
    assert client.get(f"{ITEMS}?limit=3", headers={"If-None-Match": "*"}).status_code == 304


def test_head_tells_what_get_would_send(client):
    get, head = client.get(f"{ITEMS}?limit=3"), client.head(f"{ITEMS}?limit=3")
    assert head.status_code == 200
    assert head.content == b""
    assert {name: head.headers[name] for name in ("content-type", "etag", "content-crs")} == {
        name: get.headers[name] for name in ("content-type", "etag", "content-crs")
    }


def test_a_large_page_is_packed_for_those_who_unpack(client):
    plain = client.get(f"{ITEMS}?limit=1000", headers={"Accept-Encoding": "identity"})
    packed = client.get(f"{ITEMS}?limit=1000", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["features"] == plain.json()["features"]
    assert "Accept-Encoding" in packed.headers["vary"]


def test_a_page_for_people_shows_hostile_text_as_text(client):
    page = client.get(f"{ITEMS}?f=html&limit=5").text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_is_written_through_the_service(client, method):
    answer = client.request(method, ITEMS)
    assert answer.status_code == 405
    assert answer.json()["code"] == "MethodNotAllowed"
    assert "GET" in answer.headers["allow"]
