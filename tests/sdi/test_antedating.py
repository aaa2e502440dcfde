"""Things that were there earlier than was known, and things that are recorded after they ended."""

from __future__ import annotations

import pytest
import shapely

from sdi.errors import ConflictError, InputError
from sdi.lineage.antedating import antedate
from sdi.place.address import Address
from sdi.publishing import projector
from tests.model import add, point, square, writing

pytestmark = pytest.mark.both_stores

DAY = "2025-07-01"
EVE = "2025-06-30"


def ward(book, code="10001", **more):
    with writing(book) as tx:
        return add(
            book, "ward", tx, since=DAY, places=[square()], values={"people": [7]}, identifiers={"ward-code": [code]},
            names={"vi": ["Tân An"]}, **more,
        )[0]  # fmt: skip


def test_a_thing_that_was_there_before_keeps_everything_it_was_first_known_for(book):
    eid = ward(book)
    before = book.last_tx
    with writing(book) as tx:
        antedate(book, eid, "2004-01-02", tx)
    wards = book.register("ward")
    then, now = wards.find(eid, valid=EVE), wards.find(eid, valid=DAY)
    assert (then.values, then.names, then.identifiers) == (now.values, now.names, now.identifiers)
    assert then.geometry.equals(now.geometry)
    assert then.valid.start == "2004-01-02T00:00:00Z"
    assert [match.eid for match in book.resolve_code("ward-code", "10001", EVE)] == [eid]
    assert book.resolve_code("ward-code", "10001", EVE, recorded=before) == ()
    assert wards.list(valid="2004-01-01") == []


def test_a_thing_is_not_antedated_to_a_day_on_which_another_carried_its_code(book):
    with writing(book) as tx:
        add(book, "ward", tx, since="2000-01-01", identifiers={"ward-code": ["10001"]}, valid_to=DAY)
    eid = ward(book)
    with pytest.raises(ConflictError, match="10001"), writing(book) as tx:
        antedate(book, eid, "2004-01-02", tx)
    with pytest.raises(ConflictError, match="known since 2025-07-01 already"), writing(book) as tx:
        antedate(book, eid, DAY, tx)


def test_what_reads_differently_with_an_antedated_thing_is_published_anew(city, book):
    since = {"since": "2010-01-01"}
    with writing(book) as tx:
        line = shapely.LineString([point(), point(900)])
        (street,) = add(book, "road", tx, places=[line], names={"vi": ["Đường Lộ 20"]})
        (post,) = add(book, "post", tx, places=[point(5)])
    with writing(book) as tx:
        (house,) = add(book, "house", tx, places=[point(7)], addresses=[Address("12", street=street)], **since)
        (lamp,) = add(book, "lamp", tx, locations=[book.register("post").find(post).location], **since)
    projector.refresh(city, book)
    for eid, other in ((street, house), (post, lamp)):
        with writing(book) as tx:
            antedate(book, eid, "2000-01-01", tx)
        told = book.store.select("SELECT eid FROM outbox WHERE tx_from = ?", (book.last_tx,))
        assert told == [(eid,), (other,)]
    projector.refresh(city, book)
    projector.verified(city, book)
    assert book.register("house").find(house, valid="2015-01-01").address_text == "12 Đường Lộ 20"
    assert book.register("lamp").find(lamp, valid="2015-01-01").geometry == point(5)


def test_a_thing_recorded_after_it_ended_leaves_its_code_to_the_next_one(book):
    new = ward(book)
    with writing(book) as tx:
        (old,) = add(
            book, "ward", tx, identifiers={"ward-code": ["10001"]}, names={"vi": ["Hưng Lợi"]}, valid_to=DAY,
            end="merged_away",
        )  # fmt: skip
    assert [match.eid for match in book.resolve_code("ward-code", "10001", EVE)] == [old]
    assert [match.eid for match in book.resolve_code("ward-code", "10001", DAY)] == [new]
    wards = book.register("ward")
    assert wards.find(old, valid=EVE).status == "active"
    assert wards.find(old).status == "merged_away"
    assert (wards.list(valid=EVE), wards.list()) == ([old], [new])
    with pytest.raises(ConflictError, match="ended"), writing(book) as tx:
        wards.change(old, {"people": 3}, tx, valid_from="2024-01-01")
    book.verify()


def test_a_thing_cannot_end_before_it_began_nor_in_a_state_that_ends_nothing(book):
    for wrong in ({"valid_to": "2019-01-01"}, {"valid_to": DAY, "end": "active"}):
        with pytest.raises(InputError), writing(book) as tx:
            add(book, "ward", tx, since="2020-01-01", names={"vi": ["Tân An"]}, **wrong)
