from __future__ import annotations

import pytest

from sdi.errors import InputError
from sdi.service.parameter import box, check_globe, codes, integer, typed


@pytest.mark.parametrize(
    "text", ["1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "a,b,c,d", "inf,0,1,1", "nan,0,1,1", "", ",,,"]
)
def test_a_box_that_is_not_four_or_six_finite_numbers_is_refused(text):
    with pytest.raises(InputError, match="bbox"):
        box(text)


@pytest.mark.parametrize("text", ["0x10,0,1,1", "1_0,0,20,1", "1e999,0,1,1", "١,٠,٢,٢", "1;2;3;4"])
def test_a_number_is_written_as_the_standard_writes_it(text):
    with pytest.raises(InputError):
        box(text)


def test_heights_of_a_box_are_left_out():
    assert box("1,2,-5,3,4,5") == (1, 2, 3, 4)


def test_a_box_with_its_top_below_its_bottom_is_refused():
    with pytest.raises(InputError, match="southern edge"):
        box("1,4,3,2")
    with pytest.raises(InputError, match="lower height"):
        box("1,2,9,3,4,5")


def test_a_box_may_cross_the_antimeridian():
    assert box("170,-10,-170,10") == (170, -10, -170, 10)


def test_a_box_with_latitude_first_is_turned():
    assert box("10,105,11,106", latitude_first=True) == (105, 10, 106, 11)


@pytest.mark.parametrize("edges", [(-181, 0, 0, 1), (0, 0, 181, 1), (0, -91, 1, 0), (0, 0, 1, 91)])
def test_a_box_beyond_the_globe_is_refused(edges):
    with pytest.raises(InputError, match="leaves the globe"):
        check_globe(edges)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "ten", "1e3", "9" * 40])
def test_a_limit_is_a_whole_number_from_one(text):
    with pytest.raises(InputError, match="limit"):
        integer("limit", text, minimum=1)


def test_a_larger_limit_is_cut_and_no_error():
    assert integer("limit", "99999999", minimum=1, maximum=10_000) == 10_000


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, "7", "7.5"),
        ({"type": "number"}, "7.5e1", "seven"),
        ({"type": "boolean"}, "true", "True"),
        ({"type": "string", "format": "date"}, "2025-07-01", "July"),
        ({"type": "string", "oneOf": [{"const": "a"}, {"const": "b"}]}, "a", "c"),
        ({"type": "string", "enum": ["a"]}, "a", "A"),
        ({"type": "string", "format": "uuid"}, "019b76da-a800-7002-8b4a-e28e785fbfca", "beside"),
        ({"type": ["string", "null"]}, "anything", None),
    ],
)
def test_a_queryable_takes_values_of_its_type(schema, good, bad):
    assert typed("p", good, schema)
    if bad is not None:
        with pytest.raises(InputError, match="parameter p"):
            typed("p", bad, schema)


def test_text_is_compared_in_the_form_in_which_it_is_kept():
    assert typed("name", "Hòa", {"type": "string"}) == "Hòa"


def test_codes_come_from_either_way_of_listing_them():
    assert codes({"enum": ["a", None]}) == ["a"]
    assert codes({"oneOf": [{"const": 1}, {"type": "null"}]}) == ["1"]
    assert codes({"type": "string"}) == []
