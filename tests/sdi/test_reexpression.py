"""Statistics across a reform: the total stays, the weight is named, what is unknown is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from sdi.errors import InputError, RefusedError
from sdi.lineage.reexpression import recount, reexpress
from sdi.lineage.step import Step
from tests.model import add, point, retire, square, writing

DAY = "2025-07-01"


def reform(book, steps, old=3, new=2):
    """Old wards of 2020 become new ones on the day of the reform."""
    with writing(book) as tx:
        before = add(book, "ward", tx, count=old)
        after = add(book, "ward", tx, count=new, since=DAY)
        retire(book, before, tx, DAY, "merged_away")
        book.lineage.record([Step(before[a], after[b], verb, DAY, "gazette", **said) for a, b, verb, said in steps], tx)
    return before, after


def split_in_the_middle(book, **share):
    """Wards 0 and 2 go over whole; ward 1 is divided."""
    first, second = share, {name: 1 - value for name, value in share.items()}
    return reform(book, [(0, 0, "merge", {}), (1, 0, "split", first), (1, 1, "split", second), (2, 1, "merge", {})])


def test_whole_units_are_summed_and_need_no_weight(book):
    old, new = reform(book, [(0, 0, "merge", {}), (1, 0, "merge", {}), (2, 1, "replace", {})])
    said = reexpress(book, dict(zip(old, (100, 20, 3), strict=True)), "2024-01-01", DAY, weight="exact")
    assert said.values == {new[0]: 120, new[1]: 3}
    assert said.estimated == frozenset()
    assert said.sources == ("gazette",)


def test_a_divided_unit_is_shared_out_by_the_weight_that_is_named(book):
    old, new = split_in_the_middle(book, area_share=0.75, population_share=0.1)
    given = dict(zip(old, (100, 1000, 10), strict=True))
    by_people = reexpress(book, given, "2024-01-01", DAY, weight="population")
    by_area = reexpress(book, given, "2024-01-01", DAY, weight="area")
    assert by_people.values == pytest.approx({new[0]: 200, new[1]: 910})
    assert by_area.values == pytest.approx({new[0]: 850, new[1]: 260})
    assert by_people.estimated == set(new)


def test_without_a_share_nothing_is_shared_out(book):
    old, new = split_in_the_middle(book, area_share=0.75)
    values = dict.fromkeys(old, 1.0)
    with pytest.raises(RefusedError, match="population share is unknown") as caught:
        reexpress(book, values, "2024-01-01", DAY, weight="population")
    assert caught.value.details["missing"] == [[old[1], new[0]], [old[1], new[1]]]
    with pytest.raises(RefusedError, match="count again"):
        reexpress(book, values, "2024-01-01", DAY, weight="exact")


def stated_in_people(book):
    """330 people of ward 1 went to the first new ward; of the others nobody says how many went to which of two."""
    parts = [(1, 0, "split", {"population": 330}), (1, 1, "split", {})]
    rest = [(2, 1, "split", {}), (2, 2, "split", {})]
    return reform(book, [(0, 0, "merge", {}), *parts, *rest], new=3)


def test_people_who_are_stated_to_have_moved_go_over_as_that_number(book):
    old, new = reform(
        book, [(0, 0, "merge", {}), (1, 0, "split", {"population": 330}), (1, 1, "split", {}), (2, 1, "merge", {})]
    )
    given = dict(zip(old, (100, 33_000, 10), strict=True))
    said = reexpress(book, given, "2024-01-01", DAY, weight="population", counted="people")
    assert said.values == {new[0]: 430, new[1]: 32_680}
    assert said.estimated == set(new)
    assert (said.unshared, said.incomplete) == ({}, frozenset())
    with pytest.raises(RefusedError, match="330 people went from") as caught:  # trees are no people
        reexpress(book, given, "2024-01-01", DAY, weight="population")
    assert caught.value.details["known"] == [{"from": old[1], "to": new[0], "people": 330, "area_m2": None}]


def test_what_is_known_is_said_and_the_rest_stays_with_the_unit_that_was_divided(book):
    old, new = stated_in_people(book)
    given = dict(zip(old, (100, 33_000, 7_000), strict=True))
    said = reexpress(book, given, "2024-01-01", DAY, weight="population", counted="people", partial=True)
    assert said.values == {new[0]: 430, new[1]: 32_670, new[2]: 0}
    assert said.unshared == {old[2]: 7_000}
    assert said.incomplete == {new[1], new[2]}
    assert math.fsum(said.values.values()) + 7_000 == math.fsum(given.values())
    with pytest.raises(RefusedError) as caught:
        reexpress(book, given, "2024-01-01", DAY, weight="population", counted="people")
    assert {parent for parent, _ in caught.value.details["missing"]} == {old[2]}


def test_more_people_than_a_figure_counts_are_not_taken_from_it(book):
    old, new = stated_in_people(book)
    said = reexpress(book, {old[1]: 200}, "2024-01-01", DAY, weight="population", counted="people", partial=True)
    assert said.values == {new[0]: 0, new[1]: 0}
    assert said.unshared == {old[1]: 200}


def test_what_is_not_known_of_an_incomplete_figure_stays_unknown_after_the_next_reform(book):
    old, new = stated_in_people(book)
    with writing(book) as tx:
        (last,) = add(book, "ward", tx, count=1, since="2026-05-01")
        retire(book, [new[2]], tx, "2026-05-01")
        book.lineage.record([Step(new[2], last, "replace", "2026-05-01", "gazette")], tx)
    given = dict(zip(old, (100, 33_000, 7_000), strict=True))
    said = reexpress(book, given, "2024-01-01", "2026-06-01", weight="population", counted="people", partial=True)
    assert said.incomplete == {new[1], last}


def test_a_unit_that_went_nowhere_known_is_refused(book):
    old, _ = reform(book, [(0, 0, "merge", {}), (1, 1, "merge", {})])
    with pytest.raises(RefusedError, match="whatever followed it"):
        reexpress(book, dict.fromkeys(old, 1.0), "2024-01-01", DAY, weight="area")


def test_a_part_of_a_unit_that_lives_on_goes_over_and_the_rest_stays(book):
    with writing(book) as tx:
        one, other = add(book, "ward", tx, count=2)
        book.lineage.record([Step(one, other, "transfer", DAY, "gazette", area_share=0.25)], tx)
    said = reexpress(book, {one: 80, other: 5}, "2024-01-01", "2026-01-01", weight="area")
    assert said.values == {one: 60, other: 25}
    assert said.estimated == {one, other}
    assert reexpress(book, {one: 80}, "2024-01-01", "2025-06-30", weight="area").values == {one: 80}


def test_figures_go_through_several_reforms(book):
    old, new = split_in_the_middle(book, area_share=0.5)
    with writing(book) as tx:
        (last,) = add(book, "ward", tx, count=1, since="2026-05-01")
        retire(book, [new[1]], tx, "2026-05-01")
        book.lineage.record([Step(new[1], last, "replace", "2026-05-01", "gazette")], tx)
    said = reexpress(book, dict(zip(old, (1, 10, 100), strict=True)), "2024-01-01", "2026-06-01", weight="area")
    assert said.values == {new[0]: 6, last: 105}
    assert said.estimated == {new[0], last}


def test_newer_figures_are_not_said_for_older_units(book):
    _, new = split_in_the_middle(book, area_share=0.5)
    with pytest.raises(InputError, match="no known parts"):
        reexpress(book, dict.fromkeys(new, 1.0), "2026-01-01", "2024-01-01", weight="area")


def test_a_unit_that_was_not_in_force_is_refused(book):
    old, new = split_in_the_middle(book, area_share=0.5)
    for values, at in (({new[0]: 1.0}, "2024-01-01"), ({old[0]: float("inf")}, "2024-01-01")):
        with pytest.raises(InputError, match="not in force"):
            reexpress(book, values, at, DAY, weight="area")


def test_the_total_of_the_city_stays_for_any_shares(book):
    @given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3))
    def holds(figures):
        said = reexpress(book, dict(zip(old, figures, strict=True)), "2024-01-01", DAY, weight="area")
        kept = abs(math.fsum(said.values.values()) - math.fsum(figures))
        assert kept <= 1e-9 * math.fsum(map(abs, figures))

    old, _ = split_in_the_middle(book, area_share=1 / 3)
    holds()


def test_every_thing_is_counted_in_exactly_one_unit():
    units = {"b": square(0, 0), "a": square(100, 0)}
    places = np.array([point(50, 50), point(100, 50), point(150, 50), point(300, 50)], dtype=object)
    assert recount(places, units) == ["b", "a", "a", None]  # on the common boundary the lowest identifier has it


def test_an_area_is_counted_where_its_interior_point_lies():
    units = {"west": square(0, 0), "east": square(100, 0)}
    across = shapely.box(*np.add(square(60, 10).bounds, (0, 0, 0, -90)))
    assert recount(np.array([across], dtype=object), units) == ["east"]
    assert recount(np.array([], dtype=object), units) == []
