"""A page read by one statement is the page that a transaction reads, and is never of a state that has gone."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import orjson
import pytest
import shapely

from sdi.entry import Accuracy
from sdi.errors import Outdated
from sdi.filter.filter import Filter
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import paging, projector, selection
from sdi.recording import Batch
from sdi.store.publication_store import PublicationStore
from tests.sdi.conftest import alone

pytestmark = pytest.mark.both_stores

EAST, NORTH = 584_000, 1_109_000
BOX = (105.7680, 10.0274, 105.7688, 10.0278)
"""Around the first five or so of a row of triangles that are 20 m apart, the border through one of them."""


@pytest.fixture
def workspace(tmp_path, store):
    """Return a workspace whose benches may have any shape, and none."""
    made = alone(tmp_path, store)
    path = made.folder / "catalogs" / "registers" / "bench.yaml"
    path.write_text(
        path.read_text().replace("geometry: Point, required: true", "geometry: Polygon, required: false"),
        encoding="utf-8",
    )
    return made


@pytest.fixture
def registry(workspace):
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(4))) as opened:
        yield opened


@pytest.fixture
def publication(workspace, registry):
    """Return the public publication of 100 benches, which has been asked before."""
    publish(workspace, registry, 100)
    with closing(workspace.publication("public")) as opened:
        opened.collections()
        opened.items("benches", limit=1, bbox=BOX)
        yield opened


def publish(workspace, registry, count, *, nowhere=0, seats=4, wood=None):
    """Add triangles in a row, and benches without a place."""
    x = EAST + 20.0 * np.arange(count)
    shapes = [shapely.Polygon([(one, NORTH), (one + 15, NORTH), (one, NORTH + 15)]) for one in x]
    batch = Batch(
        values={"seats": [seats] * (count + nowhere), "wood": [wood] * (count + nowhere)},
        geometry=np.array([*shapes, *[None] * nowhere], dtype=object),
        valid_from="2020-01-01", accuracy=Accuracy(5, method="photo"),
    )  # fmt: skip
    with registry.transaction("test", "add") as tx:
        registry.register("bench").add(batch, tx)
    projector.refresh(workspace, registry)


def test_it_is_the_page_that_a_transaction_reads(publication, monkeypatch):
    every = [
        {"limit": limit, **rest}
        for limit in (1, 7, 100, 1000)
        for rest in ({}, {"offset": 95}, {"after": 20}, {"bbox": BOX}, {"bbox": (105.7, 10.0, 105.8, 10.1)})
    ]
    quick = [publication.items("benches", **one) for one in every]
    assert sum(publication.items("benches", **one).number_matched == 100 for one in every) == 16
    monkeypatch.setattr("sdi.publishing.publication.glance", lambda *_: None)
    assert [publication.items("benches", **one) for one in every] == quick


def test_it_answers_without_a_transaction(publication, monkeypatch):
    monkeypatch.setattr("sdi.publishing.publication.page", None)
    assert publication.items("benches", limit=10).number_matched == 100
    assert 0 < publication.items("benches", limit=50, bbox=BOX).number_matched < 20


def test_only_what_touches_the_box_itself_is_counted(publication):
    shape = shapely.from_geojson(publication.items("benches", limit=1).features[0])
    _, _, east, north = shapely.bounds(shape)
    beside = (east - 1e-6, north - 1e-6, east, north)  # in the box around the triangle, not in the triangle
    assert publication.items("benches", limit=5, bbox=beside).number_matched == 0
    within = shape.centroid
    assert publication.items("benches", limit=5, bbox=(within.x, within.y) * 2).number_matched == 1


@pytest.mark.shows("service")
def test_a_page_is_never_of_a_state_that_has_gone(workspace, registry, publication, figure):
    asked = [{"limit": 3}, {"limit": 3, "bbox": BOX}, {"limit": 200, "offset": 98}]
    before = [publication.items("benches", **one) for one in asked]
    publish(workspace, registry, 5)
    after = [publication.items("benches", **one) for one in asked]
    assert [one.number_matched for one in after] == [105, before[1].number_matched + 5, 105]
    assert len(after[2].features) == 7
    figure("pages with the count of before, right after a publication", 0, "1", "= 0")


def test_what_has_no_place_is_in_every_box_from_its_first_day(workspace, registry, publication):
    before = publication.items("benches", limit=50, bbox=BOX)
    publish(workspace, registry, 0, nowhere=2)
    after = publication.items("benches", limit=50, bbox=BOX)
    assert after.number_matched == before.number_matched + 2
    assert publication.items("benches", limit=2, bbox=(0, 0, 1, 1)).number_matched == 2


def test_a_box_with_more_than_is_asked_for_has_its_exact_count_and_goes_on(publication):
    wide = (105.7, 10.0, 105.8, 10.1)
    assert paging._SPARE < 99
    first = publication.items("benches", limit=1, bbox=wide)
    assert (first.number_matched, first.next_key) == (100, 1)
    small = publication.items("benches", limit=2, bbox=BOX)
    rest = publication.items("benches", limit=50, bbox=BOX, after=small.next_key)
    assert small.features + rest.features == publication.items("benches", limit=50, bbox=BOX).features


def test_an_item_is_found_at_once_and_told_when_it_has_ended(workspace, registry, publication):
    eid = str(publication.changes(limit=1).changes[0].eid)
    assert eid.encode() in publication.item("benches", eid)
    with registry.transaction("test", "gone") as tx:
        registry.register("bench").retire(eid, tx=tx, valid_from="2025-01-01")
    projector.refresh(workspace, registry)
    with pytest.raises(Exception, match="ended on 2025-01-01"):
        publication.item("benches", eid)


CHOICES = {
    "by value": ({"where": {"seats": "6"}}, 40),
    "by a condition without a value": ({"filter": Filter.of("wood IS NULL")}, 60),
    "sorted": ({"sortby": (("seats", True),)}, 100),
    "sorted, in a box": ({"sortby": (("seats", True),), "bbox": (105.76, 10.02, 105.7688, 10.03)}, 10),
    "by a condition, sorted": ({"filter": Filter.of("seats > 5"), "sortby": (("wood", False),)}, 40),
    "nothing": ({"filter": Filter.of("seats > 90")}, 0),
}


@pytest.mark.parametrize(("choice", "expected"), CHOICES.values(), ids=CHOICES)
def test_what_was_chosen_once_is_paged_like_the_first_time(workspace, registry, choice, expected, monkeypatch):
    publish(workspace, registry, 60)
    publish(workspace, registry, 40, seats=6, wood=True)

    def pages():
        with closing(workspace.publication("public")) as opened:
            asked = [{"limit": 7, "offset": offset} for offset in (0, 7, 28, 90)] + [{"limit": 200}]
            return [opened.items("benches", **one, **choice) for one in asked for _ in range(2)]

    found = pages()
    assert found[::2] == found[1::2]
    monkeypatch.setattr(selection, "MOST", 0)
    monkeypatch.setattr("sdi.publishing.publication.glance", lambda *_: None)
    assert pages() == found
    every = len(found[-1].features)
    assert every == expected
    assert {one.number_matched for one in found} == {every}
    assert [len(one.features) for one in found[::2]] == [max(0, min(7, every - at)) for at in (0, 7, 28, 90)] + [every]


def test_what_was_chosen_is_chosen_anew_from_a_new_state(publication, workspace, registry):
    asked = {"limit": 10, "filter": Filter.of("seats = 4"), "sortby": (("seats", True),)}
    assert [publication.items("benches", **asked).number_matched for _ in range(2)] == [100, 100]
    publish(workspace, registry, 3)
    assert [publication.items("benches", **asked).number_matched for _ in range(2)] == [103, 103]


def test_only_so_many_are_kept(publication, monkeypatch):
    monkeypatch.setattr(selection, "KEPT", 250)
    collection = publication.collection("benches")
    known = selection.Known()
    for number in range(5):
        known.keep_numbers(collection, selection.Choice("1 = 1", (number,)), np.arange(100))
    kept = [known.numbers(collection, selection.Choice("1 = 1", (number,))) is not None for number in range(5)]
    assert kept == [False, False, False, True, True]


def test_a_page_of_one_state_alone_is_refused_in_another(publication, workspace, registry):
    before = publication.state()
    eid = orjson.loads(publication.items("benches", limit=1).features[0])["id"]
    asked = [{}, {"datetime": "2024-01-01"}, {"filter": Filter.of("seats = 4")}, {"bbox": BOX}]
    for one in asked:
        same = publication.items("benches", limit=3, **one)
        assert publication.items("benches", limit=3, only=before, **one) == same
    assert publication.item("benches", eid, only=before) == publication.item("benches", eid)
    publish(workspace, registry, 1)
    for one in asked:
        with pytest.raises(Outdated):
            publication.items("benches", limit=3, only=before, **one)
    with pytest.raises(Outdated):
        publication.item("benches", eid, only=before)


def add(registry, *seats):
    """Record benches, each by a transaction of its own; return them."""
    found = []
    for number in seats:
        with registry.transaction("test", "add") as tx:
            place = np.array([shapely.box(EAST, NORTH, EAST + 15, NORTH + 15)])
            batch = Batch({"seats": [number]}, place, valid_from="2020-01-01", accuracy=Accuracy(5, method="photo"))
            found += registry.register("bench").add(batch, tx)
    return found


def test_what_was_chosen_before_a_withdrawal_is_chosen_anew(workspace, registry):
    """The numbers of transactions and features are given anew then, and may be as high as before."""
    first = add(registry, 1, 2, 3)[0]
    projector.refresh(workspace, registry)
    with closing(workspace.publication("public")) as publication:
        asked = {"limit": 9, "filter": Filter.of("seats = 1")}
        assert [publication.items("benches", **asked).number_matched for _ in range(2)] == [1, 1]
        before = publication.collection("benches")
        with registry.transaction("test", "withdraw") as tx:
            registry.register("bench").restrict(first, tx)
        add(registry, 4)
        projector.refresh(workspace, registry)
        assert [publication.items("benches", **asked).number_matched for _ in range(2)] == [0, 0]
        after = publication.collection("benches")
        assert (before.version, before.count) == (after.version, after.count)


def test_a_page_after_a_withdrawal_has_its_count(workspace, registry):
    publish(workspace, registry, 3)
    with closing(workspace.publication("public")) as publication:
        eid = orjson.loads(publication.items("benches", limit=9).features[0])["id"]
        with registry.transaction("test", "withdraw") as tx:
            registry.register("bench").restrict(eid, tx)
        projector.refresh(workspace, registry)
        found = publication.items("benches", limit=9)
        assert (len(found.features), found.number_matched) == (2, 2)


def test_of_very_many_none_are_kept_and_each_is_looked_for_once(publication, monkeypatch):
    monkeypatch.setattr(selection, "MOST", 50)
    monkeypatch.setattr("sdi.publishing.publication.glance", lambda *_: None)
    asked = []
    monkeypatch.setattr(PublicationStore, "numbers", lambda *_: asked.append(_) or np.empty(0, dtype=np.int64))
    assert publication.items("benches", limit=9, sortby=(("seats", True),)).number_matched == 100
    assert publication.items("benches", limit=9, filter=Filter.of("seats = 4")).number_matched == 100
    assert asked == []
