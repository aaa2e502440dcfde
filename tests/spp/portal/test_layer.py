import dataclasses

from sdi.declaration import Label
from sdi.publishing.publication import Publication
from spp.portal.choice import Choice
from spp.portal.layer import LIMIT, layers


def by_name(publication: Publication, language: str = "vi") -> dict:
    return {layer.id: layer for layer in layers(publication.collections(), language)}


def test_every_collection_with_a_place_is_a_layer_from_the_ground_up(publication: Publication) -> None:
    placed = [one for one in publication.collections() if one.extent is not None]
    found = layers(publication.collections(), "vi")
    assert {layer.id for layer in found} == {one.name for one in placed}
    orders = {one.name: one.order for one in placed}
    assert [orders[layer.id] for layer in found] == sorted(orders.values())


def test_a_register_without_a_style_is_drawn_by_its_geometry(publication: Publication) -> None:
    bench = by_name(publication)["benches"]
    assert (bench.geometry, bench.by, bench.classes) == ("circle", None, ())
    assert bench.look.color.startswith("#")


def test_areas_drawn_by_their_outline_still_count_as_areas(publication: Publication) -> None:
    wards = by_name(publication)["administrative-units"]
    assert (wards.geometry, wards.areal, wards.named) == ("line", True, True)


def test_the_legend_speaks_the_language_asked_for(publication: Publication) -> None:
    depth = by_name(publication, "en")["flood-depth"]
    assert depth.classes[0].title == "0.10 to 0.20 m"
    assert depth.look_of("from_0_10") is depth.classes[0]
    assert depth.look_of("never heard of") is depth.look


def test_a_city_with_few_layers_shows_all_of_them(publication: Publication) -> None:
    trees = [one for one in publication.collections() if one.name in {"trees", "benches"}]
    assert all(layer.visible for layer in layers(trees, "vi"))
    assert not by_name(publication)["benches"].visible


def test_points_are_thinned_only_in_a_crowd_that_the_whole_city_shows(publication: Publication) -> None:
    trees = publication.collection("trees")
    zones = publication.collection("plan-zones")
    crowd = dataclasses.replace(trees, count=LIMIT + 1)
    assert layers([crowd], "vi")[0].general
    assert layers([crowd], "vi")[0].general_until == 0
    assert not layers([trees], "vi")[0].general
    assert not {layer.id: layer for layer in layers([crowd, zones], "vi")}["trees"].general


def test_areas_and_lines_of_the_whole_city_are_light_from_afar(publication: Publication) -> None:
    found = by_name(publication)
    assert found["plan-zones"].general_until > 15
    assert found["streets"].general_until > 15
    assert not found["parcels"].general


def test_a_colour_that_is_none_is_not_passed_on(publication: Publication) -> None:
    style = {"geometry": "circle", "default": {"color": 'red"/><script>', "width": 3, "opacity": 1}, "classes": []}
    found = layers([dataclasses.replace(publication.collection("trees"), style=style)], "vi")
    assert "script" not in found[0].look.color


def test_a_layer_does_not_repeat_what_the_page_says_already(publication: Publication) -> None:
    warned = dataclasses.replace(publication.collection("trees"), notice=Label("Cẩn thận", "Careful"))
    assert layers([warned], "en")[0].notice == "Careful"
    assert layers([warned], "en", "Careful")[0].notice is None


def test_of_alternatives_the_first_is_shown_unless_another_is_asked_for(publication: Publication) -> None:
    known = {"flood-depth": [Choice("storm", "Storm", 2), Choice("design_100", "Design", 5)]}
    found = {one.id: one for one in layers(publication.collections(), "en", choices=known)}
    depth = found["flood-depth"]
    assert depth.where(depth.choice(None)) == {"scenario": "storm"}
    assert depth.where(depth.choice("design_100")) == {"scenario": "design_100"}
    assert depth.where(depth.choice("no such scenario")) == {"scenario": "storm"}
    assert found["parcels"].where(found["parcels"].choice("storm")) == {}


def test_nothing_published_makes_no_layers() -> None:
    assert layers([], "vi") == ()


def test_the_address_of_an_overview_differs_where_another_publication_has_the_same_version(publication):
    addresses = set()
    for identity in ("one", "two"):
        shown = [one.description_for_map("") for one in layers(publication.collections(), "vi", identity=identity)]
        addresses |= {one["overview"] for one in shown if one["overview"]}
    assert len(addresses) == 2 * len({one.split("?")[0] for one in addresses}) > 0
