"""Entries in which words meet are those that a look at every entry finds, in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from functools import cache

import pytest

from sdi.store.crossing import Crossing, Path
from sdi.store.frequency import COUNTED, Frequency
from sdi.store.words import FORMER, Entry
from tests.sdi.conftest import alone

pytestmark = pytest.mark.both_stores

COUNT = 4_000
COMPOUND = ("nha", "van", "hoa")
"""Words that come together: each of them tells nothing where another is asked for."""
OTHERS = [f"{letter}a" for letter in "bcdghklmnprst"]


@cache
def entries() -> list[Entry]:
    """Entries of two collections, most with the compound, every seventh of the past; light ones first."""
    return sorted(made(), key=lambda one: (one.weight, one.number))


def made() -> Iterator[Entry]:
    """Make them."""
    dice = random.Random(3)
    for number in range(COUNT):
        words = list(COMPOUND) if number % 9 else [dice.choice(COMPOUND)]
        words += dice.sample(OTHERS, dice.randint(0, 4), counts=[1 + place for place in range(len(OTHERS))])
        weight = len(set(words)) + (0 if number % 7 else FORMER)
        name = "many" if number % 40 else "few"
        yield Entry(
            number << 12, name, str(number), "2020", "9999", weight, "{}", f" {' '.join(dict.fromkeys(words))} "
        )


@pytest.fixture
def package(tmp_path, store):
    """The tables of a publication with those entries."""
    with closing(alone(tmp_path, store).home("public").open_to_write()) as opened:
        with opened.writing():
            opened.words.add(entries())
        yield opened


def having(path: Path, whole: list[tuple[str, ...]]) -> list[int]:
    """Look at every entry."""
    along = [one for one in entries() if one.collection == path.collection and f" {path.word} " in one.words]
    along = [one for one in along if path.below is None or one.weight < path.below][: path.deepest]
    return [one.number for one in along if all(any(f" {word} " in one.words for word in any_of) for any_of in whole)]


@pytest.mark.shows("shared-model")
def test_words_meet_where_a_look_at_every_entry_finds_them(package, figure):
    dice = random.Random(4)
    every, asked = [*COMPOUND, *OTHERS, "nowhere"], 0
    for _ in range(40):
        crossing = Crossing(package.base.rows, Frequency(package.base.rows, {}))
        word, *others = dice.sample(every, dice.randint(1, 5))
        whole = [(one,) for one in others] + ([tuple(dice.sample(OTHERS, 3))] if dice.random() < 0.3 else [])
        beside = [(one,) for one in dice.sample(every, 2) if one != word]
        path = Path(
            word, dice.choice(["many", "many", "few"]), dice.choice([None, FORMER]), dice.choice([None, None, 50])
        )
        for question in (whole, whole[:1], [*whole, *(one for one in beside if one not in whole)]):
            found = list(crossing.numbers(path, question, beside, dice.choice([1, 8, 64])))
            assert found == having(path, question), (path, question, beside)
            asked += 1
    assert len(having(Path("van", "many"), [("hoa",)])) > COUNTED[1]  # so many that a sample is taken
    figure("questions answered as by a look at every entry", asked, "1")


def test_words_that_come_together_are_not_read_together(package):
    read = []

    def rows(sql, values=()):
        found = list(package.base.rows(sql, values))
        read.append(len(found))
        return found

    found = list(Crossing(rows, Frequency(rows, {})).numbers(Path("van", "many"), [("hoa",), ("nha",), ("ba",)]))
    assert len(found) > 10
    assert sum(read) < 2 * len(found) + 50  # thousands have the first three words


def test_what_was_read_of_two_words_answers_the_next_question(package):
    asked = []

    def rows(sql, values=()):
        asked.append(sql)
        return package.base.rows(sql, values)

    crossing = Crossing(rows, Frequency(rows, {}))
    path, beside = Path("ta", "many", deepest=100), [("sa",), ("ra",), ("ta",)]
    both = list(crossing.numbers(path, [("ra",)], beside))
    before = len(asked)
    assert set(crossing.numbers(path, [("sa",), ("ra",)], beside)) < set(both)
    assert len(asked) == before
