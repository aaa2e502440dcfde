"""A gauge reads the cell that it stands in, and no other."""

import numpy as np
import pytest
import xarray as xr

from frmis.gauge import hydrographs
from sdi.errors import InputError

WATER = 1.0
"""Level of the pool [m]."""


@pytest.fixture
def result():
    """Return two times on 2 x 3 cells of 10 m, north up: a pool in the south, a hole in the terrain."""
    level = np.full((2, 2, 3), np.nan)
    depth = np.zeros((2, 2, 3))
    level[:, 1, :], depth[:, 1, :] = WATER, 0.4
    level[1, 0, 0], depth[1, 0, 0] = 2.5, 0.2
    depth[:, 0, 2] = np.nan
    dims = ("time", "y", "x")
    times = np.array(["2025-10-22T06:00", "2025-10-22T06:15"], dtype="datetime64[ns]")
    return xr.Dataset(
        {"water_level": (dims, level, {"vertical_datum": "synthetic"}), "water_depth": (dims, depth)},
        coords={"time": times, "y": [115.0, 105.0], "x": [505.0, 515.0, 525.0]},
    )


def test_a_gauge_in_water_follows_its_level(result):
    found = hydrographs(result, np.array([[501.0, 101.0]]), ["pool"])
    assert found["water_level"].sel(gauge="pool").values.tolist() == [WATER, WATER]
    assert found["water_level"].attrs["vertical_datum"] == "synthetic"
    assert (bool(found["inside"][0]), float(found["wet_share"][0])) == (True, 1.0)


def test_a_gauge_has_no_level_while_its_cell_is_dry(result):
    found = hydrographs(result, np.array([[509.9, 110.1], [515.0, 115.0]]), ["corner", "dry"])
    np.testing.assert_array_equal(found["water_level"].sel(gauge="corner"), [np.nan, 2.5])
    np.testing.assert_array_equal(found["water_level"].sel(gauge="dry"), [np.nan, np.nan])
    assert found["wet_share"].values.tolist() == [0.5, 0.0]
    assert found["water_depth"].sel(gauge="dry").values.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("place", [(499.9, 105.0), (505.0, 120.1), (531.0, 105.0), (525.0, 115.0)])
def test_a_gauge_beyond_the_grid_or_the_terrain_is_not_guessed(result, place):
    found = hydrographs(result, np.array([place]), ["outside"])
    assert not found["inside"][0]
    for name in ("water_level", "water_depth", "wet_share"):
        assert np.isnan(found[name].values).all()


def test_the_order_of_the_rows_does_not_matter(result):
    place = np.array([[501.0, 101.0], [509.0, 111.0]])
    one, other = (hydrographs(of, place, ["a", "b"]) for of in (result, result.isel(y=[1, 0])))
    xr.testing.assert_identical(one, other)


def test_no_gauges_have_no_hydrographs(result):
    assert hydrographs(result, np.empty((0, 2)), []).sizes == {"time": 2, "gauge": 0}


@pytest.mark.parametrize(("places", "names"), [([[1.0, 2.0]], ["a", "b"]), ([[np.nan, 2.0]], ["a"])])
def test_gauges_without_place_or_name_are_refused(result, places, names):
    with pytest.raises(InputError, match="gauge"):
        hydrographs(result, np.array(places), names)
