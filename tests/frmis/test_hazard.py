"""Depth classes as polygons, hazard classes by depth, speed and their product."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio.features
import shapely

from catalogs import packaged
from frmis.hazard import DEPTH_CLASSES, HAZARD_LIMITS, depth_classes, hazard_class
from frmis.result import HAZARD
from sdi.catalog import Catalog
from sdi.errors import InputError
from tests.frmis.ground import grid, terrain


def depths(rows=90, columns=150, seed=7):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    smooth = 0.6 * np.sin(x / 17) * np.cos(y / 11) + 0.3
    return np.maximum(smooth + rng.normal(0, 0.15, (rows, columns)), 0)


def test_the_polygons_cover_exactly_the_cells_of_their_class():
    values = depths()
    classes = depth_classes(terrain(values))
    for lower, upper in zip(DEPTH_CLASSES, (*DEPTH_CLASSES[1:], np.inf), strict=True):
        cells = (values >= lower) & (values < upper)
        shapes = classes[classes.lower_m == lower].geometry
        assert shapes.area.sum() == pytest.approx(cells.sum() * 100.0)
        burnt = rasterio.features.rasterize(shapes, values.shape, transform=grid(*values.shape).affine)
        np.testing.assert_array_equal(burnt.astype(bool), cells)


def test_every_polygon_is_valid_and_small_enough_to_publish():
    classes = depth_classes(terrain(depths(200, 300)))
    assert classes.geometry.is_valid.all()
    assert set(classes.geometry.geom_type) == {"MultiPolygon"}
    assert len(classes) <= 5 * 4 * 5
    bounds = classes.geometry.bounds
    assert (bounds.maxx - bounds.minx).max() <= 640
    assert classes.crs.to_epsg() == 5897


def test_polygons_do_not_overlap():
    shapes = depth_classes(terrain(depths())).geometry
    assert shapely.union_all(shapes.to_numpy()).area == pytest.approx(shapes.area.sum())


def test_a_class_carries_its_code_and_bounds():
    classes = depth_classes(terrain(np.array([[0.0, 0.10], [0.55, 7.0]])))
    assert classes.depth_class.tolist() == ["from_0_10", "from_0_50", "from_1_00"]
    assert classes.lower_m.tolist() == [0.1, 0.5, 1.0]
    assert classes.upper_m.tolist()[:2] == [0.2, 1.0]
    assert np.isnan(classes.upper_m.iloc[2])


def test_a_river_is_no_flood():
    before, after = np.zeros((4, 4)), np.full((4, 4), 0.25)
    before[:, 0], after[:, 0] = 3.0, 4.0
    classes = depth_classes(terrain(after), standing=terrain(before))
    assert classes.depth_class.tolist() == ["from_0_20"]
    assert classes.geometry.area.sum() == 12 * 100


def test_nothing_wet_gives_no_polygon():
    classes = depth_classes(terrain(np.array([[0.0, 0.09], [np.nan, 0.05]])))
    assert len(classes) == 0
    assert classes.columns.tolist() == ["depth_class", "lower_m", "upper_m", "geometry"]


@pytest.mark.parametrize("thresholds", [(), (0.0, 0.1), (0.2, 0.1)])
def test_thresholds_ascend(thresholds):
    with pytest.raises(InputError, match="ascend"):
        depth_classes(terrain(depths()), thresholds)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("depth", "speed", "expected"),
    [
        (0.0, 0.0, 0), (0.009, 3.0, 0), (0.01, 0.0, 1), (0.3, 1.0, 1), (0.15, 2.0, 1), (0.31, 0.9, 2), (0.5, 1.2, 2),
        (0.51, 1.1, 3), (1.2, 0.5, 3), (0.5, 1.21, 4), (1.21, 0.0, 4), (2.0, 0.5, 4), (0.1, 2.1, 5), (2.1, 0.0, 5),
        (1.0, 4.0, 5), (4.0, 1.0, 5), (1.01, 4.0, 6), (4.1, 0.0, 6), (0.1, 4.1, 6),
    ],
)  # fmt: skip
def test_the_hazard_is_that_of_the_guideline(depth, speed, expected):
    """Table 5-2 of Smith et al. (2014), at and beyond each of its limits."""
    assert hazard_class(np.array(depth), np.array(speed), np.round(depth * speed, 9)) == expected


def test_the_class_of_the_maxima_is_the_highest_class_of_all_times():
    rng = np.random.default_rng(3)
    depth, speed = rng.gamma(1.0, 0.5, (200, 30)), rng.gamma(1.0, 0.7, (200, 30))
    product = depth * speed
    over_time = hazard_class(depth, speed, product).max(axis=0)
    of_maxima = hazard_class(depth.max(axis=0), speed.max(axis=0), product.max(axis=0))
    np.testing.assert_array_equal(of_maxima, over_time)


def test_every_hazard_class_has_a_name_and_a_colour():
    hazard = Catalog.read(packaged()).codes["hazard_class"]
    assert [code.code for code in hazard.codes] == HAZARD.split()
    assert len({code.color for code in hazard.codes}) == 7
    assert len(HAZARD_LIMITS) == 5
    assert (np.diff(np.array(HAZARD_LIMITS), axis=0) >= 0).all()
