"""Publications are brought up side by side: what they have in common is shared, and nothing else is."""

from contextlib import closing

import pytest
import shapely

from sdi.errors import IntegrityError
from sdi.publishing import layer, projector
from sdi.publishing.shared import Shared
from sdi.publishing.story import Stories
from sdi.publishing.timeline import pieces
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
    monkeypatch.setattr(projector, "CHUNK", chunk)
    projector.refresh(workspace, registry)
    stepwise = projector.verified(workspace, registry)
    monkeypatch.setattr(projector, "CHUNK", 5_000)
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
    assert read == [*LEVELS]
    add(registry, 1, access="restricted")
    drawn.clear()
    projector.refresh(workspace, registry)
    assert drawn == [1, 1], "the public sees another place"


def test_one_that_cannot_be_brought_up_leaves_the_other_as_it_was(workspace, registry, monkeypatch):
    add(registry)
    projector.refresh(workspace, registry)
    before = projector.verified(workspace, registry)
    add(registry)
    project = layer.Layer.project

    def failing(self, package, *given):
        if self._level == "restricted":
            raise IntegrityError("no")
        project(self, package, *given)

    monkeypatch.setattr(layer.Layer, "project", failing)
    with pytest.raises(IntegrityError, match="no"):
        projector.refresh(workspace, registry)
    monkeypatch.undo()
    with closing(workspace.home("public").open()) as public:
        assert projector.content_hash(public) == before["public"]
    projector.refresh(workspace, registry)
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
