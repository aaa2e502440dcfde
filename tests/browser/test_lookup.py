"""A planner's question in a real browser: click a parcel, read its zones and depths; or ask on the page for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from sdi.settings import Settings
from spp.portal import pages
from tests.browser.conftest import Watched, watch
from tests.browser.test_map import FAINT, click, drawn, near, place_of
from tests.serving import serving
from tests.spp.quarter import build

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("map_library")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address at which the quarter is served, in the place of the hamlet."""
    workspace = build(tmp_path_factory.mktemp("quarter"))
    settings = Settings()
    with serving(workspace, pages(workspace, settings), settings) as address:
        yield address


def ask(watched: Watched, number: int, lang: str, zoom: float = 18.5) -> Page:
    """Click a parcel of sheet 7 and wait for what applies there."""
    spot = place_of(watched, "parcels", map_sheet="7", parcel_number=str(number))
    page = near(watched, spot, zoom, lang=lang)
    click(page, spot)
    page.wait_for_selector("#info .answer h4")
    return page


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "vi",
            (
                "Quy hoạch", "Đất ở tại đô thị (ODT) · 72 m² · 50 %", "QĐ 12/QĐ-UBND, ngày 31/03/2025",
                "chưa ghi nhận quyết định", "Ngập lụt", "100 năm: không mô phỏng", "Bão\nkhông mô phỏng",
            ),
        ),
        (
            "en",
            (
                "Planning", "Urban residential land (ODT) · 72 m² · 50 %", "QĐ 12/QĐ-UBND, of 2025-03-31",
                "no decision recorded", "Flooding", "100 years: not modelled", "Storm\nnot modelled",
            ),
        ),
    ],
)  # fmt: skip
def test_a_click_on_a_parcel_answers_with_its_zones(desktop: Watched, language: str, words: tuple[str, ...]) -> None:
    page = ask(desktop, 10, language)
    text = page.locator("#info .answer").inner_text().replace("\u00a0", " ")
    for one in words:
        assert one in text
    assert desktop.complaints == []
    desktop.shoot(f"lookup-desktop-{language}")


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ("Bão thiết kế\n100 năm: sâu nhất 0,60 m, ngập 100 %, H3", "Bão\nsâu nhất 0,20 m, ngập 50 %, H1")),
        ("en", ("Design storm\n100 years: up to 0.60 m, 100 % flooded, H3", "Storm\nup to 0.20 m, 50 % flooded, H1")),
    ],
)
def test_a_click_on_a_parcel_answers_with_its_depths(phone: Watched, language: str, words: tuple[str, ...]) -> None:
    page = ask(phone, 1, language, 18)
    answer = page.locator("#info .answer")
    text = answer.inner_text().replace("\u00a0", " ")
    for one in words:
        assert one in text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_timeout(300)
    assert page.locator("#info .answer h4").first.is_visible()
    phone.shoot(f"lookup-phone-{language}")
    answer.locator(".links a").click()
    page.wait_for_selector('section[data-part="water"]')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("html").get_attribute("lang") == language
    phone.shoot(f"lookup-page-phone-{language}")
    assert phone.complaints == []


def test_what_the_answer_names_can_be_followed(desktop: Watched) -> None:
    page = ask(desktop, 1, "vi")
    address = page.locator("#info .answer dt a").first.get_attribute("href")
    assert address is not None
    assert address.startswith("/id/plan_zone/")
    assert desktop.page.request.get(desktop.base + address).ok


def test_a_hostile_decision_is_shown_and_not_run(desktop: Watched) -> None:
    page = ask(desktop, 1, "vi")
    assert "<img src=x" in page.locator("#info .answer").inner_text()
    assert page.locator("#info img").count() == 0
    page.locator("#info .answer .links a").click()
    page.wait_for_selector('section[data-part="zones"]')
    assert "<img src=x" in page.locator("main").inner_text()
    assert page.evaluate("window.attacked") is None
    assert not [url for url in desktop.requests if url.endswith("/x")]


def test_an_answer_that_does_not_come_says_so_and_the_card_stays(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", map_sheet="7", parcel_number="1")
    page = near(desktop, spot)
    page.route("**/lookup?*", lambda route: route.abort())
    click(page, spot)
    page.wait_for_selector("#info .answer .state:has-text('Không tra cứu được')")
    assert "Số tờ bản đồ\n7" in page.locator('#info .thing[data-layer="parcels"]').inner_text()


@pytest.mark.shows("first-flood")
def test_the_map_shows_one_scenario_at_a_time(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", map_sheet="7", parcel_number="55")
    page = near(desktop, spot, 18, more="&layers=flood-depth")
    assert drawn(page, "flood-depth") == 1
    chooser = page.get_by_label("Kịch bản")
    assert chooser.locator("option").all_inner_texts() == ["Bão", "Bão thiết kế"]
    desktop.requests.clear()
    chooser.select_option("design_100")
    page.wait_for_selector("#map[data-idle]")
    assert drawn(page, "flood-depth") == 2
    click(page, place_of(desktop, "parcels", map_sheet="7", parcel_number="1"))
    asked = [url for url in desktop.requests if "overview/flood-depth" in url or "flood-depth/items?" in url]
    assert asked
    assert all("=design_100" in url for url in asked)
    depth = page.locator('#info .thing[data-layer="flood-depth"]')
    assert depth.count() == 1
    assert "design_100" in depth.inner_text()
    assert "scenario=design_100" in page.url
    assert "2 đối tượng" in page.locator('[data-layer="flood-depth"] .state').inner_text()
    page.reload()
    page.wait_for_selector("#map[data-idle]")
    assert page.get_by_label("Kịch bản").input_value() == "design_100"
    assert drawn(page, "flood-depth") == 2
    page.locator("a.language").click()
    page.wait_for_selector('html[lang="en"] #map[data-idle]')
    assert page.get_by_label("Scenario").locator("option").all_inner_texts() == ["Storm", "Design storm"]
    assert page.get_by_label("Scenario").input_value() == "design_100"
    desktop.shoot("lookup-scenario-en")


def test_from_afar_the_picture_is_of_the_chosen_scenario(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", map_sheet="7", parcel_number="1"), 11, more="&layers=flood-depth")
    classes = "() => phusaMap.querySourceFeatures('flood-depth').map((one) => one.properties.depth_class)"
    assert set(page.evaluate(classes)) == {"from_0_30"}
    page.get_by_label("Kịch bản").select_option("design_100")
    page.wait_for_selector("#map[data-idle]")
    assert set(page.evaluate(classes)) == {"from_1_00", "from_0_10"}


def test_without_scripts_the_page_answers_an_address(browser: Browser, base: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    watched = watch(context, base)
    page = watched.page
    page.goto(base + "/lookup?lang=vi")
    page.get_by_role("searchbox").fill("3 nguyen trai")
    page.get_by_role("button", name="Tra cứu").click()
    assert "MP-T007-0003" in page.locator('section[data-part="place"]').inner_text()
    assert "Ô A" in page.locator('section[data-part="zones"]').inner_text()
    page.get_by_role("searchbox").fill("7/99")
    page.get_by_role("button", name="Tra cứu").click()
    page.locator('section[data-part="candidates"] a').first.click()
    assert "MP-T007-0099" in page.locator('section[data-part="place"]').inner_text()
    assert watched.complaints == []
    context.close()


def test_on_paper_stands_the_answer_alone(desktop: Watched) -> None:
    page = desktop.page
    page.goto(desktop.base + "/lookup?parcel=7/1&lang=vi")
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert not page.locator(".top nav").is_visible()
    for part in ("place", "zones", "water", "notices"):
        assert page.locator(f'section[data-part="{part}"]').is_visible()


@pytest.mark.parametrize("path", ["/lookup?parcel=7/1", "/lookup?q=7/99", "/lookup?parcel=none-1"])
def test_every_text_of_the_page_stands_out_from_its_ground(desktop: Watched, path: str) -> None:
    page = desktop.page
    page.goto(desktop.base + path)
    assert page.evaluate(FAINT) == []


def test_the_answer_in_the_card_stands_out_from_its_ground(desktop: Watched) -> None:
    assert ask(desktop, 1, "vi").evaluate(FAINT) == []
