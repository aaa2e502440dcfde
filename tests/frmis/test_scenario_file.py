"""Scenario files: what they may say, and what is said of one that is wrong."""

from __future__ import annotations

import json
from functools import partial

import jsonschema
import numpy as np
import pytest

from catalogs import packaged
from frmis import scenario_file, tide_file
from frmis.forcing import Edge, Infiltration, Inflow, Series
from frmis.landcover import LandCover
from frmis.level import WaterLevel
from frmis.obstacle import Obstacles
from frmis.structure import Schedule, Structure
from frmis.tide import Constants, Constituent
from sdi.catalog.document import Document
from sdi.declaration import Label
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
        ("roughness: 0.04", "infil: 0.04", 15, "did you mean 'infiltration'"),
        ("duration: 6 h", "duration: 6", 6, "a number and one of the units s, min, h, d"),
        ("duration: 6 h", "", 2, "the key 'duration' is missing"),
        ("{slope: 0.001}", "{slop: 0.001}", 12, "did you mean 'slope'"),
        ("{slope: 0.001}", "{slope: steep}", 12, "is no number"),
        ("{slope: 0.001}", "open", 12, "write closed, {level"),
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
def test_every_packaged_scenario_can_be_read_and_fits_the_schema(path, request):
    # The constants of a real gauge are read in place; an invented tide needs no data.
    data = request.getfixturevalue("shared_data") if "tide: vung_tau" in path.read_text(encoding="utf-8") else None
    case = scenario_file.read(path, tides=partial(tide_file.find, folders=[packaged() / "tides"], data=data))
    assert case.name == path.stem
    assert case.title is not None
    jsonschema.Draft202012Validator(scenario_file.schema()).validate(Document.read(path).data)


# everything else a scenario can say ----------------------------------------------------------------------------------

FULL = """
scenario: storm
title: {vi: Mưa lớn, en: Storm}
terrain: terrain
start: 2025-10-22T11:00:00+07:00
duration: 6 h
output_interval: 15 min
infiltration: {initial: 60 mm/h, final: 10 mm/h, decay: 2 /h}
boundary:
  vertical_datum: local
  north:
    level: {tide: plain, mean_level: 1 m, residual: [[0 h, 0.1 m], [6 h, 0.4 m]], sea_level_rise: 0 m, subsidence: 1 cm}
  south: {level: {tide: plain, mean_level: 20 cm}}
inflows:
  - {name: outfall, at: [580005, 1109995], radius: 10 m, discharge: 250 l/s}
  - {name: breach, line: [[580005, 1109995], [580025, 1109995]], discharge: [[0 h, 0 m3/s], [6 h, 8 m3/s]]}
land_cover: {register: parcel, table: land_use}
obstacles: {register: building, method: blocked, minimum_share: 0.3}
structures:
  - {scheme: ct-asset, value: K-12}
  - {scheme: ct-asset, value: C-3, state: automatic}
  - {scheme: ct-asset, value: C-4, state: [[0 h, open], [2 h, closed]], line: [[580005, 1109995], [580025, 1109995]]}
return_period: 10
notices: [{vi: Thử, en: Trial}]
"""
TIDE = Constants(
    "plain", Label("Triều", "Tide"), 10.0, 105.0, (Constituent("M2", 0.5, 0.0),), None, "station",
    "2020-01-01/2020-12-31", "a test", "CC0-1.0", notice=Label("Trạm khác", "Another gauge"),
)  # fmt: skip


def full(tmp_path, *changes):
    text = FULL
    for found, instead in changes:
        assert found in text
        text = text.replace(found, instead, 1)
    path = tmp_path / "storm.yaml"
    path.write_text(text, encoding="utf-8")
    return scenario_file.read(path, tides=lambda _: TIDE)


def test_a_file_says_what_comes_in_what_soaks_away_and_what_stands_in_the_way(tmp_path):
    case = full(tmp_path)
    soil = case.infiltration
    assert (soil.initial, soil.final, soil.decay) == pytest.approx((60 * MM_H, 10 * MM_H, 2 / 3600))
    outfall, breach = case.inflows
    assert outfall == Inflow("outfall", ((580_005.0, 1_109_995.0),), Series.constant(0.25), 10.0)
    assert breach.place == ((580_005.0, 1_109_995.0), (580_025.0, 1_109_995.0))
    assert breach.discharge == Series((0.0, 21_600.0), (0.0, 8.0))
    assert case.land_cover == LandCover("land_use", register="parcel")
    assert case.obstacles == Obstacles("building", "blocked", minimum_share=0.3)
    assert case.structures == (
        Structure("ct-asset", "K-12"), Structure("ct-asset", "C-3", "automatic"),
        Structure("ct-asset", "C-4", Schedule((0.0, 7200.0), (1.0, 0.0)), breach.place),
    )  # fmt: skip
    assert case.return_period == 10
    constant = full(tmp_path, ("{initial: 60 mm/h, final: 10 mm/h, decay: 2 /h}", "10 mm/h")).infiltration
    assert constant == Infiltration.constant(constant.initial)


def test_a_level_of_a_tide_is_worked_out_over_the_run_and_its_notice_is_carried(tmp_path):
    case = full(tmp_path)
    north, south = case.boundary.north.level, case.boundary.south.level
    assert len(south.times) == 37
    assert south == WaterLevel(tide=TIDE, vertical_datum="local", mean_level=0.2).series(case.start, case.duration)
    added = np.subtract(north.values, south.values)
    np.testing.assert_allclose(added, np.linspace(0.1, 0.4, 37) + 0.81, atol=2e-6)
    assert case.notices == (Label("Thử", "Trial"), Label("Trạm khác", "Another gauge"))
    assert case.terms == (TIDE.terms,)


def test_another_tide_gives_another_run(tmp_path):
    other = full(tmp_path, ("residual: [[0 h, 0.1 m]", "residual: [[0 h, 0.11 m]"))
    assert other.identifier != full(tmp_path).identifier


def test_a_scenario_that_was_no_file_is_read_like_one(tmp_path):
    identifier = full(tmp_path).identifier
    told = json.loads(json.dumps(Document.read(tmp_path / "storm.yaml").data))
    assert scenario_file.parse(told, tides=lambda _: TIDE).identifier == identifier
    with pytest.raises(CatalogError, match="did you mean 'duration'"):
        scenario_file.parse({**told, "duraton": "6 h"}, tides=lambda _: TIDE)
    with pytest.raises(CatalogError, match="there are no tidal constants 'plain'"):
        scenario_file.parse(told)


@pytest.mark.parametrize("text", [PLAIN, FULL])
def test_the_schema_takes_what_the_reader_takes_and_refuses_what_it_refuses(tmp_path, text):
    validator = jsonschema.Draft202012Validator(scenario_file.schema())
    validator.check_schema(scenario_file.schema())
    path = tmp_path / "storm.yaml"
    path.write_text(text, encoding="utf-8")
    assert validator.is_valid(Document.read(path).data)
    wrong = [
        ("duration: 6 h", "duration: 6"),
        ("terrain: terrain", "terain: terrain"),
        ("output_interval: 15 min\n", ""),
    ]
    for found, instead in [*wrong, ("boundary:\n", "boundary:\n  middle: closed\n")]:
        path.write_text(text.replace(found, instead, 1), encoding="utf-8")
        assert not validator.is_valid(Document.read(path).data)
        with pytest.raises(CatalogError):
            scenario_file.read(path, tides=lambda _: TIDE)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("found", "instead", "line", "said"),
    [
        ("[6 h, 8 m3/s]", "[6 h, -8 m3/s]", 16, "is the unit right"),
        ("[6 h, 8 m3/s]", "[6 h, 8 m]", 16, "is no discharge"),
        ("[6 h, 8 m3/s]", "[0 h, 8 m3/s]", 16, "do not ascend"),
        ("[6 h, 8 m3/s]", "[5 h, 8 m3/s]", 2, "values from 0 to 21600 s"),
        ("radius: 10 m", "radius: -10 m", 15, "more than 0 m"),
        ("at: [580005, 1109995], ", "", 15, "0 of at or line stand here"),
        ("[580005, 1109995], radius", "[580005], radius", 15, "no row of 2 values"),
        ("south: {level: {tide: plain, mean_level: 20 cm", "south: {level: {tide: plain", 13, "give mean_level"),
        (
            "south: {level: {tide: plain, mean_level: 20 cm",
            "south: {level: {tide: plain, mean_level: 300 m",
            13,
            "expected -20 to 20 m",
        ),
        (
            "south: {level: {tide: plain, mean_level: 20 cm",
            "south: {level: {tide: plain, mean_level: 0.2 ft",
            13,
            "is no length",
        ),
        (
            "south: {level: {tide: plain, mean_level: 20 cm",
            "south: {level: {mean_level: 20 cm",
            13,
            "'tide' is missing",
        ),
        ("residual: [[0 h, 0.1 m], [6 h", "residual: [[0 h, 0.1 m], [5 h", 12, "the residual is known"),
        ("start: 2025-10-22T11:00:00+07:00\n", "", 2, "a tide belongs to a date"),
        ("  vertical_datum: local\n", "", 11, "without vertical datum"),
        ("[2 h, closed]", "[0 h, closed]", 22, "do not ascend"),
        ("[2 h, closed]", "[2 h, ajar]", 22, "open, closed"),
        ("[0 h, open]", "[1 h, open]", 22, "does not begin at 0"),
        ("state: automatic", "state: auto", 21, "open, closed, automatic"),
        ("scheme: ct-asset, value: K-12", "value: K-12", 20, "'scheme' is missing"),
        ("register: parcel, table", "table", 17, "expected one of them"),
        ("method: blocked", "method: removed", 18, "blocked, raised"),
        ("minimum_share: 0.3", "minimum_share: 3", 18, "at most 1"),
        ("return_period: 10", "return_period: 0", 2, "1 to 1,000,000 years"),
        ("final: 10 mm/h", "final: 100 mm/h", 8, "the larger one first"),
        ("decay: 2 /h", "decay: 2", 8, "is no rate"),
        ("duration: 6 h", "duration: 1e99 h", 12, "at most 400 days"),
        ("duration: 6 h", "duration: 1e400 h", 6, "too large for a time"),
        ("  south: {level", "  sout: {level", 13, "did you mean 'south'"),
    ],
)
def test_bad_input_is_refused_with_its_line_and_the_cure(tmp_path, found, instead, line, said):
    with pytest.raises(CatalogError, match=said) as caught:
        full(tmp_path, (found, instead))
    assert caught.value.line == line


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("rain", "said"),
    [
        ("{steps: [[0 h, 20 mm/h], [1 h, ~], [2 h, 0 mm/h]]}", "is no rain intensity"),
        ("{steps: [[0 h, 20 mm/h], [1 h, nan mm/h], [2 h, 0 mm/h]]}", "is no rain intensity"),
        ("{steps: [[0 h, 20 mm/h], [1 h], [2 h, 0 mm/h]]}", "no row of 2 values"),
        ("{steps: [[0 h, 20 mm/h], [1 h, -5 mm/h], [2 h, 0 mm/h]]}", "not between 0 and"),
        ("{steps: [[0 h, 20 mm/h], [2 h, 10 mm/h], [1 h, 0 mm/h]]}", "do not ascend"),
        ("{steps: [[-1 h, 20 mm/h], [1 h, 0 mm/h]]}", "do not ascend from the start on"),
        ("{steps: [[0 h, 20 mm/h], [1 h, 10 mm/h]]}", "does not end the rain"),
        ("{steps: [[0 h, 20 mm/h], [1 h, 0 mm/h]], intensity: 5 mm/h}", "2 of intensity or steps"),
        ("{intensity: 9000 mm/h, duration: 1 h}", "is the unit right"),
    ],
)
def test_rain_with_gaps_or_out_of_this_world_is_refused_with_its_line(tmp_path, rain, said):
    with pytest.raises(CatalogError, match=said) as caught:
        full(tmp_path, ("infiltration: {initial", f"rainfall: {rain}\ninfiltration: {{initial"))
    assert caught.value.line == 8
