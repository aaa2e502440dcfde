"""The pages in a real browser: nothing hostile runs, nothing is fetched elsewhere, no page breaks its own policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.serving import serving
from tests.town import HOSTILE

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ITEMS = "/ogc/collections/landmarks/items"


@pytest.fixture(scope="module")
def address(town):
    with serving(town) as root:
        yield root


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page and tells what it did."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    told: dict[str, list[str]] = {"console": [], "requests": []}
    page.on("console", lambda message: told["console"].append(message.text))
    page.on("pageerror", lambda error: told["console"].append(str(error)))
    page.on("request", lambda request: told["requests"].append(request.url))

    def go(path):
        page.goto(f"{address}{path}")
        return page, told

    yield go
    page.close()


def paths(client):
    hostile = client.get(f"{ITEMS}?landmark_tag=L3").json()["features"][0]["id"]
    return [
        "/ogc/?f=html", "/ogc/collections?f=html", "/ogc/collections/terrain?f=html", "/ogc/openapi?f=html",
        f"{ITEMS}?f=html", f"{ITEMS}/{hostile}?f=html", "/ogc/collections/plots/items?f=html", "/ogc/nothing?f=html",
    ]  # fmt: skip


def test_no_page_runs_what_it_shows_fetches_elsewhere_or_breaks_its_policy(visit, client, address):
    for path in paths(client):
        page, told = visit(path)
        assert page.title() != "1"
        assert not [url for url in told["requests"] if not url.startswith((address, "data:"))]
        assert not [text for text in told["console"] if "404" not in text]


def test_hostile_text_is_read_as_text(visit, client):
    hostile = client.get(f"{ITEMS}?landmark_tag=L3").json()["features"][0]["id"]
    page, _ = visit(f"{ITEMS}/{hostile}?f=html&lang=vi")
    assert page.locator("h1").inner_text() == HOSTILE


def test_no_page_is_wider_than_a_phone(visit, client):
    for path in paths(client):
        page, _ = visit(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_filter_of_a_page_of_items_works(visit):
    page, _ = visit(f"{ITEMS}?f=html&lang=en")
    page.locator("summary").click()
    page.locator("select[name=grade]").select_option("low")
    page.locator("form button").click()
    assert "of 410 items" in page.locator(".lead").inner_text()
    page.get_by_role("link", name="Next page").click()
    assert "101 to 200 of 410 items" in page.locator(".lead").inner_text()
