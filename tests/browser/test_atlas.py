"""Analysts' maps in a real browser, opened from a file as somebody does who got one by mail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import folium
import numpy as np
import pytest
import shapely
import xarray as xr
from playwright.sync_api import Browser, Page
from rasterio.io import MemoryFile

from pipelines import atlas, leaflet, overlay
from sdi.declaration import Label
from sdi.grid import Grid
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.browser.conftest import Watched, watch
from tests.browser.hamlet import ATTACK, X, Y, build

# A screenshot lies nowhere in the world.
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")]

CELL = 10.0
"""Side of a cell of the flood [m]."""
WET = (X + 140, Y, X + 180, Y + 40)
"""Where the water stands [m, EPSG:5897]."""


@pytest.fixture(scope="module")
def flooded(tmp_path_factory, unavailable) -> Workspace:
    """Return the hamlet with 2 m of water on a square of 40 m and none elsewhere."""
    if not (leaflet.VENDOR / "leaflet.js").is_file():
        unavailable("the scripts of analysts' maps are not installed; run `make assets`")
    workspace = build(tmp_path_factory.mktemp("flooded"))
    grid = Grid.from_bounds((X - 40, Y - 40, X + 300, Y + 160), CELL, "EPSG:5897")
    x, y = np.meshgrid(grid.x, grid.y)
    wet = (x > WET[0]) & (x < WET[2]) & (y > WET[1]) & (y < WET[3])
    data = xr.Dataset({atlas.DEPTH: grid.array(np.where(wet, 2.0, np.nan), units="m")})
    title = Label("Ngập thử", "Test flood")
    raster.write(workspace.rasters, data, RasterDescription(name="flood-test", title=title, kind="run"))
    return workspace


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Watched]:
    """Return a page that listens; it opens files of the test's folder."""
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    yield watch(context, tmp_path.as_uri())
    context.close()


def shown(page: Watched, made: folium.Map, folder: Path) -> Page:
    """Save a map, open the file and wait until it is drawn."""
    made.save(folder / "map.html")
    page.page.goto((folder / "map.html").as_uri())
    page.page.wait_for_function(f"() => window.{made.get_name()} && {made.get_name()}._loaded")
    page.page.wait_for_timeout(300)
    return page.page


def pixel(page: Page, made: folium.Map, workspace: Workspace, x: float, y: float) -> tuple[float, float]:
    """Place on the page of a place in the world [m, EPSG:5897]."""
    lon, lat = np.ravel([one.coords[0] for one in workspace.crs.to_crs84([shapely.Point(x, y)])])
    place = page.evaluate(
        "([name, lat, lon]) => { const p = window[name].latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }",
        [made.get_name(), float(lat), float(lon)],
    )
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    return box["x"] + place[0], box["y"] + place[1]


def hover(page: Page, place: tuple[float, float]) -> None:
    """Move the pointer to a place."""
    for step in (3, 0):
        page.mouse.move(place[0] + step, place[1] + step)


def colour(page: Page, place: tuple[float, float]) -> tuple[int, int, int]:
    """Colour of a pixel of the page."""
    with MemoryFile(page.screenshot()) as file, file.open() as picture:
        red, green, blue = picture.read((1, 2, 3))[:, round(place[1]), round(place[0])]
    return int(red), int(green), int(blue)


@pytest.mark.shows("foundation")
def test_a_map_draws_every_feature_and_asks_nobody_for_anything(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["parcels", "streets", "trees"], coverage="flood-test")
    opened = shown(page, made, tmp_path)
    count = opened.evaluate(
        "(name) => { let n = 0; window[name].eachLayer((one) => { n += one instanceof L.Path ? 1 : 0; }); return n; }",
        made.get_name(),
    )
    assert count == 100 + 2 + 11
    assert opened.locator(".folium-map path").count() == count
    assert page.requests == [(tmp_path / "map.html").as_uri(), *[one for one in page.requests if one[:5] == "data:"]]
    assert page.complaints == []
    page.shoot("atlas-vi")


def test_the_water_lies_within_a_cell_of_where_it_is(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, [], coverage="flood-test")
    opened = shown(page, made, tmp_path)
    xs, ys = (WET[0], (WET[0] + WET[2]) / 2, WET[2]), (WET[1], (WET[1] + WET[3]) / 2, WET[3])
    dry = colour(opened, pixel(opened, made, flooded, X, Y + 100))
    blue = [int(overlay.BLUES[-1][place : place + 2], 16) for place in (1, 3, 5)]
    water = tuple(overlay.OPACITY * a + (1 - overlay.OPACITY) * b for a, b in zip(blue, dry, strict=True))
    half = CELL / 2
    inside = [(xs[0] + half, ys[1]), (xs[2] - half, ys[1]), (xs[1], ys[0] + half), (xs[1], ys[2] - half)]
    outside = [(xs[0] - half, ys[1]), (xs[2] + half, ys[1]), (xs[1], ys[0] - half), (xs[1], ys[2] + half)]
    for place in inside:
        np.testing.assert_allclose(colour(opened, pixel(opened, made, flooded, *place)), water, atol=3)
    for place in outside:
        assert colour(opened, pixel(opened, made, flooded, *place)) == dry


def test_the_pointer_shows_the_attributes_and_a_click_all_of_them(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["parcels"], language="en")
    opened = shown(page, made, tmp_path)
    hover(opened, pixel(opened, made, flooded, X + 6, Y + 6))
    tip = opened.locator(".leaflet-tooltip.atlas-table")
    assert tip.locator("caption").inner_text() == "Parcels"
    assert "Map sheet\t7" in tip.inner_text()
    opened.mouse.click(*pixel(opened, made, flooded, X + 6, Y + 6))
    assert "Present land use\tUrban residential land" in opened.locator(".leaflet-popup").inner_text()


def test_a_hostile_name_is_shown_and_does_not_run(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["streets"])
    opened = shown(page, made, tmp_path)
    hover(opened, pixel(opened, made, flooded, X + 80, Y - 20))
    assert ATTACK in opened.locator(".leaflet-tooltip.atlas-table").inner_text()
    assert opened.evaluate("() => window.attacked") is None


def test_nothing_hides_the_notice_the_sources_or_the_legend(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["parcels", "trees"], language="en", coverage="flood-test")
    for width in (1000, 390):
        page.page.set_viewport_size({"width": width, "height": 640})
        opened = shown(page, made, tmp_path)
        boxes = [opened.locator(one).bounding_box() for one in (".atlas-head", ".folium-map", ".atlas-foot")]
        tops = [(box["y"], box["y"] + box["height"]) for box in boxes]
        assert tops[0][1] <= tops[1][0] + 1
        assert tops[1][1] <= tops[2][0] + 1
        assert tops[2][1] <= 641
        assert boxes[1]["height"] > 200
        assert (
            opened.locator(".atlas-head").inner_text().endswith("Synthetic data for tests.\n\nNot fit for decisions.")
        )
        assert opened.locator(".atlas-side h2").first.is_visible()


def test_what_an_analyst_adds_works_without_a_network(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["trees"])
    [place] = flooded.crs.to_crs84([shapely.Point(X + 170, Y + 60)])
    folium.Marker((place.y, place.x), popup="my note", tooltip="here").add_to(made)
    opened = shown(page, made, tmp_path)
    marker = opened.locator("img.leaflet-marker-icon")
    assert marker.evaluate("(image) => image.naturalWidth") > 0
    marker.click()
    assert opened.locator(".leaflet-popup").inner_text().startswith("my note")
    assert page.complaints == []


def test_a_map_works_inside_a_notebook(page, flooded, tmp_path):
    made = atlas.layer_map(flooded, ["parcels"], language="en")
    (tmp_path / "notebook.html").write_text(f"<!doctype html><body>{made._repr_html_()}", encoding="utf-8")
    page.page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.page.frame_locator("iframe")
    frame.locator(".folium-map path >> nth=0").wait_for()
    assert frame.locator(".atlas-head").inner_text().startswith("Ben Do Hamlet")
    assert page.complaints == []
