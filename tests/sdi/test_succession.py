"""Codes and names of older tables, and what stands for them today."""

from __future__ import annotations

import pytest

from sdi.errors import NotInRegister
from sdi.lineage import succession
from sdi.lineage.step import Step
from tests.model import add, retire, writing

DAY = "2025-07-01"


@pytest.fixture
def reform(book):
    """Tân An (31135) and Hưng Lợi (31147) end; Ninh Kiều takes the code of the one, a new Tân An that of the other."""
    with writing(book) as tx:
        old = add(book, "ward", tx, identifiers={"ward-code": ["31135", "31147"]}, names={"vi": ["Tân An", "Hưng Lợi"]})
    with writing(book) as tx:
        retire(book, old, tx, DAY, "merged_away")
        new = add(
            book, "ward", tx, since=DAY, identifiers={"ward-code": ["31135", "31147"]},
            names={"vi": ["Ninh Kiều", "Tân An"]},
        )  # fmt: skip
        book.lineage.record([Step(a, b, "merge", DAY, "gazette") for a, b in zip(old, new, strict=True)], tx)
    return old, new


def test_a_code_means_one_thing_before_the_reform_and_another_one_after_it(book, reform):
    (old, _), (new, _) = reform
    assert [one.eid for one in book.resolve_code("ward-code", "31135", "2025-06-30")] == [old]
    assert [one.eid for one in book.resolve_code("ward-code", "31135", DAY)] == [new]


def test_a_name_answers_with_every_thing_that_bore_it_and_its_dates(book, reform):
    (old, _), (_, new) = reform
    found = book.resolve_name("tân an")
    assert {(one.eid, one.valid_from[:10], one.ambiguous) for one in found} == {
        (old, "2020-01-01", True), (new, DAY, True)
    }  # fmt: skip
    assert [one.eid for one in book.resolve_name("Tan An", "2026-01-01", kind="ward")] == [new]
    assert book.resolve_name("Tân An", kind="post") == ()


def test_a_name_answers_a_thing_once_for_every_time_it_was_called_so(book):
    with writing(book) as tx:
        one, other = add(book, "ward", tx, names={"vi": ["Tân An", "Tân An"]})
    with writing(book) as tx:
        for name, since in (("Ninh Kiều", "2022-01-01"), ("Tan An", "2024-01-01")):
            book.register("ward").change(one, {}, tx, valid_from=since, names={"vi": name})
        book.register("ward").change(other, {}, tx, valid_from="2023-01-01", names={"vi": "Tấn An"})
    found = [(match.eid, match.valid_from[:4], match.valid_to[:4]) for match in book.resolve_name("tan an")]
    # The first was called so twice; the second all the time, in two spellings.
    assert found == [(one, "2020", "2022"), (other, "2020", "9999"), (one, "2024", "9999")]
    assert [match.value for match in book.resolve_name("tấn an")] == ["Tân An", "Tấn An", "Tan An"]


def test_people_who_went_over_are_told_where_no_share_of_them_is_known(book):
    with writing(book) as tx:
        old, west, east = add(book, "ward", tx, count=3)
        book.register("ward").retire(old, tx, valid_from=DAY, status="merged_away")
        book.lineage.record(
            [
                Step(old, west, "split", DAY, "gazette", area_share=0.2),
                Step(old, east, "split", DAY, "gazette", area_share=0.8),
                Step(old, west, "split", DAY, "press", area_m2=1_830_000, population=330),
                Step(old, east, "split", DAY, "press"),
            ],
            tx,
        )
    found = {heir.eid: (heir.people, heir.area_m2, heir.sources) for heir in book.resolve(old)}
    # The gazette states the shares of area, so that the press is asked for people alone.
    assert found == {west: (330, None, ("gazette", "press")), east: (None, None, ("gazette",))}


def test_a_thing_that_ended_as_a_whole_is_answered_by_its_parts(book, reform):
    (old, _), (new, _) = reform
    with writing(book) as tx:
        (district,) = add(book, "ward", tx, identifiers={"ward-code": ["00916"]})
        book.register("ward").retire(district, tx, valid_from=DAY)
        book.register("ward").relate(district, "contains", [old], tx, valid_to=DAY)
    (answer,) = succession.answers(book, "ward", "00916")
    assert answer.heirs == ()
    assert [(one.eid, one.path, one.certainty) for one in answer.parts] == [(new, (district, old, new), "unknown")]
    (ward,) = succession.answers(book, "ward", "31135", "2024-01-01")
    assert (ward.within, ward.parts) == ((district,), ())


def test_a_code_of_an_older_table_leads_to_what_stands_for_it_today(book, reform):
    (old, _), (new, _) = reform
    (answer,) = succession.answers(book, "ward", "31135", "2024-01-01")
    assert (answer.match.eid, [heir.eid for heir in answer.heirs]) == (old, [new])
    (then,) = succession.answers(book, "ward", "31135", "2026-01-01", to="2024-01-01")
    assert [heir.eid for heir in then.heirs] == [old]
    assert [one.match.eid for one in succession.answers(book, "ward", "31135")] == [old, new]
    assert succession.answers(book, "post", "31135") == ()
    with pytest.raises(NotInRegister):
        succession.answers(book, "nothing", "31135")


def test_a_name_is_remembered_as_it_was_known(book, reform):
    before = book.last_tx
    with writing(book) as tx:
        book.register("ward").correct(reform[1][0], tx, names={"vi": "Ninh Kiều mới"})
    assert book.resolve_name("Ninh Kiều") == ()
    assert [one.value for one in book.resolve_name("ninh kieu", recorded=before)] == ["Ninh Kiều"]


def test_a_thing_that_nobody_knows_is_not_resolved(book):
    with pytest.raises(NotInRegister):
        book.resolve("019b76da-0000-7000-8000-000000000000")
