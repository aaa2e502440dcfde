"""Analysts' maps: what is published is drawn, in its colours and its place, and nothing else gets into the page."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import folium
import numpy as np
import orjson
import pytest
import shapely
import xarray as xr
from pyproj import Transformer

from catalogs import packaged
from frmis.hazard import DEPTH_CLASSES
from pipelines import atlas, demo, leaflet, overlay
from sdi.catalog import Catalog
from sdi.errors import InputError, NotFound
from sdi.grid import Grid
from sdi.publishing.publication import Publication
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.browser.hamlet import ATTACK, build

RUN = "flood-storm"
OPERATION = "VN-2000 to WGS 84 (2)"


@pytest.fixture(scope="module")
def installed(unavailable) -> None:
    """Skip where the scripts of the map are not installed."""
    if not (leaflet.VENDOR / "leaflet.js").is_file():
        unavailable("the scripts of analysts' maps are not installed; run `make assets`")


@pytest.fixture(scope="module")
def town(tmp_path_factory, installed) -> Workspace:
    """Return a small synthetic city with its flood."""
    return demo.run(tmp_path_factory.mktemp("town") / "city", scale=0.05)


@pytest.fixture(scope="module")
def public(town: Workspace) -> Iterator[Publication]:
    publication = Publication.open(town.publication_path("public"))
    yield publication
    publication.close()


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, installed) -> Workspace:
    """Return a hamlet with a name that would run where a page took text for markup."""
    return build(tmp_path_factory.mktemp("hamlet"))


def drawn(part: folium.Element) -> list[folium.GeoJson]:
    """Find everything that is drawn from features."""
    inner = [found for child in part._children.values() for found in drawn(child)]
    return [part, *inner] if isinstance(part, folium.GeoJson) else inner


def ids(page: folium.Map) -> list[str]:
    return [feature["id"] for shapes in drawn(page) for feature in shapes.data["features"]]


def rendered(page: folium.Map) -> str:
    return page.get_root().render()


def test_every_feature_of_a_collection_is_drawn_once(town, public):
    page = atlas.layer_map(town, ["plan-zones", "trees"])
    wanted = public.collection("plan-zones").count + public.collection("trees").count
    assert len(ids(page)) == len(set(ids(page))) == wanted > 100


def test_a_feature_has_the_colour_of_its_class_in_the_published_style(town, public):
    collection = public.collection("plan-zones")
    colors = {one["value"]: one["color"].lower() for one in collection.style["classes"]}
    features = [orjson.loads(one) for one in public.items("plan-zones", limit=1000).features]
    wanted = {one["id"]: colors[one["properties"]["land_use"]] for one in features}
    page = atlas.layer_map(town, ["plan-zones"])
    painted = {
        feature["id"]: shapes.style_function(feature)["fillColor"]
        for shapes in drawn(page)
        for feature in shapes.data["features"]
    }
    assert painted == wanted
    assert len(set(painted.values())) > 5


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ["Ô quy hoạch", "Chức năng sử dụng đất", "Đất ở tại đô thị", "Phù Sa (đô thị mô phỏng)"]),
        ("en", ["Plan zones", "Urban residential land", "Phu Sa (synthetic city)"]),
    ],
)
def test_titles_and_codes_are_in_the_language_of_the_map(town, language, words):
    page = rendered(atlas.layer_map(town, ["plan-zones"], language=language))
    said = re.sub(r"\\u([0-9a-f]{4})", lambda one: chr(int(one[1], 16)), page)
    assert [one for one in words if one not in said] == []


def test_the_legend_lists_what_is_drawn_and_nothing_else(town, public):
    features = [orjson.loads(one)["properties"] for one in public.items("plan-zones", limit=1000).features]
    present = {one["land_use"] for one in features}
    titles = {one["value"]: one["title"]["en"] for one in public.collection("plan-zones").style["classes"]}
    page = rendered(atlas.layer_map(town, ["plan-zones"], language="en"))
    listed = re.findall(r"</i>([^<]+)</li>", page)
    assert listed == [title for value, title in titles.items() if value in present]
    assert f"Plan zones ({len(features)})" in page


def test_points_of_a_layer_of_lines_are_circles(town):
    page = rendered(atlas.layer_map(town, ["drainage-network"], language="en"))
    signs = dict(re.findall(r'<i class="(\w+)"[^>]*></i>([^<]+)</li>', page))
    assert signs.keys() == {"line", "circle"}
    assert re.search(r'<i class="line"[^>]*></i>Pipe</li>', page)
    assert re.search(r'<i class="circle"[^>]*></i>Manhole</li>', page)


def test_notice_and_source_always_stand_on_the_page(town):
    page = rendered(atlas.layer_map(town, ["trees"], language="en", coverage=RUN))
    assert "Synthetic data: every place name" in page
    assert "Not fit for decisions: the terrain is invented." in page
    assert re.search(r"<footer[^>]*>phusa \(synthetic\)", page)


@pytest.mark.parametrize(("language", "words"), [("vi", "địa hình mô phỏng"), ("en", "Not fit for decisions.")])
def test_depth_classes_of_an_unfit_run_say_so(public, language, words):
    assert words in rendered(atlas.layer_map(public, ["flood-depth"], language=language))


@pytest.mark.parametrize(("grade", "told"), [("A", False), ("B", True)])
def test_data_that_may_not_be_passed_on_say_so(town, tmp_path, grade, told):
    depth = raster.read(town.rasters, RUN)[[atlas.DEPTH]].load()
    (tmp_path / "publications").symlink_to(town.folder / "publications")
    city = dataclasses.replace(town, folder=tmp_path)
    said = RasterDescription(name="shown", title=town.title, kind="run", licence={"grade": grade})
    raster.write(city.rasters, depth, said)
    page = rendered(atlas.layer_map(city, [], coverage="shown", language="en"))
    assert ("do not send this page" in page) is told


def test_a_publication_alone_is_drawn_with_its_notice(public):
    page = rendered(atlas.layer_map(public, ["parking"], language="en"))
    assert "Synthetic data: every place name" in page


@pytest.mark.shows("foundation")
def test_a_map_names_no_other_host(town):
    page = rendered(atlas.layer_map(town, ["plan-zones", "streets", "trees"], coverage=RUN))
    assert re.findall(r"https?://[^\s\"'<]+", page) == []
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", page) == []


def test_a_hostile_name_is_text(attacked):
    page = rendered(atlas.layer_map(attacked, ["streets", "trees"]))
    assert ATTACK not in page
    assert "<img src=x" not in page
    assert "\\u003cimg src=x" in page


def test_words_of_a_page_are_neither_markup_nor_template():
    assert leaflet.text('<b>{{ 7 * 7 }} & "x"') == "&lt;b&gt;&#123;&#123; 7 * 7 }} &amp; &quot;x&quot;"
    assert folium.Element(leaflet.text("{{ 7 * 7 }}{% x")).render() == "&#123;&#123; 7 * 7 }}&#123;% x"


def test_a_collection_without_features_is_said_to_be_empty(attacked):
    page = rendered(atlas.layer_map(attacked, ["buildings", "trees"], language="en"))
    assert "Buildings (0)" in page


def test_more_features_than_the_limit_are_refused_with_a_hint(town, public):
    total = public.collection("parcels").count + public.collection("trees").count
    with pytest.raises(InputError, match=r"phusa serve") as caught:
        atlas.layer_map(town, ["parcels", "trees"], limit=total - 1)
    assert caught.value.code == "too-many-features"
    assert caught.value.details == {"features": total, "limit": total - 1}
    assert atlas.layer_map(town, ["parcels", "trees"], limit=total) is not None


def test_a_condition_leaves_only_what_has_the_property(town, public):
    asked = {"street_class": "local"}
    wanted = public.items("streets", limit=5000, where=asked)
    page = atlas.layer_map(town, ["streets", "parking"], where={"streets": asked}, limit=2000)
    streets = {orjson.loads(one)["id"] for one in wanted.features}
    assert 0 < len(streets) < public.collection("streets").count
    assert streets == set(ids(page)) - {orjson.loads(one)["id"] for one in public.items("parking", limit=500).features}


def test_a_condition_on_what_is_not_drawn_is_refused(town):
    with pytest.raises(InputError, match="flood-depth"):
        atlas.layer_map(town, ["streets"], where={"flood-depth": {"scenario": "storm"}})
    with pytest.raises(InputError, match="colour"):
        atlas.layer_map(town, ["streets"], where={"streets": {"colour": "red"}})


def test_missing_scripts_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(NotFound, match=r"make assets") as caught:
        leaflet.blank_map(tmp_path)
    assert caught.value.code == "assets-missing"


def test_what_cannot_be_drawn_is_refused(town, public):
    with pytest.raises(InputError, match="no maximum_water_depth but elevation"):
        atlas.layer_map(town, [], coverage="terrain")
    with pytest.raises(InputError, match="give the workspace"):
        atlas.layer_map(public, [], coverage=RUN)
    with pytest.raises(InputError, match="expected vi or en"):
        atlas.layer_map(town, ["trees"], language="fr")
    with pytest.raises(NotFound):
        atlas.layer_map(town, ["dragons"])


# the depth of the water -------------------------------------------------------------------------------------------


def test_every_cell_of_a_depth_is_painted_where_it_lies(town):
    depth = raster.read(town.rasters, RUN)[atlas.DEPTH].load()
    picture = overlay.depth_picture(depth, OPERATION)
    grid = Grid.from_dataarray(depth)
    x, y = np.meshgrid(grid.x, grid.y)
    mercator = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True)
    west, south, east, north = (
        *mercator.transform(*picture.bounds[:2]), *mercator.transform(*picture.bounds[2:])
    )  # fmt: skip
    places = shapely.get_coordinates(town.crs.from_crs84(town.crs.to_crs84(shapely.points(x, y).ravel()), "EPSG:3857"))
    rows, columns = picture.image.shape[:2]
    column = ((places[:, 0] - west) / (east - west) * columns).astype(int)
    row = ((north - places[:, 1]) / (north - south) * rows).astype(int)
    colors = [(0, 0, 0, 0), *((*bytes.fromhex(one[1:]), 255) for one in overlay.BLUES)]
    wanted = np.array(colors)[np.digitize(depth.to_numpy().ravel(), DEPTH_CLASSES)]
    np.testing.assert_array_equal(picture.image[row, column], wanted)
    assert len(np.unique(wanted, axis=0)) > 4


def test_a_picture_covers_its_raster_and_hardly_more(town):
    depth = raster.read(town.rasters, RUN)[atlas.DEPTH].load()
    box = shapely.box(*Grid.from_dataarray(depth).bounds)
    place = town.crs.to_crs84(np.array([box]))[0]
    picture = shapely.box(*overlay.depth_picture(depth, OPERATION).bounds)
    assert picture.buffer(1e-9).contains(place)
    assert picture.area < 1.05 * place.area


def test_missing_and_shallow_water_is_transparent():
    grid = Grid.from_bounds((574_000, 1_112_000, 574_030, 1_112_010), 10, "EPSG:5897")
    depth = grid.array(np.array([[np.nan, 0.09, 0.35]]), units="m")
    image = overlay.depth_picture(depth, OPERATION).image
    middle = image[image.shape[0] // 2]
    assert middle[1].tolist() == [0, 0, 0, 0]
    assert middle[len(middle) // 2].tolist() == [0, 0, 0, 0]
    assert middle[-2].tolist() == [0x6B, 0xAE, 0xD6, 255]


def test_a_large_raster_becomes_a_picture_of_bounded_size():
    grid = Grid.from_bounds((570_000, 1_110_000, 600_000, 1_111_000), 10, "EPSG:5897")
    depth = xr.zeros_like(grid.array(np.empty(grid.shape)))
    assert max(overlay.depth_picture(depth, OPERATION).image.shape) <= overlay.MOST + 1


def test_the_blues_are_those_of_the_collection_of_depth_classes():
    style = Catalog.read(packaged()).styles["flood_depth"]
    assert tuple(one.color for one in style.classes) == overlay.BLUES
    assert [one.value for one in style.classes] == [f"from_{one:.2f}".replace(".", "_") for one in DEPTH_CLASSES]


def test_the_legend_of_the_depth_has_a_line_for_each_class():
    lines = overlay.legend([f"{one:g}" for one in DEPTH_CLASSES])
    assert [words for _, words in lines] == [f"{a:g}–{b:g} m" for a, b in pairwise(DEPTH_CLASSES)] + ["> 1 m"]


def test_a_saved_map_is_one_file(town, tmp_path: Path):
    path = tmp_path / "map.html"
    atlas.layer_map(town, ["parking"]).save(path)
    assert path.stat().st_size > 300_000
    assert [one.name for one in tmp_path.iterdir()] == ["map.html"]
