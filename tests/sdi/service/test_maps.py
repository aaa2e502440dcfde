"""The maps of the pages in a real browser: local, accessible, of whatever the page shows, and never fooled by data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.testclient import TestClient

from sdi.workspace import Workspace
from tests.patience import until
from tests.serving import serving
from tests.town import HOSTILE

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LIBRARY = Path(__file__).resolve().parents[3] / "spp" / "portal" / "static" / "vendor"
LANDMARKS = "/ogc/collections/landmarks"
EN = "f=html&lang=en"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def address(town: Workspace, unavailable: Callable[[str], None]) -> Iterator[str]:
    if not (LIBRARY / "leaflet.js").is_file():
        unavailable("the map library is not installed; run `make assets`")
    with serving(town, library=LIBRARY) as root:
        yield root


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def told() -> list[str]:
    """Return what pages complain of, and what they ask of others."""
    return []


@pytest.fixture
def visit(browser: Browser, address: str, told: list[str]) -> Iterator[Visit]:
    """Return a function that opens a page and waits for its map."""
    opened: list[BrowserContext] = []

    def go(path: str, size: dict[str, int] = DESK, *, script: bool = True, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport=size, java_script_enabled=script, reduced_motion="reduce", color_scheme="dark" if dark else "light"
        )
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        page.on("request", lambda request: request.url.startswith((address, "data:")) or told.append(request.url))
        page.goto(f"{address}{path}")
        if script:
            page.wait_for_selector("figure[data-ready]", timeout=30_000)
        return page

    yield go
    for context in opened:
        context.close()


def hostile(client: TestClient) -> str:
    """Return the identifier of the landmark whose name is an attack."""
    return str(client.get(f"{LANDMARKS}/items?landmark_tag=L3").json()["features"][0]["id"])


@pytest.mark.shows("service")
@pytest.mark.parametrize("size", [PHONE, pytest.param(DESK, marks=pytest.mark.slow)], ids=["phone", "desk"])
def test_every_kind_of_page_has_a_map_without_a_request_to_others(
    visit: Visit, client: TestClient, told: list[str], size: dict[str, int]
) -> None:
    for path in (
        f"/ogc/?{EN}", f"/ogc/collections?{EN}", f"{LANDMARKS}?{EN}", f"{LANDMARKS}/items?{EN}",
        f"{LANDMARKS}/items/{hostile(client)}?{EN}", f"/ogc/collections/plots/items?{EN}",
        f"/ogc/collections/terrain?{EN}",
    ):  # fmt: skip
        page = visit(path, size)
        assert page.locator("figure.map .ground path.leaflet-interactive, figure.map .ground svg.sketch").count(), path
        box = page.locator(".ground").bounding_box()
        assert box is not None
        assert box["width"] <= size["width"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert told == []


@pytest.mark.shows("service")
def test_hostile_names_are_text_in_what_the_map_says(visit: Visit, client: TestClient, told: list[str]) -> None:
    for path in (f"{LANDMARKS}/items?{EN}&landmark_tag=L3", f"{LANDMARKS}/items/{hostile(client)}?f=html&lang=vi"):
        page = visit(path)
        page.locator("path.chosen").click(force=True)
        link = page.locator(".leaflet-popup-content a")
        link.wait_for()
        assert link.inner_text() in (HOSTILE, "Floating market 3")
        assert f"/items/{hostile(client)}?" in str(link.get_attribute("href"))
        assert page.locator(".leaflet-popup-content img, .leaflet-popup-content script").count() == 0
        assert page.title() != "1"
    assert told == []


def test_the_map_of_a_list_shows_what_is_listed_before_what_lies_around(visit: Visit) -> None:
    page = visit(f"{LANDMARKS}/items?{EN}&limit=10")
    assert page.locator("path.chosen").count() == 10
    assert "Where the 10 items of this list lie" in page.locator("figcaption").inner_text()
    page = visit(f"{LANDMARKS}/items?{EN}&limit=10&crs=http://www.opengis.net/def/crs/EPSG/0/5897&skipGeometry=true")
    assert page.locator("path.chosen").count() == 10


def test_of_too_many_things_a_sample_is_drawn_until_one_zooms_in(visit: Visit, told: list[str]) -> None:
    page = visit(f"{LANDMARKS}?{EN}")
    status = page.locator("figure.map [role=status]")
    assert re.fullmatch(r"Some of the 1,23\d items here; zoom in to see each\.", status.inner_text())
    assert page.locator(".ground svg.sketch circle").count() > 300
    page.locator(".ground").focus()
    for _ in range(3):
        with page.expect_response(lambda answer: "bbox=" in answer.url):
            page.keyboard.press("+")
    until(page, "document.querySelector('figure.map [role=status]').innerText.startsWith('All ')")
    assert page.locator(".ground svg.sketch").count() == 0
    drawn = page.locator(".ground path.point").count()
    assert 0 < drawn <= 500
    assert told == []


def test_the_map_of_all_extents_says_what_is_at_a_place(visit: Visit) -> None:
    page = visit(f"/ogc/collections?{EN}")
    page.locator(".ground").click()
    entries = page.locator(".leaflet-popup-content li a")
    entries.first.wait_for()
    assert {"Landmarks"} <= set(entries.all_inner_texts())


def test_a_map_is_named_and_used_with_the_keyboard_in_both_languages(visit: Visit) -> None:
    for language, title, keys in (("en", "Zoom in", "Arrow keys move"), ("vi", "Phóng to", "Phím mũi tên")):
        page = visit(f"{LANDMARKS}/items?f=html&lang={language}&limit=5")
        ground = page.locator(".ground")
        assert ground.get_attribute("role") == "region"
        assert keys in str(ground.get_attribute("aria-label"))
        assert ground.get_attribute("tabindex") == "0"
        assert page.locator(".leaflet-control-zoom-in").get_attribute("title") == title
        before = page.locator(".leaflet-control-scale-line").inner_text()
        ground.focus()
        page.keyboard.press("-")
        until(page, f"document.querySelector('.leaflet-control-scale-line').innerText !== '{before}'")


@pytest.mark.shows("service")
def test_without_script_the_drawing_shows_the_same(visit: Visit) -> None:
    page = visit(f"{LANDMARKS}?{EN}", script=False)
    assert page.locator("figure.map svg.sketch circle").count() > 300
    assert "Extent from 105.78° to" in str(page.locator("svg.sketch").get_attribute("aria-label"))
    page = visit(f"/ogc/collections/plots/items?{EN}", script=False)
    assert page.locator("figure.map svg.sketch path.area").count() == 60


def test_the_colours_follow_the_page_into_the_dark(visit: Visit) -> None:
    colours = {
        dark: visit(f"{LANDMARKS}/items?{EN}&limit=3", dark=dark).evaluate(
            "getComputedStyle(document.querySelector('path.chosen')).fill"
        )
        for dark in (False, True)
    }
    assert colours == {False: "rgb(179, 64, 10)", True: "rgb(255, 177, 133)"}


def test_where_the_library_is_missing_no_page_asks_for_it(client: TestClient) -> None:
    for path in (f"/ogc/?{EN}", f"{LANDMARKS}?{EN}", f"{LANDMARKS}/items?{EN}"):
        page = client.get(path).text
        assert "<svg" in page
        assert "<script" not in page
    assert client.get("/ogc/static/library/leaflet.js").status_code == 404
