"""The public map in a real browser: what a citizen sees, and what the page must never do."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page, Route
from rasterio.io import MemoryFile

from tests.browser.conftest import Watched, watch
from tests.browser.hamlet import ATTACK
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("map_library")]

FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => [r, g, b].map((c) => linear(c / 255))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0.8) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest('svg, .pill, noscript, script, template')) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 90)}`);
  }
  return faint;
}"""
"""Texts whose contrast is below 4.5 : 1 (WCAG 2.2, level AA); words over the map have a dark ground of their own."""


def place_of(watched: Watched, collection: str, **properties: object) -> tuple[float, float]:
    """Longitude and latitude of a point within a thing, from the service."""
    answer = watched.page.request.get(f"{watched.base}/ogc/collections/{collection}/items?f=json&limit=1000").json()
    found = next(one for one in answer["features"] if properties.items() <= one["properties"].items())
    inside = shapely.point_on_surface(shapely.geometry.shape(found["geometry"]))
    return inside.x, inside.y


def near(watched: Watched, place: tuple[float, float], zoom: float = 18.5, more: str = "", lang: str = "vi") -> Page:
    """Open the map around a place."""
    return watched.open(f"/?lang={lang}#map={zoom}/{place[1]:.7f}/{place[0]:.7f}{more}")


def click(page: Page, place: tuple[float, float]) -> None:
    """Click the map at a place and wait for the answer."""
    pixel = page.evaluate("([x, y]) => { const p = phusaMap.project([x, y]); return [p.x, p.y]; }", list(place))
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + pixel[0], box["y"] + pixel[1])
    page.wait_for_selector("#info[data-open=true] .found")


def drawn(page: Page, layer: str) -> int:
    """Count the things of a layer that the map draws."""
    return page.evaluate(
        "(id) => new Set(phusaMap.queryRenderedFeatures({layers: [id]}).map((one) => one.id)).size", layer
    )


def colours(png: bytes) -> int:
    """Count the colours of a picture."""
    with MemoryFile(png) as file, file.open() as picture:
        return len(np.unique(picture.read((1, 2, 3)).reshape(3, -1), axis=1).T)


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_map_draws_every_layer_that_is_on(desktop: Watched, language: str) -> None:
    page = near(desktop, place_of(desktop, "streets", name="Nguyễn Trãi"), 17.4, lang=language)
    counts = {
        layer: drawn(page, layer)
        for layer in ("parcels", "plan-zones", "streets", "trees", "administrative-units:area")
    }
    assert counts == {"parcels": 100, "plan-zones": 2, "streets": 2, "trees": 11, "administrative-units:area": 2}
    assert colours(page.locator("#map").screenshot()) > 50
    assert page.locator("html").get_attribute("lang") == language
    desktop.shoot(f"map-desktop-{language}")


@pytest.mark.shows("foundation")
def test_the_page_asks_no_other_host_and_breaks_no_rule(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", parcel_number="1"))
    click(page, place_of(desktop, "parcels", parcel_number="1"))
    assert len(desktop.requests) > 10
    assert desktop.strange_hosts == []
    assert desktop.complaints == []


def test_scripts_come_from_this_host_only(desktop: Watched) -> None:
    answer = desktop.page.request.get(desktop.base + "/")
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["content-security-policy"].split("; ")}
    assert policy["script-src"] == ["'self'"]
    assert policy["default-src"] == ["'none'"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]


@pytest.mark.shows("foundation")
def test_a_click_on_a_parcel_tells_about_it_in_vietnamese(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", parcel_number="1")
    page = near(desktop, spot)
    click(page, spot)
    first = page.locator("#info .thing").first
    assert first.locator("h3").inner_text() == "Thửa đất"
    text = first.inner_text()
    for words in (
        "Số tờ bản đồ\n7",
        "Loại đất hiện trạng\nĐất ở tại đô thị",
        "Diện tích pháp lý\n1.234,5 m²",
        "đang hoạt động",
    ):
        assert words in text
    zone = page.locator('#info .thing[data-layer="plan-zones"]').inner_text()
    assert "Hệ số sử dụng đất\n2,5" in zone
    assert "Ngày phê duyệt\n31/03/2025" in zone
    assert page.locator('#info .thing[data-layer="administrative-units"] .name').inner_text() == "Phường Bến Đò"
    desktop.shoot("parcel-desktop-vi")


@pytest.mark.shows("foundation")
def test_a_click_on_a_parcel_tells_about_it_in_english(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", parcel_number="1")
    page = near(desktop, spot, lang="en")
    click(page, spot)
    text = page.locator("#info .thing").first.inner_text()
    for words in ("Parcels", "Map sheet\n7", "Present land use\nUrban residential land", "Legal area\n1,234.5 m²"):
        assert words in text
    ward = page.locator('#info .thing[data-layer="administrative-units"]').inner_text()
    assert "Ben Do Ward" in ward
    assert "Valid from\n2025-07-01" in ward
    desktop.shoot("parcel-desktop-en")


def test_the_lasting_address_of_a_thing_answers(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", parcel_number="1")
    page = near(desktop, spot)
    click(page, spot)
    address = page.locator("#info .thing > .links a").first.get_attribute("href")
    assert address is not None
    assert address.startswith("/id/parcel/")
    assert desktop.page.request.get(desktop.base + address).ok


def test_a_name_that_is_markup_is_shown_and_not_run(desktop: Watched) -> None:
    spot = place_of(desktop, "trees", species_text=ATTACK)
    page = near(desktop, spot)
    click(page, spot)
    assert ATTACK in page.locator('#info .thing[data-layer="trees"]').inner_text()
    assert page.locator("#info img").count() == 0
    for path in ("/plain/trees", "/plain/streets", f"/plain?lat={spot[1]}&lon={spot[0]}"):
        page.goto(desktop.base + path)
        assert "<img src=x" in page.locator("main").inner_text()
        assert page.locator("main img:not(figure img)").count() == 0
    assert page.evaluate("window.attacked") is None
    assert not [url for url in desktop.requests if url.endswith("/x")]


def test_what_must_be_said_stays_in_sight(phone: Watched) -> None:
    spot = place_of(phone, "parcels", parcel_number="1")
    page = near(phone, spot)
    assert "Không dùng để ra quyết định." in page.locator("p.notice:visible").inner_text()
    click(page, spot)
    assert page.locator("p.notice:visible").is_visible()
    seen = """(line) => {
      const box = line.getBoundingClientRect();
      return line.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    }"""
    assert page.locator("p.notice:visible").evaluate(seen)


def test_what_is_not_fit_for_decisions_is_named_above_the_map_and_at_the_thing(desktop: Watched) -> None:
    spot = place_of(desktop, "flood-depth", scenario="test")
    page = near(desktop, spot, more="&layers=flood-depth,plan-zones")
    assert page.locator("#cautions").inner_text() == "Độ sâu ngập: Không dùng để ra quyết định."
    click(page, spot)
    assert "Không dùng" in page.locator('#info .thing[data-layer="flood-depth"] .caution').inner_text()
    page.get_by_label("Độ sâu ngập", exact=True).uncheck()
    page.wait_for_selector("#cautions", state="hidden")
    far = near(desktop, spot, 10, more="&layers=flood-depth", lang="en")
    assert "Not fit for decisions." in far.locator("#cautions").inner_text()


def test_far_away_the_map_asks_for_no_parcels_and_says_so(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "streets", name="Nguyễn Trãi"), 11)
    desktop.requests.clear()
    page.reload()
    page.wait_for_selector("#map[data-idle]")
    assert "thửa đất" in page.locator("#hint").inner_text()
    assert not [url for url in desktop.requests if "/collections/parcels/items" in url]


def test_what_is_too_small_to_draw_answers_a_click_all_the_same(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", parcel_number="1")
    page = near(desktop, spot, 12)
    click(page, spot)
    assert "1.234,5 m²" in page.locator('#info .thing[data-layer="parcels"]').inner_text()


def test_a_crowd_is_shown_by_a_sample_and_each_of_it_answers(browser: Browser, grove: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    watched = watch(context, grove)
    page = watched.open()
    assert "hình khái quát" in page.locator('[data-layer="trees"] .state').inner_text()
    assert 3000 < drawn(page, "trees") < 5625
    spot = page.evaluate("phusaMap.queryRenderedFeatures({layers: ['trees']})[0].geometry.coordinates")
    click(page, spot)
    assert "45,5 cm" in page.locator("#info .thing").first.inner_text()
    page.evaluate("([x, y]) => phusaMap.jumpTo({center: [x, y], zoom: 18})", spot)
    page.wait_for_selector('[data-layer="trees"][data-state="ready"]')
    page.wait_for_selector("#map[data-idle]")
    page.evaluate("([x, y]) => phusaMap.panBy([40, 0], {duration: 0})", spot)
    click(page, spot)
    assert "45,5 cm" in page.locator("#info .thing").first.inner_text()
    assert watched.complaints == []
    context.close()


def test_things_are_asked_for_by_box_and_once_per_place(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", parcel_number="1"), 19)
    asked = [parse_qs(urlsplit(url).query) for url in desktop.requests if "/collections/parcels/items" in url]
    near_calls = [one for one in asked if one.get("limit") == ["5000"]]
    assert len(near_calls) == 1
    west, south, east, north = (float(value) for value in near_calls[0]["bbox"][0].split(","))
    assert 0 < east - west < 0.02
    assert 0 < north - south < 0.02
    desktop.requests.clear()
    page.evaluate("phusaMap.panBy([30, 20], {duration: 0})")
    page.wait_for_timeout(400)
    page.wait_for_selector("#map[data-idle]")
    assert not [url for url in desktop.requests if "/items" in url]


def test_switches_and_view_stand_in_the_address(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "streets", name="Nguyễn Trãi"), 17.4)
    page.get_by_label("Độ sâu ngập", exact=True).check()
    page.get_by_label("Thửa đất", exact=True).uncheck()
    page.wait_for_selector("#map[data-idle]")
    assert drawn(page, "flood-depth") == 1
    assert drawn(page, "parcels") == 0
    address = page.url
    named = address.partition("layers=")[2].split(",")
    assert sorted(named) == ["administrative-units", "flood-depth", "plan-zones", "streets", "trees"]
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#map[data-idle]")
    assert drawn(page, "flood-depth") == 1
    assert drawn(page, "parcels") == 0
    page.locator("a.language").click()
    page.wait_for_selector('html[lang="en"] #map[data-idle]')
    assert page.get_by_label("Flood depth", exact=True).is_checked()
    assert page.evaluate("phusaMap.getZoom()") == pytest.approx(17.4, abs=0.01)


@pytest.mark.shows("foundation")
def test_a_register_added_by_one_file_is_a_layer(desktop: Watched) -> None:
    spot = place_of(desktop, "benches", seats=4)
    page = near(desktop, spot, more="&layers=benches")
    assert drawn(page, "benches") == 1
    click(page, spot)
    assert "Số chỗ ngồi\n4" in page.locator('#info .thing[data-layer="benches"]').inner_text()


def test_the_map_is_reached_by_keyboard_alone(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", parcel_number="1"))
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('maplibregl-canvas')"):
            break
    else:
        pytest.fail("the map never got the focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("#info-list:focus .thing")
    page.keyboard.press("Escape")
    assert page.locator("#info").get_attribute("data-open") == "false"
    assert page.evaluate("document.activeElement.classList.contains('maplibregl-canvas')")


def test_a_link_leads_past_the_layers_to_the_map(desktop: Watched) -> None:
    page = desktop.open()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('maplibregl-canvas')")


@pytest.mark.parametrize("path", ["/", "/plain", "/plain/parcels"])
def test_every_text_stands_out_from_its_ground(desktop: Watched, path: str) -> None:
    page = desktop.page
    page.goto(desktop.base + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(FAINT) == []


def test_a_call_for_a_view_that_is_gone_is_cancelled(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", parcel_number="1"), 19)
    cancelled: list[str] = []
    page.on("requestfailed", lambda request: cancelled.append(f"{request.failure} {request.url}"))
    held: list[Route] = []
    page.route("**/collections/trees/items*", lambda route: route.continue_() if held else held.append(route))
    page.evaluate("phusaMap.jumpTo({zoom: 16})")
    page.wait_for_timeout(500)
    assert len(held) == 1
    page.evaluate("phusaMap.jumpTo({zoom: 15})")
    page.wait_for_selector("#map[data-idle]")
    assert [line for line in cancelled if "ERR_ABORTED" in line]
    assert drawn(page, "trees") == 11
    assert desktop.complaints == []


def test_a_layer_that_cannot_be_loaded_says_so_and_comes_back(desktop: Watched) -> None:
    page = near(desktop, place_of(desktop, "parcels", parcel_number="1"), 19)
    page.route("**/collections/trees/items*", lambda route: route.abort())
    page.evaluate("phusaMap.jumpTo({zoom: 15})")
    page.wait_for_selector('[data-layer="trees"][data-state="error"]')
    assert "không tải được" in page.locator('[data-layer="trees"] .state').inner_text()
    assert drawn(page, "parcels") == 100
    page.unroute("**/collections/trees/items*")
    page.evaluate("phusaMap.jumpTo({zoom: 15.2})")
    page.wait_for_selector('[data-layer="trees"][data-state="ready"]')


def test_geometry_of_the_page_is_right(desktop: Watched) -> None:
    desktop.page.goto(desktop.base + "/plain")
    answers = desktop.page.evaluate(
        """async (base) => {
          const box = await import(base + '/static/js/box.js');
          const ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];
          const hole = [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]];
          const bend = [[0, 0], [9, 0], [9, 9], [8, 9], [8, 1], [1, 1], [1, 9], [0, 9], [0, 0]];
          const u = {type: 'Polygon', coordinates: [bend]};
          const square = {type: 'Polygon', coordinates: [ring, hole]};
          return {
            holds: [[0.5, 0.5], [2, 2], [5, 5]].map((point) => box.holds(square, point)),
            line: box.holds({type: 'LineString', coordinates: ring}, [0.5, 0.5]),
            name: box.holds(u, box.namePlace(u)),
            written: box.written([0.12345678, -0.12345678, 0.12345612, 1]),
            grown: box.contains(box.grown([105.1, 10.1, 105.2, 10.15], 0.25), [105.075, 10.0875, 105.225, 10.1625]),
            apart: box.shared([0, 0, 1, 1], [2, 2, 3, 3]),
            around: box.around({type: 'MultiPoint', coordinates: [[1, 5], [3, 2]]}),
          };
        }""",
        desktop.base,
    )
    assert answers == {
        "holds": [True, False, False],
        "line": False,
        "name": True,
        "written": "0.123456,-0.123457,0.123457,1",
        "grown": True,
        "apart": None,
        "around": [1, 2, 3, 5],
    }


def test_every_control_has_a_name(desktop: Watched) -> None:
    spot = place_of(desktop, "parcels", parcel_number="1")
    page = near(desktop, spot)
    click(page, spot)
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, a, input, canvas')]
      .filter((one) => one.type !== 'hidden' && !one.textContent.trim() && !one.title && !one.labels?.length)
      .filter((one) => !one.getAttribute('aria-label'))
      .map((one) => one.outerHTML.slice(0, 120))""")
    assert nameless == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_shows_map_layers_and_attributes(phone: Watched, language: str) -> None:
    spot = place_of(phone, "parcels", parcel_number="1")
    page = near(phone, spot, 18, lang=language)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.shoot(f"map-phone-{language}")
    page.locator(".show-layers").tap()
    page.wait_for_selector('#layers[data-open="true"]')
    assert page.locator("#layer-list label").first.is_visible()
    phone.shoot(f"layers-phone-{language}")
    page.locator("#layers .close").tap()
    click(page, spot)
    page.wait_for_timeout(300)
    assert page.locator("#info .thing").first.is_visible()
    phone.shoot(f"parcel-phone-{language}")
    assert phone.complaints == []


def test_without_webgl_the_plain_page_is_offered(flat_browser: Browser, base: str) -> None:
    context = flat_browser.new_context(viewport={"width": 1280, "height": 800})
    watched = watch(context, base)
    page = watched.page
    page.goto(base + "/")
    page.wait_for_selector('#map[data-fallback="no_webgl"]')
    until(page, "document.querySelector('#map img').complete")
    assert page.evaluate("document.querySelector('#map img').naturalWidth") > 0
    watched.shoot("no-webgl-vi")
    page.locator("#map a.button").click()
    assert page.locator("h2").inner_text() == "Quy hoạch và hạ tầng: trang đơn giản"
    watched.shoot("plain-vi")
    assert watched.complaints == []
    context.close()


def test_without_scripts_the_plain_pages_answer_everything(browser: Browser, base: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    watched = watch(context, base)
    page = watched.page
    page.goto(base + "/?lang=en")
    page.locator("a.button", has_text="plain page").click()
    lon, lat = place_of(watched, "parcels", parcel_number="1")
    page.get_by_label("Latitude").fill(f"{lat:.7f}")
    page.get_by_label("Longitude").fill(f"{lon:.7f}")
    page.get_by_role("button", name="Look up").click()
    assert "Legal area" in page.locator(".found").inner_text()
    assert "1,234.5 m²" in page.locator(".found").inner_text()
    page.locator("a", has_text="Parcels").first.click()
    assert page.locator("tbody tr").count() == 50
    page.locator('a[rel="next"]').click()
    assert "Objects 51–100 of 100" in page.locator("main").inner_text()
    assert watched.complaints == []
    context.close()


def test_the_first_load_is_small(desktop: Watched, figure) -> None:
    sizes: list[int] = []
    desktop.page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    desktop.open()
    figure("first load", sum(sizes) / 1e6, unit="MB", bound="≤ 1 MB")
    assert sum(sizes) <= 1_000_000
