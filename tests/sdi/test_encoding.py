"""Text that was read with the wrong table is recognised by what comes out, and repaired only if that is certain."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdi import encoding, text
from sdi.errors import InputError

WORDS = ["Phường", "Cái", "Khế", "Nguyễn", "Đặng", "Thuỷ", "Trường", "Ấp", "Ô", "Môn", "Ngã", "Bảy", "An", "Hỷ", "ỵ"]


@pytest.fixture(scope="session")
def wards(shared_data):
    path = shared_data / "malformed/legacy_vn/cantho_wards_expected_utf8.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize(("column", "table"), [("NAME_TCVN3_latin1", "tcvn3"), ("NAME_VNI_latin1", "vni")])
def test_the_old_tables_are_told_apart_and_read_exactly(wards, column, table, figure):
    delivered = [row[column] for row in wards]
    assert encoding.detect(delivered) == table
    repaired = [encoding.repair(text, table) for text in delivered]
    right = sum(one.text == row["NAME"] for one, row in zip(repaired, wards, strict=True))
    figure(f"names in {table} read exactly", right, "1", "= 103")
    assert right == len(wards) == 103


@pytest.mark.shows("shared-model")
def test_tcvn3_flags_the_capital_it_cannot_write(wards):
    uncertain = [
        repaired.text
        for row in wards
        if not (repaired := encoding.repair(row["NAME_TCVN3_latin1"], "tcvn3")).case_certain
    ]
    assert uncertain == ["Xã Nhơn Ái"]


@pytest.mark.parametrize(
    ("delivered", "meant", "certain"),
    [
        ("THµNH PHè", "THÀNH PHỐ", False),
        ("§­êng vµo Êp 3", "Đường vào ấp 3", False),
        ("¤ M«n", "Ô Môn", True),
        ("Trần", "Trần", True),
    ],
)
def test_tcvn3_takes_capitals_from_the_neighbours(delivered, meant, certain):
    read = encoding.from_tcvn3(delivered)
    assert (read, encoding.is_case_certain(read)) == (meant, certain)


@pytest.mark.parametrize(
    ("delivered", "meant"),
    [("Phöôøng Caùi Kheá", "Phường Cái Khế"), ("ÑÖÔØNG", "ĐƯỜNG"), ("Xaõ Thuyû", "Xã Thuỷ"), ("Baéc", "Bắc"),
     ("Hoøa", "Hòa")],
)  # fmt: skip
def test_vni_takes_the_longest_match(delivered, meant):
    assert encoding.from_vni(delivered) == meant


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_mojibake_of_any_vietnamese_text_is_undone(meant):
    once = encoding.read_western(meant.encode("utf-8"))
    twice = encoding.read_western(once.encode("utf-8"))
    for garbled in (once, twice):
        assert encoding.from_mojibake(garbled) == (None if meant.isascii() else meant)


@pytest.mark.parametrize(
    ("garbled", "meant"), [("HÃ²a BÃ¬nh", "Hòa Bình"), ("Háº£i ThÆ°á»£ng LÃ£n Ã”ng", "Hải Thượng Lãn Ông")]
)
def test_mojibake_is_repaired(garbled, meant):
    assert encoding.repair(garbled) == encoding.Repair("utf-8", meant)


@pytest.mark.parametrize(
    "name", ["Hòa Bình", "Façade", "Müller", "Ñandú", "Straße", "Øresund", "Łódź", "東京", "русский", "Rue", ""]
)
def test_what_is_right_stays_as_it_is(name):
    assert encoding.detect([name]) is None
    assert encoding.repair(name, encoding.detect([name])) is None


def test_mojibake_of_another_language_is_left_alone():
    assert encoding.from_mojibake("StraÃŸe") == "Straße"
    assert encoding.repair("StraÃŸe") is None


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=30))
def test_repair_never_fails_and_is_stable(delivered):
    repaired = encoding.repair(delivered, encoding.detect([delivered]))
    if repaired is not None:
        assert text.plausibility([repaired.text]).share >= 0.5
        assert encoding.repair(repaired.text, encoding.detect([repaired.text])) is None


def test_windows_1258_is_recognised():
    names = ["Hòa Bình", "Trần Phú", "Nguyễn Huệ", "Ngô Quyền"]
    # The code page writes most tones as a mark of their own after the vowel.
    marks = {"ò": "ò", "ì": "ì", "ầ": "â\u0300", "ễ": "ê\u0303", "ệ": "ê\u0323", "ề": "ê\u0300", "ú": "ú", "ô": "ô"}
    spread = ["".join(marks.get(letter, letter) for letter in name) for name in names]
    spread = [name.replace("ò", "o\u0300").replace("ì", "i\u0300") for name in spread]
    delivered = [encoding.read_western(name.encode("cp1258")) for name in spread]
    assert encoding.detect(delivered) == "windows-1258"
    assert [encoding.repair(name, "windows-1258").text for name in delivered] == names


@pytest.mark.parametrize(
    ("delivered", "name"),
    [("UTF-8", "utf_8"), ("Big-5", "big5"), ("koi8r", "koi8_r"), ("1251", "cp1251"), ("ANSI 1252", "cp1252"),
     ("88591", "latin_1"), ("windows-1258", "cp1258"), ("TCVN3", "tcvn3"), ("VNI", "vni")],
)  # fmt: skip
def test_encodings_are_known_by_the_names_people_write(delivered, name):
    assert encoding.python_name(delivered) == name


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", ""])
def test_what_is_no_encoding_is_an_error_with_a_cure(name):
    with pytest.raises(InputError, match="expected a name such as UTF-8") as caught:
        encoding.python_name(name)
    assert caught.value.code == "encoding-unknown"


def test_bytes_are_decoded_by_an_old_table():
    assert encoding.decode(b"C\xb8i Kh\xd5", "TCVN3") == "Cái Khế"
    assert encoding.decode(b"Ca\xf9i Khe\xe1", "vni") == "Cái Khế"
    assert encoding.decode(b"\xff", "UTF-8") == "\ufffd"
