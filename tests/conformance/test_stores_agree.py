"""One town on two stores: whatever is asked, both give the same bytes."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from sdi.service import application

pytestmark = pytest.mark.shows("service")
ITEMS = "/ogc/collections/landmarks/items"
PLOTS = "/ogc/collections/plots/items"
ADDRESSES = (
    "/ogc/", "/ogc/conformance", "/ogc/openapi", "/ogc/openapi?lang=en", "/ogc/collections",
    "/ogc/collections/landmarks",
    "/ogc/collections/landmarks/schema", "/ogc/collections/landmarks/queryables?lang=en",
    "/ogc/collections/plots/sortables", "/ogc/collections/terrain", "/ogc/collections/terrain/coverage",
    ITEMS, f"{ITEMS}?limit=10000", f"{ITEMS}?limit=7&offset=1231", f"{ITEMS}?limit=50&after=600", f"{PLOTS}?limit=60",
    f"{ITEMS}?bbox=105.78,10.03,105.7835,10.0325",
    f"{ITEMS}?bbox=585300,1109270,585700,1109400&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/5897",
    f"{PLOTS}?crs=http://www.opengis.net/def/crs/EPSG/0/9209",
    f"{ITEMS}?crs=http://www.opengis.net/def/crs/EPSG/0/4326&limit=20", f"{ITEMS}?floors=3&listed=true&grade=high",
    f"{ITEMS}?datetime=2024-01-01&limit=20", f"{ITEMS}?datetime=../2020-06-01&limit=20&grade=low",
    f"{ITEMS}?recorded=2026-01-01T00:00:02Z&limit=5", f"{ITEMS}?sortby=-height,name&limit=30",
    f"{ITEMS}?sortby=name&limit=30&offset=1220", f"{ITEMS}?sortby=-remark,grade&limit=30&datetime=2024-01-01",
    f"{ITEMS}?filter=height>20 AND name LIKE '%25số 1%25'", f"{ITEMS}?filter=ACCENTI(CASEI(name))=accenti('dinh cu 1')",
    f"{ITEMS}?filter=S_INTERSECTS(geometry,POLYGON((105.78 10.03,105.79 10.03,105.785 10.04,105.78 10.03)))&limit=200",
    f"{ITEMS}?filter=built>DATE('1990-01-01') AND NOT listed&limit=40", f"{ITEMS}?filter=height IS NULL",
    f"{ITEMS}?filter=name ILIKE 'CHỢ NỔI SỐ 1 %25'&filter-lang=cql-text",
    f"{ITEMS}?properties=name&skipGeometry=true&limit=9",
    f"{ITEMS}?f=html&lang=en&limit=20", f"{ITEMS}?f=html&sortby=-height&limit=5", "/ogc/collections/landmarks?f=html",
    "/search?q=cho noi so 12&limit=20", "/search?q=dinh cu", "/changes?limit=40", f"{ITEMS}?limit=0", f"{ITEMS}?bbox=1",
    f"{ITEMS}?filter=hight>3", f"{ITEMS}/nobody", "/id/landmark/019b76da-a800-7000-ba94-c96b64072584",
)  # fmt: skip
LIVELY = {"timeStamp", "feed"}
"""What differs between any two answers, or any two publications."""


@pytest.fixture(scope="module")
def both(first, second):
    with (
        TestClient(application(first), base_url="http://city.test") as one,
        TestClient(application(second), base_url="http://city.test") as other,
    ):
        yield one, other


def settled(answer):
    """Return what must be equal: status, type, system and body."""
    head = {name: answer.headers.get(name) for name in ("content-type", "content-crs", "content-language", "link")}
    if "json" not in head["content-type"]:
        return answer.status_code, head, answer.text
    body = answer.json()
    return answer.status_code, head, {key: value for key, value in body.items() if key not in LIVELY}, list(body)


def test_both_stores_answer_alike_to_the_byte(both, figure):
    differing = [one for one in ADDRESSES if settled(both[0].get(one)) != settled(both[1].get(one))]
    assert differing == []
    figure("questions that both stores answer alike", len(ADDRESSES), "1", "= all")


def test_every_item_and_its_versions_are_alike(both):
    found = both[0].get(f"{ITEMS}?limit=10000&skipGeometry=true&properties=").json()["features"]
    for eid in [one["id"] for one in (*found[:5], *found[-5:])]:
        for path in (f"{ITEMS}/{eid}", f"/id/landmark/{eid}", f"/id/landmark/{eid}/v", f"/id/landmark/{eid}/v/1"):
            assert settled(both[0].get(path)) == settled(both[1].get(path))
