"""Two records of one thing: merged by a person, taken apart again without loss."""

from __future__ import annotations

import pytest

from sdi.errors import ConflictError, NotInRegister
from sdi.lineage import duplicate
from tests.model import add, point, retire, writing


def posts(book):
    """The lighting agency and the power agency each deliver the same post."""
    with writing(book, "lighting") as tx:
        (light,) = add(book, "post", tx, places=[point()], identifiers={"light-tag": ["L17"]}, values={"height": [8]})
    with writing(book, "power") as tx:
        (power,) = add(
            book, "post", tx, places=[point(0.4)], identifiers={"power-tag": ["P9"]}, values={"height": [8.2]}
        )
    return light, power


def merge(book, gone, kept):
    with writing(book, "same post") as tx:
        duplicate.merge(book, gone, kept, tx, source="site visit")


def test_what_has_ended_is_merged_with_nothing(book):
    light, power = posts(book)
    with writing(book) as tx:
        retire(book, [power], tx, "2025-01-01")
    with pytest.raises(ConflictError, match="has ended"):
        merge(book, power, light)


def test_what_was_written_just_now_is_merged_in_the_next_transaction(book):
    light, _ = posts(book)
    with writing(book) as tx:
        (third,) = add(book, "post", tx, places=[point(1)])
        with pytest.raises(ConflictError, match="in the next one"):
            duplicate.merge(book, third, light, tx, source="site visit")


def test_what_was_not_merged_is_not_taken_apart(book):
    _, power = posts(book)
    with pytest.raises(NotInRegister, match="not merged"), writing(book) as tx:
        duplicate.take_apart(book, power, tx)


def test_a_code_of_a_scheme_already_taken_stays_with_its_record_and_still_leads_to_the_thing(book):
    with writing(book) as tx:
        one, other = add(book, "post", tx, places=[point(), point(1)], identifiers={"light-tag": ["L1", "L2"]})
    merge(book, other, one)
    (match,) = book.resolve_code("light-tag", "L2", "2025-01-01")
    assert [heir.eid for heir in book.resolve(match.eid, "2025-01-01")] == [one]


def test_a_code_that_was_changed_after_it_went_over_is_not_taken_back_silently(book):
    light, power = posts(book)
    merge(book, power, light)
    with writing(book) as tx:
        book.register("post").change(light, {}, tx, valid_from="2025-01-01", identifiers={"power-tag": "P10"})
    with pytest.raises(ConflictError, match="changed since"), writing(book) as tx:
        duplicate.take_apart(book, power, tx)


def test_merging_and_taking_apart_may_be_done_again(book):
    light, power = posts(book)
    for _ in range(2):
        merge(book, power, light)
        assert book.register("post").find_by("power-tag", "P9").eid == light
        with writing(book) as tx:
            duplicate.take_apart(book, power, tx)
        assert book.register("post").find_by("power-tag", "P9").eid == power
    assert book.verify() == book.last_tx
