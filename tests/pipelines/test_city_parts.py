"""Parts the synthetic city is made of, on cases small enough to be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from pipelines.city.frame import Frame, either, ragged
from pipelines.city.graph import Network, cut, shortest
from pipelines.city.lots import cut as cut_lots
from pipelines.city.names import STREETS, latin
from pipelines.city.subdivision import subdivide


@pytest.fixture
def ladder():
    """Two rails of two pieces and three rungs, 10 m each; a piece apart."""
    ends = [((0, 0), (10, 0)), ((10, 0), (20, 0)), ((0, 10), (10, 10)), ((10, 10), (20, 10)),
            ((0, 0), (0, 10)), ((10, 0), (10, 10)), ((20, 0), (20, 10)), ((50, 0), (60, 0))]  # fmt: skip
    return Network.of(np.array([shapely.LineString(pair) for pair in ends]))


def test_lines_that_meet_share_a_node(ladder):
    assert len(ladder.points) == 8
    assert sorted(ladder.degree().tolist()) == [1, 1, 2, 2, 2, 2, 3, 3]


def test_parts_that_do_not_touch_are_told_apart(ladder):
    assert len(set(ladder.components().tolist())) == 2
    assert ladder.largest().tolist() == [True] * 7 + [False]


def test_the_shortest_way_leads_to_the_nearest_root(ladder):
    corners = {tuple(point): node for node, point in enumerate(ladder.points.tolist())}
    tree = shortest(ladder, np.array([corners[0, 0], corners[20, 10]]))
    assert tree.distance[corners[10, 0]] == 10
    assert tree.root[corners[20, 0]] == corners[20, 10]
    assert np.isinf(tree.distance[corners[50, 0]])


def test_ways_longer_than_the_limit_are_not_followed(ladder):
    corners = {tuple(point): node for node, point in enumerate(ladder.points.tolist())}
    tree = shortest(ladder, np.array([corners[0, 0]]), limit=15)
    assert np.isfinite(tree.distance).sum() == 3


def test_a_cut_edge_keeps_its_length_and_gains_a_node(ladder):
    pieces, owner, node = cut(ladder, np.array([0, 0, 5]), np.array([7.0, 2.0, 5.0]))
    assert len(pieces.lines) == len(ladder.lines) + 3
    np.testing.assert_array_equal(pieces.points[node], [[7, 0], [2, 0], [10, 5]])
    np.testing.assert_allclose(np.bincount(owner, weights=pieces.length), ladder.length)
    np.testing.assert_array_equal(pieces.degree()[node], 2)


def test_cutting_nothing_changes_nothing(ladder):
    pieces, owner, node = cut(ladder, np.empty(0, dtype=np.int64), np.empty(0))
    assert shapely.equals(pieces.lines, ladder.lines).all()
    assert owner.tolist() == list(range(8))
    assert len(node) == 0


def test_river_coordinates_go_to_the_map_and_back():
    frame = Frame.scaled(1.0)
    along, inland = np.array([0.0, 1500.0, 5200.0, 2600.0]), np.array([0.0, 900.0, 3000.0, -300.0])
    back = frame.locate(shapely.points(frame.place(along, inland)))
    np.testing.assert_allclose(back, [along, inland], atol=3.0)


def test_groups_without_members_are_passed_over():
    owner, place = ragged(np.array([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert place.tolist() == [0, 1, 0, 1, 2]
    assert len(ragged(np.empty(0, dtype=np.int64))[0]) == 0


def test_a_missing_value_stands_where_nothing_is_chosen():
    assert either(np.array([True, False]), "open").tolist() == ["open", None]


def test_land_is_cut_until_no_piece_is_too_large_and_none_is_lost():
    field = np.array([shapely.box(0, 0, 400, 250)])
    done = subdivide(field, np.array([120.0]), np.array([60.0]), np.random.default_rng(1))
    assert shapely.area(done.pieces).sum() == pytest.approx(400 * 250, rel=1e-5)
    assert len(done.pieces) == len(done.lines) + 1
    assert shapely.minimum_bounding_radius(done.pieces).max() * 2 < np.hypot(120, 60) * 1.1


def test_land_small_enough_stays_whole():
    plot = np.array([shapely.box(0, 0, 50, 40)])
    done = subdivide(plot, np.array([120.0]), np.array([60.0]), np.random.default_rng(1))
    assert shapely.equals(done.pieces, plot).all()
    assert len(done.lines) == 0


def test_a_town_block_becomes_two_rows_of_lots_back_to_back():
    block = np.array([shapely.box(0, 0, 100, 40)])
    lots = cut_lots(block, np.array([True]), np.array([0.8]), np.random.default_rng(1))
    assert shapely.coverage_is_valid(lots.geometry)
    assert shapely.area(lots.geometry).sum() == pytest.approx(4000, abs=0.01)
    depth = np.ptp(shapely.bounds(lots.geometry)[:, [1, 3]], axis=1)
    np.testing.assert_allclose(depth, 20.0)


def test_street_names_are_never_given_twice():
    assert len(STREETS) == len(set(STREETS)) > 1000


def test_vietnamese_is_written_in_plain_letters():
    assert latin("Hẻm 7/2 Điên Điển, Đường Sứ") == "Hem 7/2 Dien Dien, Duong Su"
