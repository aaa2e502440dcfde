"""The versions of a thing at their lasting addresses, and features as they were known then."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.service import application
from tests import town as towns
from tests.town import CHANGED, COUNT, RETIRED

ITEMS = "/ogc/collections/landmarks/items"


def second(client):
    """Return the landmark whose grade changed."""
    return client.get(f"{ITEMS}?landmark_tag=L1").json()["features"][0]["id"]


def ended(client):
    """Return the landmark that has ended."""
    return client.get(f"{ITEMS}?datetime=2020-06-01&landmark_tag=L{COUNT}").json()["features"][0]["id"]


def targets(document):
    return {one["rel"]: one["href"] for one in document["links"]}


def test_a_thing_that_changed_once_has_three_versions(client):
    listed = client.get(f"/id/landmark/{second(client)}/v").json()["versions"]
    times = [(one["version"], one["validFrom"][:10], (one["validTo"] or "now")[:10]) for one in listed]
    assert times == [(1, "2020-01-01", "now"), (2, "2020-01-01", CHANGED), (3, CHANGED, "now")]
    assert [one["recordedTo"] is None for one in listed] == [False, True, True]
    assert listed[0]["recordedTo"] == listed[1]["recordedFrom"] == listed[2]["recordedFrom"]


def test_a_version_is_the_feature_as_it_was_with_its_two_times(client):
    eid = second(client)
    first, last = (client.get(f"/id/landmark/{eid}/v/{number}").json() for number in (1, 3))
    assert (first["type"], first["id"], first["version"], first["validTo"]) == ("Feature", eid, 1, None)
    assert (first["properties"]["grade"], last["properties"]["grade"]) == ("low", "high")
    assert client.get(f"/id/landmark/{eid}/v/1").headers["content-type"] == "application/geo+json"


def test_versions_lead_to_each_other_to_their_list_and_to_the_thing(client):
    eid = second(client)
    links = targets(client.get(f"/id/landmark/{eid}/v/2").json())
    address = f"http://city.test/id/landmark/{eid}"
    assert (links["predecessor-version"], links["successor-version"]) == (f"{address}/v/1", f"{address}/v/3")
    assert (links["latest-version"], links["version-history"], links["canonical"]) == (
        f"{address}/v/3", f"{address}/v", address,
    )  # fmt: skip
    assert "predecessor-version" not in targets(client.get(f"/id/landmark/{eid}/v/1").json())
    assert "successor-version" not in targets(client.get(f"/id/landmark/{eid}/v/3").json())
    assert targets(client.get(f"/id/landmark/{eid}").json())["version-history"] == f"{address}/v"
    assert targets(client.get(f"{ITEMS}/{eid}").json())["version-history"] == f"{address}/v"


def test_the_versions_of_a_thing_that_ended_still_answer(client):
    eid = ended(client)
    assert client.get(f"/id/landmark/{eid}").status_code == 410
    listed = client.get(f"/id/landmark/{eid}/v").json()["versions"]
    assert [(one["validTo"] or "now")[:10] for one in listed] == ["now", RETIRED]
    assert client.get(f"/id/landmark/{eid}/v/2").json()["properties"]["landmark_tag"] == f"L{COUNT}"


def test_people_see_the_versions_as_a_page(client):
    page = client.get(f"/id/landmark/{second(client)}/v?lang=en", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert f"{CHANGED}</td>" in page.text
    assert f"/id/landmark/{second(client)}/v/3" in page.text


@pytest.mark.parametrize("number", ["0", "4", "-1", "1.0", "x", "01", "9999999999999999999"])
def test_a_version_that_never_was_is_not_found(client, number):
    assert client.get(f"/id/landmark/{second(client)}/v/{number}").status_code == 404


@pytest.mark.parametrize("path", ["/id/landmark/nonsense/v", "/id/landmark/019b76da-0000-7000-8000-000000000000/v/1"])
def test_the_versions_of_what_names_nothing_are_not_found(client, path):
    assert client.get(path).status_code == 404


def test_the_same_version_is_not_sent_twice(client):
    path = f"/id/landmark/{second(client)}/v/1"
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_a_version_keeps_its_number_when_the_thing_is_corrected(tmp_path):
    town = towns.build(tmp_path)
    with TestClient(application(town)) as asking:
        eid = second(asking)
        before = [asking.get(f"/id/landmark/{eid}/v/{number}").json() for number in (1, 2, 3)]
        registry = town.registry(clock=Clock.fixed("2026-02-01T00:00:00Z"), ids=Ids.seeded(7))
        with registry.transaction("test", "wrong floors") as tx:
            registry.register("landmark").correct(eid, tx, values={"floors": 40}, valid_at="2021-01-01")
        projector.refresh(town, registry)
        registry.close()
        after = [asking.get(f"/id/landmark/{eid}/v/{number}").json() for number in (1, 2, 3, 4)]
    assert [one["properties"] for one in after[:3]] == [one["properties"] for one in before]
    assert (after[1]["recordedTo"], after[3]["recordedFrom"]) == ("2026-02-01T00:00:00.000Z",) * 2
    assert (after[3]["properties"]["floors"], after[3]["validTo"][:10]) == (40, CHANGED)


@pytest.mark.parametrize(
    ("recorded", "grade"),
    [("2026-01-01T00:00:01Z", "low"), ("2026-01-01T00:00:02Z", "low"), ("2026-01-01T07:00:03%2B07:00", "high")],
)
def test_recorded_asks_what_was_known(client, recorded, grade):
    item = client.get(f"{ITEMS}/{second(client)}?recorded={recorded}").json()
    assert item["properties"]["grade"] == grade
    (listed,) = client.get(f"{ITEMS}?landmark_tag=L1&recorded={recorded}").json()["features"]
    assert listed["properties"] == item["properties"]


def test_the_two_times_are_asked_for_together(client):
    eid = second(client)
    known = client.get(f"{ITEMS}/{eid}?datetime=2024-06-01&recorded=2026-01-01T00:00:02Z").json()
    assert known["properties"]["grade"] == "low"
    assert client.get(f"{ITEMS}/{eid}?datetime=2024-06-01").json()["properties"]["grade"] == "high"
    assert client.get(f"{ITEMS}/{eid}?datetime=2023-06-01").json()["properties"]["grade"] == "low"


@pytest.mark.parametrize("query", ["datetime=2019-06-01", "recorded=2025-12-31"])
def test_what_was_not_there_or_not_known_then_is_not_found(client, query):
    assert client.get(f"{ITEMS}/{second(client)}?{query}").status_code == 404
    assert client.get(f"{ITEMS}?{query}").json()["numberMatched"] == 0


def test_a_thing_that_ended_is_found_as_it_was(client):
    answer = client.get(f"{ITEMS}/{ended(client)}?datetime=2024-01-01")
    assert answer.json()["properties"]["landmark_tag"] == f"L{COUNT}"
    assert client.get(f"{ITEMS}/{ended(client)}?recorded=2026-01-01T00:00:02Z").status_code == 200


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2025-01-01/..", ".."])
def test_a_recorded_time_that_is_none_is_refused(client, text):
    for path in (ITEMS, f"{ITEMS}/{second(client)}"):
        assert client.get(path, params={"recorded": text}).status_code == 400
