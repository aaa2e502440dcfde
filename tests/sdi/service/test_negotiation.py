from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.settings import Settings

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/geo+json"),
        ("*/*", "application/geo+json"),
        ("application/geo+json, application/json", "application/geo+json"),
        ("application/json", "application/json"),
        ("application/*", "application/geo+json"),
        ("text/html;q=0.5, application/json;q=0.9", "application/json"),
        (BROWSER, "text/html; charset=utf-8"),
    ],
)
def test_the_best_acceptable_media_type_is_answered(client, accept, answered):
    headers = {} if accept is None else {"Accept": accept}
    answer = client.get("/ogc/collections/landmarks/items?limit=1", headers=headers)
    assert answer.headers["content-type"] == answered


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "nonsense"])
def test_nothing_acceptable_is_answered_406(client, accept):
    answer = client.get("/ogc/collections", headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.json()["code"] == "NotAcceptable"


def test_f_stands_above_accept(client):
    assert client.get("/ogc/?f=json", headers={"Accept": "text/html"}).json()["links"]


def test_an_unknown_format_is_refused_by_name(client):
    answer = client.get("/ogc/?f=pdf")
    assert answer.status_code == 400
    assert "'pdf'" in answer.json()["description"]


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", None, "vi"),
        ("", "en", "en"),
        ("", "fr, en;q=0.5, vi;q=0.2", "en"),
        ("", "fr", "vi"),
        ("", "en;q=0", "vi"),
        ("?lang=vi", "en", "vi"),
        ("?lang=en-GB", None, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_and_vietnamese_otherwise(client, query, accept, language):
    answer = client.get(f"/ogc/{query}", headers={"Accept-Language": accept} if accept else {})
    assert answer.headers["content-language"] == language
    assert answer.json()["title"] == {"vi": "Thị trấn Bến Thử", "en": "Ben Thu Town"}[language]


def test_a_language_that_is_not_spoken_is_refused(client):
    assert client.get("/ogc/?lang=fr").status_code == 400


def test_a_language_named_in_the_address_stays_in_the_links(client):
    links = client.get("/ogc/?lang=en").json()["links"]
    assert all("lang=en" in link["href"] for link in links)


@pytest.mark.parametrize("path", ["/ogc/", "/ogc/collections", "/ogc/openapi", "/ogc/collections/landmarks/items"])
def test_an_unknown_parameter_is_refused_everywhere(client, path):
    answer = client.get(f"{path}?colour=red")
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidParameterValue"
    assert "'colour'" in answer.json()["description"]


def test_names_of_parameters_are_case_sensitive(client):
    assert client.get("/ogc/collections/landmarks/items?LIMIT=1").status_code == 400


def test_a_parameter_given_twice_is_refused(client):
    assert client.get("/ogc/collections/landmarks/items?limit=1&limit=2").status_code == 400


def test_links_follow_the_host_that_the_client_sees(client):
    links = client.get("/ogc/", headers={"Host": "maps.example:8443"}).json()["links"]
    assert {link["href"].split("/ogc")[0] for link in links} == {"http://maps.example:8443"}


def test_links_follow_a_configured_public_address(town):
    settings = Settings(public_url="https://city.example/data")
    with TestClient(application(town, settings=settings)) as asking:
        document = asking.get("/ogc/collections/landmarks/items?limit=1").json()
        assert {link["href"].split("/ogc")[0] for link in document["links"]} == {"https://city.example/data"}
        self_link = next(link["href"] for link in document["links"] if link["rel"] == "self")
        assert self_link == "https://city.example/data/ogc/collections/landmarks/items?limit=1"


@pytest.mark.parametrize("host", ["evil.example/path", 'a"b', "a b", "x" * 300])
def test_a_host_that_is_no_host_name_is_refused(client, host):
    answer = client.get("/ogc/", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text.replace("\\", "") or "header Host" in answer.text


def test_a_long_tag_of_a_language_is_not_repeated_in_links(client):
    answer = client.get("/ogc/collections", params={"lang": "vi-" + "A" * 10_000})
    assert "AAAA" not in answer.text
    assert "lang=vi" in answer.json()["links"][0]["href"]
