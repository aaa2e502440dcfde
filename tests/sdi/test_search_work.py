"""A search does bounded work, whatever is typed: counted in steps of the database and rows read, never by a clock."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from sdi.finding.search import search
from sdi.store.words import BITS, SCHEMA, Entry, Words
from sdi.text import words
from tests.benchmarks import names

FEW, MANY = 2_000, 20_000
MOST_READ = 2_000
"""Rows that a search may read."""
TYPED = {
    "misspelt": ("Đường Ngyuễn Trãi", "duong tran hung dao lo", "tram y te tan am"),
    "without marks": ("duong nguyen tan an", "truong tieu hoc tan an"),
    "in either order": ("Nguyễn Tân An", "An Tân Nguyễn", "trai nguyen"),
    "one far more frequent": ("Đường Nguyễn", "duong nguyen", "phuong an", "Đường Phường"),
    "a house and its street": ("12 Nguyễn Tân An", "12/3 đường Trần Phú, phường Tân An"),
    "a beginning": ("n", "ng", "duong nguyen t", "quan an tan x"),
    "many words": (" ".join(names.GIVEN[:30]), " ".join(names.FAMILY), "an " * 3_000),
    "ten thousand letters": ("a" * 10_000, "đ" * 10_000, "a1" * 5_000, "a b " * 2_500, "đường " * 1_700),
    "no words": ("", "   ", "?!.,;:-–—()[]{}'\"", "%", "_%_%", "*", "\x00", "." * 10_000, "%" * 10_000),
    "signs of the database": ("an% _n", "ngu%n", "' OR 1=1 --", "nguyen AND NOT tran NEAR/3 *"),
}


def indexed(count):
    """Words of a city's addresses in a database of their own, and the steps it took since they were last asked for."""
    connection = sqlite3.connect(":memory:")
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)
    dice = random.Random(6)
    roads, wards = ([name(dice) for _ in range(many)] for name, many in ((names.street, 500), (names.name, 60)))
    texts = [f"{names.house(dice)} {dice.choice(roads)}, Phường {dice.choice(wards)}" for _ in range(count // 2)]
    texts += [f"{dice.choice(names.SHOPS)} {names.name(dice)}" for _ in range(count // 2)]
    spent = {"steps": 0, "rows": 0}

    def stepped():
        spent["steps"] += 100

    def rows(sql, values=()):
        for row in connection.execute(sql, values):
            spent["rows"] += 1
            yield row

    index = Words(rows, connection.executemany)
    index.add([entry(number, text) for number, text in enumerate(texts)])
    connection.set_progress_handler(stepped, 100)
    return connection, rows, spent


def entry(number, text):
    """An entry that is called so now."""
    said = words(text)
    place = "parcels" if text[0].isdigit() else "buildings"
    return Entry(
        number << BITS, place, str(number), "2020", "9999-12-31T00:00:00Z", len(set(said)), f'{{"name": "{text}"}}',
        f" {' '.join(said)} ",
    )  # fmt: skip


@pytest.fixture(scope="module")
def cities():
    """A small city and one ten times as large."""
    made = [indexed(count) for count in (FEW, MANY)]
    with closing(made[0][0]), closing(made[1][0]):
        yield made


def work(city, text):
    """Steps and rows of one search in a city of which nothing was counted before."""
    connection, rows, spent = city
    spent.update(steps=0, rows=0)
    found = search(Words(rows, connection.executemany), text, limit=10)
    return spent["steps"], spent["rows"], len(found)


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("kind", TYPED)
def test_no_text_makes_a_search_read_the_city(cities, kind, figure):
    _, rows, spent = cities[1]
    spent["steps"] = 0
    assert list(rows("SELECT count(*) FROM phusa_word WHERE word LIKE '%nowhere%'")) == [(0,)]
    once = spent["steps"]  # a look at every word
    told = [work(cities[1], text) for text in TYPED[kind]]
    for text, (steps, read, _) in zip(TYPED[kind], told, strict=True):
        assert steps < once, (text[:40], steps)
        assert read <= MOST_READ, (text[:40], read)
    figure(f"most rows read, {kind}", max(read for _, read, _ in told), "1", f"≤ {MOST_READ}")
    assert any(count for *_, count in told) == (kind != "no words")


def test_the_words_of_a_name_are_found_in_either_order_though_one_is_far_more_frequent(cities):
    connection, rows, _ = cities[1]
    index = Words(rows, connection.executemany)
    for text, other in (("nguyen an", "an nguyen"), ("nguyen tan an", "tan an nguyen"), ("thanh tan", "tan thanh")):
        here, there = (search(index, one, limit=20_000) for one in (text, other))
        exact, others = ({one.eid for one in found if one.how == "exact"} for found in (here, there))
        assert exact == others
        assert len(exact) > 3


def test_ten_times_the_city_is_not_ten_times_the_work(cities):
    for text in ("Đường Nguyễn", "duong nguyen tan", "phuong an", "truong tieu hoc an", "ngyuen tan an"):
        few, many = (work(city, text) for city in cities)
        assert many[1] < 3 * few[1] + 500, (text, few, many)
