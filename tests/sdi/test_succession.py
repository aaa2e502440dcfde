"""Codes and names of older tables, and what stands for them today."""

from __future__ import annotations

import pytest

from sdi import succession
from sdi.errors import NotInRegister
from sdi.lineage import Step
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
