"""Repairs of geometries agree with the expectations of GEOS, and their ledger can be checked by hand."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import shapely
from pyproj import CRS

from sdi.declaration import LocationRule
from sdi.quality import repair
from sdi.quality.units import conversion, unit

ANY = LocationRule("site", "Any", required=True)
METRES = CRS("EPSG:5897")
DEGREES = CRS("OGC:CRS84")


def repaired(*texts, crs=METRES, rule=ANY, ordered=False):
    geometry = np.array([shapely.from_wkt(text) for text in texts], dtype=object)
    ledger = repair.repaired(geometry, crs, rule, ordered_rings=ordered)
    return ledger, {finding.code: finding for finding in ledger.findings}


def oracle(shared_data, name):
    root = ET.parse(shared_data / "malformed/geos" / name).getroot()
    for case in root.iter("case"):
        with np.errstate(invalid="ignore"):
            geometry = shapely.from_wkt(case.findtext("a").strip(), on_invalid="ignore")
        for operation in case.iter("op"):
            yield case.findtext("desc").strip(), geometry, operation.text.strip()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_validity_is_judged_as_geos_expects(shared_data):
    cases = list(oracle(shared_data, "TestValid.xml"))
    assert len(cases) == 87
    wrong = [name for name, geometry, expected in cases if bool(shapely.is_valid(geometry)) != (expected == "true")]
    assert not wrong


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_geos_calls_invalid_is_repaired_or_put_aside(shared_data):
    for name, geometry, expected in oracle(shared_data, "TestValid.xml"):
        if expected == "false" and np.isfinite(shapely.get_coordinates(geometry)).all():
            ledger = repair.repaired(np.array([geometry], dtype=object), METRES, ANY, ordered_rings=False)
            assert ledger.findings, name
            assert ledger.geometry[0] is None or ledger.geometry[0].is_valid, name


def test_repairs_cover_the_ground_geos_expects(shared_data):
    for name, geometry, expected in oracle(shared_data, "makevalid.xml"):
        # The expectations are rounded to a tenth.
        wanted, got = repair.polygonal(shapely.from_wkt(expected)), repair.polygonal(shapely.make_valid(geometry))
        assert wanted.symmetric_difference(got).area == pytest.approx(0, abs=0.1), name
        if shapely.get_dimensions(geometry) == 2:
            drawn = repair.drawn(geometry) if not geometry.is_valid else geometry
            assert repair.valid(geometry).is_valid, name
            assert repair.valid(geometry).symmetric_difference(drawn).area == pytest.approx(0, abs=1e-9), name


@pytest.mark.parametrize(
    ("text", "area", "moved"),
    [
        ("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))", 50, 0),  # a bow-tie keeps both wings
        ("POLYGON ((0 0, 10 0, 10 10, 5 10, 5 12, 5 10, 0 10, 0 0))", 100, 0),  # a spike has no area
        ("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (8 4, 12 4, 12 6, 8 6, 8 4))", 96, 4),  # a hole reaches 4 m2 outside
        ("MULTIPOLYGON (((0 0, 6 0, 6 10, 0 10, 0 0)), ((4 0, 10 0, 10 10, 4 10, 4 0)))", 100, 0),  # parts overlap
    ],
)
def test_the_moved_area_can_be_checked_by_hand(text, area, moved):
    ledger, found = repaired(text)
    assert ledger.geometry[0].area == area
    assert found["geometry-invalid"].moved_area_m2 == moved
    assert found["geometry-invalid"].action == "repaired"


def test_areas_are_square_metres_in_every_crs():
    square = shapely.box(105.0, 10.0, 105.01, 10.01)
    # One hundredth of a degree at 10 degrees north: 1,096.5 m by 1,106.1 m on the ellipsoid of WGS 84.
    assert repair.area(square, DEGREES) == pytest.approx(1096.5 * 1106.1, rel=1e-3)
    assert repair.area(shapely.box(0, 0, 100, 100), CRS("EPSG:2225")) == pytest.approx(100 * 100 * (1200 / 3937) ** 2)
    assert repair.area(shapely.box(0, 0, 2, 3), None) == 6
    assert repair.area(shapely.LineString([(0, 0), (1, 1)]), METRES) == 0


def test_a_valid_polygon_is_left_exactly_as_it_is():
    text = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 2 4, 4 4, 4 2, 2 2))"
    ledger, found = repaired(text, ordered=True)
    assert not found
    assert ledger.geometry[0].equals_exact(shapely.from_wkt(text), 0)
    assert repair.drawn(shapely.from_wkt(text)).area == 96


def test_rings_are_turned_and_reported_only_where_the_format_orders_them():
    clockwise = "POLYGON ((0 0, 0 10, 10 10, 10 0, 0 0))"
    assert repaired(clockwise)[1] == {}
    ledger, found = repaired(clockwise, ordered=True)
    assert list(found) == ["geometry-winding"]
    assert shapely.is_ccw(ledger.geometry[0].exterior)


def test_a_whole_file_that_runs_clockwise_is_reported_once():
    ledger, found = repaired(*["POLYGON ((0 0, 0 10, 10 10, 10 0, 0 0))"] * 30, ordered=True)
    assert len(ledger.findings) == 1
    assert found["geometry-winding"].row is None
    assert "30 of 30" in found["geometry-winding"].message


def test_lines_without_length_are_dropped_where_others_remain():
    ledger, found = repaired("MULTILINESTRING ((0 0, 0 0), (1 1, 2 2))", "LINESTRING (3 3, 3 3)")
    assert ledger.geometry[0].equals(shapely.from_wkt("MULTILINESTRING ((1 1, 2 2))"))
    assert ledger.geometry[1] is None
    assert [finding.action for finding in ledger.findings] == ["repaired", "quarantined"]
    assert list(found) == ["geometry-zero-length"]


def test_a_polygon_across_the_antimeridian_is_cut_in_two():
    ledger, found = repaired("POLYGON ((178 -18, -179 -18, -179 -16, 178 -16, 178 -18))", crs=DEGREES)
    assert list(found) == ["geometry-antimeridian"]
    assert ledger.geometry[0].area == pytest.approx(6)
    assert sorted(part.bounds for part in ledger.geometry[0].geoms) == [(-180, -18, -179, -16), (178, -18, 180, -16)]


def test_a_wide_polygon_that_does_not_cross_is_left_alone():
    ledger, found = repaired("POLYGON ((-170 -10, 170 -10, 170 10, -170 10, -170 -10))", crs=METRES)
    assert (ledger.geometry[0].area, found) == (6800, {})


def test_no_geometry_at_all_is_no_problem():
    ledger = repair.repaired(np.empty(0, dtype=object), None, ANY, ordered_rings=True)
    assert len(ledger.geometry) == len(ledger.findings) == 0


@pytest.mark.parametrize(
    ("source", "target", "value", "converted"),
    [("inch", "cm", 10, 25.4), ("ft", "m", 10, 3.048), ("[ft_us]", "m", 3937, 1200), ("ha", "m2", 1, 10000),
     ("%", "1", 50, 0.5), ("l/s", "m3/s", 1000, 1), ("degF", "Cel", 212, 100), ("gal/min", "m3/h", 1, 0.227124707)],
)  # fmt: skip
def test_units_are_converted(source, target, value, converted):
    factor, offset = conversion(source, target)
    assert value * factor + offset == pytest.approx(converted, rel=1e-9)


def test_an_unknown_unit_is_none():
    assert unit("furlong") is None


def star(points):
    """A star each of whose rays crosses nearly all others."""
    angle = np.arange(points) * 2 * np.pi * (points // 2) / points
    return np.column_stack([np.cos(angle), np.sin(angle)])


def hostile():
    """Polygons of a few kilobytes that take minutes to repair."""
    x = np.random.default_rng(1).random(2_000)
    side = np.arange(4_000) % 2
    harmless = np.column_stack([np.linspace(-9, -8, 1_100), np.full(1_100, 5.0)])
    yield "a star behind what is harmless", shapely.Polygon([*harmless, *star(8_001)])
    yield "a star among other parts", shapely.multipolygons([shapely.Polygon(star(4_001)), shapely.box(5, 5, 6, 6)])
    yield "a line back and forth", shapely.Polygon([*np.column_stack([x, np.zeros(2_000)]), (0.5, 1)])
    yield "the same line over and over", shapely.Polygon([(0, 0), (1, 0)] * 4_000 + [(0.5, 1)])
    yield "a fan", shapely.Polygon([end for one in x for end in ((0.5, 0), (one, 1))])
    yield "narrow folds", shapely.Polygon([*np.column_stack([side, side + np.arange(4_000) / 1e4]), (9, 0), (0, 9)])


@pytest.mark.parametrize(("name", "polygon"), [pytest.param(*one, id=one[0]) for one in hostile()])
def test_what_would_take_minutes_to_repair_is_put_aside_at_once(name, polygon):
    begun = time.process_time()
    ledger = repair.repaired(np.array([polygon], dtype=object), METRES, ANY, ordered_rings=False)
    assert [finding.code for finding in ledger.findings] == ["geometry-tangled"], name
    assert ledger.geometry[0] is None
    assert time.process_time() - begun < 5


def test_what_is_long_but_not_tangled_is_repaired():
    """Two parcels share a border of 20,000 vertices; 2,500 squares touch; of a long ring one vertex stands twice."""
    line = np.column_stack([np.random.default_rng(1).random(20_000) / 10, np.linspace(0, 1, 20_000)])
    shared = shapely.multipolygons([shapely.Polygon([*line, (side, 1), (side, 0)]) for side in (2, -2)])
    squares = shapely.multipolygons([shapely.box(x, y, x + 1, y + 1) for x in range(50) for y in range(50)])
    angle = np.linspace(0, 2 * np.pi, 20_000)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    ring[9] = ring[5]
    for polygon, area in ((shared, 4), (squares, 2_500), (shapely.Polygon(ring), np.pi)):
        ledger = repair.repaired(np.array([polygon], dtype=object), METRES, ANY, ordered_rings=False)
        assert "geometry-tangled" not in {finding.code for finding in ledger.findings}
        assert ledger.geometry[0].area == pytest.approx(area, abs=1e-3)
