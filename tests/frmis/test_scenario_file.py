"""Scenario files: what they may say, and what is said of one that is wrong."""

from __future__ import annotations

import pytest

from catalogs import packaged
from frmis import scenario_file
from frmis.forcing import Edge, Series
from sdi.errors import CatalogError
from tests.frmis.ground import MM_H

PLAIN = """
scenario: storm
title: {vi: Mưa lớn, en: Storm}
terrain: terrain
start: 2025-10-22T11:00:00+07:00
duration: 6 h
output_interval: 15 min
rainfall: {intensity: 60 mm/h, start: 30 min, duration: 90 min}
boundary:
  vertical_datum: hon_dau
  north: {level: [[0 h, 1.20 m], [6 h, 1.90 m]], below: -1 m}
  west: {slope: 0.001}
  south: closed
initial: {level: 1.20 m, extent: connected}
roughness: 0.04
expected_ground: [0.3 m, 2.0 m]
allow_poor_terrain: true
"""


def read(tmp_path, text):
    path = tmp_path / "storm.yaml"
    path.write_text(text, encoding="utf-8")
    return scenario_file.read(path)


def test_a_file_says_everything_with_its_units(tmp_path):
    case = read(tmp_path, PLAIN)
    assert case.name == "storm"
    assert case.title.vi == "Mưa lớn"
    assert (case.duration, case.output_interval) == (21_600.0, 900.0)
    assert case.rainfall.times == (1800.0, 7200.0)
    assert case.rainfall.intensities == pytest.approx((60 * MM_H,))
    assert case.boundary.north == Edge("level", Series((0.0, 21_600.0), (1.2, 1.9)), highest_bed=-1.0)
    assert case.boundary.west.slope == 0.001
    assert case.boundary.south.kind == case.boundary.east.kind == "closed"
    assert (case.initial_level, case.initial_extent) == (1.2, "connected")
    assert case.expected_ground == (0.3, 2.0)
    assert case.allow_poor_terrain
    assert case.start.utcoffset().total_seconds() == 7 * 3600


def test_rain_may_be_given_in_steps(tmp_path):
    steps = "rainfall: {steps: [[10 min, 20 mm/h], [30 min, 80 mm/h], [60 min, 0 mm/h]]}"
    case = read(tmp_path, PLAIN.replace("rainfall: {intensity: 60 mm/h, start: 30 min, duration: 90 min}", steps))
    assert case.rainfall.times == (600.0, 1800.0, 3600.0)
    assert case.rainfall.intensities == pytest.approx((20 * MM_H, 80 * MM_H))


@pytest.mark.parametrize(
    ("found", "instead", "line", "said"),
    [
        ("roughness: 0.04", "roughnes: 0.04", 15, "did you mean 'roughness'"),
        ("duration: 6 h", "duration: 6", 6, "a number and one of the units s, min, h, d"),
        ("duration: 6 h", "", 2, "the key 'duration' is missing"),
        ("{slope: 0.001}", "{slop: 0.001}", 12, "did you mean 'slope'"),
        ("{slope: 0.001}", "{slope: steep}", 12, "is no number"),
        ("{slope: 0.001}", "open", 12, "is no mapping"),
        ("60 mm/h", "60 mm", 8, "is no rain intensity"),
        ("60 mm/h", "60000 mm/h", 8, "is the unit right"),
        ("[6 h, 1.90 m]", "[6 h]", 11, "no row of 2 values"),
        ("[6 h, 1.90 m]", "[5 h, 1.90 m]", 2, "values from 0 to 21600 s"),
        ("extent: connected", "extent: all", 14, "connected, everywhere"),
        ("  vertical_datum: hon_dau\n", "", 9, "vertical datum"),
        ("2025-10-22T11:00:00+07:00", "tomorrow", 5, "is no time"),
        ("2025-10-22T11:00:00+07:00", "2025-10-22T11:00:00", 2, "offset from UTC"),
        ("allow_poor_terrain: true", "allow_poor_terrain: yes", 17, "neither true nor false"),
        ("terrain: terrain", "terrain: ../../etc", 2, "names a folder"),
        ("{intensity: 60 mm/h, start: 30 min, duration: 90 min}", "{steps: [[0 h, 20 mm/h], [1 h, 10 mm/h]]}", 8,
         "does not end the rain"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_the_cure(tmp_path, found, instead, line, said):
    assert found in PLAIN
    with pytest.raises(CatalogError, match=said) as caught:
        read(tmp_path, PLAIN.replace(found, instead, 1))
    assert caught.value.line == line


@pytest.mark.parametrize("path", sorted((packaged() / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_packaged_scenario_can_be_read(path):
    case = scenario_file.read(path)
    assert case.name == path.stem
    assert case.title is not None
