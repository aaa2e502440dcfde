"""A chart says what the level is, in which unit, over what, when, and how that stands to the alarms."""

import re
from datetime import datetime
from xml.etree import ElementTree as ET

import pytest

from spp.portal.chart import HEIGHT, WIDTH, Chart, Line, Threshold, draw

START = datetime.fromisoformat("2025-11-07T00:00:00+07:00")
ALARMS = (Threshold(1.6, "Alarm I", "#8a6500"), Threshold(1.65, "Alarm II", "#b4500a"))


def drawn(values=(0.0, 1.0, 0.5), **changed):
    """Draw a chart and return its parts."""
    said = {
        "title": "Gauge", "line": Line(values, "Water level"), "base": None, "unit": "m above datum", "clock": "hours",
        "start": START, "interval": 6 * 3600.0, "thresholds": (), "peak": "1.00 m", "nothing": "Dry",
        "write": lambda value, decimals: f"{value:.{decimals}f}",
    }  # fmt: skip
    return ET.fromstring(draw(Chart(**(said | changed))))


def texts(picture):
    return [one.text for one in picture.iter("{http://www.w3.org/2000/svg}text")]


def place(picture, words):
    (found,) = [one for one in picture.iter("{http://www.w3.org/2000/svg}text") if one.text == words]
    return float(found.get("x")), float(found.get("y"))


def lines(picture, color):
    """Paths of a colour as lists of points."""
    paths = [one.get("d") for one in picture.iter("{http://www.w3.org/2000/svg}path") if one.get("stroke") == color]
    return [[tuple(map(float, point)) for point in re.findall(r"([\d.-]+) ([\d.-]+)", path)] for path in paths]


def test_the_axes_have_round_numbers_units_hours_and_days():
    said = texts(drawn([0.0, 1.0, 0.5, 0.2, 0.9]))
    assert [one for one in said if re.fullmatch(r"\d\.\d", one)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]
    assert [one for one in said if re.fullmatch(r"\d\d", one)] == ["00", "03", "06", "09", "12", "15", "18", "21", "00"]
    assert [one for one in said if "/" in one] == ["07/11", "08/11"]
    assert {"m above datum", "hours", "Water level", "1.00 m"} <= set(said)


def test_hours_are_those_of_the_place_also_where_a_run_does_not_begin_on_the_hour():
    said = texts(drawn([0.0, 1.0, 0.5], start=START.replace(hour=13, minute=20), interval=3600.0))
    assert [one for one in said if re.fullmatch(r"\d\d:\d\d", one)] == [
        "13:30", "13:45", "14:00", "14:15", "14:30", "14:45", "15:00", "15:15",
    ]  # fmt: skip


def test_a_run_that_stands_for_no_date_counts_hours():
    said = texts(drawn([0.0, 1.0, 0.5], start=None, interval=7200.0))
    assert [one for one in said if re.fullmatch(r"\d", one)] == ["0", "1", "2", "3", "4"]
    assert not [one for one in said if "/" in one]


def test_the_line_goes_through_its_values_and_breaks_where_there_is_none():
    picture = drawn([0.0, 1.0, None, 0.5, None, 0.25])
    (whole,) = [
        one.get("d")
        for one in picture.iter("{http://www.w3.org/2000/svg}path")
        if one.get("stroke-width") == "2.4" and one.get("fill")
    ]
    assert whole.count("M") == 3
    assert whole.endswith("h0")  # the last value stands alone
    (points,) = [one for one in lines(picture, "#0b6fa4") if len(one) > 2]
    low, high, half = points[0][1], points[1][1], points[2][1]
    assert high < half < low
    assert half - high == pytest.approx((low - high) / 2, abs=0.1)


def test_alarm_levels_stand_at_their_height_and_their_names_do_not_touch():
    picture = drawn([0.0, 1.0, 0.5], thresholds=ALARMS)
    (first,), (second,) = lines(picture, "#8a6500"), lines(picture, "#b4500a")
    assert first[0][1] == first[1][1] > second[0][1]
    assert place(picture, "Alarm I")[1] - place(picture, "Alarm II")[1] >= 13.0


def test_the_words_of_the_peak_stay_above_every_line_and_within_the_picture():
    for values in ([2.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 1.0, 0.5]):
        picture = drawn(values, thresholds=ALARMS, peak="2.00 m, 02:40 08/11")
        x, y = place(picture, "2.00 m, 02:40 08/11")
        assert 0 < y < min(lines(picture, "#b4500a")[0][0][1], place(picture, "Alarm II")[1])
        assert 60 < x < WIDTH - 60


def test_every_word_lies_within_the_picture():
    picture = drawn([0.0, 1.0, 0.5], thresholds=(Threshold(1.6, "Alarm III", "#b3261e"),))
    for one in picture.iter("{http://www.w3.org/2000/svg}text"):
        width = 7.0 * len(one.text)
        left = float(one.get("x")) - {"start": 0.0, "middle": width / 2, "end": width}[one.get("text-anchor")]
        assert left >= -1
        assert left + width <= WIDTH + 1
        assert 8 < float(one.get("y")) < HEIGHT


def test_a_gauge_that_stays_dry_says_so():
    picture = drawn([None, None, None], peak="")
    assert "Dry" in texts(picture)
    assert not list(picture.iter("{http://www.w3.org/2000/svg}circle"))


def test_a_level_that_never_changes_and_a_single_value_are_drawn():
    assert lines(drawn([0.5, 0.5, 0.5]), "#0b6fa4")
    assert "0.50 m" in texts(drawn([0.5], peak="0.50 m"))


def test_what_is_said_cannot_become_markup():
    words = '</title><script>alert("1")</script>&'
    picture = drawn(title=words, line=Line([0.0, 1.0], words), peak=words)
    assert not list(picture.iter("{http://www.w3.org/2000/svg}script"))
    assert picture.find("{http://www.w3.org/2000/svg}title").text == words
