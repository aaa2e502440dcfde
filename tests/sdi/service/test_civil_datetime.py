"""``datetime`` and ``recorded`` of requests mean the days of the city, and instants whatever their offset."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from sdi.history import utc
from sdi.publishing import projector
from sdi.service import application
from sdi.zone import GREENWICH
from tests import model
from tests.model import add, point, writing
from tests.town import write_flood

VALVES = "/ogc/collections/valves/items"
FLOOD = "/ogc/collections/flood/coverage"


@pytest.fixture(scope="module", params=["Asia/Ho_Chi_Minh", "America/Chicago"])
def zone(request):
    return request.param


@pytest.fixture(scope="module")
def asking(tmp_path_factory, zone):
    """Return a client of a city whose valve was replaced at two in the morning of the day on which it began."""
    city = model.build(tmp_path_factory.mktemp("city"), zone=zone)
    registry = model.opened(city)
    night = {"Asia/Ho_Chi_Minh": "2025-07-01T02:00:00+07:00", "America/Chicago": "2025-07-01T02:00:00-05:00"}[zone]
    with writing(registry) as tx:
        (eid,) = add(registry, "valve", tx, places=[point()], since="2025-07-01", values={"maker": ["first"]})
        registry.register("valve").change(eid, {"maker": "second"}, tx, valid_from=night)
    projector.refresh(city, registry)
    registry.close()
    write_flood(city)
    with TestClient(application(city), base_url="http://city.test") as client:
        yield client


def makers(client, query):
    answer = client.get(f"{VALVES}?{query}")
    assert answer.status_code == 200, answer.text
    found = [one["properties"]["maker"] for one in answer.json()["features"]]
    if found:
        eid = answer.json()["features"][0]["id"]
        assert client.get(f"{VALVES}/{eid}?{query}").json()["properties"]["maker"] == found[0]
    assert answer.json()["numberMatched"] == len(found)
    return found


ASIA = {
    "2025-06-30": [], "2025-07-01": ["second"], "2025-06-30T16:59:59Z": [], "2025-06-30T17:00:00Z": ["first"],
    "2025-07-01T00:30:00%2B07:00": ["first"], "2025-06-30T23:59:59Z": ["second"], "../2025-06-30": [],
    "../2025-06-30T18:59:59Z": ["first"], "2025-07-01/..": ["second"], "/2025-07-01": ["second"],
    "2025-06-01/2025-06-30": [], "2025-06-01/2025-06-30T19:00:00Z": ["second"], "2025-07-01T00:00:00Z": ["second"],
}  # fmt: skip
AMERICA = {
    "2025-06-30": [], "2025-07-01": ["second"], "2025-07-01T04:59:59Z": [], "2025-07-01T05:00:00Z": ["first"],
    "2025-07-01T06:59:59Z": ["first"], "2025-07-01T07:00:00Z": ["second"], "2025-07-01T00:30:00%2B07:00": [],
    "../2025-07-01T06:00:00Z": ["first"], "2025-07-01T00:00:00Z": [],
}  # fmt: skip


@pytest.mark.shows("shared-model")
def test_datetime_is_a_day_of_the_city_or_an_instant(asking, zone):
    asked = {"Asia/Ho_Chi_Minh": ASIA, "America/Chicago": AMERICA}[zone]
    assert {text: makers(asking, f"datetime={text}") for text in asked} == asked


def test_the_time_that_an_answer_tells_can_be_asked_for_again(asking):
    (feature,) = asking.get(f"{VALVES}?datetime=2025-07-01").json()["features"]
    start = feature["properties"]["valid_from"]
    assert makers(asking, f"datetime={start.replace('+', '%2B')}") == ["second"]
    assert makers(asking, f"datetime=../{start.replace('+', '%2B')}") == ["second"]
    for told in (start, utc(start, GREENWICH)):
        assert asking.get(f"{VALVES}?valid_from={told.replace('+', '%2B')}").json()["numberMatched"] == 1
    listed = asking.get(f"/id/valve/{feature['id']}/v").json()["versions"]
    assert [one["validFrom"] for one in listed] == ["2025-07-01T00:00:00Z", start]


def test_recorded_is_a_day_of_the_city_or_an_instant(asking, zone):
    # Written with the transaction of 2 January 2026, 00:00 in UTC.
    first_day = {"Asia/Ho_Chi_Minh": "2026-01-03", "America/Chicago": "2026-01-02"}[zone]
    day_before = {"Asia/Ho_Chi_Minh": "2026-01-02", "America/Chicago": "2026-01-01"}[zone]
    assert makers(asking, f"recorded={first_day}") == ["second"]
    assert makers(asking, f"recorded={day_before}") == []
    assert makers(asking, "recorded=2026-01-02T00:00:00Z") == ["second"]
    assert makers(asking, "recorded=2026-01-01T23:59:59Z") == []


@pytest.mark.parametrize("text", ["", "yesterday", "2025-02-30", "01/07/2025", "10000-01-01", "2025-07-01T02:00:00"])
def test_what_is_no_time_is_a_bad_request(asking, text):
    for path in (VALVES, FLOOD):
        assert asking.get(f"{path}?datetime={text}").status_code == 400
    assert asking.get(f"{VALVES}?recorded={text}").status_code == 400


def test_a_coverage_has_the_steps_of_a_day_of_the_city(asking, zone):
    # Steps at 0, 1 and 2 o'clock in UTC on 1 October: seven in the morning here, seven in the evening before there.
    def steps(text):
        answer = asking.get(f"{FLOOD}?datetime={text}&properties=water_depth")
        return 0 if answer.status_code == 204 else len(answer.json()["domain"]["axes"]["t"]["values"])

    day, other = ("2025-10-01", "2025-09-30") if zone == "Asia/Ho_Chi_Minh" else ("2025-09-30", "2025-10-01")
    assert (steps(day), steps(other)) == (3, 0)
    assert steps("2025-10-01T00:00:00Z") == steps("2025-10-01T07:00:00%2B07:00") == 1
    assert steps("2025-10-01T01:00:00Z/..") == steps("../2025-10-01T01:00:00Z") == 2
    assert steps(f"{day}/{day}") == steps(f"../{day}") == steps(f"{day}/") == 3
