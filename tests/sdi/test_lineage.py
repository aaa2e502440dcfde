"""Lineage: what became of things, as each source states it."""

from __future__ import annotations

import dataclasses

import pytest

from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.lineage.step import Step
from tests.model import add, retire, writing

DAY = "2025-07-01"


def wards(book, count, since="2020-01-01"):
    with writing(book) as tx:
        return add(book, "ward", tx, count=count, since=since)


def reform(book, old, new, steps=()):
    """Old wards end and new ones begin on the day of the reform, as steps say."""
    with writing(book, "reform") as tx:
        made = add(book, "ward", tx, count=new, since=DAY)
        retire(book, old, tx, DAY, "merged_away")
        book.lineage.record([Step(old[a], made[b], verb, DAY, "gazette", **said) for a, b, verb, said in steps], tx)
    return made


def record(book, *steps):
    with writing(book, "lineage") as tx:
        return book.lineage.record(steps, tx)


def test_a_merged_unit_answers_with_the_one_that_carries_it_on(book):
    old = wards(book, 2)
    new = reform(book, old, 1, [(0, 0, "merge", {}), (1, 0, "merge", {})])
    (heir,) = book.resolve(old[0])
    assert (heir.eid, heir.kind, heir.status, heir.path) == (new[0], "ward", "active", (old[0], new[0]))
    assert (heir.area_share, heir.population_share, heir.certainty, heir.sources) == (1, 1, "stated", ("gazette",))


def test_before_its_end_a_thing_answers_for_itself(book):
    old = wards(book, 1)
    reform(book, old, 1, [(0, 0, "replace", {})])
    (heir,) = book.resolve(old[0], "2025-06-30")
    assert (heir.eid, heir.area_share, heir.path) == (old[0], 1, (old[0],))


def test_a_new_unit_answers_for_the_past_with_the_units_it_came_from(book):
    old = wards(book, 2)
    new = reform(book, old, 1, [(0, 0, "merge", {}), (1, 0, "merge", {})])
    assert [heir.eid for heir in book.resolve(new[0], "2024-01-01")] == sorted(old)
    assert book.resolve(new[0], "2019-01-01") == ()


def test_a_split_unit_answers_with_all_its_parts_and_their_stated_shares(book):
    old = wards(book, 1)
    new = reform(
        book, old, 2,
        [(0, 0, "split", {"area_share": 0.25, "population_share": 0.1}),
         (0, 1, "split", {"area_share": 0.75, "population_share": 0.9})],
    )  # fmt: skip
    found = {heir.eid: (heir.area_share, heir.population_share, heir.certainty) for heir in book.resolve(old[0])}
    assert found == {new[0]: (0.25, 0.1, "stated"), new[1]: (0.75, 0.9, "stated")}


def test_a_share_that_no_source_states_is_unknown(book):
    old = wards(book, 1)
    reform(book, old, 2, [(0, 0, "split", {}), (0, 1, "split", {})])
    assert [(heir.area_share, heir.population_share, heir.certainty) for heir in book.resolve(old[0])] == [
        (None, None, "unknown")
    ] * 2


def test_the_one_share_left_out_is_what_is_left(book):
    old = wards(book, 1)
    new = reform(book, old, 2, [(0, 0, "transfer", {"population_share": 0.1}), (0, 1, "merge", {})])
    found = {heir.eid: heir.population_share for heir in book.resolve(old[0])}
    assert found == {new[0]: 0.1, new[1]: pytest.approx(0.9)}


def test_a_part_that_went_over_says_nothing_of_the_rest(book):
    old = wards(book, 1)
    reform(book, old, 1, [(0, 0, "transfer", {})])
    (heir,) = book.resolve(old[0])
    assert (heir.area_share, heir.certainty) == (None, "unknown")


def test_shares_multiply_along_the_way_and_are_estimates_once_others_came_in(book):
    old = wards(book, 2)
    half = {"area_share": 0.5, "population_share": 0.5}
    middle = reform(book, old, 2, [(0, 0, "split", half), (0, 1, "split", half), (1, 1, "merge", {})])
    with writing(book) as tx:
        last = add(book, "ward", tx, count=4, since="2026-05-01")
        retire(book, middle, tx, "2026-05-01")
        book.lineage.record(
            [Step(middle[i // 2], last[i], "split", "2026-05-01", "gazette", **half) for i in range(4)], tx
        )
    found = {heir.eid: (heir.area_share, heir.certainty) for heir in book.resolve(old[0])}
    pure, mixed = (0.25, "stated"), (0.25, "estimated")
    assert found == {last[0]: pure, last[1]: pure, last[2]: mixed, last[3]: mixed}
    back = {heir.eid: (heir.area_share, heir.certainty) for heir in book.resolve(last[3], "2021-01-01")}
    assert back == {old[0]: (0.25, "estimated"), old[1]: (0.5, "estimated")}


def test_what_comes_together_again_is_the_whole(book):
    old = wards(book, 1)
    middle = reform(book, old, 2, [(0, 0, "split", {"area_share": 0.4}), (0, 1, "split", {"area_share": 0.6})])
    with writing(book) as tx:
        (whole,) = add(book, "ward", tx, count=1, since="2027-01-01")
        retire(book, middle, tx, "2027-01-01")
        book.lineage.record([Step(one, whole, "merge", "2027-01-01", "gazette") for one in middle], tx)
    (heir,) = book.resolve(old[0])
    assert whole not in old  # what is merged again is a new thing
    assert (heir.eid, heir.area_share, heir.population_share) == (whole, pytest.approx(1), None)
    assert len(heir.path) == 3


def test_a_transfer_between_units_that_live_on_changes_nobody(book):
    one, other = wards(book, 2)
    record(book, Step(one, other, "transfer", "2022-01-01", "gazette", area_share=0.05))
    record(book, Step(other, one, "boundary_shift", "2023-01-01", "gazette", area_share=0.01))
    assert [heir.eid for heir in book.resolve(one)] == [one]
    assert [step.verb for step in book.lineage.steps(one)] == ["transfer", "boundary_shift"]


def test_two_transfers_between_two_units_are_two_steps(book):
    one, other = wards(book, 2)
    record(book, *(Step(one, other, "transfer", day, "gazette") for day in ("2022-01-01", "2023-01-01")))
    assert [step.effective[:4] for step in book.lineage.steps(one)] == ["2022", "2023"]


def test_what_a_source_said_before_is_not_written_again(book):
    old = wards(book, 1)
    reform(book, old, 1, [(0, 0, "replace", {})])
    before = book.root_hash
    assert record(book, *book.lineage.steps(old[0])) == 0
    assert book.root_hash == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verb": "eat"}, "none of split, merge"),
        ({"method": "guess"}, "none of stated"),
        ({"area_share": 1.5}, "not between 0 and 1"),
        ({"population_share": float("nan")}, "not between 0 and 1"),
        ({"area_m2": -1}, "not between 0"),
        ({"source": " "}, "names no source"),
        ({"effective": "2025-13-01"}, "not in the calendar"),
    ],
)
def test_a_step_that_cannot_be_is_refused(book, change, message):
    one, other = wards(book, 2)
    step = dataclasses.replace(Step(one, other, "transfer", DAY, "gazette"), **change)
    with pytest.raises(InputError, match=message):
        record(book, step)


def test_a_step_needs_two_known_things(book):
    one, _ = wards(book, 2)
    with pytest.raises(NotInRegister):
        record(book, Step(one, "019b76da-0000-7000-8000-000000000000", "transfer", DAY, "gazette"))
    with pytest.raises(InputError, match="itself"):
        record(book, Step(one, one, "transfer", DAY, "gazette"))


def test_whoever_was_split_has_ended(book):
    one, other = wards(book, 2)
    with pytest.raises(ConflictError, match="retire it first"):
        record(book, Step(one, other, "split", DAY, "gazette"))


def test_nobody_carries_on_anything_after_its_own_end(book):
    one, other = wards(book, 2)
    with writing(book) as tx:
        retire(book, [one], tx, DAY)
        retire(book, [other], tx, "2024-01-01")
    with pytest.raises(ConflictError, match="cannot carry on"):
        record(book, Step(one, other, "merge", DAY, "gazette"))


def test_nothing_descends_from_itself(book):
    a, b, c = wards(book, 3)
    with writing(book) as tx:
        retire(book, [a, b, c], tx, DAY)
    early = "2024-01-01"
    record(book, Step(a, b, "replace", early, "gazette"), Step(b, c, "replace", early, "gazette"))
    with pytest.raises(ConflictError, match="descend from itself"):
        record(book, Step(c, a, "replace", early, "press"))
    assert len(book.lineage.steps(a)) == 1


@pytest.mark.parametrize(("first", "second"), [(0.7, 0.4), (0.5, 0.4999)])
def test_known_shares_make_a_whole(book, first, second):
    old = wards(book, 1)
    steps = [(0, 0, "split", {"area_share": first}), (0, 1, "split", {"area_share": second})]
    with pytest.raises(ConflictError, match="sum to"):
        reform(book, old, 2, steps)


def test_parts_of_a_unit_that_lives_on_may_be_less_than_the_whole(book):
    one, other, third = wards(book, 3)
    record(book, *(Step(one, to, "transfer", DAY, "gazette", area_share=0.4) for to in (other, third)))
    with pytest.raises(ConflictError, match="sum to"):
        record(book, Step(one, other, "transfer", "2025-08-01", "gazette", area_share=0.5),
               Step(one, third, "transfer", "2025-08-01", "gazette", area_share=0.6))  # fmt: skip


def test_a_source_that_says_something_else_is_corrected_and_both_are_remembered(book):
    old = wards(book, 1)
    new = reform(book, old, 2, [(0, 0, "merge", {})])
    before = book.last_tx
    with pytest.raises(ConflictError, match="correct it"):
        record(book, Step(old[0], new[0], "replace", DAY, "gazette"))
    with writing(book) as tx:
        book.lineage.withdraw(book.lineage.steps(old[0])[0], tx)
        book.lineage.record([Step(old[0], new[1], "replace", DAY, "gazette")], tx)
    assert [heir.eid for heir in book.resolve(old[0])] == [new[1]]
    assert [heir.eid for heir in book.resolve(old[0], recorded=before)] == [new[0]]
    book.verify()


def test_a_wrong_share_is_corrected_without_touching_the_date(book):
    old = wards(book, 1)
    new = reform(book, old, 2, [(0, 0, "split", {"area_share": 0.3}), (0, 1, "split", {})])
    before = book.last_tx
    with writing(book) as tx:
        book.lineage.correct(Step(old[0], new[0], "split", DAY, "gazette", area_share=0.2), tx)
    told = {heir.eid: heir.area_share for heir in book.resolve(old[0])}
    assert told == {new[0]: 0.2, new[1]: pytest.approx(0.8)}
    assert {heir.eid: heir.area_share for heir in book.resolve(old[0], recorded=before)}[new[0]] == 0.3


def test_what_was_never_said_is_neither_corrected_nor_withdrawn(book):
    one, other = wards(book, 2)
    step = Step(one, other, "transfer", DAY, "gazette")
    for verb in (book.lineage.correct, book.lineage.withdraw):
        with pytest.raises(NotInRegister, match="not known to say"), writing(book) as tx:
            verb(step, tx)


# sources that disagree -----------------------------------------------------------------------------------------------


def disagreeing(book):
    """The gazette knows two parts, the press one of them and a third, with another share."""
    old = wards(book, 1)
    new = reform(book, old, 3, [(0, 0, "split", {"area_share": 0.3}), (0, 1, "split", {})])
    record(
        book,
        Step(old[0], new[0], "split", DAY, "press", area_share=0.4, population=330),
        Step(old[0], new[2], "split", DAY, "press"),
    )
    return old[0], new


def test_two_sources_that_differ_are_listed_with_both_values(book):
    old, new = disagreeing(book)
    assert [(one.child, one.what, one.one, one.other) for one in book.lineage.conflicts()] == [
        (new[0], "area_share", ("gazette", 0.3), ("press", 0.4)),
        (new[1], "child", ("gazette", new[1]), ("press", None)),
        (new[2], "child", ("gazette", None), ("press", new[2])),
    ]
    assert {one.parent for one in book.lineage.conflicts(kind="ward")} == {old}
    assert book.lineage.conflicts(kind="post") == ()


def test_the_more_trusted_source_is_followed_and_the_other_is_not_hidden(book):
    old, new = disagreeing(book)
    found = {heir.eid: (heir.area_share, heir.people, heir.sources, heir.disputed) for heir in book.resolve(old)}
    assert found == {
        new[0]: (0.3, 330, ("gazette", "press"), True),  # the press alone counts people
        new[1]: (pytest.approx(0.7), None, ("gazette",), True),
    }


def test_another_order_of_sources_may_be_asked_for(book):
    old, new = disagreeing(book)
    assert {heir.eid for heir in book.resolve(old, sources=("press", "gazette"))} == {new[0], new[2]}
    assert {heir.eid for heir in book.resolve(old, sources=("press",))} == {new[0], new[2]}
    assert book.resolve(old, sources=("nobody",)) == ()


def test_a_number_that_the_trusted_source_leaves_open_comes_from_the_next_one(book):
    old = wards(book, 1)
    new = reform(book, old, 2, [(0, 0, "split", {}), (0, 1, "split", {})])
    record(book, Step(old[0], new[0], "transfer", DAY, "press", population_share=0.02))
    found = {heir.eid: (heir.population_share, heir.certainty) for heir in book.resolve(old[0])}
    assert found == {new[0]: (0.02, "stated"), new[1]: (pytest.approx(0.98), "stated")}
    assert [heir.sources for heir in book.resolve(old[0]) if heir.eid == new[0]] == [("gazette", "press")]


def test_an_overlay_is_only_an_estimate_and_contradicts_nobody(book):
    old = wards(book, 1)
    new = reform(book, old, 2, [(0, 0, "split", {}), (0, 1, "split", {})])
    shares = dict(zip(new, (0.31, 0.69), strict=True))
    record(book, *(Step(old[0], to, "split", DAY, "overlay 2009", area_share=share, method="overlay")
                   for to, share in shares.items()))  # fmt: skip
    assert {heir.eid: (heir.area_share, heir.certainty) for heir in book.resolve(old[0])} == {
        to: (share, "estimated") for to, share in shares.items()
    }
    assert {heir.certainty for heir in book.resolve(old[0], sources=("gazette",))} == {"unknown"}
    assert book.lineage.conflicts() == ()


def test_numbers_that_make_no_whole_with_the_trusted_ones_are_left_out(book):
    old = wards(book, 1)
    new = reform(book, old, 3, [(0, 0, "split", {"area_share": 0.6}), (0, 1, "split", {}), (0, 2, "split", {})])
    record(book, *(Step(old[0], new[at], "transfer", DAY, "press", area_share=0.3) for at in (1, 2)))
    assert {heir.eid: heir.area_share for heir in book.resolve(old[0])} == {new[0]: 0.6, new[1]: None, new[2]: None}


def test_both_ends_of_a_step_are_told_to_dependent_systems(book):
    one, other = wards(book, 2)
    record(book, Step(one, other, "transfer", DAY, "gazette"))
    told = book.store.select("SELECT eid FROM outbox WHERE change = 'lineage' ORDER BY eid")
    assert told == [(one,), (other,)]
