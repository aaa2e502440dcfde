"""Every resource as a page: complete, in two languages, safe, and without a word to another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.town import HOSTILE

PAGES = [
    "/ogc/",
    "/ogc/conformance",
    "/ogc/openapi",
    "/ogc/collections",
    "/ogc/collections/landmarks",
    "/ogc/collections/landmarks/schema",
    "/ogc/collections/landmarks/queryables",
    "/ogc/collections/landmarks/sortables",
    "/ogc/collections/landmarks/items",
    "/ogc/collections/plots/items",
    "/ogc/collections/terrain",
    "/ogc/collections/terrain/schema",
    "/ogc/collections/terrain/coverage",
    "/ogc/collections/trees",
    "/ogc/collections/trees/items",
]


class Reader(HTMLParser):
    """Collect what a page loads, what it links to and how it is built."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.attributes += attrs
        if given.get("src"):
            self.loaded.append(str(given["src"]))
        if tag == "link" and given.get("rel") in {"stylesheet", "icon"}:
            self.loaded.append(str(given["href"]))
        if tag == "a":
            self.links.append(str(given["href"]))


def item(client, collection):
    return "/ogc/collections/{}/items/{}".format(
        collection,
        client.get(f"/ogc/collections/{collection}/items?limit=4").json()["features"][-1]["id"],
    )


def addresses(client):
    eid = item(client, "landmarks").rpartition("/")[2]
    return [*PAGES, item(client, "landmarks"), item(client, "plots"), f"/id/landmark/{eid}"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_resource_is_a_page_in_both_languages(client, language):
    for address in addresses(client):
        answer = client.get(f"{address}?f=html&lang={language}")
        assert answer.status_code == 200, address
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-language"] == language
        assert f'<html lang="{language}"' in answer.text
        title = {"vi": "Thị trấn Bến Thử", "en": "Ben Thu Town"}[language]
        notice = {"vi": "Dữ liệu mô phỏng để thử nghiệm.", "en": "Synthetic data for tests."}[language]
        assert title in answer.text
        assert notice in answer.text


def test_no_page_loads_anything_from_elsewhere_or_runs_a_script(client):
    for address in addresses(client):
        read = Reader(client.get(f"{address}?f=html").text)
        assert read.loaded == ["http://city.test/ogc/static/service.css", "data:,"], address
        assert "script" not in read.tags
        assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]


def test_every_link_of_every_page_answers(client):
    broken = set()
    seen = set()
    for address in addresses(client):
        for href in Reader(client.get(f"{address}?f=html&lang=en").text).links:
            if href.startswith("http://city.test") and href not in seen and len(seen) < 400:
                seen.add(href)
                if client.get(href.partition("#")[0]).status_code != 200:
                    broken.add((address, href))
    assert not broken


def test_a_page_has_one_heading_one_main_part_and_a_way_past_the_menu(client):
    for address in addresses(client):
        text = client.get(f"{address}?f=html").text
        read = Reader(text)
        assert read.tags.count("h1") == read.tags.count("main") == 1, address
        assert 'class="skip" href="#main"' in text
        assert "viewport" in text
        assert read.tags.count("svg") == len(re.findall(r'role="img" aria-label="[^"]+"', text))


def test_hostile_text_is_shown_as_text_on_every_page(client):
    eid = client.get("/ogc/collections/landmarks/items?landmark_tag=L3").json()["features"][0]["id"]
    for address in (
        "/ogc/collections/landmarks/items",
        f"/ogc/collections/landmarks/items/{eid}",
        f"/id/landmark/{eid}",
    ):
        text = client.get(f"{address}?f=html").text
        assert HOSTILE not in text
        assert "<img" not in text
    assert "&lt;script&gt;" in client.get(f"/ogc/collections/landmarks/items/{eid}?f=html").text


@pytest.mark.parametrize(
    "address",
    [
        "/ogc/collections/landmarks/items?f=html&bbox=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/ogc/collections/landmarks/items?f=html&name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/ogc/collections/%3Cscript%3Ealert(1)%3C%2Fscript%3E?f=html",
        "/ogc/?f=html&%3Cscript%3E=1",
        "/id/x/%3Cscript%3E?f=html",
    ],
)
def test_what_a_client_sends_is_not_run_when_it_is_shown(client, address):
    answer = client.get(address, headers={"Accept": "text/html"})
    assert "<script" not in answer.text


def test_every_answer_carries_the_headers_that_keep_pages_safe(client):
    for address in ("/ogc/", "/ogc/?f=html", "/ogc/nothing", "/healthz", "/ogc/static/service.css", "/"):
        headers = client.get(address, follow_redirects=False).headers
        assert headers["content-security-policy"].startswith("default-src 'self'"), address
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]


def test_what_must_be_said_of_a_coverage_is_on_its_pages(client):
    for address in ("/ogc/collections/terrain", "/ogc/collections/terrain/coverage"):
        text = client.get(f"{address}?f=html&lang=en").text
        for sentence in ("Not fit for decisions.", "Invented terrain.", "Ben Thu Town", "CC0-1.0"):
            assert sentence in text


def test_codes_numbers_and_units_are_written_for_people(client):
    eid = client.get("/ogc/collections/landmarks/items?landmark_tag=L1").json()["features"][0]["id"]
    address = f"/ogc/collections/landmarks/items/{eid}?f=html"
    vietnamese, english = (client.get(f"{address}&lang={language}").text for language in ("vi", "en"))
    assert "Đặc biệt" in vietnamese
    assert "0,25 <span" in vietnamese
    assert "Special" in english
    assert "0.25 <span" in english


def test_a_list_of_links_says_what_each_leads_to_and_no_relation(client):
    for address in ("/ogc/", "/ogc/collections/landmarks", "/ogc/collections/terrain/coverage"):
        text = client.get(f"{address}?f=html&lang=en").text
        (listed,) = re.findall(r'<ul class="links">(.*?)</ul>', text, re.DOTALL)
        assert "opengis.net" not in re.sub(r"<a [^>]*>", "", listed), address
    assert re.findall(r">(This document as [^<]+)<", listed) == [
        "This document as CoverageJSON", "This document as GeoTIFF",
    ]  # fmt: skip


def test_a_page_of_items_leads_on_and_back(client):
    first = client.get("/ogc/collections/landmarks/items?f=html&lang=en")
    assert "1 to 100 of 1,236 items" in first.text
    (onward,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = client.get(onward.replace("&amp;", "&"))
    assert "101 to 200 of 1,236 items" in second.text
    (back,) = re.findall(r'rel="prev" href="([^"]+)"', second.text)
    assert "1 to 100 of" in client.get(back.replace("&amp;", "&")).text


def test_the_form_of_a_page_may_leave_fields_empty(client):
    answer = client.get("/ogc/collections/landmarks/items?f=html&lang=en&grade=low&status=&bbox=&datetime=")
    assert answer.status_code == 200
    assert "of 410 items" in answer.text
    assert '<option value="low" selected>' in answer.text


def test_the_first_page_without_a_portal_is_the_landing_page(client):
    answer = client.get("/?lang=en", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/ogc/?lang=en"
    assert client.get("/ogc?f=json").json()["links"]


def test_a_page_for_people_holds_no_more_rows_than_are_quickly_made(client, monkeypatch):
    monkeypatch.setattr("sdi.service.query.MAXIMUM_ROWS", 2)
    address = "/ogc/collections/landmarks/items?limit=10000"
    assert client.get(f"{address}&f=html").text.count('<th scope="row">') == 2
    assert len(client.get(address).json()["features"]) > 2
