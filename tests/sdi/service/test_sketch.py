"""Drawings say where their edges lie, so that a map can put them in their place."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi.service.sketch import WIDTH, sketch, sketch_of_boxes, sketch_of_list


def test_the_edges_of_a_drawing_are_where_its_scale_puts_them():
    drawn = sketch([shapely.Point(105.0, 10.0), shapely.Point(105.2, 10.1)])
    assert drawn is not None
    (x1, y1), (x2, y2) = drawn.points
    west, south, east, north = drawn.box
    lon = west + (east - west) * np.array([x1, x2]) / WIDTH
    lat = north - (north - south) * np.array([y1, y2]) / drawn.height
    np.testing.assert_allclose([lon, lat], [[105.0, 105.2], [10.0, 10.1]], atol=1e-4)


def test_equal_boxes_are_drawn_once_and_none_not_at_all():
    drawn = sketch_of_boxes([(105, 10, 106, 11), (105, 10, 106, 11), (105.2, 10, 105.4, 11)])
    assert drawn is not None
    assert len(drawn.areas) == 2
    assert sketch_of_boxes([]) is None


def test_a_box_without_width_and_height_is_a_point():
    drawn = sketch_of_boxes([(105, 10, 105, 10), (105.1, 10, 105.2, 10.1)])
    assert drawn is not None
    assert (len(drawn.points), len(drawn.areas)) == (1, 1)


def test_numbers_stand_where_the_things_of_a_list_lie_and_not_over_each_other():
    far = [(105 + 0.1 * one, 10.0, 105 + 0.1 * one, 10.0) for one in range(3)]
    drawn = sketch_of_list([far[0], None, far[1], far[2], far[0], (105.0001, 10.0, 105.0001, 10.0), far[0]])
    assert drawn is not None
    assert len(drawn.points) == 4
    assert [text for _, _, text in drawn.numbers] == ["1, 5, 6 …", "3", "4"]
    assert [x for x, _, _ in drawn.numbers] == pytest.approx([12, 240, 468], abs=0.1)
    assert sketch_of_list([None]) is None


@pytest.mark.parametrize("place", [shapely.Point(105, 10), shapely.LineString([(105, 10), (105, 10.1)])])
def test_what_has_no_width_has_edges_all_the_same(place):
    drawn = sketch([place])
    assert drawn is not None
    west, south, east, north = drawn.box
    assert west < 105 < east
    assert south < 10 < north
