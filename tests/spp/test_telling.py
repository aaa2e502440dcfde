import pytest

from spp.figures import day, number
from spp.place import Parcel, Point
from spp.telling import tell
from tests.spp.quarter import ATTACK, X, Y


@pytest.mark.parametrize(
    ("value", "language", "decimals", "text"),
    [
        (1234.5, "vi", 6, "1.234,5"), (1234.5, "en", 6, "1,234.5"), (0.1 + 0.2, "en", 6, "0.3"), (-0.001, "en", 2, "0"),
        (100, "vi", 6, "100"), (1200.0, "vi", 0, "1.200"), (10.0, "en", 1, "10"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_the_language_does(value, language, decimals, text):
    assert number(value, language, decimals) == text


def test_a_day_is_written_as_the_language_does():
    assert (day("2025-03-31", "vi"), day("2025-03-31", "en")) == ("31/03/2025", "2025-03-31")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_answer_is_told_in_sections_of_which_the_notices_are_the_last(ask, language):
    sections = tell(ask(Parcel("MP-T007-0001")), language)
    assert [one.key for one in sections] == ["place", "zones", "water", "risks", "wards", "networks", "notices"]
    for section in sections:
        assert all(len(row.cells) == (len(section.columns) or 2) for row in section.rows)
    assert "UTC" in sections[-1].notes[-1]


def test_candidates_are_told_without_an_answer(ask):
    assert [one.key for one in tell(ask(Parcel("7/99")), "vi")] == ["candidates", "notices"]


def test_the_two_languages_tell_the_same_lines(ask):
    vi, en = (tell(ask(Parcel("MP-T007-0010")), language) for language in ("vi", "en"))
    assert [(one.key, len(one.rows), len(one.notes)) for one in vi] == [
        (one.key, len(one.rows), len(one.notes)) for one in en
    ]


def test_every_line_of_text_is_plain_and_hostile_names_stay_text(ask):
    text = ask(Parcel("MP-T007-0001")).text("vi")
    assert ATTACK in text
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_part_that_no_zone_covers_is_said(ask):
    notes = tell(ask(Point(X + 250, Y + 150)), "vi")[1].notes
    assert "Không có ô quy hoạch nào được công bố tại đây." in notes


def test_the_shares_of_zones_are_written_in_percent(ask):
    zones = next(one for one in tell(ask(Parcel("MP-T007-0010")), "en") if one.key == "zones")
    assert sorted(row.cells[3] for row in zones.rows) == ["100\u00a0%", "50\u00a0%", "50\u00a0%"]
    assert sorted(row.cells[2] for row in zones.rows) == ["144\u00a0m²", "72\u00a0m²", "72\u00a0m²"]
