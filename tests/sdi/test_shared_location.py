"""Several things at one location: a figure stands where the thing it is about stands."""

from __future__ import annotations

import pytest
import shapely

from sdi.entry import Accuracy
from sdi.errors import NotInRegister
from sdi.place.address import Address
from sdi.place.placement import Along
from sdi.recording import Batch
from tests import model
from tests.model import writing

HERE, THERE = shapely.Point(584_000, 1_109_000), shapely.Point(584_010, 1_109_000)
SURVEY = Accuracy(0.02, method="survey_gnss_rtk")

pytestmark = pytest.mark.both_stores


@pytest.fixture
def bench(registry):
    """Return the register with one bench of its own place."""
    register = registry.register("bench")
    with registry.transaction("test", "first") as tx:
        register.add(Batch({"seats": [4]}, shapely.points([[584_000, 1_109_000]]), accuracy=SURVEY), tx)
    return register


def test_a_table_tells_the_locations_of_things(bench):
    found = bench.table("seats")
    assert found.locations == (bench.find(found.eids[0]).location,)
    assert list(found.geometry) == [HERE]


def test_a_thing_that_shares_a_location_stands_there_and_moves_with_it(registry, bench):
    (lid,) = bench.table().locations
    with registry.transaction("test", "second") as tx:
        second = add_at(bench, lid, tx)
    assert bench.find(second).geometry == HERE
    assert bench.find(second).location == lid
    with registry.transaction("test", "moved") as tx:
        bench.move(bench.list()[0], THERE, tx, valid_from="2025-01-01", accuracy=SURVEY)
    assert bench.find(second).geometry == THERE
    assert registry.verify() > 0


def test_things_of_which_nothing_is_told_but_where_they_are_are_recorded(book):
    with writing(book) as tx:
        (post,) = model.add(book, "post", tx, places=[model.point()])
    lid = book.register("post").find(post).location
    with writing(book) as tx:
        (lamp,) = book.register("lamp").add(Batch(locations=[lid]), tx)
    assert book.register("lamp").find(lamp).location == lid


def test_every_column_says_how_many_things_there_are():
    told = {"locations": "a", "addresses": Address("1"), "references": Along("r", 5), "z_m": 2.0, "depth_m": 1.0}
    assert {name: len(Batch(**{name: [one] * 3})) for name, one in told.items()} == dict.fromkeys(told, 3)


def add_at(bench, lid, tx):
    """Add a bench at a location that is there already."""
    return bench.add(Batch({"seats": [2]}, geometry=None, locations=[lid]), tx)[0]


def test_a_location_nobody_knows_is_not_shared(registry, bench):
    before = registry.last_tx
    with pytest.raises(NotInRegister, match="no location"), registry.transaction("test", "lost") as tx:
        add_at(bench, "0190b0f0-0000-7000-8000-000000000000", tx)
    assert registry.last_tx == before
