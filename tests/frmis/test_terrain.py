"""The traps of terrains: named, with figures, and refused where they matter."""

from __future__ import annotations

import numpy as np
import pytest

from frmis.conditioning import condition
from frmis.terrain import check
from sdi.entry import SourceOptions
from sdi.errors import RefusedError
from sdi.source import read_raster
from tests.frmis.ground import rough, terrain

KNOWN_GROUND = (0.3, 2.0)
"""Median of the ground in the centre of Cần Thơ [m, Hòn Dấu], as published."""


def codes(report) -> set[str]:
    return {one.code for one in report.findings}


def figures(report, code):
    return next(one.figures for one in report.findings if one.code == code)


@pytest.fixture(scope="module")
def aster(shared_data):
    path = shared_data / "dem" / "cantho_1arcsec_aster.tif"
    return read_raster(path, SourceOptions(path=str(path)))


@pytest.fixture(scope="module")
def srtm(shared_data):
    path = shared_data / "dem" / "cantho_utm48n_30m_nodata0.tif"
    return read_raster(path, SourceOptions(path=str(path)))


@pytest.mark.shows("foundation")
def test_the_surface_model_of_can_tho_gives_all_its_traps_away(aster, figure):
    report = check(aster, expected_ground=KNOWN_GROUND)
    figure("traps of the surface model", ", ".join(sorted(codes(report))))
    assert codes(report) >= {
        "crs-geographic", "unit-undeclared", "datum-undeclared", "product-aster-gdem", "whole-metres", "noisy",
        "surface-model", "flat-plateau", "ground-out-of-range",
    }  # fmt: skip
    assert figures(report, "ground-out-of-range")["median"] == 8.0
    assert figures(report, "flat-plateau")["metres"] == 17.0
    assert not report.fit_for_decisions
    assert "EGM96" in report.notice().vi


@pytest.mark.shows("foundation")
def test_the_terrain_with_nodata_zero_gives_all_its_traps_away(srtm, figure):
    report = check(srtm, expected_ground=KNOWN_GROUND)
    figure("traps of the terrain with nodata 0", ", ".join(sorted(codes(report))))
    assert codes(report) >= {"datum-undeclared", "nodata-zero", "whole-metres", "pits", "noisy", "ground-out-of-range"}
    assert "surface-model" not in codes(report)
    assert figures(report, "nodata-zero")["cells"] == 6036
    assert figures(report, "nodata-zero")["share"] == pytest.approx(0.166, abs=5e-4)
    assert figures(report, "pits")["cells"] == 256


def test_the_ground_hidden_behind_nodata_zero_comes_back_and_the_pits_are_filled(srtm):
    conditioned = condition(srtm)
    assert {one.code: one.cells for one in conditioned.repairs} == {"zero-restored": 6036, "pits-filled": 256}
    heights = conditioned.terrain.values
    assert np.isfinite(heights).all()
    assert (heights == 0).sum() >= 6036
    assert heights.min() >= -5.0
    untouched = np.isfinite(srtm.values) & (srtm.values >= -5)
    np.testing.assert_array_equal(heights[untouched], srtm.values[untouched])


def test_a_good_terrain_has_no_findings():
    report = check(terrain(rough()), expected_ground=(-2.0, 2.0), datum="hon_dau")
    assert report.findings == ()
    assert report.fit_for_decisions
    assert report.notice().en == ""


@pytest.mark.parametrize("unit", ["ft", "US survey foot", " Feet "])
def test_feet_are_refused_until_they_are_converted(unit):
    feet = terrain(rough() / 0.3048).assign_attrs(units=unit)
    with pytest.raises(RefusedError, match="convert") as caught:
        check(feet).raise_if_unusable()
    assert caught.value.code == "unit-feet"
    metres = condition(feet).terrain
    assert metres.attrs["units"] == "m"
    np.testing.assert_allclose(metres.values, rough(), rtol=3e-6)


def test_an_unknown_unit_is_refused():
    with pytest.raises(RefusedError, match="'fathom'"):
        check(terrain(rough()).assign_attrs(units="fathom")).raise_if_unusable()


@pytest.mark.parametrize(
    ("datum", "wanted", "code"),
    [
        (None, None, "datum-undeclared"), ("unknown", "hon_dau", "datum-undeclared"),
        ("egm96", "hon_dau", "datum-differs"), ("egm2008", None, "datum-global"),
        ("synthetic", "synthetic", "synthetic"),
    ],
)  # fmt: skip
def test_heights_without_the_right_zero_are_poor(datum, wanted, code):
    report = check(terrain(rough(), datum=datum), datum=wanted)
    assert codes(report) == {code}
    assert not report.fit_for_decisions


def test_a_river_bed_is_no_pit_and_a_spike_is():
    ground = rough(100, 100)
    ground[40:50] = -8.0
    assert "pits" not in codes(check(terrain(ground)))
    ground[80:82, 10] = -30.0
    assert figures(check(terrain(ground)), "pits")["cells"] == 2
    filled = condition(terrain(ground)).terrain.values
    assert filled[80:82, 10].min() > -3
    np.testing.assert_array_equal(filled[40:50], -8.0)


def test_cells_without_a_height_are_a_note_where_their_mark_is_no_height():
    ground = rough()
    ground[3:6, 4:9] = np.nan
    report = check(terrain(ground).assign_attrs(nodata_declared=-9999.0))
    assert codes(report) == {"gaps"}
    assert report.fit_for_decisions
    assert figures(report, "gaps")["cells"] == 15
    assert condition(terrain(ground)).repairs == ()


def test_what_an_earlier_check_found_is_repeated_once():
    earlier = check(terrain(rough(), datum="egm96"))
    notice = earlier.notice()
    stored = terrain(rough(), datum="egm96").assign_attrs(fit_for_decisions=0, notice=notice.en, notice_vi=notice.vi)
    again = check(stored)
    assert not again.fit_for_decisions
    assert again.notice() == notice


def test_houses_on_the_ground_are_recognised_as_a_surface_model():
    rng = np.random.default_rng(3)
    ground = rough(120, 120, relief=0.3)
    for row, column in rng.integers(0, 110, (60, 2)):
        ground[row : row + 5, column : column + 5] += rng.uniform(6, 20)
    assert "surface-model" in codes(check(terrain(ground)))


def test_a_terrain_with_hardly_any_cell_is_not_judged_by_its_statistics():
    assert codes(check(terrain(np.arange(9.0).reshape(3, 3)))) == set()


def test_a_refusal_names_every_reason_with_its_figures():
    ground = np.round(rough(60, 60) * 3)
    with pytest.raises(RefusedError) as caught:
        check(terrain(ground, datum=None)).raise_if_unfit()
    assert {"datum-undeclared", "whole-metres"} <= set(caught.value.details)
    assert "allow_poor_terrain" in caught.value.message
