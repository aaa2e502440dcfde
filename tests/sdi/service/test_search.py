from __future__ import annotations

import re

import pytest

from tests.town import COUNT, RETIRED

pytestmark = pytest.mark.shows("shared-model")


def test_a_name_is_found_with_its_lasting_address(client):
    answer = client.get("/search?q=cho noi so 7 hoa binh&limit=3")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    first = answer.json()["hits"][0]
    assert (first["title"], first["match"], first["kind"]) == ("Chợ nổi số 7 đường Hòa Bình", "exact", "landmark")
    assert client.get(first["href"].removeprefix("http://city.test")).json()["id"] == first["id"]
    west, south, east, north = first["bbox"]
    assert west == east == pytest.approx(105.787, abs=1e-6)
    assert south == north == pytest.approx(10.03, abs=1e-6)


def test_a_code_is_found_whole(client):
    hits = client.get("/search?q=l12").json()["hits"]
    assert [(one["field"], one["text"]) for one in hits] == [("landmark_tag", "L12")]


def test_who_ended_is_found_with_the_day(client):
    (hit,) = client.get(f"/search?q=L{COUNT}").json()["hits"]
    assert (hit["validTo"], hit["now"]) == (f"{RETIRED}T00:00:00Z", None)
    assert client.get(f"/search?q=L{COUNT}&datetime={RETIRED}").json()["hits"] == []
    assert client.get(f"/search?q=L{COUNT}&datetime=2025-01-14").json()["numberReturned"] == 1


def test_names_are_told_in_the_language_asked_for(client):
    (hit,) = client.get("/search?q=L20&lang=en").json()["hits"]
    assert (hit["title"], hit["text"]) == ("Floating market 20", "L20")


def test_the_number_of_hits_and_their_kinds_are_bounded(client):
    assert client.get("/search?q=cho noi").json()["numberReturned"] == 10
    assert client.get("/search?q=cho noi&limit=1000").json()["numberReturned"] == 100
    assert client.get("/search?q=cho noi&kind=plot").json()["hits"] == []
    assert client.get("/search?q=cho noi&kind=plot,landmark&limit=2").json()["numberReturned"] == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("q=", 400), ("q=%20", 400), ("q=" + "a" * 201, 400), ("q=a&kind=dragon", 404), ("q=a&limit=0", 400),
     ("q=a&datetime=soon", 400), ("q=a&nothing=1", 400), ("q=%00", 200), ("q='%20OR%201=1", 200)],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(client, query, status):
    assert client.get(f"/search?{query}").status_code == status


def test_people_search_on_a_page(client):
    empty = client.get("/search?f=html&lang=en")
    assert empty.status_code == 200
    assert 'type="search" name="q" value=""' in empty.text
    found = client.get("/search?f=html&lang=en&q=cho noi so 7 hoa binh").text
    first = client.get("/search?lang=en&q=cho noi so 7 hoa binh").json()["hits"][0]
    item = f"http://city.test/ogc/collections/landmarks/items/{first['id']}"
    assert f'<a href="{item}?f=html&amp;lang=en">{first["title"]}</a>' in found
    assert 'value="cho noi so 7 hoa binh"' in found
    assert "Show more" not in found
    assert "limit=100" in client.get("/search?f=html&lang=en&q=cho noi").text
    assert "Until 2025-01-15" in client.get(f"/search?f=html&lang=en&q=L{COUNT}").text
    assert "&lt;b&gt;" in client.get("/search?f=html&q=<b>").text
    assert 'name="kind" value="plot"' in client.get("/search?f=html&q=7&kind=plot").text
    assert "Nothing was found" in client.get("/search?f=html&lang=en&q=qqqqqq").text


def test_who_ended_leads_to_what_became_of_it(client):
    (hit,) = client.get(f"/search?q=L{COUNT}").json()["hits"]
    assert f'<a href="{hit["href"]}?f=html">' in client.get(f"/search?f=html&q=L{COUNT}").text


def test_the_page_says_whether_there_may_be_more(client):
    assert "10 kết quả đầu, phù hợp nhất trước." in client.get("/search?f=html&q=cho noi").text
    assert "The first 10, best match first." in client.get("/search?f=html&lang=en&q=cho noi").text
    assert "The first 100, best match first." in client.get("/search?f=html&lang=en&q=cho noi&limit=100").text
    assert "1 found, best match first." in client.get("/search?f=html&lang=en&q=L20").text


def test_points_are_drawn_with_the_number_they_have_in_the_list(client):
    page = client.get("/search?f=html&lang=en&q=cho noi").text
    assert page.count('<circle class="point"') == 10
    numbers = ", ".join(re.findall(r'<text class="number"[^>]*>([^<]+)</text>', page))
    assert {one for one in numbers.split(", ") if one.isdigit()} >= {"1", "10"}
    assert page.count("<li>\n    <a href=") == 10


def test_an_answer_that_is_known_is_not_sent_again(client):
    etag = client.get("/search?q=cho").headers["etag"]
    assert client.get("/search?q=cho", headers={"If-None-Match": etag}).status_code == 304
    assert client.get("/search?q=noi", headers={"If-None-Match": etag}).status_code == 200


def test_what_is_restricted_is_not_found(client):
    assert client.get("/search?q=nobody must read this").json()["hits"] == []
