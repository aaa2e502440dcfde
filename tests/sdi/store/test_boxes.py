"""Boxes put into an R*Tree many at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from sdi.store import boxes

COUNT = 6_000
"""More than two layers of nodes hold."""


@pytest.fixture
def connection():
    """Return a database with an empty R*Tree."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
    yield opened
    opened.close()


@pytest.fixture
def bounds():
    """Return boxes ten metres wide in a city of ten kilometres; a double has digits that a single has not."""
    dice = np.random.default_rng(39)
    corner = dice.uniform([575_000, 1_107_000], [585_000, 1_117_000], (COUNT, 2))
    return np.hstack([corner, corner + 10])


def fill(connection, bounds, first=0):
    """Number boxes and put them into the tree."""
    boxes.fill(connection, "tree", np.arange(first, first + len(bounds)), bounds)


def found(connection, west, south, east, north):
    """Return the numbers of the boxes that touch another one, as SQLite finds them."""
    touching = "SELECT id FROM tree WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?"
    return {row[0] for row in connection.execute(touching, (east, west, north, south))}


def wrong(connection):
    """Return what SQLite finds wrong with the tree."""
    return connection.execute("SELECT rtreecheck('tree')").fetchone()[0]


def touching(bounds, west, south, east, north):
    """Return the numbers of the boxes that touch another one, looking at each."""
    apart = (bounds[:, 0] > east) | (bounds[:, 2] < west) | (bounds[:, 1] > north) | (bounds[:, 3] < south)
    return set(np.flatnonzero(~apart).tolist())


@pytest.mark.parametrize("count", [0, 1, boxes.MANY - 1, boxes.MANY, boxes.FULL**2, boxes.FULL**2 + 1, COUNT])
def test_sqlite_finds_nothing_wrong_with_a_tree_and_every_box_in_it(connection, bounds, count):
    fill(connection, bounds[:count])
    assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(count))


@pytest.mark.shows("shared-model")
def test_a_written_tree_finds_every_box_and_few_others(connection, bounds, figure):
    fill(connection, bounds)
    width = 200.0
    corners = np.random.default_rng(40).uniform([575_000, 1_107_000], [585_000, 1_117_000], (200, 2)).tolist()
    more = 0
    for west, south in corners:
        window = (west, south, west + width, south + width)
        exact = touching(bounds, *window)
        assert exact <= found(connection, *window)
        more += len(found(connection, *window) - exact)
    figure("boxes that single precision added to 200 windows of 200 m", more, "1")
    assert more < 20  # a single has steps of 6 cm and 12 cm here: one box in a thousand


def test_boxes_cover_what_they_did_in_double_precision(connection, bounds):
    fill(connection, bounds)
    kept = np.array(connection.execute("SELECT minx, miny, maxx, maxy FROM tree ORDER BY id").fetchall())
    assert (kept[:, :2] <= bounds[:, :2]).all()
    assert (kept[:, 2:] >= bounds[:, 2:]).all()
    assert np.abs(kept - bounds).max() <= 0.125


@pytest.mark.parametrize("sizes", [(10, 2_000, 2_500, 1_000), (3_000, 3_000), (2_000, 10, 1_500)])
def test_a_tree_takes_more_whether_it_grows_or_is_written_anew(connection, bounds, sizes):
    first = 0
    for size in sizes:
        fill(connection, bounds[first : first + size], first)
        first += size
        assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(first))


def test_what_is_taken_out_of_a_written_tree_is_gone(connection, bounds):
    fill(connection, bounds)
    connection.execute("DELETE FROM tree WHERE id % 3 > 0")
    assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(0, COUNT, 3))


def test_a_tree_that_was_emptied_is_written_like_a_new_one(connection, bounds):
    fill(connection, bounds)
    connection.execute("DELETE FROM tree")
    fill(connection, bounds[:2_000])
    assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(2_000))


def test_nothing_is_written_where_the_transaction_ends_in_an_error(connection, bounds):
    fill(connection, bounds[:1_500])
    connection.execute("BEGIN")
    fill(connection, bounds[1_500:], 1_500)
    connection.execute("ROLLBACK")
    assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(1_500))


@pytest.mark.parametrize("page", [512, 1024, 65_536])
def test_nodes_are_as_large_as_the_pages_of_the_file_allow(page, bounds):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={page}")
        connection.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
        fill(connection, bounds)
        assert wrong(connection) == "ok"
        assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(COUNT))


def test_numbers_larger_than_a_double_counts_stay_apart(connection, bounds):
    first = 2**60 + 1
    fill(connection, bounds[: boxes.MANY], first)
    fill(connection, bounds[boxes.MANY : 3 * boxes.MANY], first + boxes.MANY)
    assert wrong(connection) == "ok"
    assert found(connection, *[-np.inf] * 2, *[np.inf] * 2) == set(range(first, first + 3 * boxes.MANY))


def test_tables_that_sqlite_guards_are_guarded_afterwards(connection, bounds):
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    fill(connection, bounds)
    assert wrong(connection) == "ok"
    with pytest.raises(sqlite3.OperationalError, match="may not be modified"):
        connection.execute("DELETE FROM tree_node")
