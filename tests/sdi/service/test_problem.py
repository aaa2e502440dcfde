from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from sdi.errors import ConflictError, Gone, InputError, NotFound, NotInRegister, RefusedError, WorkspaceError
from sdi.service import application, item
from sdi.service.problem import problem_of


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InputError("x"), 400, "InvalidParameterValue"),
        (RefusedError("x"), 400, "InvalidParameterValue"),
        (NotFound("x"), 404, "NotFound"),
        (NotInRegister("x"), 404, "NotFound"),
        (Gone("x", {"a": "landmark"}), 410, "Gone"),
        (WorkspaceError("/a/secret/place"), 503, "NoApplicableCode"),
        (ConflictError("inside"), 500, "NoApplicableCode"),
        (ValueError("inside"), 500, "NoApplicableCode"),
    ],
)
def test_one_table_turns_errors_into_answers(error, status, code):
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)
    assert "inside" not in problem.description
    assert "secret" not in problem.description


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ogc/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/ogc/static/../application.py", 404),
        ("GET", "/ogc/static/%2e%2e/application.py", 404),
        ("POST", "/ogc/", 405),
        ("GET", "/ogc/?lang=xx", 400),
    ],
)
def test_every_error_has_one_shape(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert {"code", "type", "description"} <= set(answer.json())
    assert answer.headers["cache-control"] == "no-store"


def test_an_error_is_a_page_for_who_prefers_pages(client):
    answer = client.get("/ogc/nothing?lang=en", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Not found</h1>" in answer.text


def test_a_page_of_an_error_is_a_page_of_the_city(client):
    page = client.get("/ogc/nothing?lang=en", headers={"Accept": "text/html"}).text
    assert '<a class="city" href="/ogc/?lang=en">Ben Thu Town</a>' in page
    assert "OGC API<" not in page
    for href in (
        "/ogc/collections?f=html&amp;lang=en",
        "/search?f=html&amp;lang=en",
        "/ogc/openapi?f=html&amp;lang=en",
    ):
        assert f'<li><a href="{href}">' in page
        assert client.get(href.replace("&amp;", "&")).status_code == 200


def test_an_error_in_another_language_is_the_same_error(client):
    path = "/ogc/collections/landmarks/items"
    for query in ("bbox=1,2", "lang=vi&grade=%22purple%22&limit=3", "bbox=1&bbox=2", "nothing=&lang=xx"):
        first = client.get(f"{path}?{query}", headers={"Accept": "text/html"})
        (other,) = re.findall(r'<a href="([^"]+)" lang="en"', first.text)
        assert other.startswith("?")
        second = client.get(path + unescape(other))
        assert (first.status_code, second.status_code) == (400, 400)
        assert "<h1>The request is not valid</h1>" in second.text
        if "xx" not in query:
            assert re.findall(r"<code>400</code>.*", first.text) == re.findall(r"<code>400</code>.*", second.text)


def test_the_header_names_the_language_of_what_is_said(client):
    document = client.get("/ogc/nothing?lang=vi")
    assert document.headers["content-language"] == "en"
    page = client.get("/ogc/nothing?lang=vi", headers={"Accept": "text/html"})
    assert page.headers["content-language"] == "vi"
    assert f'<span lang="en">{document.json()["description"]}</span>' in page.text


def test_a_mistake_of_the_server_tells_nothing_of_its_inside(town, monkeypatch, caplog):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/home/secret/path")

    monkeypatch.setattr(item, "collection_bytes", broken)
    with TestClient(application(town)) as asking:
        answer = asking.get("/ogc/collections/landmarks/items")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]
    assert "/home/secret/path" in caplog.text


def test_an_error_page_links_to_no_other_host(client):
    answer = client.get("http://testserver//evil.example/x", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert 'href="//' not in answer.text
