"""What becomes of places in a tile; the commands are those of the examples of the specification."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely

from sdi.tile.shape import LINE, MANY, POINT, POLYGON, SMALLEST, shapes

TWO = (
    "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), "
    "((11 11, 20 11, 20 20, 11 20, 11 11), (13 13, 13 17, 17 17, 17 13, 13 13)))"
)
FIRST = [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]
SECOND = [9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15]
LINES = "MULTILINESTRING ((2 2, 2 10, 10 10), (1 1, 3 5))"
SPECIFIED = [
    ("POINT (25 17)", POINT, [9, 50, 34]),
    ("MULTIPOINT (5 7, 3 2)", POINT, [17, 10, 14, 3, 9]),
    ("LINESTRING (2 2, 2 10, 10 10)", LINE, [9, 4, 4, 18, 0, 16, 16, 0]),
    (LINES, LINE, [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]),
    ("POLYGON ((3 6, 8 12, 20 34, 3 6))", POLYGON, [9, 6, 12, 18, 10, 12, 24, 44, 15]),
    (TWO, POLYGON, FIRST + SECOND),
]


def array(*texts: str) -> np.ndarray:
    return np.array([shapely.from_wkt(text) for text in texts], dtype=object)


def read(found) -> list[shapely.Geometry]:
    """Read commands back by the rules of the specification."""
    read, start = [], 0
    for kind, count in zip(found.kinds.tolist(), found.counts.tolist(), strict=True):
        rest = found.commands[start : start + count].tolist()
        start += count
        x = y = 0
        parts: list[list[tuple[int, int]]] = []
        while rest:
            head = rest.pop(0)
            if head & 7 == 7:
                parts[-1].append(parts[-1][0])
                continue
            for _ in range(head >> 3):
                dx, dy = ((one >> 1) ^ -(one & 1) for one in (rest.pop(0), rest.pop(0)))
                x, y = x + dx, y + dy
                if head & 7 == 1:
                    parts.append([])
                parts[-1].append((x, y))
        read.append(_built(kind, parts))
    return read


def _built(kind: int, parts: list[list[tuple[int, int]]]) -> shapely.Geometry:
    """Put parts together; a ring with a positive area, y downwards, begins another polygon."""
    if kind == POINT:
        return shapely.MultiPoint([place for part in parts for place in part])
    if kind == LINE:
        return shapely.MultiLineString(parts)
    polygons: list[tuple[list, list]] = []
    for ring in parts:
        area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring))
        assert area
        if area > 0:
            polygons.append((ring, []))
        else:
            polygons[-1][1].append(ring)
    return shapely.MultiPolygon(polygons)


@pytest.mark.parametrize(("text", "kind", "commands"), SPECIFIED, ids=lambda one: str(one)[:20])
def test_the_examples_of_the_specification(text, kind, commands):
    found = shapes(array(text))
    assert found.kinds.tolist() == [kind]
    assert found.commands.tolist() == commands


def test_features_of_all_types_keep_their_order():
    found = shapes(array(*(text for text, _, _ in reversed(SPECIFIED))))
    assert found.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.kinds.tolist() == [kind for _, kind, _ in reversed(SPECIFIED)]
    assert found.commands.tolist() == [one for _, _, commands in reversed(SPECIFIED) for one in commands]


def test_rings_wind_as_the_specification_wants_whichever_way_they_came():
    turned = array("POLYGON ((0 0, 0 100, 100 100, 100 0, 0 0), (20 20, 40 20, 40 40, 20 40, 20 20))")
    (back,) = read(shapes(turned))
    assert back.equals(turned[0])
    assert len(back.geoms[0].interiors) == 1


def test_what_crosses_the_edge_is_cut_there():
    places = array("POLYGON ((-500 10, 500 10, 500 90, -500 90, -500 10))", "LINESTRING (4000 50, 9000 50)")
    area, line = read(shapes(places))
    assert area.bounds == (-64, 10, 500, 90)
    assert line.bounds == (4000, 50, 4160, 50)


def test_a_line_that_leaves_and_comes_back_has_two_parts():
    (line,) = read(shapes(array("LINESTRING (4000 0, 5000 50, 4000 100)")))
    assert len(line.geoms) == 2


def test_a_polygon_around_the_tile_fills_it_with_its_edge():
    (area,) = read(shapes(array("POLYGON ((-9999 -9999, 9999 -9999, 9999 9999, -9999 9999, -9999 -9999))")))
    assert area.bounds == (-64, -64, 4160, 4160)
    assert area.area == 4224**2


def test_what_lies_elsewhere_is_empty_or_touches_the_edge_alone_is_left_out():
    places = array("POINT (9000 0)", "POINT EMPTY", "POLYGON EMPTY", "POLYGON ((4160 0, 4300 0, 4300 90, 4160 0))")
    given = np.append(places, [None])
    assert len(shapes(given).index) == 0
    assert len(shapes(np.empty(0, dtype=object)).index) == 0


def test_what_is_too_small_to_be_seen_is_left_out_but_a_point_never():
    small = SMALLEST * 0.99
    places = array(
        f"POLYGON ((5 5, {5 + small} 5, 5 {5 + small}, 5 5))", f"LINESTRING (5 5, {5 + small} 5)", "POINT (5 5)"
    )
    assert shapes(places).kinds.tolist() == [POINT]


@pytest.mark.parametrize(
    "text",
    [
        "POLYGON ((0 0, 50 50, 50 0, 0 50, 0 0))",  # a bow tie
        "POLYGON ((0 0, 100 0, 100 100, 50 100, 50 120, 50 100, 0 100, 0 0))",  # a spike
        "POLYGON ((0 0, 90 0, 90 90, 0 90, 0 0), (80 80, 120 80, 120 120, 80 120, 80 80))",  # a hole that sticks out
        "POLYGON ((0 0, 60 0.4, 60.3 0, 0 -0.4, 0 0))",  # thinner than a unit
        "POLYGON ((10 10, 20 10, 20 20, 10 20, 10 10), (10.2 10.2, 19.8 10.2, 19.8 19.8, 10.2 19.8, 10.2 10.2))",
        "MULTIPOLYGON (((0 0, 50 0, 50 50, 0 50, 0 0)), ((25 25, 75 25, 75 75, 25 75, 25 25)))",  # overlap
        "POLYGON ((-900 -900, 5000 5000, 5000 -900, -900 5000, -900 -900))",  # a bow tie that is cut
    ],
)
def test_polygons_that_are_wrong_or_become_so_are_written_valid(text):
    for area in read(shapes(array(text))):
        assert area.is_valid
        assert area.area > 0


def test_rounded_polygons_are_valid_and_keep_their_area():
    dice = np.random.default_rng(3)
    middle = dice.uniform(0, 4096, (400, 1, 2))
    angle = np.sort(dice.uniform(0, 2 * np.pi, (400, 12)), axis=1)
    radius = dice.uniform(2, 30, (400, 12))
    star = middle + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    given = shapely.make_valid(shapely.polygons(star))
    found = shapes(given)
    back = np.array(read(found), dtype=object)
    assert shapely.is_valid(back).all()
    inside = shapely.within(given[found.index], shapely.box(0, 0, 4096, 4096))
    missed = np.abs(shapely.area(back) - shapely.area(given[found.index]))[inside]
    assert (missed <= shapely.length(given[found.index])[inside] + 2).all()


def test_a_collection_counts_as_its_members_of_most_dimensions():
    inner = "GEOMETRYCOLLECTION (POLYGON ((0 0, 40 0, 0 40, 0 0)))"
    nested = f"GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 50 50), {inner})"
    found = shapes(array(nested, "GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION (POINT (1 1), POINT (2 2))"))
    assert found.index.tolist() == [0, 2]
    assert found.kinds.tolist() == [POLYGON, POINT]


def test_corners_that_say_nothing_are_left_out_where_there_are_many():
    angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    circle = shapely.polygons(2000 + 1000 * np.column_stack([np.cos(angle), np.sin(angle)]))
    (back,) = read(shapes(np.array([circle], dtype=object)))
    assert shapely.get_num_coordinates(back) < 400
    assert back.hausdorff_distance(circle) < 2


ZIGZAG = np.column_stack([np.where(np.arange(10_200) % 2, -9000.0, 9000.0), np.linspace(100, 4000, 10_200)])
"""A line that crosses the whole tile 10,199 times: cut, it is as many lines of two corners."""
STROKES = np.linspace([[[5.0, 5.0], [25.0, 5.0]]], [[[5.0, 4000.0], [35.0, 4000.0]]], 10_001, axis=0)[:, 0]
DOTS = np.stack(np.meshgrid(np.arange(200.0), np.arange(200.0)), axis=2).reshape(-1, 2)


@pytest.mark.parametrize(
    "feature",
    [
        pytest.param(shapely.multipoints(DOTS), id="40,000 points"),
        pytest.param(shapely.multipoints(np.repeat(DOTS[:300], 100, axis=0)), id="points in the same places"),
        pytest.param(shapely.multilinestrings(shapely.linestrings(STROKES)), id="10,001 lines"),
        pytest.param(shapely.linestrings(ZIGZAG), id="a zigzag that is cut"),
        pytest.param(shapely.linestrings(np.tile(ZIGZAG, (3, 1))), id="a longer one"),
    ],
)
def test_a_feature_of_parts_without_number_is_drawn_with_fewer_of_them(feature):
    (back,) = read(shapes(np.array([feature], dtype=object)))
    assert 300 <= shapely.get_num_coordinates(back) <= MANY
    assert back.is_valid


def test_of_lines_without_number_the_longest_stay():
    (back,) = read(shapes(np.array([shapely.multilinestrings(shapely.linestrings(STROKES))], dtype=object)))
    assert len(back.geoms) == 10_000
    assert shapely.length(shapely.get_parts(back)).max() == 30


def test_places_with_heights_lose_them():
    assert shapes(array("POINT Z (25 17 99)")).commands.tolist() == [9, 50, 34]
