"""People read a name, else a code, and an identifier only where there is neither."""

from __future__ import annotations

import pytest

from sdi.service.heading import heading
from tests.town import HOSTILE

EID = "019b76da-a800-7007-97db-0dcfacfa2e18"


@pytest.mark.parametrize(
    ("properties", "language", "called"),
    [
        ({"name": "Chợ Mới", "name_en": "New Market", "landmark_tag": "L7"}, "vi", "Chợ Mới"),
        ({"name": "Chợ Mới", "name_en": "New Market", "landmark_tag": "L7"}, "en", "New Market"),
        ({"name": "Chợ Mới", "name_en": None, "landmark_tag": "L7"}, "en", "Chợ Mới"),
        ({"name": None, "landmark_tag": "L7", "remark": "beside the river"}, "vi", "Công trình tiêu biểu L7"),
        ({"landmark_tag": "L7"}, "en", "Landmarks L7"),
        ({"landmark_tag": None, "status": "active", "remark": "beside the river"}, "en", EID),
        ({}, "vi", EID),
    ],
)
def test_a_thing_is_called_by_name_code_or_identifier(town, properties, language, called):
    one = next(each for each in town.publication("public").collections() if each.name == "landmarks")
    assert heading({"id": EID, "properties": properties}, one, language) == called


def test_the_page_of_an_item_is_headed_by_it_in_every_place(client):
    eid = client.get("/ogc/collections/landmarks/items?landmark_tag=L7").json()["features"][0]["id"]
    for address in (f"/ogc/collections/landmarks/items/{eid}", f"/id/landmark/{eid}"):
        page = client.get(f"{address}?f=html&lang=en").text
        assert "<title>Floating market 7 · Ben Thu Town</title>" in page
        assert '<li aria-current="page">Floating market 7</li>' in page
        assert "<h1>Floating market 7</h1>" in page
    versions = client.get(f"/id/landmark/{eid}/v?f=html&lang=en").text
    assert "<h1>Versions: Floating market 7</h1>" in versions


def test_a_thing_without_name_and_code_is_headed_by_its_identifier(client):
    eid = client.get("/ogc/collections/plots/items?limit=1").json()["features"][0]["id"]
    assert f"<h1>{eid}</h1>" in client.get(f"/ogc/collections/plots/items/{eid}?f=html").text
    assert HOSTILE not in client.get("/ogc/collections/landmarks/items?f=html").text
