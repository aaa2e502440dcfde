"""Inspections and events: lists that only grow, and places that stay what they were when something was reported."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest
import shapely

from sdi import custody, event, happening, naming
from sdi.access import level
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from tests.sdi.conftest import small

SURVEYED, PHONE = Accuracy(0.05, method="survey_gnss_rtk"), Accuracy(5, method="phone")
BURST = {"process": "immediate", "event_kind": "cành gãy", "severity": "high", "state": "reported"}


def place(metres):
    return shapely.Point(586_000 + metres, 1_109_000)


@pytest.fixture
def tree(registry):
    with registry.transaction("test", "planted") as tx:
        batch = Batch({"species": ["tilia_sp"]}, np.array([place(0)]), valid_from="2020-01-01", accuracy=PHONE)
        return registry.register("tree").add(batch, tx)[0]


def note(registry, tree, day, **values):
    with registry.transaction("test", "inspected") as tx:
        return happening.note(registry, tree, "inspection", values, tx, day=day)


def refuse_unseen(registry, tree, seen):
    """Expect that a note is refused whose writer did not know of the last one."""
    overtaken = pytest.raises(ConflictError, match="has noted it in transaction")
    with overtaken, registry.transaction("test", "seen before", seen=seen) as tx:
        happening.note(registry, tree, "inspection", {"condition": "good"}, tx, day="2025-06-01")


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_inspections_are_a_list_that_only_grows_and_know_where_the_tree_stood(registry, tree):
    first = note(registry, tree, "2024-05-01", inspector="An", condition="fair", defects="sâu ở gốc")
    known = registry.last_tx
    with registry.transaction("test", "transplanted") as tx:
        registry.register("tree").move(tree, place(50), tx, valid_from="2025-01-01", accuracy=SURVEYED)
    note(registry, tree, "2025-05-01", condition="good")
    note(registry, tree, "2024-09-01", condition="poor")
    listed = happening.happenings(registry, tree, "inspection")
    assert [(one.day[:10], one.values) for one in listed] == [
        ("2024-05-01", {"inspector": "An", "condition": "fair", "defects": "sâu ở gốc"}),
        ("2024-09-01", {"condition": "poor"}),
        ("2025-05-01", {"condition": "good"}),
    ]
    assert listed[1].version != listed[2].version
    refuse_unseen(registry, tree, known - 1)
    with registry.transaction("test", "another tree") as tx:
        happening.withdraw(registry, first, tx)
    refuse_unseen(registry, tree, registry.last_tx - 1)
    assert len(happening.happenings(registry, tree)) == 2
    assert [one.number for one in happening.happenings(registry, tree, recorded=known)] == [first]
    with pytest.raises(NotInRegister, match=f"no note {first}"), registry.transaction("test", "again") as tx:
        happening.withdraw(registry, first, tx)
    assert registry.verify() == registry.last_tx


@pytest.mark.parametrize(
    ("history", "values", "day", "said"),
    [
        ("inspection", {"colour": "red"}, "2024-05-01", "has no field 'colour'; it has inspector, condition, defects"),
        ("inspection", {"condition": "lovely"}, "2024-05-01", "not in the code list"),
        ("inspection", {}, "2019-12-31", "was there from 2020-01-01 to 9999-12-31, not on 2019-12-31"),
        ("pruning", {}, "2024-05-01", "keeps no 'pruning'; it keeps inspection"),
    ],
)
def test_a_note_that_does_not_fit_the_register_file_is_refused(registry, tree, history, values, day, said):
    with pytest.raises(InputError, match=said), registry.transaction("test", "inspected") as tx:
        happening.note(registry, tree, history, values, tx, day=day)
    assert happening.happenings(registry, tree) == ()


def test_a_calibration_keeps_truth_and_number(registry):
    with registry.transaction("test", "calibrated") as tx:
        (sensor,) = registry.register("sensor").add(Batch({"model": ["VEGAPULS"]}, valid_from="2020-01-01"), tx)
        happening.note(registry, sensor, "calibration", {"passed": True, "deviation": 0.5}, tx, day="2024-01-01")
        with pytest.raises(InputError, match="passed"):
            happening.note(registry, sensor, "calibration", {"deviation": 0.5}, tx, day="2024-01-02")
    (one,) = happening.happenings(registry, sensor)
    assert one.values == {"passed": True, "deviation": 0.5}
    assert one.version is None


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_an_event_keeps_the_version_of_the_place_on_which_it_was_reported(registry, tree):
    with registry.transaction("test", "a branch broke") as tx:
        broken = event.report(registry, BURST, tx, at="2024-09-07T15:00:00Z", things=[tree])
    with registry.transaction("test", "better survey") as tx:
        registry.register("tree").correct(tree, tx, geometry=place(0.4), accuracy=SURVEYED)
    with registry.transaction("test", "transplanted") as tx:
        registry.register("tree").move(tree, place(50), tx, valid_from="2025-01-01", accuracy=SURVEYED)
        later = event.report(registry, BURST, tx, at="2025-02-01", things=[tree])
    events, told = registry.register("event"), event.reported(registry, broken)
    assert [events.find(one).geometry.x - place(0).x for one in (broken, later)] == [0, 50]
    assert (told.thing, told.geometry) == (tree, place(0))
    assert told.location == registry.register("tree").find(tree).location
    assert event.reported(registry, later).version > told.version
    assert event.at_thing(registry, tree) == (broken, later)
    with registry.transaction("test", "cleared") as tx:
        events.change(broken, {"state": "resolved"}, tx, valid_from="2024-09-08")
    assert events.find(broken, valid="2024-09-07T16:00:00Z").values["state"] == "reported"
    assert events.find(broken).values["state"] == "resolved"
    assert registry.verify() == registry.last_tx


def test_an_event_at_a_restricted_thing_is_no_more_public_than_that(workspace, registry, tree):
    with registry.transaction("test", "a rare tree") as tx:
        registry.register("tree").restrict(tree, tx)
        seen = event.report(registry, BURST, tx, at="2024-01-01", geometry=place(7))
        hidden = event.report(registry, BURST, tx, at="2024-01-01", things=[tree])
    projector.refresh(workspace, registry)
    shown = {}
    for audience in ("public", "restricted"):
        with closing(workspace.publication(audience)) as publication:
            shown[audience] = {json.loads(one)["id"] for one in publication.items("events", limit=9).features}
    assert shown == {"public": {seen}, "restricted": {seen, hidden}}


@pytest.mark.both_stores
def test_an_event_goes_with_the_thing_that_is_withdrawn_afterwards(registry, tree):
    with registry.transaction("test", "two branches broke") as tx:
        batch = Batch({"species": ["tilia_sp"]}, np.array([place(9)]), valid_from="2020-01-01", accuracy=PHONE)
        (other,) = registry.register("tree").add(batch, tx)
        hidden = event.report(registry, BURST, tx, at="2024-01-01", things=[other, tree])
        few = event.report(registry, BURST, tx, at="2024-01-02", things=[tree])
        seen = event.report(registry, BURST, tx, at="2024-01-03", things=[other])
    with registry.transaction("test", "known to the police") as tx:
        registry.register("event").restrict(few, tx)
    with registry.transaction("test", "a rare tree") as tx:
        registry.register("tree").restrict(tree, tx)
    assert [level.level_of(registry, one) for one in (hidden, few, seen)] == ["restricted", "restricted", "public"]
    told = registry.store.select("SELECT eid, kind, change FROM outbox WHERE tx_from = ?", (registry.last_tx,))
    assert told == [(tree, "tree", "restricted"), (hidden, "event", "restricted")]
    with registry.transaction("test", "a secret tree") as tx:
        registry.register("tree").restrict(tree, tx, level="secret")
    assert [level.level_of(registry, one) for one in (hidden, few, seen)] == ["secret", "secret", "public"]
    assert registry.verify() == registry.last_tx


def test_a_withdrawn_thing_leaves_no_event_in_the_public_publication(workspace, registry, tree):
    with registry.transaction("test", "a branch broke") as tx:
        broken = event.report(registry, BURST, tx, at="2024-01-01", things=[tree])
    projector.refresh(workspace, registry)
    with registry.transaction("test", "a rare tree") as tx:
        registry.register("tree").restrict(tree, tx)
    projector.refresh(workspace, registry)
    shown = {}
    for audience in ("public", "restricted"):
        with closing(workspace.publication(audience)) as publication:
            shown[audience] = [json.loads(one)["id"] for one in publication.items("events", limit=9).features]
    assert shown == {"public": [], "restricted": [broken]}


def test_an_event_may_be_at_a_place_without_a_thing(registry):
    with registry.transaction("test", "a hole in the road") as tx:
        hole = event.report(registry, BURST, tx, at="2024-01-01", geometry=place(7), accuracy=PHONE)
    told = event.reported(registry, hole)
    assert (told.thing, told.geometry, told.location) == (
        None,
        place(7),
        registry.register("event").find(hole).location,
    )


def test_an_event_without_a_place_or_of_no_process_is_refused(registry, tree):
    with pytest.raises(InputError, match="an event needs a place"), registry.transaction("test", "nowhere") as tx:
        event.report(registry, BURST, tx, at="2024-01-01")
    with pytest.raises(InputError, match="an event needs a place"), registry.transaction("test", "too early") as tx:
        event.report(registry, BURST, tx, at="2019-01-01", things=[tree])
    with pytest.raises(InputError, match="not in the code list"), registry.transaction("test", "how") as tx:
        event.report(registry, BURST | {"process": "slow"}, tx, at="2024-01-01", geometry=place(7))
    with pytest.raises(NotInRegister, match="is no event"):
        event.reported(registry, tree)


@pytest.mark.shows("shared-model")
def test_names_custody_notes_and_events_hash_alike_on_both_stores(tmp_path, database, figure):
    hashes = []
    for kept in (None, database):
        folder = tmp_path / ("embedded" if kept is None else "postgis")
        folder.mkdir()
        registry = small(folder, kept).registry(clock=Clock.fixed(), ids=Ids.seeded(92))
        with registry.transaction("test", "all of it") as tx:
            names = {"vi": ["Sở Xây dựng"], "vi.short": ["SXD"]}
            organisation = registry.register("organisation").add(Batch(names=names, valid_from="2020-01-01"), tx)[0]
            batch = Batch({"species": ["tilia_sp"]}, np.array([place(0)]), valid_from="2020-01-01", accuracy=PHONE)
            (tree,) = registry.register("tree").add(batch, tx)
        with registry.transaction("test", "and more") as tx:
            naming.end(registry, organisation, "SXD", tx, valid_from="2025-01-01")
            custody.entrust(registry, [tree], organisation, tx, fields=["species"], valid_from="2024-01-01")
            happening.note(registry, tree, "inspection", {"condition": "fair"}, tx, day="2024-05-01")
            event.report(registry, BURST, tx, at="2024-09-07", things=[tree])
        assert registry.verify() == registry.last_tx
        hashes.append(registry.root_hash)
        registry.close()
    figure("root hashes of the two stores that differ", len(set(hashes)) - 1, bound="0")
    assert hashes[0] == hashes[1]


def test_a_note_shows_nothing_to_the_public_and_leaves_no_gap_in_its_numbers(workspace, registry, tree):
    projector.refresh(workspace, registry)
    before = workspace.publication_path("public").read_bytes()
    note(registry, tree, "2024-05-01", condition="fair")
    projector.refresh(workspace, registry)
    assert workspace.publication_path("public").read_bytes() == before
    with registry.transaction("test", "transplanted") as tx:
        registry.register("tree").move(tree, place(50), tx, valid_from="2025-01-01", accuracy=SURVEYED)
    projector.refresh(workspace, registry)
    projector.verified(workspace, registry)
    with closing(workspace.publication("public")) as public:
        assert [(one.sequence, one.eid) for one in public.changes(limit=9).changes] == [(1, tree), (2, tree)]
