"""Vietnamese text: one stored spelling, one folding, one test of what a syllable is."""

from __future__ import annotations

import unicodedata

import pytest

from sdi import text


def test_text_is_composed_and_trimmed():
    assert text.normalise(unicodedata.normalize("NFD", "  Đường\u00a0 Nguyễn  Trãi ")) == "Đường Nguyễn Trãi"


@pytest.mark.parametrize(
    ("delivered", "stored"),
    [("Ðông Hiệp", "Đông Hiệp"), ("ðường", "đường"), ("Hafnarfjörður", "Hafnarfjörður"), ("Ð", "Ð"), ("", "")],
)
def test_the_icelandic_letter_becomes_d_with_stroke_in_vietnamese_words_only(delivered, stored):
    assert text.normalise(delivered) == stored


@pytest.mark.parametrize("spelling", ["Đường Trần Hưng Đạo", "ÐƯỜNG TRẦN HƯNG ÐẠO", "đường trần hưng đạo"])
def test_folding_finds_what_is_typed_without_marks(spelling):
    assert text.fold(spelling) == "duong tran hung dao"
    assert text.fold(unicodedata.normalize("NFD", spelling)) == "duong tran hung dao"


@pytest.mark.parametrize(("one", "other"), [("Mỹ", "Mĩ"), ("Quý", "Quí"), ("Lý Thường Kiệt", "Lí Thường Kiệt")])
def test_i_and_y_meet_in_the_alias(one, other):
    assert text.fold(one) != text.fold(other)
    assert text.fold_alias(one) == text.fold_alias(other)


def test_the_alias_keeps_words_apart_that_differ_by_more_than_i_and_y():
    assert text.fold_alias("Thuỷ") == "thuy"
    assert text.fold_alias("Thủi") == "thui"
    assert text.fold_alias("Tây") != text.fold_alias("Tai")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hoà", "Hòa"), ("Thuỷ", "Thủy"), ("khoẻ", "khỏe"), ("HOÀ", "HÒA"), ("Bình Thuỷ", "Bình Thủy"), ("loè", "lòe")],
)
def test_both_places_of_the_tone_are_one_name(one, other):
    assert text.tone_alias(one) == text.tone_alias(other) == other


@pytest.mark.parametrize("word", ["Hoàn", "quý", "Quỳ", "toán", "Hoa", "Nguyễn", "Huyền", "Thuận"])
def test_the_tone_moves_only_in_open_syllables(word):
    assert text.tone_alias(word) == word


@pytest.mark.parametrize(
    "word",
    ["Phường", "Nguyễn", "Khuyến", "nghiêng", "giếng", "gì", "giữa", "quốc", "quýt", "Thuỷ", "khuya", "đường", "ƯỚC",
     "xoong", "Xà", "Phiên", "Đắc", "Ngãi"],
)  # fmt: skip
def test_vietnamese_words_are_syllables(word):
    assert text.is_syllable(word)


@pytest.mark.parametrize("word", ["Phöôøng", "Straße", "ñandú", "KiÒu", "Müller", "càt", "bâ̂́", "fường", "zường", ""])
def test_other_words_are_not(word):
    assert not text.is_syllable(word)


def test_every_name_of_a_ward_reads_as_vietnamese(shared_data):
    lines = (shared_data / "malformed/legacy_vn/cantho_wards_expected_utf8.csv").read_text(encoding="utf-8-sig")
    names = [line.split(",")[1] for line in lines.splitlines()[1:]]
    assert len(names) == 103
    assert text.plausibility(names).share == 1.0


def test_plausibility_counts_what_is_not_ascii():
    assert text.plausibility(["Main Street", "Cần Thơ", "Ph\u00adêng C¸i KhÕ"]) == text.Plausibility(3, 3)
    assert text.plausibility([]).share == 1.0


def test_control_and_invisible_characters_are_named_and_taken_out():
    hostile = "Trần\x00 Phú\u202e\u200b"
    assert text.control_characters(hostile) == ("U+0000", "U+200B", "U+202E")
    assert text.without_control_characters(hostile) == "Trần Phú"
    assert text.control_characters("Hai\nBà\tTrưng") == ()


def test_lost_letters_are_seen():
    assert text.has_lost_letters("Nguy\ufffdn")
    assert not text.has_lost_letters("Nguyễn")
