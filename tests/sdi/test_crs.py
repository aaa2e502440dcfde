"""Coordinates: the pinned operation, axis order, what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from sdi.crs import CRS84, StorageCRS, from_uri, is_latitude_first, project, swap_axes, uri
from sdi.errors import InputError, RefusedError

CAN_THO = StorageCRS("EPSG:5897", "VN-2000 to WGS 84 (2)")
NINH_KIEU = shapely.points([[105.78, 10.03]])


def test_storage_and_back_is_exact_to_less_than_a_millimetre():
    there = CAN_THO.to_storage(NINH_KIEU, CRS84)
    again = CAN_THO.to_storage(CAN_THO.to_crs84(there), CRS84)
    assert shapely.distance(there, again)[0] < 1e-3


def test_the_pinned_operation_decides_by_most_of_a_metre():
    other = StorageCRS("EPSG:5897", "VN-2000 to WGS 84 (1)")
    apart = shapely.distance(CAN_THO.to_storage(NINH_KIEU, CRS84), other.to_storage(NINH_KIEU, CRS84))[0]
    assert apart == pytest.approx(0.81, abs=0.02)


def test_ignoring_the_datum_would_move_the_city_by_225_metres():
    vn2000 = project(NINH_KIEU, "EPSG:4756", "EPSG:5897")
    assert shapely.distance(CAN_THO.to_storage(NINH_KIEU, CRS84), vn2000)[0] == pytest.approx(225.5, abs=0.5)


def test_a_grid_of_one_metre_stays_a_grid_of_one_metre():
    corners = shapely.points([[584_000, 1_109_000], [584_001, 1_109_000]])
    there = CAN_THO.to_storage(CAN_THO.to_crs84(corners), CRS84)
    assert shapely.distance(*there) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("crs", "latitude_first"),
    [
        ("EPSG:4326", True),
        ("EPSG:4756", True),
        ("EPSG:5897", False),
        ("EPSG:3405", False),
        ("EPSG:32648", False),
        (CRS84, False),
    ],
)
def test_axis_order_is_the_authority_s(crs, latitude_first):
    assert is_latitude_first(crs) is latitude_first


def test_epsg_4326_is_answered_latitude_first_and_crs84_is_not():
    assert CAN_THO.from_crs84(NINH_KIEU, "EPSG:4326")[0].coords[0] == (10.03, 105.78)
    assert CAN_THO.from_crs84(NINH_KIEU, CRS84)[0].coords[0] == (105.78, 10.03)


def test_missing_geometries_stay_missing():
    moved = CAN_THO.to_crs84(np.array([None, shapely.Point(584_000, 1_109_000)], dtype=object))
    assert moved[0] is None
    assert moved[1] is not None


def test_heights_are_kept_as_they_are():
    mixed = np.array([shapely.Point(105.78, 10.03, 1.85), shapely.Point(105.78, 10.03)], dtype=object)
    moved = CAN_THO.to_storage(mixed, CRS84)
    assert moved[0].z == 1.85
    assert not moved[1].has_z


def test_coordinates_that_fit_no_place_are_refused_with_a_hint():
    with pytest.raises(RefusedError, match="axes in order"):
        CAN_THO.to_storage(shapely.points([[10.03, 105.78]]), CRS84)


def test_a_crs_in_degrees_or_feet_stores_nothing():
    for code in ("EPSG:4326", "EPSG:2263"):
        with pytest.raises(InputError, match="metres"):
            StorageCRS(code).check()


def test_an_operation_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="no operation"):
        StorageCRS("EPSG:5897", "VN-2000 to WGS 84 (9)").check()


def test_uris_read_back_as_they_were_written():
    for crs in (CRS84, "EPSG:5897", "EPSG:4326"):
        assert from_uri(uri(crs)) == crs


@pytest.mark.parametrize(
    "text", ["EPSG:4326", "http://example.org/4326", "http://www.opengis.net/def/crs/EPSG/0/999999", ""]
)
def test_a_crs_that_is_no_uri_is_refused(text):
    with pytest.raises(InputError):
        from_uri(text)


def test_swapping_axes_twice_changes_nothing():
    assert shapely.equals_exact(swap_axes(swap_axes(NINH_KIEU)), NINH_KIEU)[0]


def test_threads_share_an_operation_and_each_gets_its_own_answer():
    there = shapely.points(np.random.default_rng(92).uniform([105.7, 10.0], [105.8, 10.1], (50_000, 2)))
    beyond = shapely.points([[1e12, 1e12]])
    wanted = project(there, CRS84, "EPSG:5897")

    def refused(_):
        with pytest.raises(RefusedError):
            project(beyond, CRS84, "EPSG:5897")

    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(lambda: [refused(one) for one in range(1_000)])
        for _ in range(8):
            assert shapely.equals_identical(pool.submit(project, there, CRS84, "EPSG:5897").result(), wanted).all()
        failing.result()
