import numpy as np
import orjson
import pytest
import shapely

from sdi.publishing.publication import Publication
from spp.portal.layer import layers
from spp.portal.overview import exact_until, overview
from spp.portal.picture import WIDTH, Frame, picture


def test_a_generalised_layer_keeps_identifier_and_class(publication: Publication) -> None:
    zones = publication.collection("plan-zones")
    document = orjson.loads(overview(publication, zones, "land_use").geojson())
    assert {one["properties"]["land_use"] for one in document["features"]} == {"ODT", "DKV"}
    assert all(set(one["properties"]) == {"land_use"} for one in document["features"])
    known = {orjson.loads(one)["id"] for one in publication.items("plan-zones", limit=10).features}
    assert {one["id"] for one in document["features"]} == known


def test_names_are_kept_for_the_map_to_write(publication: Publication) -> None:
    document = orjson.loads(overview(publication, publication.collection("administrative-units"), None).geojson())
    assert {one["properties"]["name"] for one in document["features"]} == {"Phường Bến Đò", "Phường Cồn Phù Sa"}


def test_the_picture_serves_up_to_the_level_at_which_it_would_show() -> None:
    """A city of 1,500 cells of 360/512 degree: each is one pixel at level 0, and half of it at level 1 one pixel."""
    pixel = 360 / 512
    assert exact_until((0, 0, 1500 * pixel / 1024, 0)) == pytest.approx(10)
    assert exact_until((0, 0, 1e5, 0)) == 0


def test_a_crowd_is_thinned_to_the_bound_and_always_alike(publication: Publication) -> None:
    parcels = publication.collection("parcels")
    once, again = (overview(publication, parcels, None, most=30) for _ in range(2))
    assert len(once.ids) == 30
    assert once.ids == again.ids


def test_the_largest_areas_stay(publication: Publication) -> None:
    wards = publication.collection("administrative-units")
    kept = overview(publication, wards, None, most=1)
    features = publication.items(wards.name, limit=9).features
    largest = max(features, key=lambda one: shapely.area(shapely.from_geojson(one)))
    assert kept.ids == (orjson.loads(largest)["id"],)


def test_an_empty_collection_has_an_empty_picture(publication: Publication) -> None:
    empty = next(one for one in publication.collections() if one.count == 0)
    assert orjson.loads(overview(publication, empty, None).geojson())["features"] == []


def test_a_picture_has_one_path_per_class_and_escapes_its_title(publication: Publication) -> None:
    shown = [layer for layer in layers(publication.collections(), "vi") if layer.id == "plan-zones"]
    drawings = [(layer, overview(publication, publication.collection(layer.id), layer.by)) for layer in shown]
    drawn = picture("<Phù Sa & bạn>", shown[0].extent or (0, 0, 1, 1), drawings).decode()
    assert drawn.count("<path") == 2
    assert "<title>&lt;Phù Sa &amp; bạn&gt;</title>" in drawn


def test_the_picture_fits_its_frame_and_keeps_proportions() -> None:
    frame = Frame.around((105.0, 10.0, 105.2, 10.1))
    corners = frame.pixels(np.array([[105.0, 10.1], [105.2, 10.0]]))
    np.testing.assert_allclose(corners, [[12, 12], [WIDTH - 12, frame.height - 12]])
    assert (frame.height - 24) / WIDTH == pytest.approx(0.1 / (0.2 * np.cos(np.radians(10.05))))


def test_a_tall_city_is_framed_no_taller_than_the_page_can_bear() -> None:
    frame = Frame.around((105.0, 9.0, 105.1, 11.0))
    assert frame.height < 1.2 * WIDTH
