from __future__ import annotations

import pytest

from tests.town import COUNT, RETIRED

ITEMS = "/ogc/collections/landmarks/items"


def ended(client):
    return client.get(f"{ITEMS}?datetime=2020-06-01&landmark_tag=L{COUNT}").json()["features"][0]["id"]


def test_a_thing_answers_at_its_lasting_address(client):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    thing = client.get(f"/id/landmark/{eid}").json()
    assert (thing["id"], thing["kind"], thing["collection"]) == (eid, "landmark", "landmarks")
    assert (thing["status"], thing["validFrom"], thing["validTo"]) == ("active", "2020-01-01T00:00:00Z", None)
    item = next(one["href"] for one in thing["links"] if one["rel"] == "item")
    assert client.get(item).json()["id"] == eid
    assert thing["links"][0]["href"] == f"http://city.test/id/landmark/{eid}"


def test_people_read_what_a_thing_is_in_words(client):
    eid = client.get(f"{ITEMS}?landmark_tag=L7").json()["features"][0]["id"]
    page = client.get(f"/id/landmark/{eid}?f=html&lang=vi").text
    assert "<h1>Chợ nổi số 7 đường Hòa Bình</h1>" in page
    assert ">Công trình tiêu biểu</a> <code>landmark</code>" in page
    assert "<dd>đang hoạt động</dd>" in page
    assert f'<li><a href="http://city.test{ITEMS}/{eid}?f=html&amp;lang=vi">Xem đối tượng trong tập dữ liệu</a>' in page


def test_an_identifier_may_be_written_in_capitals(client):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    assert client.get(f"/id/landmark/{eid.upper()}").json()["id"] == eid


def test_a_thing_that_ended_is_gone_and_says_when(client):
    answer = client.get(f"/id/landmark/{ended(client)}")
    assert answer.status_code == 410
    assert RETIRED in answer.json()["description"]
    assert answer.json()["successors"] == []


def test_a_thing_that_ended_is_gone_on_a_page_too(client):
    answer = client.get(f"/id/landmark/{ended(client)}?lang=en", headers={"Accept": "text/html"})
    assert answer.status_code == 410
    assert "No successor is published." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/id/landmark/nonsense",
        "/id/landmark/019b76da-0000-7000-8000-000000000000",
        "/id/LANDMARK/019b76da-0000-7000-8000-000000000000",
        "/id/..%2f..%2fetc/passwd",
        "/id/landmark/%00",
        "/id/tree/{eid}",
        "/id/landmark",
        "/id/",
    ],
)
def test_what_names_nothing_is_not_found(client, path):
    eid = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    answer = client.get(path.format(eid=eid))
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"
