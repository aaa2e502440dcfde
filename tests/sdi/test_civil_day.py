"""A bare date is the day of the city, and a time is an instant of it: facts, records, backups and what is published."""

from __future__ import annotations

from contextlib import closing

import orjson
import pytest

from sdi.errors import InputError, NotFound, NotInRegister
from sdi.history import Clock, Moment
from sdi.lineage import succession
from sdi.lineage.life import life
from sdi.place import containment
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.safety import backup, restoration
from sdi.workspace import Workspace
from tests import model
from tests.backing import silent
from tests.model import SURVEYED, add, point, retire, writing

DAWN = "2025-07-01T02:00:00+07:00"
"""In the first hours of a day that is still the day before in UTC."""


@pytest.fixture
def city(tmp_path, store) -> Workspace:
    """Return an empty city seven hours ahead of UTC."""
    return model.build(tmp_path, store, zone="Asia/Ho_Chi_Minh")


@pytest.fixture
def valve(book):
    """Return a valve of 1 July 2025, of another maker and at another place from two in the morning on."""
    with writing(book, "new") as tx:
        (eid,) = add(book, "valve", tx, places=[point()], since="2025-07-01", values={"maker": ["first"]})
    with writing(book, "replaced at night") as tx:
        register = book.register("valve")
        register.change(eid, {"maker": "second"}, tx, valid_from=DAWN)
        register.move(eid, point(100), tx, valid_from="2025-06-30T19:00:00Z", accuracy=SURVEYED)
    return eid


def maker(book, eid, at):
    """Return who made the valve that stood there at a moment; None where there was none."""
    try:
        return book.register("valve").find(eid, valid=at).values["maker"]
    except NotInRegister:
        return None


MOMENTS = [
    ("2025-06-30", None), ("2025-06-30T16:59:59Z", None), ("2025-06-30T23:59:59+07:00", None),
    ("2025-07-01", "first"), ("2025-06-30T17:00:00Z", "first"), ("2025-07-01T00:30:00+07:00", "first"),
    ("2025-06-30T18:59:59Z", "first"), ("2025-06-30T19:00:00Z", "second"), (DAWN, "second"),
    ("2025-06-30T23:59:59Z", "second"), ("2025-07-01T00:00:00Z", "second"), ("2025-07-02", "second"),
]  # fmt: skip
"""When is asked, and the maker then."""


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_days_and_instants_are_compared_by_the_clock_of_the_city(book, valve, figure):
    found = [maker(book, valve, at) for at, _ in MOMENTS]
    wrong = sum(one != expected for one, (_, expected) in zip(found, MOMENTS, strict=True))
    figure("moments around midnight at which the wrong fact holds", wrong, bound="0")
    assert found == [expected for _, expected in MOMENTS]
    there = [bool(book.register("valve").list(valid=at)) for at, _ in MOMENTS]
    assert there == [expected is not None for _, expected in MOMENTS]
    assert book.register("valve").find(valve, valid="2025-07-01").geometry == point()
    assert book.register("valve").find(valve, valid=DAWN).geometry == point(100)


@pytest.mark.both_stores
def test_what_is_kept_tells_day_and_instant_apart(book, valve):
    rows = book.store.select(
        "SELECT valid_from, valid_to FROM register_valve WHERE eid = ? ORDER BY valid_from", (valve,)
    )
    assert ("2025-07-01T00:00:00Z", DAWN) in rows
    for at, expected in (("2025-07-01", "first"), (DAWN, "second")):
        told = book.register("valve").find(valve, valid=at).valid
        assert maker(book, valve, told.start) == expected  # also where that is a day
    assert book.verify() == book.last_tx


@pytest.mark.both_stores
def test_a_thing_may_end_in_the_night_in_which_it_began(book):
    with writing(book, "a post for a day") as tx:
        (post,) = add(book, "post", tx, places=[point()], since="2025-07-01", identifiers={"light-tag": ["L1"]})
        retire(book, [post], tx, DAWN)
        (next_one,) = add(book, "post", tx, places=[point()], since=DAWN, identifiers={"light-tag": ["L1"]})
    carried = [
        book.register("post").find_by("light-tag", "L1", valid=at).eid for at in ("2025-07-01", DAWN, "2025-07-02")
    ]
    assert carried == [post, next_one, next_one]
    assert [one.eid for one in book.resolve_code("light-tag", "L1", "2025-06-30T18:00:00Z")] == [post]
    with pytest.raises(InputError, match="cannot end on 2025-07-01, before it began"), writing(book) as tx:
        retire(book, [next_one], tx, "2025-07-01")


@pytest.mark.both_stores
def test_a_day_of_recording_begins_with_the_day_of_the_city(book):
    for _ in range(2):  # recorded on 2 and 3 January at 00:00 UTC, after the declarations on 1 January
        with writing(book) as tx:
            add(book, "valve", tx, places=[point()])
    days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-03T07:00:00+07:00", "2026-01-03T00:00:00Z"]
    assert [book.known_at(day) for day in days] == [0, 1, 2, 3, 3, 3]
    assert len(book.register("valve").list(recorded="2026-01-03")) == 1


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_publication_is_asked_by_the_days_of_the_city(city, book, valve):
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:

        def shown(at, **more):
            try:
                return orjson.loads(public.item("valves", valve, datetime=at, **more))["properties"]["maker"]
            except NotFound:
                return None

        assert [shown(at) for at, _ in MOMENTS if "T" in at] == [one for at, one in MOMENTS if "T" in at]
        assert shown("2025-06-30") is None
        assert shown("2025-07-01") == shown("2025-07-01/..") == "second"  # the last of what held on that day
        assert shown("../2025-06-30T18:59:59Z") == shown("2025-07-01/2025-06-30T18:00:00Z") == "first"
        assert shown("../2025-06-30") is None
        assert public.items("valves", limit=9, datetime="2025-06-30T17:30:00Z").number_matched == 1
        assert public.items("valves", limit=9, datetime="2025-06-30").number_matched == 0
        assert shown("2025-07-02", recorded="2026-01-02T07:00:00+07:00") == "first"
        assert shown("2025-07-02", recorded="2026-01-02") is None


@pytest.mark.both_stores
def test_what_ended_with_a_day_is_told_with_what_it_belonged_to_in_its_last_second(book):
    with writing(book, "a ward of old") as tx:
        district, ward = add(book, "ward", tx, count=2, names={"vi": ["Quận cũ", "Tân An"]})
        book.register("ward").relate(district, "contains", [ward], tx)
        retire(book, [ward, district], tx, "2025-07-01")
    (found,) = book.resolve_name("Tân An", "2025-06-30T23:59:59+07:00")
    assert succession.answer(book, found).within == (district,)
    assert containment.around(book, ward) == (district,)
    assert book.resolve_name("Tân An", "2025-06-30T17:00:00Z") == ()


def test_a_backup_is_brought_back_as_of_a_day_of_the_city(city, book, tmp_path):
    for _ in range(2):
        with writing(book) as tx:
            add(book, "valve", tx, places=[point()])
    backup.take(city, book, tmp_path / "kept", silent)
    done = {
        at: restoration.restore(tmp_path / "kept", tmp_path / at[:13], tmp_path / "catalog", silent, at=at).tx
        for at in ("2026-01-02", "2026-01-03", "2026-01-04", "2026-01-03T07:00:00+07:00")
    }
    assert list(done.values()) == [1, 2, 3, 3]


@pytest.mark.parametrize("text", ["yesterday", "", "2025-02-30", "01/07/2025", "10000-01-01", "2025-07-01T02:00:00"])
def test_what_is_no_time_is_refused_by_every_verb_and_question(city, book, valve, text):
    register = book.register("valve")
    with writing(book) as tx:
        for verb in (
            lambda: register.change(valve, {"maker": "x"}, tx, valid_from=text),
            lambda: register.retire(valve, tx, valid_from=text),
            lambda: add(book, "valve", tx, places=[point()], since=text),
            lambda: register.find(valve, valid=text),
            lambda: register.find(valve, recorded=text),
        ):
            with pytest.raises(InputError, match=r"time .* is not (understood; expected 2025-07-01|in the calendar)"):
                verb()


def test_a_city_that_puts_its_clock_forward_has_a_day_of_23_hours(tmp_path):
    berlin = model.build(tmp_path / "berlin", zone="Europe/Berlin")
    with closing(model.opened(berlin)) as book:
        with writing(book) as tx:
            (eid,) = add(book, "valve", tx, places=[point()], since="2025-03-30", values={"maker": ["first"]})
            book.register("valve").change(eid, {"maker": "second"}, tx, valid_from="2025-03-30T03:30:00+02:00")
            book.register("valve").retire(eid, tx, valid_from="2025-03-31")
        asked = {
            "2025-03-29T22:59:59Z": None, "2025-03-29T23:00:00Z": "first", "2025-03-30T00:59:59Z": "first",
            "2025-03-30T01:29:59Z": "first", "2025-03-30T01:30:00Z": "second", "2025-03-30T21:59:59Z": "second",
        }  # fmt: skip
        assert {at: maker(book, eid, at) for at in asked} == asked
        assert book.register("valve").list(valid="2025-03-30T22:00:00Z") == []


SEVEN = "2025-07-01T07:00:00+07:00"
"""The instant whose text in UTC is that of the day."""
WEST_AND_EAST = pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/Vancouver"])


@WEST_AND_EAST
def test_of_a_run_and_a_person_who_tells_the_hour_the_later_is_believed(tmp_path, zone):
    city = model.build(tmp_path, zone=zone)
    with closing(model.opened(city, clock=Clock.fixed("2026-01-05T02:00:00Z", 3600))) as book:
        with writing(book, "run") as tx:  # recorded at 03:00 in UTC, the next ones an hour later each
            (eid,) = add(book, "valve", tx, places=[point()], since=tx.moment, values={"maker": ["run"]})
        valves = book.register("valve")
        with writing(book, "person") as tx:
            valves.change(eid, {"maker": "person"}, tx, valid_from="2026-01-05T04:00:00Z")
        with writing(book, "run again") as tx:
            valves.change(eid, {"maker": "run again"}, tx, valid_from=tx.moment)
        asked = {
            "2026-01-05T02:59:59Z": None, "2026-01-05T03:00:00Z": "run", "2026-01-05T04:00:00Z": "person",
            "2026-01-05T05:00:00Z": "run again",
        }  # fmt: skip
        assert {at: maker(book, eid, at) for at in asked} == asked
        assert valves.find(eid).values["maker"] == "run again"
        with writing(book, "gone") as tx:
            valves.retire(eid, tx, valid_from="2026-01-05T05:30:00Z")
        assert maker(book, eid, "2026-01-05T05:29:59Z") == "run again"
        assert valves.list(valid="2026-01-05T05:30:00Z") == []


@WEST_AND_EAST
def test_a_thing_is_found_at_the_first_and_gone_at_the_last_moment_of_its_life(tmp_path, zone):
    city = model.build(tmp_path, zone=zone)
    with closing(model.opened(city)) as book:
        with writing(book) as tx:
            (eid,) = add(book, "valve", tx, places=[point()], since="2025-07-01", values={"maker": ["first"]})
            book.register("valve").change(eid, {"maker": "second"}, tx, valid_from="2025-07-02")
            retire(book, [eid], tx, "2025-07-03")
        lived = life(book.store, eid, book.last_tx)
        assert maker(book, eid, lived.start) == "first"
        assert book.register("valve").list(valid=lived.start) == [eid]
        assert book.register("valve").list(valid=lived.end) == []


def test_when_a_fact_began_is_asked_for_by_its_day_or_by_its_instant_in_any_notation(tmp_path):
    city = model.build(tmp_path, zone="Asia/Ho_Chi_Minh")
    kept_of_old = Moment("2025-06-30T17:30:00Z")  # as it was before the city had a clock
    with closing(model.opened(city)) as book:
        with writing(book) as tx:
            began_at = {"old": kept_of_old, "night": "2025-07-01T00:30:00+07:00", "day": "2025-07-01", "seven": SEVEN}
            for name, since in began_at.items():
                add(book, "valve", tx, places=[point()], since=since, values={"maker": [name]})
        projector.refresh(city, book)
    with closing(Publication.open(city.publication_path("public"), city.zone)) as public:

        def began(text, **more):
            found = public.items("valves", limit=9, where={"valid_from": text}, **more).features
            return [orjson.loads(one)["properties"]["maker"] for one in found]

        for text in ("2025-07-01T00:30:00+07:00", "2025-06-30T17:30:00Z", "2025-06-30T13:30:00.000-04:00"):
            assert began(text) == began(text, datetime="2025-07-02") == ["old", "night"]
        assert began("2025-07-01") == began("2025-07-01T00:00:00+07:00") == began("2025-06-30T17:00:00Z") == ["day"]
        assert began("2025-07-01T00:00:00Z") == ["day", "seven"]  # as the day is published, and the instant
        assert began(SEVEN) == ["seven"]
        assert public.items("valves", limit=9, datetime="2025-06-30T17:00:00Z").number_matched == 2
