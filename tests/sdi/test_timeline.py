"""Facts of two times joined into pieces: against the plain meaning of every moment, and against the plain way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdi.history import FOREVER, OPEN
from sdi.publishing.timeline import Fact, Piece, pieces

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


def plain(known):
    """Join facts the plain way: every step of recorded time looks at every fact, about cubic in their number."""
    made = []
    for tx_from, tx_to in pairwise(sorted({bound for fact in known for bound in (fact.tx_from, fact.tx_to)})):
        then = [fact for fact in known if fact.tx_from <= tx_from < fact.tx_to]
        made += plain_in_valid_time(then, tx_from, tx_to)
    joined = []
    for piece in made:
        same = [
            at
            for at, one in enumerate(joined)
            if (one.valid_from, one.valid_to, one.facts, one.tx_to)
            == (piece.valid_from, piece.valid_to, piece.facts, piece.tx_from)
        ]
        if same:
            one = joined[same[0]]
            joined[same[0]] = Piece(one.valid_from, one.valid_to, one.tx_from, piece.tx_to, one.facts)
        else:
            joined.append(piece)
    return joined


def plain_in_valid_time(then, tx_from, tx_to):
    """Join what was known at one recorded time along valid time."""
    made = []
    for start, end in pairwise(sorted({bound for fact in then for bound in (fact.valid_from, fact.valid_to)})):
        holding = {fact.slot: fact.value for fact in then if fact.valid_from <= start < fact.valid_to}
        if made and made[-1].valid_to == start and made[-1].facts == holding:
            made[-1] = Piece(made[-1].valid_from, end, tx_from, tx_to, holding)
        elif holding:
            made.append(Piece(start, end, tx_from, tx_to, holding))
    return made


@given(facts())
def test_the_sweep_makes_the_same_pieces_in_the_same_order_as_the_plain_way(given_facts):
    assert pieces(given_facts) == plain(given_facts)


def chain(count):
    """Facts of a thing that changed at every transaction, as the verb *change* writes them."""
    days = [
        f"{2000 + number // 300:04}-{1 + number // 25 % 12:02}-{1 + number % 25:02}T00:00:00Z"
        for number in range(count)
    ]
    made = [Fact("name", "A", days[0], FOREVER, 1, OPEN)]
    for number in range(count):
        later = number + 1 < count
        made.append(Fact("row", number, days[number], FOREVER, number + 1, number + 2 if later else OPEN))
        if later:
            made.append(Fact("row", number, days[number], days[number + 1], number + 2, OPEN))
    return made


def test_a_thing_that_changed_twelve_times_has_its_old_ends_and_its_new_ones():
    made = pieces(chain(12))
    assert made == plain(chain(12))
    assert len(made) == 2 * 12 - 1
    assert [piece.facts["row"] for piece in made if piece.current] == [11]


@pytest.mark.shows("shared-model")
def test_the_work_grows_with_the_changes_of_a_thing_and_not_with_their_cube(figure):
    compared = {count: Compared() for count in (100, 800)}
    for count, counter in compared.items():
        made = pieces([fact._replace(value=Counted(fact.value, counter)) for fact in chain(count)])
        assert len(made) == 2 * count - 1
    ratio = compared[800].count / compared[100].count
    figure("comparisons of values, 800 changes against 100", ratio, unit="1", bound="8 where linear, 512 where cubic")
    assert ratio < 10


class Compared:
    """How often values were compared."""

    def __init__(self):
        self.count = 0


class Counted:
    """A value that counts the comparisons with others."""

    def __init__(self, value, counter):
        self.value, self.counter = value, counter

    def __eq__(self, other):
        self.counter.count += 1
        return self.value == other.value

    __hash__ = None
