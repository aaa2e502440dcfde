from __future__ import annotations

from sdi.declaration import Label
from sdi.store.description import RasterDescription
from spp.portal.choice import Choice, Choices, sorted_choices


def run(name: str, title: str, return_period: float | None = None) -> RasterDescription:
    return RasterDescription(name=name, title=Label(title, title), kind="run", return_period=return_period)


def test_what_has_no_return_period_is_shown_first_then_the_frequent_before_the_rare() -> None:
    runs = [run("flood-design-100", "Rare", 100.0), run("flood-design-010", "Often", 10.0), run("flood-storm", "Storm")]
    found = sorted_choices({"design_010": 3, "design_100": 5, "storm": 2}, {one.name: one for one in runs}, "en")
    assert found == [Choice("storm", "Storm", 2), Choice("design_010", "Often", 3), Choice("design_100", "Rare", 5)]


def test_a_scenario_without_a_published_run_goes_by_its_name() -> None:
    assert sorted_choices({"lost": 1}, {}, "vi") == [Choice("lost", "lost", 1)]
    assert sorted_choices({}, {}, "vi") == []


def test_only_layers_with_alternatives_have_choices(quarter, published) -> None:
    choices = Choices(quarter.rasters)
    found = choices.of(published, published.collections(), "vi")
    assert {name: [one.value for one in values] for name, values in found.items()} == {
        "flood-depth": ["storm", "design_100"]
    }
    assert choices.of(published, published.collections(), "en")["flood-depth"][0].title == "Storm"
