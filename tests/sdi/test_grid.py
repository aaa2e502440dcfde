"""Where a raster lies."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from pyproj import CRS

from sdi.errors import InputError
from sdi.grid import Grid
from sdi.resample import resample

BOUNDS = (580_000.0, 1_109_000.0, 580_300.0, 1_109_200.0)


@pytest.fixture
def grid() -> Grid:
    return Grid.from_bounds(BOUNDS, 10.0, "EPSG:5897")


def test_a_box_is_covered_with_square_cells_from_its_north_west_corner(grid):
    assert grid.shape == (20, 30)
    assert grid.bounds == BOUNDS
    assert grid.cell == (10.0, 10.0)
    assert grid.cell_area == 100.0
    assert grid.is_metric
    assert grid.authority == "EPSG:5897"


def test_a_box_that_cells_do_not_fill_is_reached_beyond_in_south_and_east():
    grid = Grid.from_bounds((0.0, 0.0, 95.0, 41.0), 10.0, "EPSG:5897")
    assert grid.bounds == (0.0, -9.0, 100.0, 41.0)


@pytest.mark.parametrize(("bounds", "cell"), [((0, 0, 0, 10), 1), ((0, 10, 10, 0), 1), ((0, 0, 10, 10), 0)])
def test_an_empty_box_is_refused(bounds, cell):
    with pytest.raises(InputError, match="is empty"):
        Grid.from_bounds(bounds, cell, "EPSG:5897")


def test_coordinates_are_centres_with_rows_from_north_to_south(grid):
    assert grid.x[0] == 580_005
    assert grid.y[0] == 1_109_195
    assert (np.diff(grid.y) == -10).all()
    coords = grid.coords()
    assert coords["x"].attrs == {"standard_name": "projection_x_coordinate", "units": "m", "axis": "X"}
    assert coords["y"].attrs["standard_name"] == "projection_y_coordinate"


def test_degrees_are_named_longitude_and_latitude():
    coords = Grid.from_bounds((105.0, 10.0, 106.0, 11.0), 0.1, "EPSG:4326").coords()
    assert coords["x"].attrs["standard_name"] == "longitude"
    assert coords["y"].attrs["units"] == "degree"
    assert not Grid.from_bounds((105.0, 10.0, 106.0, 11.0), 0.1, "EPSG:4326").is_metric


def test_an_array_on_a_grid_gives_the_grid_back(grid):
    array = grid.array(np.zeros(grid.shape), units="m")
    assert array.rio.crs.to_epsg() == 5897
    assert array.attrs == {"units": "m"}
    assert Grid.from_dataarray(array) == grid
    assert Grid.from_dataarray(array.transpose("x", "y")) == grid
    assert Grid.from_dataarray(array.expand_dims(time=2)) == grid


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_a_single_line_of_cells_is_a_grid_of_square_cells(shape):
    grid = Grid(shape, Affine(10, 0, 0, 0, -10, 50), Grid.definition("EPSG:5897"))
    assert Grid.from_dataarray(grid.array(np.zeros(shape))) == grid


def test_values_of_another_shape_do_not_fit(grid):
    with pytest.raises(InputError, match="do not fit"):
        grid.array(np.zeros((2, 3)))


def test_an_array_without_crs_is_refused(grid):
    bare = xr.DataArray(np.zeros((2, 2)), coords={"y": [1.0, 0.0], "x": [0.0, 1.0]}, dims=("y", "x"))
    with pytest.raises(InputError) as caught:
        Grid.from_dataarray(bare)
    assert caught.value.code == "crs-undeclared"


def test_rows_from_south_to_north_are_refused(grid):
    with pytest.raises(InputError, match="north-up"):
        Grid.from_dataarray(grid.array(np.zeros(grid.shape)).isel(y=slice(None, None, -1)))


def test_uneven_cells_are_refused(grid):
    with pytest.raises(InputError, match="evenly"):
        Grid.from_dataarray(grid.array(np.zeros(grid.shape)).isel(x=[0, 1, 3]))


def test_other_dimensions_are_refused(grid):
    array = grid.array(np.zeros(grid.shape)).rename(y="row")
    with pytest.raises(InputError, match="expected y and x"):
        Grid.from_dataarray(array)


def test_a_rotated_transform_is_refused():
    with pytest.raises(InputError, match="rotated"):
        Grid((2, 2), Affine(1, 0.1, 0, 0.1, -1, 0), CRS.from_epsg(5897))


def test_points_find_their_cells(grid):
    rows, columns = grid.index_of(
        np.array([[580_001.0, 1_109_199.0], [580_300.0, 1_109_000.0], [580_010.0, 1_109_190.0]])
    )
    assert rows.tolist() == [0, 19, 1]
    assert columns.tolist() == [0, 29, 1]
    assert [part.size for part in grid.index_of(np.empty((0, 2)))] == [0, 0]


def test_a_point_outside_is_named(grid):
    points = np.array([[580_001.0, 1_109_100.0], [579_999.0, 1_109_100.0]])
    assert grid.contains(points).tolist() == [True, False]
    with pytest.raises(InputError, match=r"579999\.0") as caught:
        grid.index_of(points)
    assert caught.value.code == "outside-grid"


def test_grids_are_equal_as_long_as_no_cell_moves(grid):
    same = Grid.from_bounds((BOUNDS[0] + 1e-7, *BOUNDS[1:]), 10.0, CRS.from_epsg(5897).to_wkt())
    assert same == grid
    assert hash(same) == hash(grid)
    assert Grid.from_bounds((BOUNDS[0] + 1.0, BOUNDS[1], BOUNDS[2] + 1.0, BOUNDS[3]), 10.0, "EPSG:5897") != grid
    assert Grid.from_bounds(BOUNDS, 10.0, "EPSG:9209") != grid
    assert grid != "grid"


def test_a_plane_stays_a_plane_when_it_is_resampled(grid):
    y, x = np.meshgrid(grid.y - 1_109_100, grid.x - 580_150, indexing="ij")
    plane = grid.array(2.0 + 0.01 * x - 0.03 * y, units="m")
    finer = Grid.from_bounds((580_020.0, 1_109_020.0, 580_280.0, 1_109_180.0), 4.0, "EPSG:5897")
    result = resample(plane, finer)
    fine_y, fine_x = np.meshgrid(finer.y - 1_109_100, finer.x - 580_150, indexing="ij")
    np.testing.assert_allclose(result, 2.0 + 0.01 * fine_x - 0.03 * fine_y, atol=1e-5)
    assert result.attrs == {"units": "m"}


def test_resampling_to_the_same_grid_changes_nothing(grid):
    values = np.random.default_rng(1).normal(size=grid.shape).astype(np.float32)
    values[3, 4] = np.nan
    np.testing.assert_array_equal(resample(grid.array(values), grid), values)


def test_a_gap_does_not_grow_when_a_raster_is_brought_to_its_own_grid():
    odd = Grid(
        (5, 400), Affine(0.99993681, 0, 382_249.79174463, 0, -0.99993681, 6_354_681.4), Grid.definition("EPSG:32756")
    )
    values = np.ones(odd.shape, dtype=np.float32)
    values[:, ::7] = np.nan
    np.testing.assert_array_equal(resample(odd.array(values), odd), values)


def test_what_is_missing_does_not_bleed_into_a_value(grid):
    values = np.ones(grid.shape)
    values[:, 10:] = np.nan
    half = Grid.from_bounds((580_005.0, 1_109_005.0, 580_295.0, 1_109_195.0), 10.0, "EPSG:5897")
    result = resample(grid.array(values), half).values
    assert (result[:, :9] == 1).all()
    assert np.isnan(result[:, 9:]).all()


def test_a_raster_lands_where_the_pinned_operation_puts_it():
    degrees = Grid.from_bounds((105.70, 10.00, 105.80, 10.10), 0.001, "EPSG:4326")
    longitude = degrees.array(np.tile(degrees.x, (degrees.shape[0], 1)))
    metres = Grid.from_bounds((578_000.0, 1_107_000.0, 580_000.0, 1_109_000.0), 100.0, "EPSG:5897")
    pinned = resample(longitude, metres, "VN-2000 to WGS 84 (2)")
    other = resample(longitude, metres, "VN-2000 to WGS 84 (1)")
    assert np.isfinite(pinned).all()
    shift = float(np.abs(pinned - other).mean()) * 111_320 * np.cos(np.radians(10))
    assert 0.1 < shift < 2.0
