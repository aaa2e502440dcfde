"""The change feed: everything that shows, in order, once, and nothing of what does not show."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.service import application
from tests import town as towns
from tests.town import COUNT, ENDED, PLACELESS

ALL = COUNT + ENDED + PLACELESS + 2 + 60
"""Lines of the town's feed: landmarks, those without a place, one changed, one retired, plots."""


def follow(client, address):
    """Read the feed to its end."""
    found = []
    while address:
        page = client.get(address).json()
        assert page["numberReturned"] == len(page["changes"])
        found += page["changes"]
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
    return found, page["since"]


@pytest.mark.parametrize("limit", [7, 100, 1234, 10_000])
def test_following_next_reads_every_change_once_in_order(client, limit):
    found, since = follow(client, f"/changes?limit={limit}")
    assert len(found) == ALL
    keys = [(one["sequence"], one["id"]) for one in found]
    assert keys == sorted(set(keys))
    assert since == 4


def test_people_read_the_feed_on_a_page(client):
    first = client.get("/changes?limit=7").json()
    shown = client.get("/changes?limit=7&f=html&lang=en").text
    assert all(f'href="{one["href"]}?f=html&amp;lang=en"' in shown for one in first["changes"])
    assert "thêm mới" in client.get("/changes?limit=7&f=html").text
    onward = re.search(r'rel="next" href="([^"]+)"', shown)[1].replace("&amp;", "&")
    assert "f=html" in onward
    assert client.get(onward).status_code == 200
    assert "Nothing new" in client.get("/changes?since=4&f=html&lang=en").text


def test_a_line_names_the_thing_what_happened_and_when(client):
    eid = client.get("/ogc/collections/landmarks/items?landmark_tag=L1").json()["features"][0]["id"]
    added, changed = (one for one in follow(client, "/changes?limit=10000")[0] if one["id"] == eid)
    assert (added["sequence"], added["change"], added["recorded"]) == (1, "added", "2026-01-01T00:00:01.000Z")
    assert (changed["sequence"], changed["change"], changed["recorded"]) == (3, "changed", "2026-01-01T00:00:03.000Z")
    assert (changed["kind"], changed["collection"]) == ("landmark", "landmarks")
    assert client.get(changed["href"]).json()["id"] == eid


def test_since_gives_what_came_after_a_transaction(client):
    words = [(one["sequence"], one["change"]) for one in client.get("/changes?since=2&limit=2").json()["changes"]]
    assert words == [(3, "changed"), (3, "retired")]
    rest = client.get("/changes?since=3").json()
    assert {one["kind"] for one in rest["changes"]} == {"plot"}
    assert rest["since"] == 4


def test_who_has_read_everything_is_told_nothing_new(client):
    page = client.get("/changes?since=4").json()
    assert (page["changes"], page["since"], page["last"]) == ([], 4, 4)
    etag = client.get("/changes?since=4").headers["etag"]
    assert client.get("/changes?since=4", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("query", ["since=5", "feed=another", "since=2&feed=another"])
def test_who_follows_another_feed_is_told_to_read_everything_again(client, query):
    answer = client.get(f"/changes?{query}")
    assert answer.status_code == 410
    assert "since=0" in answer.json()["description"]
    name = client.get("/changes").json()["feed"]
    assert client.get(f"/changes?since=2&feed={name}").status_code == 200


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "since=1.5", "limit=0", "after=x", "after=1", "level=restricted"]
)
def test_a_question_that_is_none_is_refused(client, query):
    assert client.get(f"/changes?{query}").status_code == 400


@pytest.mark.shows("shared-model")
def test_a_write_to_what_does_not_show_leaves_every_answer_as_it_was(tmp_path, figure):
    town = towns.build(tmp_path)
    paths = [
        "/changes", "/changes?since=4", "/ogc/collections/landmarks/items?limit=3", "/ogc/collections", "/ogc/",
        "/ogc/collections/landmarks/items?recorded=2026-03-01&limit=3", "/ogc/openapi", "/ogc/collections/landmarks",
    ]  # fmt: skip
    with TestClient(application(town)) as asking:
        eid = asking.get("/ogc/collections/landmarks/items?landmark_tag=L1").json()["features"][0]["id"]
        paths += [f"/id/landmark/{eid}", f"/id/landmark/{eid}/v", f"/id/landmark/{eid}/v/3"]
        before = [answer(asking, path) for path in paths]
        health = asking.get("/healthz").json()
        registry = town.registry(clock=Clock.fixed("2026-02-01T00:00:00Z"), ids=Ids.seeded(7))
        for number in range(5):
            with registry.transaction("test", "another keeper") as tx:
                registry.register("landmark").change(eid, {"keeper": f"nobody {number}"}, tx, valid_from="2025-05-01")
            projector.refresh(town, registry)
        assert registry.last_tx == 10
        registry.close()
        after = [answer(asking, path) for path in paths]
        assert asking.get("/healthz").json() | {"uptime_s": 0} == health | {"uptime_s": 0}
    figure("answers that differ after five restricted writes", sum(map(different, before, after)), bound="0")
    assert after == before


def answer(client, path):
    """Return what an answer says, its tag included, without the moment at which it was given."""
    given = client.get(path)
    body = given.json()
    body.pop("timeStamp", None)
    return given.status_code, given.headers["etag"], body


def different(one, other):
    return one != other
