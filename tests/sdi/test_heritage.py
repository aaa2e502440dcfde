"""What a publication says of things that ended: their successors, as far as they are published there."""

from __future__ import annotations

import pytest

from sdi.errors import Gone
from sdi.lineage.step import Step
from sdi.publishing import projector
from tests.model import add, retire, square, writing

DAY, LATER = "2025-07-01", "2026-05-01"


@pytest.fixture
def told(city, book):
    """Return what the public and the restricted publication say, brought up to date and equal to ones built anew."""

    def ask(eid):
        projector.refresh(city, book)
        projector.verified(city, book)
        answers = []
        for level in projector.LEVELS:
            publication = city.publication(level)
            answers.append(dict(publication.thing("plot", eid).successors))
            publication.close()
        assert answers[0] == answers[1]
        return list(answers[0])

    return ask


def plot(book, tx, since="2020-01-01", at=0):
    return add(book, "plot", tx, places=[square(at)], since=since)[0]


def replaced(book, old, tx, kind="plot", since=DAY, verb="replace"):
    """End a thing and let another one of any kind carry it on."""
    new = plot(book, tx, since) if kind == "plot" else add(book, kind, tx, since=since)[0]
    retire(book, [old], tx, since)
    book.lineage.record([Step(old, new, verb, since, "cadastre")], tx)
    return new


def test_the_successors_follow_when_they_end_themselves(book, told):
    with writing(book) as tx:
        old = plot(book, tx)
        new = replaced(book, old, tx)
    assert told(old) == [new]
    with writing(book) as tx:
        last = replaced(book, new, tx, since=LATER)
    assert told(old) == [last]
    assert told(new) == [last]


def test_a_lineage_that_is_recorded_later_and_withdrawn_is_followed(book, told):
    with writing(book) as tx:
        old, new = plot(book, tx), plot(book, tx, DAY, 200)
        retire(book, [old], tx, DAY)
    assert told(old) == []
    step = Step(old, new, "replace", DAY, "cadastre")
    with writing(book) as tx:
        book.lineage.record([step], tx)
    assert told(old) == [new]
    with writing(book) as tx:
        book.lineage.withdraw(step, tx)
    assert told(old) == []


def test_a_successor_that_is_not_published_is_not_revealed(city, book, told):
    with writing(book) as tx:
        old = plot(book, tx)
        hidden = replaced(book, old, tx, "camera")
    assert [heir.eid for heir in book.resolve(old)] == [hidden]
    assert told(old) == []
    assert hidden.encode() not in city.publication_path("public").read_bytes()


def test_the_way_through_what_is_not_published_leads_to_what_is(city, book, told):
    with writing(book) as tx:
        old = plot(book, tx)
        hidden = replaced(book, old, tx, "camera")
    with writing(book) as tx:
        last = replaced(book, hidden, tx, since=LATER)
    assert told(old) == [last]
    assert hidden.encode() not in city.publication_path("public").read_bytes()


def test_a_thing_that_lasts_has_no_successors(city, book, told):
    with writing(book) as tx:
        one, other = plot(book, tx), plot(book, tx, at=200)
        book.lineage.record([Step(one, other, "transfer", DAY, "cadastre", area_share=0.1)], tx)
    assert told(one) == []


def test_an_item_that_is_gone_names_its_successors(city, book):
    with writing(book) as tx:
        old = plot(book, tx)
        new = replaced(book, old, tx)
    projector.refresh(city, book)
    publication = city.publication("public")
    with pytest.raises(Gone) as caught:
        publication.item("plots", old)
    publication.close()
    assert caught.value.successors == {new: "plot"}
