"""The whole walk: a level predicted, a flood simulated, its risk told in names, a planner's question answered.

On the command line and over HTTP, on the synthetic city; the same in Python is ``notebooks/01-first-city.md``, and in
the browser `tests/browser/test_lookup.py`.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import demo
from pipelines.__main__ import main
from sdi.workspace import Workspace
from tests.serving import serving_apart

Said = dict[str, Any]
Phusa = Callable[..., Said]

BOUND = 1e-10
"""Largest volume error [1]."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a small synthetic city with its floods."""
    return demo.run(tmp_path_factory.mktemp("walk") / "city", scale=0.05)


@pytest.fixture
def phusa(town: Workspace, capsys: pytest.CaptureFixture[str]) -> Phusa:
    """Call a command as a machine would, and read its answer."""

    def call(*words: str) -> Said:
        capsys.readouterr()
        code = main([*words, "--workspace", str(town.folder), "--json"])
        said = capsys.readouterr().out
        assert code == 0, said
        answer: Said = json.loads(said)
        return answer

    return call


SCENARIO = """
scenario: walk
title: {vi: Mưa khi triều lên, en: Rain on a rising tide}
terrain: terrain
start: 2025-10-22T15:00:00+07:00
duration: 2 h
output_interval: 30 min
rainfall: {intensity: 70 mm/h, start: 15 min, duration: 60 min}
infiltration: 5 mm/h
boundary:
  vertical_datum: synthetic
  north: {level: {tide: synthetic, residual: 0.4 m}, below: -1 m}
initial: {level: 0.3 m, extent: everywhere}
land_cover: {register: plan_zone, table: land_use}
obstacles: {register: building, method: raised, height: 3 m}
structures:
  - {scheme: synthetic-asset, value: MP-DE00001}
  - {scheme: synthetic-asset, value: MP-DE00002}
  - {scheme: synthetic-asset, value: MP-CT00001, state: automatic}
allow_poor_terrain: true
"""


def fetched(address: str) -> Said:
    with urllib.request.urlopen(address, timeout=30) as answer:
        read: Said = json.load(answer)
        return read


def resolved(address: str, kind: str, eid: str, status: str = "active") -> Said:
    """Follow a permanent identifier to the feature behind it."""
    thing = fetched(f"{address}/id/{kind}/{eid}?f=json")
    assert (thing["id"], thing["status"]) == (eid, status)
    return fetched(next(one["href"] for one in thing["links"] if one["rel"] == "item"))


@pytest.mark.slow
@pytest.mark.shows("first-flood")
def test_from_a_tide_to_a_planners_answer_on_the_command_line_and_over_http(town, phusa: Phusa, tmp_path: Path, figure):
    # A water level.
    level = phusa(
        "level", "MP-TD00001", "--tide", "synthetic", "--start", "2025-10-22T00:00:00+07:00", "--duration", "24h",
        "--residual", "0.4",
    )  # fmt: skip
    assert level["values"] == 24 * 6 + 1
    assert 0.5 < level["peak_level"] < 3

    # A flood: what is checked is what is run, as a job that says how it ended.
    file = tmp_path / "walk.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    checked = phusa("flood", "check", str(file))
    assert checked["gates"] == ["MP-CT00001"]
    flooded = phusa("flood", "run", str(file))
    assert flooded["identifier"] == checked["identifier"]
    assert phusa("job", "show", flooded["job"])["status"] == "successful"
    figure("volume error with every input on", flooded["volume_error"], unit="1", bound="≤ 1e-10")
    assert flooded["volume_error"] <= BOUND
    assert flooded["areas"] > 0

    # Its risk, in things that have names.
    risk = phusa("risk")
    assert "flood-walk" in risk["runs"]
    assert risk["return_periods"] == [2, 10, 50, 100]
    assert risk["expected_annual_damage"] > 0

    with serving_apart(town) as address:
        exposed = fetched(f"{address}/ogc/collections/flood-exposure/items?scenario=walk&entity_kind=building&limit=1")
        row = exposed["features"][0]
        resolved(address, "flood_exposure", row["id"])
        building = resolved(address, "building", row["properties"]["entity"])
        parcel = building["properties"]["parcel_code"]

        # A planner's question has one answer, whoever asks.
        told, page = phusa("lookup", "--parcel", parcel), fetched(f"{address}/lookup?parcel={parcel}&f=json")
        told.pop("answered")
        assert told == {name: page[name] for name in told}
        assert told["zones"]
        walked = [one for one in told["water"] if one["coverage"] == "flood-walk"]
        assert walked
        assert walked[0]["modelled"] > 0

        # And what if the ground were raised?
        zone = told["zones"][0]["zone"]["eid"]
        compared = phusa("whatif", "--zone", zone, "--ground-level", "2.6", "--scenario", str(file))
        assert compared["run_before"] == flooded["identifier"]
        assert compared["fill_volume"] > 0
        proposal = resolved(address, "proposal", compared["proposal"], "planned")
        assert proposal["properties"]["zone"] == zone
        changes = fetched(f"{address}/ogc/collections/flood-change/items?proposal={compared['proposal']}&limit=1000")
        assert changes["numberMatched"] > 0
        for change in changes["features"][:20]:
            entity = change["properties"]
            resolved(address, entity["entity_kind"], entity["entity"])
    figure("things that a raised zone makes wetter or drier", changes["numberMatched"], unit="1", bound="> 0")
