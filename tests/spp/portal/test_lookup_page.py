"""The page that answers what applies at a place, and the same as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages
from tests.spp.quarter import ATTACK

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def city(quarter: Workspace) -> Iterator[TestClient]:
    """Return a client of the quarter's service with its public pages."""
    with TestClient(application(quarter, pages=pages(quarter, Settings()))) as client:
        yield client


def test_without_a_question_there_is_a_form(city):
    answer = city.get("/lookup")
    assert answer.status_code == 200
    assert '<input type="search" name="q"' in answer.text
    assert "part-zones" not in answer.text


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "vi",
            ("Quy hoạch", "Đất ở tại đô thị (ODT)", "72\u00a0m²", "50\u00a0%", "chưa ghi nhận quyết định", "100 năm"),
        ),
        (
            "en",
            (
                "Planning",
                "Urban residential land (ODT)",
                "72\u00a0m²",
                "50\u00a0%",
                "no decision recorded",
                "100 years",
            ),
        ),
    ],
)
def test_a_parcel_is_answered_in_the_language_asked_for(city, language, words):
    answer = city.get("/lookup", params={"parcel": "7/10", "lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    for one in words:
        assert one in answer.text


@pytest.mark.shows("first-flood")
def test_the_same_answer_is_json_by_parameter_or_by_header(city):
    by_name = city.get("/lookup", params={"parcel": "7/10", "f": "json"})
    by_header = city.get("/lookup", params={"parcel": "7/10"}, headers={"accept": "application/json"})
    assert by_name.headers["content-type"] == "application/json"
    assert by_name.json()["zones"] == by_header.json()["zones"]
    assert [round(one["share"], 3) for one in by_name.json()["zones"]] == [1, 0.5, 0.5]
    assert by_name.json()["sections"][1]["title"] == "Quy hoạch"
    assert city.get("/lookup", params={"parcel": "7/10"}, headers=HTML).headers["content-type"].startswith("text/html")


def test_every_thing_an_answer_names_can_be_followed(city):
    text = city.get("/lookup", params={"parcel": "7/1"}).text
    addresses = set(re.findall(r'href="(/id/[^"]+)"', text))
    assert {one.split("/")[2] for one in addresses} >= {
        "parcel", "plan_zone", "administrative_unit", "drainage_network", "flood_risk",
    }  # fmt: skip
    for one in addresses:
        assert city.get(one.replace("&amp;", "&")).status_code == 200


def test_candidates_lead_to_their_answers(city):
    text = city.get("/lookup", params={"parcel": "7/99"}).text
    (first, *_) = re.findall(r'href="(/lookup\?[^"]+parcel=[^"]+)"', text)
    assert "MP-T007-0099" in city.get(first.replace("&amp;", "&")).text


@pytest.mark.parametrize(
    ("asked", "status", "vi", "en"),
    [
        ({"point": "2.35,48.85"}, 404, "nằm ngoài thành phố", "outside the city"),
        ({"parcel": "99/1"}, 404, "Không có thửa đất này", "No such parcel"),
        ({"address": "nowhere at all"}, 404, "Không có thửa đất nào có địa chỉ", "No parcel has an address"),
        ({"point": "abc"}, 400, "Không đọc được tọa độ", "No coordinates could be read"),
        ({"q": "x" * 60_000}, 400, "quá dài", "too long"),
        ({"q": "7/1", "parcel": "7/1"}, 400, "chỉ nêu một vị trí", "one place only"),
    ],
)
def test_what_cannot_be_answered_is_said_in_both_languages_and_as_json(city, asked, status, vi, en):
    for language, words in (("vi", vi), ("en", en)):
        answer = city.get("/lookup", params={**asked, "lang": language}, headers=HTML)
        assert (answer.status_code, words in answer.text) == (status, True)
    problem = city.get("/lookup", params={**asked, "f": "json"})
    assert problem.status_code == status
    assert problem.json()["description"]


def test_a_question_without_a_place_is_refused_as_json(city):
    assert city.get("/lookup", params={"f": "json"}).status_code == 400
    assert city.get("/lookup", params={"f": "xml", "q": "7/1"}).status_code == 400


@pytest.mark.parametrize("way", ["q", "point", "parcel", "address"])
@pytest.mark.parametrize(
    "text", [ATTACK, "'; DROP TABLE parcels; --", "{{ 7 * 7 }}", "../../etc/passwd", "\x00", "%00", "NaN,NaN"]
)
def test_hostile_text_stays_text(city, way, text):
    answer = city.get("/lookup", params={way: text}, headers=HTML)
    assert answer.status_code in {400, 404}
    assert "<img src=x" not in answer.text
    assert "49" not in re.sub(r"<[^>]+>", "", answer.text)
    assert city.get("/lookup", params={"parcel": "7/1"}).status_code == 200


def test_a_hostile_decision_is_shown_and_not_run(city):
    text = city.get("/lookup", params={"parcel": "7/1"}).text
    assert "&lt;img src=x onerror" in text
    assert "<img src=x" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|<[^>]*\son\w+=|<[^>]*\sstyle=|javascript:", text)


def test_the_map_is_told_where_to_ask_and_which_scenarios_there_are(city):
    site = city.get("/portal/layers.json?lang=vi").json()
    assert site["lookup"] == "/lookup"
    depth = next(one for one in site["layers"] if one["id"] == "flood-depth")
    assert (depth["alternatives"], depth["choices"]) == (
        "scenario",
        [
            {"value": "storm", "title": "Bão", "count": 1},
            {"value": "design_100", "title": "Bão thiết kế", "count": 2},
        ],
    )
    assert next(one for one in site["layers"] if one["id"] == "parcels")["choices"] == []


def test_a_picture_and_a_list_show_one_scenario_at_a_time(city):
    for choice, classes in (
        ("", {"from_0_30"}),
        ("design_100", {"from_1_00", "from_0_10"}),
        ("none such", {"from_0_30"}),
    ):
        drawn = city.get("/portal/overview/flood-depth.json", params={"choice": choice}).json()
        assert {one["properties"]["depth_class"] for one in drawn["features"]} == classes
    first = city.get("/plain/flood-depth?lang=en").text
    assert "Objects 1–1 of 1" in first
    assert '<option value="storm" selected>Storm</option>' in first
    other = city.get("/plain/flood-depth?lang=en&choice=design_100").text
    assert "Objects 1–2 of 2" in other


def test_what_lies_at_a_place_names_one_scenario(city, quarter):
    ground = city.get("/lookup", params={"parcel": "7/1", "f": "json"}).json()["ground"]
    text = city.get("/plain", params={"lat": ground["latitude"], "lon": ground["longitude"], "lang": "en"}).text
    assert text.count("<h4>Flood depth") == 1
