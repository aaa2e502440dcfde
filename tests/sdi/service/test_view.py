"""Pages write numbers and units as people do."""

from __future__ import annotations

import pytest

from sdi.service import view


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (2002, "2002", "2002"), (-2002, "-2002", "-2002"), (18215, "18.215", "18,215"), (0.26, "0,26", "0.26"),
        (5033.3, "5.033,3", "5,033.3"), (True, "có", "yes"), (None, "–", "–"),
        ([1, 4], "2 giá trị: 1 … 4", "2 values: 1 … 4"),
    ],
)  # fmt: skip
def test_a_year_has_no_separator(value, vi, en):
    assert [view._shown(value, language) for language in ("vi", "en")] == [vi, en]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("m2", "m²"),
        ("m3/s", "m³/s"),
        ("m.s-1", "m.s⁻¹"),
        ("m", "m"),
        ("1", "1"),
        ("%", "%"),
        ("km2", "km²"),
        ("cm[H2O]", "cm[H2O]"),
        ("s-2", "s⁻²"),
        ("m12", "m¹²"),
    ],
)
def test_the_exponent_of_a_unit_is_raised(code, written):
    assert view._unit(code) == written
