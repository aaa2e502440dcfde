"""Places on the command line and in deliveries: addresses, measures along a road, depths, and the ward by date."""

from __future__ import annotations

import json

import pytest

from pipelines.__main__ import main
from tests import model
from tests.model import X, Y, add, opened, square, writing

WHY = ["--reason", "a test", "--actor", "an"]
LINE = f"LINESTRING ({X} {Y + 10}, {X + 1000} {Y + 10})"
BEND = f"LINESTRING ({X} {Y + 10}, {X + 400} {Y + 10}, {X + 500} {Y + 85}, {X + 600} {Y + 10}, {X + 1000} {Y + 10})"
LEVELLED = ["--crs", "EPSG:5897", "--accuracy", 0.05, "--method", "survey_gnss_rtk"]
ENTRY = """
entry: houses
title: {vi: Nhà, en: Houses}
register: house
source: {path: houses.csv}
licence: {name: CC0-1.0, grade: A, attribution: Test}
custodian: Test
valid_from: 2021-01-01
accuracy: {method: estimated, horizontal_m: 1, quality: QL-C}
fields: {floors: floors}
address: {house_number: number, street: street}
place: {route: street, from: measure, offset: side, depth: {column: depth, unit: cm}}
"""


@pytest.fixture
def folder(tmp_path, store):
    """Return a city with two wards, whose registry is elsewhere or not, and the folder of its deliveries."""
    city = model.build(tmp_path, store)
    book = opened(city)
    with writing(book, "wards") as tx:
        names = {"vi": ["An Hòa", "Tân An"]}
        add(book, "ward", tx, places=[square(0, 0, 500), square(500, 0, 500)], names=names)
    book.close()
    return tmp_path


@pytest.fixture
def phusa(folder, capsys, monkeypatch):
    """Call the command on the city; returns what JSON said."""
    monkeypatch.setattr("pipelines.command.opened.packaged", lambda: folder / "catalog")

    def call(*words, code=0):
        capsys.readouterr()
        assert main([*map(str, words), "--workspace", str(folder / "city"), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def road(phusa):
    """Return a road that was added on the command line."""
    words = ["road-code=R1", "name=Đường Lộ 20", "--place", LINE, *LEVELLED, "--valid-from", "2020-01-01", *WHY]
    return phusa("thing", "add", "road", *words)["id"]


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_house_is_given_by_its_address_and_a_measure_and_lies_in_a_ward_by_date(phusa, road):
    phusa("units", "derive", "ward")
    words = ["floors=2", "address.house_number=12", "address.street=R1", "--valid-from", "2020-01-01"]
    there = ["--route", "duong lo 20", "--from", 500, "--offset", 5, "--depth", 1.5]
    house = phusa("thing", "add", "house", *words, *there, *WHY)["id"]
    phusa("thing", "move", "road", "R1", "--place", BEND, *LEVELLED, "--valid-from", "2025-01-01", *WHY)
    phusa("thing", "change", "road", "R1", "name=Đường Trần Hoàng Na", "--valid-from", "2025-01-01", *WHY)
    before = phusa("thing", "show", "house", house, "--valid", "2024-12-31")
    after = phusa("thing", "show", "house", house)
    assert (before["address"]["written"], after["address"]["written"]) == ("12 Đường Lộ 20", "12 Đường Trần Hoàng Na")
    assert (before["reference"]["from_m"], after["reference"]["from_m"]) == (500, pytest.approx(525))
    assert (before["location_type"], before["depth_m"], after["depth_m"]) == ("linear_ref", 1.5, 1.5)
    assert [one["unit"] for one in before["units"]] == [one["unit"] for one in after["units"]]
    assert (before["units"][0]["method"], before["units"][0]["confidence"]) == ("lowest_eid", 0.5)


def test_a_thing_beside_another_one_is_shown_to_people(phusa, road, folder, capsys):
    words = ["--relative-to", road, "--by", "1,2,3", "--valid-from", "2020-01-01", *WHY]
    house = phusa("thing", "add", "house", "floors=1", *words)["id"]
    assert main(["thing", "show", "house", house, "--workspace", str(folder / "city")]) == 0
    said = capsys.readouterr().out
    assert "told by" in said
    assert "and 1, 2, 3 m" in said
    phusa("thing", "add", "house", "--relative-to", road, "--by", "1", *WHY, code=1)
    phusa("thing", "correct", "house", house, "floors=3", "--depth", "2", *WHY, code=1)


@pytest.mark.shows("shared-model")
def test_a_delivery_tells_places_by_streets_measures_and_depths(phusa, road, folder):
    rows = ["floors,number,street,measure,side,depth", "1,12,R1,100,5,120", "2,14,Đường Lộ 20,200,5,80"]
    (folder / "houses.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "houses.yaml").write_text(ENTRY, encoding="utf-8")
    phusa("units", "derive", "ward")
    loaded = phusa("ingest", folder / "houses.yaml", "--data", folder)
    assert loaded["things"] == 2
    eids = [one["id"] for one in _houses(folder)]
    shown = [phusa("thing", "show", "house", eid) for eid in eids]
    assert [one["address"]["written"] for one in shown] == ["12 Đường Lộ 20", "14 Đường Lộ 20"]
    assert [one["reference"]["from_m"] for one in shown] == [100, 200]
    assert [one["depth_m"] for one in shown] == [1.2, 0.8]
    assert {one["accuracy"]["quality"] for one in shown} == {"QL-C"}
    assert [len(one["units"]) for one in shown] == [1, 1]


def test_a_delivery_along_an_unknown_street_is_refused_and_nothing_is_written(phusa, road, folder):
    rows = ["floors,number,street,measure,side,depth", "1,12,Đường Không Có,100,5,120"]
    (folder / "houses.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "houses.yaml").write_text(ENTRY, encoding="utf-8")
    refused = phusa("ingest", folder / "houses.yaml", "--data", folder, code=1)
    assert "nothing of road is called 'Đường Không Có'" in refused["message"]
    assert _houses(folder) == []


def test_wards_that_overlap_are_reported_with_their_names(phusa):
    assert phusa("units", "check", "ward") == {"ward": []}
    wide = f"POLYGON (({X} {Y}, {X + 510} {Y}, {X + 510} {Y + 100}, {X} {Y + 100}, {X} {Y}))"
    phusa("thing", "add", "ward", "people=1", "--place", wide, *LEVELLED, "--valid-from", "2026-01-01", *WHY)
    found = phusa("units", "check", "ward", code=1)["ward"]
    assert [one["what"] for one in found] == ["overlap", "overlap"]
    assert [round(one["area_m2"]) for one in found] == [50_000, 1_000]
    assert phusa("units", "check", "ward", "--at", "2025-12-31") == {"ward": []}


def _houses(folder):
    """Return the houses of the city in the order in which they were recorded."""
    book = opened(model.Workspace.open(folder / "city", folder / "catalog"))
    found = [{"id": eid} for eid in book.register("house").list()]
    book.close()
    return found
