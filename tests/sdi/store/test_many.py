"""One statement for many rows."""

from __future__ import annotations

import sqlite3

import pytest

from sdi.store.many import MARKS, run_many


@pytest.fixture
def connection():
    """Return a database with a table of numbered texts."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE TABLE word (place INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    yield opened
    opened.close()


@pytest.mark.parametrize("count", [0, 1, MARKS // 2 - 1, MARKS // 2, MARKS // 2 + 1, 3 * MARKS])
def test_every_row_arrives_whether_or_not_the_last_statement_is_full(connection, count):
    rows = [(place, f"word {place}") for place in range(count)]
    run_many(connection, "INSERT INTO word (place, text) VALUES (?, ?)", iter(rows))
    assert connection.execute("SELECT place, text FROM word ORDER BY place").fetchall() == rows


def test_what_is_there_already_is_replaced_where_the_statement_says_so(connection):
    upsert = "INSERT INTO word VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET text = excluded.text"
    run_many(connection, upsert, [(place, "old") for place in range(400)])
    run_many(connection, upsert, [(place, "new") for place in range(400)])
    assert connection.execute("SELECT text, count(*) FROM word GROUP BY text").fetchall() == [("new", 400)]


def test_a_refused_row_is_an_error_as_it_is_alone(connection):
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        run_many(connection, "INSERT INTO word VALUES (?, ?)", [(place, None) for place in range(400)])


def test_other_statements_run_row_by_row(connection):
    run_many(connection, "INSERT INTO word VALUES (?, ?)", [(place, "x") for place in range(400)])
    run_many(connection, "DELETE FROM word WHERE place = ?", [(place,) for place in range(1, 400)])
    run_many(connection, "UPDATE word SET text = 'y'", [()])
    assert connection.execute("SELECT * FROM word").fetchall() == [(0, "y")]
