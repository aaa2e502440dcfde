"""What a feed tells: from what shows and from nothing else, the same however it came there."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from sdi.entry import Accuracy
from sdi.errors import NotFound
from sdi.history import FOREVER, OPEN
from sdi.lineage.step import Step
from sdi.publishing import projector
from sdi.publishing.change import WORDS, changes
from sdi.publishing.timeline import Piece
from tests.model import SURVEYED, add, point, retire, writing
from tests.sdi.test_register import HERE, SURVEY, THERE, write
from tests.sdi.test_register import add as bench

A, B, C = (f"2025-0{month}-01T00:00:00Z" for month in (1, 4, 7))


def piece(start, end, known, until, status="active", seats=4, **facts):
    return Piece(start, end, known, until, {"row": (status, seats), **facts})


def test_nothing_known_is_no_change():
    assert changes([]) == []


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ([(A, FOREVER, 4)], [(A, B, 4), (B, FOREVER, 6)], "changed"),
        ([(A, FOREVER, 4)], [(A, FOREVER, 6)], "corrected"),
        ([(A, B, 4), (B, FOREVER, 6)], [(A, B, 5), (B, FOREVER, 6)], "corrected"),
        ([(B, FOREVER, 4)], [(A, B, 3), (B, FOREVER, 4)], "changed"),
        ([(A, B, 4)], [(A, B, 4), (C, FOREVER, 4)], "changed"),
    ],
)
def test_a_change_keeps_how_every_stretch_began_and_a_correction_does_not(before, after, word):
    same = {*before} & {*after}
    story = [piece(*span[:2], 1, OPEN if span in same else 2, seats=span[2]) for span in before]
    story += [piece(*span[:2], 2, OPEN, seats=span[2]) for span in after if span not in same]
    assert changes(story) == [(1, "added"), (2, word)]


def test_a_thing_moved_where_nothing_but_its_place_is_another():
    old, near, far = (piece(A, FOREVER, 1, 2, geometry=b"old"), (A, B), (B, FOREVER))
    moved = [piece(*near, 2, OPEN, geometry=b"old"), piece(*far, 2, OPEN, geometry=b"new")]
    painted = [moved[0], piece(*far, 2, OPEN, seats=6, geometry=b"new")]
    assert [changes([old, *story])[-1][1] for story in (moved, painted)] == ["moved", "changed"]


def test_the_end_of_a_thing_is_told_as_its_end():
    story = [piece(A, FOREVER, 1, 2), piece(A, B, 2, OPEN), piece(B, FOREVER, 2, OPEN, status="retired")]
    assert changes(story) == [(1, "added"), (2, "retired")]


# in a publication --------------------------------------------------------------------------------------------------


def feed(workspace, level="public"):
    """Return the feed of a level: its name and its lines."""
    with closing(workspace.publication(level)) as opened:
        found = opened.changes(limit=10_000)
        return found.name, [(one.sequence, one.eid, one.change) for one in found.changes]


@pytest.mark.shows("shared-model")
def test_each_verb_is_one_line_with_its_own_word(workspace, registry):
    eid = bench(registry)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    write(registry, "correct", eid, values={"seats": 5}, valid_at="2022-01-01")
    write(registry, "correct", eid, geometry=THERE, accuracy=SURVEY)
    write(registry, "move", eid, HERE, valid_from="2025-08-01", accuracy=SURVEY)
    write(registry, "retire", eid, valid_from="2026-01-01")
    projector.refresh(workspace, registry)
    words = ("added", "changed", "corrected", "corrected", "moved", "retired")
    assert feed(workspace)[1] == [(number, eid, word) for number, word in enumerate(words, 1)]


@pytest.mark.shows("shared-model")
def test_the_numbers_of_the_public_feed_have_no_gap_where_something_restricted_was_written(workspace, registry, figure):
    eid = bench(registry)[0]
    for number in range(3):
        write(registry, "change", eid, {"inspector": f"An {number}"}, valid_from=f"2025-0{number + 1}-01")
    write(registry, "change", eid, {"seats": 6, "inspector": "Bình"}, valid_from="2025-07-01")
    projector.refresh(workspace, registry)
    assert feed(workspace)[1] == [(1, eid, "added"), (2, eid, "changed")]
    assert [line[0] for line in feed(workspace, "restricted")[1]] == [1, 2, 3, 4, 5]
    gaps = feed(workspace)[1][-1][0] - len({line[0] for line in feed(workspace)[1]})
    figure("gaps in the public numbers after three restricted writes", gaps, bound="0")


def test_a_place_that_two_things_share_moves_both(city, book):
    with writing(book) as tx:
        (post,) = add(book, "post", tx, places=[point()])
        at = book.register("post").find(post).location
        (lamp,) = add(book, "lamp", tx, values={"watts": [60]}, locations=[at])
    with writing(book) as tx:
        book.register("post").move(post, point(3), tx, valid_from="2025-07-01", accuracy=SURVEYED)
    projector.refresh(city, book)
    assert feed(city)[1] == [(1, post, "added"), (1, lamp, "added"), (2, post, "moved"), (2, lamp, "moved")]


def test_a_lineage_that_is_written_later_is_told_of_both_ends_once_they_show(city, book):
    with writing(book, "wards and a camera") as tx:
        old, new = add(book, "ward", tx, count=1), add(book, "ward", tx, count=1, since="2025-07-01")
        camera = add(book, "camera", tx, values={"purpose": ["none of your business"]})
    with writing(book, "the reform") as tx:
        retire(book, old, tx, "2025-07-01", "merged_away")
        book.lineage.record([Step(old[0], new[0], "replace", "2025-07-01", "gazette")], tx)
    projector.refresh(city, book)
    with writing(book, "the press says so too") as tx:
        book.lineage.record([Step(old[0], new[0], "replace", "2025-07-01", "press")], tx)
    projector.refresh(city, book)
    projector.verified(city, book)
    lines = feed(city)[1]
    assert lines[2:] == [(2, old[0], "retired"), (2, new[0], "lineage"), (3, old[0], "lineage"), (3, new[0], "lineage")]
    assert camera[0] not in {line[1] for line in lines}


def test_a_field_that_becomes_public_begins_the_feed_anew(workspace, registry):
    eid = bench(registry)[0]
    write(registry, "change", eid, {"inspector": "Bình"}, valid_from="2025-05-01")
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    projector.refresh(workspace, registry)
    before = feed(workspace)
    assert [line[0] for line in before[1]] == [1, 2]
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    text = path.read_text().replace("fields: [seats,", "fields: [inspector, seats,").replace(" access: restricted,", "")
    path.write_text(text.replace("version: 1.0.0", "version: 1.0.1"))
    with closing(workspace.registry()) as again:
        projector.refresh(workspace, again)
        projector.verified(workspace, again)
    after = feed(workspace)
    assert [line[0] for line in after[1]] == [1, 2, 3]
    assert after[0] != before[0]


def test_another_title_or_a_new_scheme_goes_on_with_the_same_feed(workspace, registry):
    bench(registry)
    projector.refresh(workspace, registry)
    name, lines = feed(workspace)
    bench(registry, identifiers={"bench-tag": ["B1"]})  # the first code makes a column, and the collection anew
    projector.refresh(workspace, registry)
    assert feed(workspace)[0] == name
    assert feed(workspace)[1][: len(lines)] == lines


def test_a_collection_that_is_no_longer_published_is_gone_from_the_feed(workspace, registry):
    bench(registry)
    projector.refresh(workspace, registry)
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "publish:" not in line))
    with closing(workspace.registry()) as again:
        projector.refresh(workspace, again)
        projector.verified(workspace, again)
    assert feed(workspace)[1] == []


def test_a_version_is_not_found_in_another_collection(workspace, registry):
    eid = bench(registry)[0]
    projector.refresh(workspace, registry)
    with closing(workspace.publication("public")) as public:
        assert [one.number for one in public.versions("bench", eid)] == [1]
        with pytest.raises(NotFound):
            public.versions("tree", eid)


def test_a_feed_that_grew_write_by_write_is_the_one_that_is_built_at_once(workspace, registry):
    dice, living = random.Random(92), bench(registry, 2)
    for number in range(25):
        do(registry, living, dice.choice(VERBS), dice.choice(DAYS), number)
        projector.refresh(workspace, registry)
        known = feed(workspace)[1]
        assert {word for _, _, word in known} <= {*WORDS}
        assert [line[0] for line in known] == sorted(line[0] for line in known)
    projector.verified(workspace, registry)
    grown = [feed(workspace, level)[1] for level in projector.LEVELS]
    projector.refresh(workspace, registry, rebuild=True)
    assert [feed(workspace, level)[1] for level in projector.LEVELS] == grown
    assert len(grown[0]) < len(grown[1])


DAYS = ("2021-01-01", "2022-01-01", "2023-01-01")
VERBS = ("add", "seats", "inspector", "both", "correct", "move", "retire")


def do(registry, living, verb, day, number):
    """Write about the first of the living."""
    if verb == "add" or len(living) == 1:
        living += bench(registry)
    elif verb == "move":
        place = (HERE, THERE)[number % 2]
        write(registry, "move", living[0], place, valid_from=day, accuracy=Accuracy(1, method="photo"))
    elif verb == "correct":
        write(registry, "correct", living[0], values={"seats": 1 + number % 9}, valid_at=day)
    elif verb == "retire":
        write(registry, "retire", living.pop(0), valid_from=day)
    else:
        said = {"seats": {"seats": 1 + number % 9}, "inspector": {"inspector": f"An {number}"}}
        write(registry, "change", living[0], said.get(verb, said["seats"] | said["inspector"]), valid_from=day)
