"""Acceptance case 4: a manhole that moved.

Same id, two location versions, pipes still connected, as-of query returns the old point.
"""

from __future__ import annotations

from contextlib import closing

import orjson
import pytest
import shapely

from sdi.entry import Accuracy
from sdi.history import OPEN
from sdi.publishing import projector
from tests.model import add, point, writing

pytestmark = pytest.mark.both_stores
REBUILT = "2025-07-01"
AS_BUILT = Accuracy(0.05, method="as_built")


@pytest.fixture
def manhole(book):
    """Return a manhole with two pipes that was rebuilt two metres away, and the pipes."""
    with writing(book, "sewer") as tx:
        manhole, other = add(
            book, "manhole", tx, places=[point(), point(50)], identifiers={"manhole-tag": ["M1", "M2"]}
        )
        line = shapely.LineString([point(), point(50)])
        pipes = add(book, "pipe", tx, places=[line, line], values={"diameter": [400, 600]})
        for pipe in pipes:
            book.register("pipe").relate(pipe, "feeds", [manhole, other], tx, valid_from="2020-01-01")
    with writing(book, "rebuilt two metres away") as tx:
        book.register("manhole").move(manhole, point(2), tx, valid_from=REBUILT, accuracy=AS_BUILT)
    return manhole, pipes


@pytest.mark.shows("shared-model")
def test_a_moved_manhole_keeps_its_id_its_code_and_its_pipes(book, manhole):
    eid, pipes = manhole
    register = book.register("manhole")
    assert register.find_by("manhole-tag", "M1").eid == eid
    assert register.find(eid).geometry == point(2)
    tied = book.store.select(f"SELECT eid FROM relation WHERE other = ? AND tx_to = {OPEN} ORDER BY eid", (eid,))
    assert [row[0] for row in tied] == sorted(pipes)


@pytest.mark.shows("shared-model")
def test_as_of_the_day_before_it_stood_where_it_was(book, manhole, figure):
    eid, _ = manhole
    register = book.register("manhole")
    before, after = (register.find(eid, valid=day) for day in ("2025-06-30", REBUILT))
    assert (before.geometry, after.geometry) == (point(), point(2))
    assert before.location == after.location
    assert (before.accuracy.method, after.accuracy.method) == ("survey_gnss_rtk", "as_built")
    known = book.store.select(
        f"SELECT valid_from, valid_to FROM location_version WHERE lid = ? AND tx_to = {OPEN} ORDER BY valid_from",
        (before.location,),
    )
    assert [(start[:10], end[:10]) for start, end in known] == [("2020-01-01", REBUILT), (REBUILT, "9999-12-31")]
    figure("distance between the two versions", before.geometry.distance(after.geometry), unit="m", bound="2")


def test_before_the_move_was_recorded_nobody_knew_of_it(book, manhole):
    eid, _ = manhole
    register = book.register("manhole")
    assert register.find(eid, valid="2025-07-02", recorded=book.last_tx - 1).geometry == point()
    assert register.find(eid, valid="2025-07-02", recorded=book.last_tx).geometry == point(2)


def test_the_publication_says_the_same_of_both_times(city, book, manhole):
    eid, _ = manhole
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:
        moves = [one for one in public.changes(limit=100).changes if one.eid == eid]
        assert [one.change for one in moves] == ["added", "moved"]
        told = {
            (day, known): orjson.loads(public.item("manholes", eid, datetime=day, recorded=known))["geometry"][
                "coordinates"
            ]
            for day in ("2025-06-30", "2025-07-02")
            for known in (moves[0].recorded_at[:19] + "Z", None)
        }
    old, new = told["2025-06-30", None], told["2025-07-02", None]
    assert old != new
    assert [place for (_, known), place in told.items() if known] == [old, old]
