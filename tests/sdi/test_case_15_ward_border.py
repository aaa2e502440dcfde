"""Acceptance case 15: asset on a ward boundary, street as boundary.

Deterministic rule (interior point, then lowest identifier), stored with its method; polygons shared-edge exact.
"""

from __future__ import annotations

import pytest
import shapely

from sdi.entry import Accuracy
from sdi.errors import IntegrityError
from sdi.place import membership, tiling
from tests.model import SURVEYED, X, Y, add, point, retire, square, writing

pytestmark = pytest.mark.both_stores
REFORM = "2025-07-01"


@pytest.fixture
def wards(book):
    """Return two wards that share the border x = 100."""
    with writing(book, "wards") as tx:
        return add(
            book, "ward", tx, places=[square(), square(100)], names={"vi": ["An Hòa", "Tân An"]},
            identifiers={"ward-code": ["31117", "31135"]},
        )  # fmt: skip


def posts(book, *places, accuracy=SURVEYED):
    """Add posts at places within the city [m]."""
    with writing(book, "posts") as tx:
        return add(book, "post", tx, places=[point(*one) for one in places])


def lies(book, eid, **moment):
    """Return unit, method and confidence of the one unit in which a thing lies."""
    (one,) = membership.at(book, eid, **moment)
    return one.unit, one.method, one.confidence


@pytest.mark.shows("shared-model")
def test_a_post_on_the_border_lies_in_the_ward_with_the_lowest_identifier(book, wards):
    inside, border, other = posts(book, (50, 50), (100, 50), (150, 50))
    assert membership.derive(book, "ward") == 3
    assert lies(book, inside) == (wards[0], "interior_point", 1.0)
    assert lies(book, border)[:2] == (min(wards), "lowest_eid")
    assert lies(book, other) == (wards[1], "interior_point", 1.0)


@pytest.mark.shows("shared-model")
def test_a_street_that_is_the_border_lies_in_the_ward_with_the_lowest_identifier_half_of_it(book, wards):
    with writing(book, "street") as tx:
        (street,) = add(book, "pipe", tx, places=[shapely.LineString([point(100, 0), point(100, 100)])])
    membership.derive(book, "ward")
    assert lies(book, street) == (min(wards), "lowest_eid", 0.5)


def test_what_lies_in_two_wards_belongs_to_that_of_its_interior_point_with_its_share(book, wards):
    with writing(book, "land use and pipe") as tx:
        (field,) = add(book, "land_use", tx, places=[square(70, 10, 40, 10)])
        (pipe,) = add(book, "pipe", tx, places=[shapely.LineString([point(90, 50), point(130, 50)])])
    membership.derive(book, "ward")
    # From 70 to 110 with its middle at 90, and from 90 to 130 with its middle at 110: three quarters each.
    assert lies(book, field) == (wards[0], "interior_point", pytest.approx(0.75, abs=0.002))
    assert lies(book, pipe) == (wards[1], "interior_point", pytest.approx(0.75, abs=0.002))


def test_a_post_near_the_border_is_as_sure_as_its_place_is_exact(book, wards):
    with writing(book, "phone") as tx:
        (post,) = add(book, "post", tx, places=[point(99, 50)])
        book.register("post").correct(post, tx, geometry=point(99, 50), accuracy=Accuracy(20, method="phone"))
    membership.derive(book, "ward")
    unit, method, confidence = lies(book, post)
    assert (unit, method) == (wards[0], "interior_point")
    assert confidence == pytest.approx(0.53, abs=0.01)  # half a circle of 20 m and a strip of 1 m beside it


@pytest.mark.shows("shared-model")
def test_after_a_reform_things_lie_in_the_new_ward_and_on_the_day_before_in_the_old_one(city, book, wards, figure):
    (post,) = posts(book, (150, 50))
    membership.derive(book, "ward")
    known = book.last_tx
    with writing(book, "reform") as tx:
        retire(book, wards, tx, REFORM, "merged_away")
        (new,) = add(book, "ward", tx, places=[square(0, 0, 200)], since=REFORM)
    assert membership.refresh(book) == 3  # the row without an end is closed; one to the reform and one from it on
    assert [lies(book, post, valid=day)[0] for day in ("2025-06-30", REFORM)] == [wards[1], new]
    assert lies(book, post, valid=REFORM, recorded=known)[0] == wards[1]
    assert book.verify() == book.last_tx
    figure("rows of the post", len(book.store.select("SELECT * FROM membership WHERE eid = ?", (post,))), bound="3")


def test_what_is_added_moved_or_ended_is_kept_up_and_nothing_else_is_written(book, wards):
    here, there = posts(book, (10, 10), (110, 10))
    assert membership.refresh(book) == 0  # nothing was derived yet
    assert membership.derive(book, "ward") == 2
    assert membership.derive(book, "ward") == membership.refresh(book) == 0
    last = book.last_tx
    (late,) = posts(book, (60, 60))
    with writing(book, "moved") as tx:
        book.register("post").move(here, point(120, 20), tx, valid_from="2024-01-01", accuracy=SURVEYED)
        retire(book, [there], tx, "2024-02-01")
        book.register("post").change(late, {"height": 4}, tx, valid_from="2024-01-01")
    membership.refresh(book)
    assert book.last_tx == last + 3
    assert [lies(book, here, valid=day)[0] for day in ("2023-12-31", "2024-01-01")] == wards
    assert membership.at(book, there, valid="2024-02-01") == ()
    assert lies(book, late)[0] == wards[0]
    assert membership.refresh(book) == 0
    assert book.last_tx == last + 3


def test_a_membership_that_does_not_follow_from_the_places_is_found(book, wards):
    (post,) = posts(book, (50, 50))
    assert membership.verify(book) == 0
    membership.derive(book, "ward")
    assert membership.verify(book) == 1
    with writing(book, "moved, and nothing derived") as tx:
        book.register("post").move(post, point(150, 50), tx, valid_from="2024-01-01", accuracy=SURVEYED)
    with pytest.raises(IntegrityError, match="2 rows are missing, 1 do not hold"):
        membership.verify(book)
    membership.refresh(book)
    assert membership.verify(book) == 2


def test_levels_are_told_apart_by_a_field(book):
    with writing(book, "units by population") as tx:
        whole, _ = add(book, "ward", tx, places=[square(0, 0, 200), square()], values={"people": [2, 1]})
    (post,) = posts(book, (150, 50))
    membership.derive(book, "ward", by="people")
    assert [(one.level, one.unit) for one in membership.at(book, post)] == [("2", whole)]


def test_both_stores_keep_the_same_memberships(city, book, wards):
    posts(book, (50, 50), (100, 50))
    membership.derive(book, "ward")
    rows = book.store.select('SELECT "row", unit, method, confidence, valid_from, valid_to, tx_from FROM membership')
    since = ("2020-01-01T00:00:00Z", "9999-12-31T00:00:00Z", 4)
    assert sorted(rows) == [
        (1, wards[0], "interior_point", 1.0, *since), (2, min(wards), "lowest_eid", 0.5, *since),
    ]  # fmt: skip
    assert book.verify() == 4


@pytest.mark.shows("shared-model")
def test_wards_that_share_their_corners_leave_neither_overlap_nor_gap_at_any_date(book, wards):
    with writing(book, "reform") as tx:
        retire(book, wards, tx, REFORM)
        add(book, "ward", tx, places=[square(0, 0, 200, 50), square(0, 50, 200, 50)], since=REFORM)
    assert tiling.check(book, "ward", at="2025-06-30") == {"": []}
    assert tiling.check(book, "ward", at=REFORM) == {"": []}


@pytest.mark.shows("shared-model")
def test_an_overlap_and_a_gap_of_more_than_a_square_metre_are_reported_at_their_date(book, wards, figure):
    corners = [(100, 50), (200, 50), (200, 100), (98, 100)]
    slanting = shapely.Polygon([(X + x, Y + y) for x, y in corners])  # 50 m2 too far to the west
    with writing(book, "a new border that was drawn by hand") as tx:
        book.register("ward").move(wards[1], slanting, tx, valid_from=REFORM, accuracy=SURVEYED)
        (south,) = add(book, "ward", tx, places=[square(100, 0, 100, 49.5)], since=REFORM)
    assert tiling.check(book, "ward", at="2025-06-30") == {"": []}
    (overlap,) = tiling.check(book, "ward", at=REFORM)[""]
    assert (overlap.what, overlap.units) == ("overlap", tuple(sorted(wards)))
    assert overlap.area_m2 == pytest.approx(50)
    found = tiling.faults(book.register("ward").table(valid=REFORM).geometry, [*wards, south], square(0, 0, 200))
    assert [(one.what, one.area_m2) for one in found] == [
        ("overlap", pytest.approx(50)), ("gap", pytest.approx(50)),
    ]  # fmt: skip
    assert found[1].units == tuple(sorted([*wards, south]))
    figure("overlap and gap found", overlap.area_m2 + found[1].area_m2, unit="m2", bound="50 + 50")


def test_a_sliver_below_a_square_metre_is_no_fault():
    two = [shapely.box(0, 0, 10, 10), shapely.box(9.95, 0, 20, 10)]
    assert tiling.faults(shapely.from_wkt([one.wkt for one in two]), ["a", "b"]) == []
