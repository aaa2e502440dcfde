import pytest

from sdi.errors import InputError
from spp.place import Address, Parcel, Point, read_place


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("105.7812,10.0345", 105.7812, 10.0345),
        ("10.0345, 105.7812", 10.0345, 105.7812),
        ("10,0345 105,7812", 10.0345, 105.7812),
        ("10,0345; 105,7812", 10.0345, 105.7812),
        (" 578000 1115000 ", 578000, 1115000),
        ("-1.5;+2", -1.5, 2),
    ],
)
def test_a_pair_of_numbers_is_read_as_people_write_it(text, x, y):
    assert Point.read(text) == Point(x, y)


@pytest.mark.parametrize("text", ["x", "1", "1,2,3", "nan nan", "1e400 2", "10.0345", "１ ２ ３", "105.78 10.03 m"])
def test_what_is_no_pair_of_numbers_is_refused_with_an_example(text):
    with pytest.raises(InputError, match=r"105\.7812,10\.0345"):
        Point.read(text)


def test_a_place_must_be_finite():
    with pytest.raises(InputError, match="finite"):
        Point(float("inf"), 0)


@pytest.mark.parametrize(
    ("text", "sheet", "number"),
    [
        ("7/12", "7", "12"),
        ("7 12", "7", "12"),
        ("tờ 7 thửa 12", "7", "12"),
        ("Tờ bản đồ số 7, thửa đất số 12", "7", "12"),
        ("sheet 7, parcel 12", "7", "12"),
        ("7/12a", "7", "12A"),
    ],
)
def test_sheet_and_number_are_found_in_what_people_write(text, sheet, number):
    assert Parcel(text).sheet_and_number == (sheet, number)


def test_an_identifier_is_known_by_its_shape():
    eid = "019b76da-a800-7534-9968-2a456642594f"
    assert Parcel(f" {eid.upper()} ").eid == eid
    assert Parcel("019b76da").eid is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0345, 105.7812", Point(10.0345, 105.7812)),
        ("578000 1115000", Point(578000, 1115000)),
        ("7/12", Parcel("7/12")),
        ("7 12", Parcel("7 12")),
        ("tờ 7 thửa 12", Parcel("tờ 7 thửa 12")),
        ("MP-T007-0001", Parcel("MP-T007-0001")),
        ("12/3A Nguyễn Trãi", Address("12/3A Nguyễn Trãi")),
        ("Nguyễn Trãi", Address("Nguyễn Trãi")),
    ],
)
def test_one_box_takes_points_parcels_and_addresses(text, place):
    assert read_place(text) == place


@pytest.mark.parametrize("kind", [Parcel, Address, read_place])
def test_nothing_and_too_much_are_refused(kind):
    with pytest.raises(InputError, match="nothing is asked"):
        kind("   ")
    with pytest.raises(InputError, match="201 characters"):
        kind("x" * 201)
