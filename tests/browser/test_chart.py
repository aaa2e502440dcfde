"""The card of a gauge shows its levels: in Chromium, on a phone, in both languages."""

import orjson
import pytest

from sdi.publishing.publication import Publication
from sdi.settings import Settings
from spp.portal import pages
from tests.browser.conftest import watch
from tests.gauges import build
from tests.patience import until
from tests.serving import serving


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build(tmp_path_factory.mktemp("gauged"))


@pytest.fixture(scope="module")
def gauged(city):
    settings = Settings()
    with serving(city, pages(city, settings), settings) as address:
        yield address


@pytest.fixture(scope="module")
def river(city):
    """Return longitude and latitude of the gauge in the river."""
    opened = Publication.open(city.publication_path("public"))
    feature = orjson.loads(opened.items("flood-gauges", limit=1).features[0])
    opened.close()
    return feature["geometry"]["coordinates"]


@pytest.fixture
def phone(browser, gauged):
    context = browser.new_context(
        viewport={"width": 375, "height": 780}, has_touch=True, is_mobile=True, device_scale_factor=2,
        reduced_motion="reduce",
    )  # fmt: skip
    yield watch(context, gauged)
    context.close()


def tap(phone, river, language, layers):
    """Open the map over the gauge with some layers and tap on it."""
    lon, lat = river
    page = phone.open(f"/?lang={language}#map=19/{lat}/{lon}&layers={layers}")
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#info img.chart", timeout=20_000)
    until(page, "document.querySelector('#info img.chart').naturalWidth > 0")
    return page


@pytest.mark.usefixtures("map_library")
@pytest.mark.parametrize(
    ("language", "prediction", "run"),
    [("vi", "Trạm river: dự báo thủy triều", "Trạm river: Nước dâng"),
     ("en", "Gauge river: tidal prediction", "Gauge river: Surge")],
)  # fmt: skip
def test_the_card_of_a_gauge_shows_its_prediction_and_offers_its_runs(phone, river, language, prediction, run):
    page = tap(phone, river, language, "flood-gauges")
    assert page.locator("#info .charts summary").all_text_contents() == [prediction, run]
    chart = page.locator("#info details[open] img.chart")
    assert chart.evaluate("one => one.complete && one.naturalWidth") == 360
    box = chart.bounding_box()
    assert box["width"] > 320
    assert box["x"] + box["width"] <= 375
    phone.shoot(f"gauge-{language}")
    page.get_by_text(run).click()
    until(page, "document.querySelectorAll('#info details[open] img.chart').length === 2")
    assert phone.complaints == []
    assert phone.strange_hosts == []


@pytest.mark.usefixtures("map_library")
def test_the_card_of_a_hydrograph_shows_its_chart_and_tells_its_numbers_in_few_words(phone, river):
    page = tap(phone, river, "en", "hydrographs")
    assert page.locator("#info img.chart").count() == 2
    assert "145 values, " in page.locator("#info").inner_text()
    assert phone.complaints == []
