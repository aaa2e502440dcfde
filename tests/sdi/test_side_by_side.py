"""Publications are brought up side by side: what they have in common is shared, and nothing else is."""

from contextlib import closing

import pytest
import shapely

from sdi.errors import IntegrityError
from sdi.publishing import layer, projector, renewal
from sdi.publishing.shared import Shared
from sdi.publishing.story import Stories
from sdi.publishing.timeline import pieces
from sdi.store.geopackage import GeoPackage
from tests.sdi.conftest import alone
from tests.sdi.test_register import SURVEY, THERE, add, write

GENERALISED = "publish: {collection: benches, generalise_m: 50, fields: [seats, wood, set_up], "
LEVELS = projector.LEVELS


@pytest.fixture
def workspace(tmp_path, store):
    """Return a workspace of one register, whose restricted things the public sees roughly."""
    made = alone(tmp_path, store)
    declared = made.folder / "catalogs" / "registers" / "bench.yaml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(text.replace("publish: {collection: benches, fields: [seats, wood, set_up], ", GENERALISED))
    return made


@pytest.fixture
def eventful(registry):
    """Return benches of which some changed, moved, ended, were corrected or withdrawn, and some never did."""
    eids = add(registry, 12, names={"vi": [f"Ghế {number}" for number in range(12)]})
    eids += add(registry, 3, identifiers={"bench-tag": ["B1", None, "B3"]}, access="restricted")
    write(registry, "change", eids[1], {"seats": 6}, valid_from="2025-07-01")
    write(registry, "change", eids[1], {"seats": 7}, valid_from="2023-07-01")
    write(registry, "correct", eids[2], geometry=THERE, accuracy=SURVEY)
    write(registry, "move", eids[3], shapely.Point(584_500, 1_109_500), valid_from="2024-01-01", accuracy=SURVEY)
    write(registry, "retire", eids[4], valid_from="2025-01-01")
    write(registry, "change", eids[5], {}, valid_from="2025-01-01", names={"vi": "Ghế đổi tên"})
    write(registry, "change", eids[6], {"inspector": "Bình"}, valid_from="2025-01-01")
    with registry.transaction("test", "restrict") as tx:
        registry.register("bench").restrict(eids[7], tx)
    return eids


def stories(registry, level, shared=None):
    """Return what tells the stories of the benches to an audience."""
    width = 50 if level == "public" else None
    return Stories(registry.catalog.registers["bench"], level, registry, width, shared or Shared())


def in_order(known):
    """Return pieces in an order of their own."""
    return sorted((*piece[:4], sorted(piece.facts.items(), key=repr)) for piece in known)


@pytest.mark.both_stores
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_read_as_it_is_comes_out_as_if_it_were_taken_apart_and_joined(registry, eventful, level, monkeypatch):
    rows = [row for (row,) in registry.store.select("SELECT \"row\" FROM entity WHERE kind = 'bench' ORDER BY 1")]
    told = stories(registry, level).of(rows)
    taken_apart = []
    monkeypatch.setattr("sdi.publishing.story.pieces", lambda facts: taken_apart.append(facts) or pieces(facts))
    monkeypatch.setattr("sdi.publishing.story.FOREVER", "never")  # nothing looks as if it held for good
    joined = stories(registry, level).of(rows)
    assert len(taken_apart) == len(rows) == len(eventful)
    assert {row: (eid, in_order(story)) for row, (eid, story) in told.items()} == {
        row: (eid, in_order(story)) for row, (eid, story) in joined.items()
    }
    assert sum(len(story) > 1 for _, story in told.values()) >= 4


@pytest.mark.both_stores
@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_publications_of_any_parts_are_those_built_alone(workspace, registry, eventful, chunk, monkeypatch):
    monkeypatch.setattr(renewal, "CHUNK", chunk)
    projector.refresh(workspace, registry)
    stepwise = projector.verified(workspace, registry)
    monkeypatch.setattr(renewal, "CHUNK", 5_000)
    assert projector.verified(workspace, registry) == stepwise
    with closing(workspace.publication("public")) as public, closing(workspace.publication("restricted")) as restricted:
        assert public.collection("benches").count == restricted.collection("benches").count == len(eventful) - 1
    assert len(set(stepwise.values())) == len(LEVELS)


def test_what_both_have_in_common_is_worked_out_once_and_what_they_have_not_for_each(workspace, registry, monkeypatch):
    add(registry, 4)
    drawn, read = [], []
    rounded, own = layer.rounded, Stories._own
    monkeypatch.setattr(layer, "rounded", lambda places: drawn.append(len(places)) or rounded(places))
    monkeypatch.setattr(Stories, "_own", lambda self, rows: read.append(self._level) or own(self, rows))
    projector.refresh(workspace, registry)
    assert drawn == [4]
    assert read == ["restricted", "public"], "what the public reads is written first, and locked last"
    add(registry, 1, access="restricted")
    drawn.clear()
    projector.refresh(workspace, registry)
    assert drawn == [1, 1], "the public sees another place"


def withdrawn(workspace, registry):
    """Publish three benches and withdraw one, which is not published yet."""
    eids = add(registry, 3)
    projector.refresh(workspace, registry)
    with registry.transaction("test", "restrict") as tx:
        registry.register("bench").restrict(eids[1], tx, level="secret")
    return eids[1]


def knows(workspace, eid, level="public"):
    """Tell whether a publication knows a thing."""
    with closing(workspace.home(level).open()) as package:
        return package.thing(eid) is not None


@pytest.mark.both_stores
def test_what_was_withdrawn_goes_also_where_the_other_publication_cannot_be_brought_up(
    workspace, registry, monkeypatch
):
    eid = withdrawn(workspace, registry)
    assert knows(workspace, eid)
    project = layer.Layer.project

    def failing(self, package, *given):
        if self._level == "restricted":
            raise IntegrityError("no")
        project(self, package, *given)

    monkeypatch.setattr(layer.Layer, "project", failing)
    with pytest.raises(IntegrityError, match="no"):
        projector.refresh(workspace, registry)
    assert (knows(workspace, eid), knows(workspace, eid, "restricted")) == (False, True)
    monkeypatch.undo()
    projector.refresh(workspace, registry)
    assert not knows(workspace, eid, "restricted")
    projector.verified(workspace, registry)


def test_a_fault_of_the_two_together_is_not_hidden_by_bringing_up_each_alone(workspace, registry, monkeypatch):
    eid = withdrawn(workspace, registry)
    once = Shared.once

    def faulty(self, sort, decided_by, work_out):
        if sort in self._kept:
            raise TypeError("a fault")
        return once(self, sort, decided_by, work_out)

    monkeypatch.setattr(Shared, "once", faulty)
    with pytest.raises(TypeError, match="a fault"):
        projector.refresh(workspace, registry)
    assert not knows(workspace, eid)


def test_what_the_public_reads_is_written_first(workspace, registry, monkeypatch):
    eid = withdrawn(workspace, registry)
    seen, close = [], GeoPackage.close

    def closing_it(self):
        if not self._read_only:
            seen.append((self.name.partition(".")[0], knows(workspace, eid), knows(workspace, eid, "restricted")))
        close(self)

    monkeypatch.setattr(GeoPackage, "close", closing_it)
    projector.refresh(workspace, registry)
    assert seen == [("public", False, True), ("restricted", False, False)]


def test_the_transaction_that_all_have_reached_is_that_of_the_one_that_is_behind(workspace, registry, monkeypatch):
    add(registry)
    projector.refresh(workspace, registry)
    workspace.publication_path("restricted").unlink()
    keep = projector._kept

    def meanwhile(known, news):
        told = keep(known, news)
        if known.last_tx == told:
            add(known)
        return told

    monkeypatch.setattr(projector, "_kept", meanwhile)
    told = projector.refresh(workspace, registry)
    monkeypatch.undo()
    assert told == min(projector.reached(workspace, registry, level) for level in LEVELS) < registry.last_tx


def test_things_of_one_audience_alone_come_in_parts_as_well(monkeypatch):
    monkeypatch.setattr(renewal, "CHUNK", 2)
    assert list(renewal._together([[1, 2, 3], [4, 5, 6, 7, 8]])) == [
        [[1, 2], []], [[3], [4]], [[], [5, 6]], [[], [7, 8]],
    ]  # fmt: skip
    assert list(renewal._together([[], []])) == [[[], []]]


def test_what_was_read_of_a_part_is_not_read_again_for_the_one_that_has_a_history(workspace, registry, monkeypatch):
    eids = add(registry, 6, names={"vi": ["Ghế"] * 6})
    write(registry, "change", eids[2], {}, valid_from="2025-01-01", names={"vi": "Ghế mới"})
    asked, stream = [], registry.store.stream
    monkeypatch.setattr(registry.store, "stream", lambda sql, given=(): asked.append(sql) or stream(sql, given))
    projector.refresh(workspace, registry)
    assert sum("JOIN name n" in sql for sql in asked) == 1
    projector.verified(workspace, registry)


def test_what_was_worked_out_is_found_only_where_everything_is_the_same():
    shared, made = Shared(), []

    def work_out():
        made.append(object())
        return made[-1]

    first = shared.once("places", ([1, 2], "a"), work_out)
    assert shared.once("places", ([1, 2], "a"), work_out) is first
    assert shared.once("words", ([1, 2], "a"), work_out) is not first
    assert shared.once("places", ([1, 2], "b"), work_out) is not first
    shared.forget()
    assert shared.once("places", ([1, 2], "b"), work_out) is made[-1]
    assert len(made) == 4
