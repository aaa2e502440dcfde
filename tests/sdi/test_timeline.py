"""Facts of two times joined into pieces: against the plain meaning of every moment."""

from hypothesis import given
from hypothesis import strategies as st

from sdi.history import FOREVER, OPEN
from sdi.timeline import Fact, pieces

DAYS = [f"2025-01-{day:02}T00:00:00Z" for day in range(1, 8)]


def test_nothing_known_is_nothing():
    assert pieces([]) == []


def test_facts_with_the_same_times_are_one_piece():
    made = pieces([Fact("row", 1, DAYS[0], FOREVER, 3, OPEN), Fact("name", "A", DAYS[0], FOREVER, 3, OPEN)])
    assert len(made) == 1
    assert made[0].current
    assert made[0].facts == {"row": 1, "name": "A"}


def test_a_name_that_changes_cuts_the_piece_where_it_changes():
    facts = [
        Fact("row", 1, DAYS[0], FOREVER, 1, OPEN),
        Fact("name", "A", DAYS[0], DAYS[2], 1, OPEN),
        Fact("name", "B", DAYS[2], FOREVER, 1, OPEN),
    ]
    assert [(one.valid_from, one.facts["name"]) for one in pieces(facts)] == [(DAYS[0], "A"), (DAYS[2], "B")]


@st.composite
def facts(draw):
    """Facts in two slots that do not overlap within a slot."""
    made = []
    for slot in ("row", "name"):
        for _ in range(draw(st.integers(0, 4))):
            start, tx = draw(st.integers(0, 5)), draw(st.integers(1, 5))
            new = Fact(
                slot,
                draw(st.integers(0, 2)),
                DAYS[start],
                DAYS[draw(st.integers(start + 1, 6))],
                tx,
                draw(st.sampled_from([tx + 1, tx + 2, OPEN])),
            )
            clash = any(
                one.slot == slot
                and one.valid_from < new.valid_to
                and new.valid_from < one.valid_to
                and one.tx_from < new.tx_to
                and new.tx_from < one.tx_to
                for one in made
            )
            if not clash:
                made.append(new)
    return made


@given(facts())
def test_at_every_moment_the_pieces_say_what_the_facts_say_and_never_twice(given_facts):
    made = pieces(given_facts)
    for day in DAYS:
        for tx in range(1, 9):
            truth = {
                one.slot: one.value
                for one in given_facts
                if one.valid_from <= day < one.valid_to and one.tx_from <= tx < one.tx_to
            }
            said = [one.facts for one in made if one.valid_from <= day < one.valid_to and one.tx_from <= tx < one.tx_to]
            assert said == ([truth] if truth else [])
