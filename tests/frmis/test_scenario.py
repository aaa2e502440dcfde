"""A scenario is a value; its identifier is its content."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from frmis.forcing import Infiltration, Inflow, Series
from frmis.landcover import LandCover
from frmis.obstacle import Obstacles
from frmis.structure import Schedule, Structure
from sdi.declaration import Label
from sdi.errors import InputError
from tests.frmis.ground import levels, rain, scenario

INFLOW = Inflow("outfall", ((580_005.0, 1_109_995.0),), Series.constant(1.0))


def test_equal_scenarios_have_one_identifier_and_a_name_is_no_part_of_it():
    one, other = scenario(2, rainfall=rain(60, 1)), scenario(2, rainfall=rain(60, 1), name="x", title=Label("a", "b"))
    assert one == other
    assert one.identifier == other.identifier
    assert len(one.identifier) == 64


@pytest.mark.parametrize(
    "change",
    [{"roughness": 0.04}, {"duration": 7201.0}, {"allow_poor_terrain": True}, {"precision": "float32"},
     {"boundary": levels(1.0)}, {"terrain": "other"}, {"terrain_hash": "0" * 64}, {"ground_hash": "0" * 64},
     {"inflows": (INFLOW,)}, {"inflows": (replace(INFLOW, radius=5.0),)}, {"infiltration": Infiltration.constant(1e-6)},
     {"land_cover": LandCover("land_use", register="parcel")}, {"obstacles": Obstacles("building")},
     {"structures": (Structure("ct-asset", "K-1"),)}, {"structures": (Structure("ct-asset", "K-1", "closed"),)},
     {"structures": (Structure("ct-asset", "K-1", Schedule((0.0, 60.0), (1.0, 0.0))),)}, {"return_period": 10.0},
     {"notices": (Label("a", "b"),)}],
)  # fmt: skip
def test_every_change_gives_another_identifier(change):
    before = scenario(2)
    assert replace(before, **change).identifier != before.identifier


def test_the_identifier_does_not_depend_on_the_zone_in_which_the_start_is_written():
    here = datetime(2025, 10, 22, 11, tzinfo=timezone(timedelta(hours=7)))
    there = datetime(2025, 10, 22, 4, tzinfo=UTC)
    assert scenario(start=here).identifier == scenario(start=there).identifier


def test_the_canonical_form_is_json_with_sorted_keys_and_nothing_that_is_not_set():
    said = json.loads(scenario(2, rainfall=rain(36, 1)).canonical())
    assert list(said) == sorted(said)
    assert "initial_level" not in said
    assert said["rainfall"] == {"times": [0.0, 3600.0], "intensities": [pytest.approx(1e-5)]}


def test_the_identifier_of_a_scenario_stays_what_it_was():
    """Runs of earlier versions are found again by it: changing this number breaks them."""
    assert scenario(2).identifier == "bb9fe7659ecea832a9d7061db2aefa1472ea5d3b309bb51c3d501db49368f218"


def test_a_pinned_scenario_names_its_terrain_by_content():
    pinned = scenario().pinned("ab" * 32)
    assert pinned.terrain_hash == "ab" * 32
    assert pinned.pinned("ab" * 32) == pinned
    with pytest.raises(InputError, match="has content"):
        pinned.pinned("cd" * 32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"duration": 0.0}, "duration"),
        ({"output_interval": 1e5}, "at most the duration"),
        ({"output_interval": 0.1}, "every output is kept"),
        ({"roughness": 3.0}, "Manning"),
        ({"courant": 1.2}, "courant"),
        ({"blend": 0.2}, "blend"),
        ({"minimum_step": 100.0}, "maximum_step"),
        ({"unhindered_speed": 0.0}, "unhindered_speed"),
        ({"wet_threshold": 0.0}, "wet_threshold"),
        ({"start": datetime(2025, 1, 1)}, "offset from UTC"),  # noqa: DTZ001
        ({"initial_level": 1.0}, "'everywhere'"),
        ({"name": "../evil"}, "names a folder"),
        ({"terrain": ""}, "names a folder"),
        ({"return_period": 0.5}, "1 to 1,000,000 years"),
        ({"return_period": float("nan")}, "1 to 1,000,000 years"),
        ({"inflows": (INFLOW, INFLOW)}, "a name of its own"),
        ({"inflows": (replace(INFLOW, discharge=Series((0.0, 60.0), (1.0, 1.0))),)}, "discharge of inflow outfall"),
        ({"duration": float("inf")}, "duration"),
        ({"start": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "start"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_was_expected(change, said):
    with pytest.raises(InputError, match=said):
        scenario(2, **change)


def test_a_level_series_must_cover_the_run():
    series = levels(1.0).west.level
    short = type(series)((0.0, 3600.0), (1.0, 2.0))
    with pytest.raises(InputError, match="level of the west edge"):
        scenario(2, boundary=levels(short))


def test_a_scenario_does_not_change():
    with pytest.raises(FrozenInstanceError):
        scenario().roughness = 0.1


def test_what_a_scenario_has_none_of_is_left_out_of_its_canonical_form():
    said = json.loads(scenario(2, structures=(Structure("ct-asset", "K-1", "automatic"),)).canonical())
    assert said["structures"] == [{"scheme": "ct-asset", "value": "K-1", "state": "automatic"}]
    assert not {"inflows", "notices", "infiltration", "ground_hash", "return_period"} & set(said)


def test_a_pinned_scenario_names_its_ground_too():
    pinned = scenario().pinned("ab" * 32, "cd" * 32)
    assert (pinned.terrain_hash, pinned.ground_hash) == ("ab" * 32, "cd" * 32)
    with pytest.raises(InputError, match="a register or a table changed"):
        pinned.pinned("ab" * 32, "ef" * 32)
    with pytest.raises(InputError, match="the ground has content"):
        pinned.pinned("ab" * 32)
