"""One thing on the command line: written by the five verbs, shown as of any moment, and the root hashes kept apart."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import orjson
import pytest
import shapely

from pipelines import publish
from pipelines.__main__ import main
from sdi.errors import InputError
from sdi.publishing.publication import Publication
from sdi.safety import witness
from tests.sdi.conftest import small

WHY = ["--reason", "a test", "--actor", "an"]


@pytest.fixture
def workspace(tmp_path):
    """Return a workspace whose registry is a file, which a test may cut off."""
    return small(tmp_path)


@pytest.fixture
def phusa(workspace, capsys):
    """Call the command on the workspace; returns the exit code and what JSON said."""

    def call(*words, code=0):
        capsys.readouterr()
        assert main([*map(str, words), "--workspace", str(workspace.folder), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def bench(phusa):
    """Return a bench that was added on the command line."""
    return phusa(
        "thing", "add", "bench", "seats=4", "wood=true", "bench-tag=B7", "name=Ghế bên cầu", "--place",
        "105.78,10.03", "--accuracy", 5, "--method", "photo", "--valid-from", "2020-01-01", *WHY,
    )["id"]  # fmt: skip


def test_a_thing_that_was_added_is_shown_by_its_code(phusa, bench):
    shown = phusa("thing", "show", "bench", "b7")
    assert (shown["id"], shown["status"], shown["valid_from"]) == (bench, "active", "2020-01-01T00:00:00Z")
    assert shown["values"] == {"seats": 4, "wood": True, "set_up": None, "inspector": None}
    assert (shown["names"], shown["identifiers"]) == ({"vi": "Ghế bên cầu"}, {"bench-tag": "B7"})
    assert shown["geometry"]["coordinates"] == pytest.approx([105.78, 10.03], abs=1e-8)
    assert (shown["accuracy"]["horizontal_m"], shown["accuracy"]["method"]) == (5, "photo")


def test_a_place_is_kept_as_it_was_delivered(workspace, phusa, bench):
    with closing(workspace.registry()) as opened:
        ((crs, blob),) = opened.store.select("SELECT source_crs, source_geometry FROM location_version")
    assert (crs, shapely.from_wkb(blob)) == ("OGC:CRS84", shapely.Point(105.78, 10.03))


def test_everything_may_be_said_in_json(phusa):
    said = {"seats": 3, "name": {"vi": "Ghế đá"}, "bench-tag": "B8", "set_up": "2024-05-01"}
    eid = phusa(
        "thing", "add", "bench", json.dumps(said), "--place", '{"type": "Point", "coordinates": [105.78, 10]}', *WHY
    )["id"]
    shown = phusa("thing", "show", "bench", eid)
    assert (shown["values"]["seats"], shown["values"]["set_up"]) == (3, "2024-05-01")
    assert (shown["names"], shown["identifiers"]) == ({"vi": "Ghế đá"}, {"bench-tag": "B8"})


def test_the_verbs_write_the_two_times(phusa, bench):
    phusa("thing", "change", "bench", "B7", "seats=6", "--valid-from", "2025-07-01", *WHY)
    phusa("thing", "move", "bench", "B7", "--place", "584002,1109000", "--crs", "EPSG:5897", "--accuracy", "0.02",
          "--method", "survey_gnss_rtk", "--valid-from", "2025-08-01", *WHY)  # fmt: skip
    phusa("thing", "correct", "bench", "B7", "seats=5", "--valid-at", "2022-01-01", *WHY)
    seats = [
        phusa("thing", "show", "bench", "B7", "--valid", day)["values"]["seats"] for day in ("2022-01-01", "2025-07-01")
    ]
    assert seats == [5, 6]
    assert phusa("thing", "show", "bench", bench, "--valid", "2025-07-31")["accuracy"]["method"] == "photo"
    assert phusa("thing", "show", "bench", bench, "--valid", "2025-08-01")["accuracy"]["horizontal_m"] == 0.02
    entries = phusa("thing", "history", "bench", bench)["entries"]
    assert [one["changes"] for one in entries] == [["added"], ["changed"], ["moved"], ["corrected"]]
    assert {(one["actor"], one["reason"]) for one in entries} == {("an", "a test")}


def test_a_thing_that_ended_is_gone_from_the_publication_before_the_command_answers(workspace, phusa, bench):
    written = phusa("thing", "retire", "bench", "B7", "--valid-from", "2026-01-01", "--decision", "12/QĐ", *WHY)
    publication = Publication.open(workspace.publication_path("public"))
    assert publication.sequence == written["transaction"] - 1  # the first one, of declarations, shows nothing
    assert publication.thing("bench", bench).status == "retired"
    publication.close()
    assert phusa("thing", "history", "bench", bench)["entries"][-1]["decision"] == "12/QĐ"
    assert (
        phusa("thing", "change", "bench", bench, "seats=1", "--valid-from", "2026-02-01", *WHY, code=1)["error"]
        == "ended"
    )


REFUSED = [
    (["change", "bench", "B7", "--valid-from", "2025-01-01"], "nothing-said"),
    (["change", "bench", "B7", "colour=red", "--valid-from", "2025-01-01"], "field-unknown"),
    (["change", "bench", "B7", "seats", "--valid-from", "2025-01-01"], "word-unknown"),
    (["change", "bench", "B7", "{seats", "--valid-from", "2025-01-01"], "json-invalid"),
    (["change", "bench", "B7", "wood=maybe", "--valid-from", "2025-01-01"], "value-invalid"),
    (["change", "bench", "B9", "seats=1", "--valid-from", "2025-01-01"], "not-in-register"),
    (["change", "nothing", "B7", "seats=1", "--valid-from", "2025-01-01"], "register-unknown"),
    (["move", "bench", "B7", "--place", "there", "--valid-from", "2025-01-01"], "place-invalid"),
    (["correct", "bench", "B7", "--place", "105.78,10.03", "--accuracy", "1"], "accuracy-missing"),
    (["correct", "bench", "B7", "--place", "105.78,10.03"], "accuracy-missing"),
    (["retire", "bench", "B7", "--valid-from", "someday"], "time-invalid"),
]  # fmt: skip
"""What cannot be written, and the code of the refusal."""


def test_what_cannot_be_written_is_refused_and_leaves_no_transaction(phusa, bench):
    before = phusa("status")["transactions"]
    assert [phusa("thing", *words, *WHY, code=1)["error"] for words, _ in REFUSED] == [error for _, error in REFUSED]
    assert phusa("status")["transactions"] == before


def test_a_write_without_a_reason_is_wrong_usage(phusa):
    with pytest.raises(SystemExit) as left:
        main(["thing", "retire", "bench", "B7", "--valid-from", "2026-01-01"])
    assert left.value.code == 2


def test_a_person_reads_a_thing_and_its_history(workspace, phusa, bench, capsys):
    for words in (["show", "bench", "B7"], ["history", "bench", "B7"]):
        capsys.readouterr()
        assert main(["thing", *words, "--workspace", str(workspace.folder)]) == 0
        said = capsys.readouterr().out
        assert bench in said
        assert "± 5 m, photo" in said or "an: a test" in said


# the root hashes of other days ------------------------------------------------------------------------------------


def test_status_says_the_root_hash(workspace, phusa, bench):
    said = phusa("status")
    with closing(workspace.registry()) as opened:
        assert said["root_hash"] == opened.root_hash


def test_the_root_hash_of_the_day_is_added_to_those_of_other_days(phusa, bench, tmp_path):
    file = tmp_path / "hashes.jsonl"
    assert phusa("verify", "--export", file)["witnesses"] == 0
    phusa("thing", "change", "bench", "B7", "seats=6", "--valid-from", "2025-07-01", *WHY)
    assert phusa("verify", "--export", file)["witnesses"] == 1
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [line["tx"] for line in lines] == [2, 3]
    assert lines[1]["root_hash"] == phusa("status")["root_hash"]


@pytest.mark.shows("shared-model")
def test_a_chain_whose_end_was_cut_off_verifies_by_itself_and_not_against_the_day_before(
    workspace, phusa, bench, tmp_path
):
    file = tmp_path / "hashes.jsonl"
    before = workspace.registry_path.with_name("before.db")
    _copy(workspace.registry_path, before)
    phusa("thing", "change", "bench", "B7", "seats=6", "--valid-from", "2025-07-01", *WHY)
    phusa("verify", "--export", file)
    _copy(before, workspace.registry_path)
    phusa("publish", "--rebuild")
    assert phusa("verify")["transactions"] == 2
    refused = phusa("verify", "--export", file, code=3)
    assert "cut off" in refused["message"]
    assert refused["details"]["tx"] == 3
    phusa("thing", "change", "bench", "B7", "seats=7", "--valid-from", "2025-07-01", *WHY)
    assert "written anew" in phusa("verify", "--export", file, code=3)["message"]
    assert len(file.read_bytes().splitlines()) == 1


def test_the_root_hashes_of_another_city_and_other_files_are_refused(workspace, tmp_path):
    file = tmp_path / "hashes.jsonl"
    witness.export(file, witness.Witness("elsewhere", "2026-01-01T00:00:00.000Z", 1, "0" * 64))
    with closing(workspace.registry()) as opened:
        publish.run(workspace, opened)
        with pytest.raises(InputError, match="elsewhere"):
            publish.verify(workspace, opened, export=file)
        file.write_text("no JSON\n")
        with pytest.raises(InputError, match=r"hashes\.jsonl:1"):
            publish.verify(workspace, opened, export=file)


def _copy(source, target):
    """Copy a database with what its log holds."""
    for end in ("", "-wal", "-shm"):
        target.with_name(target.name + end).unlink(missing_ok=True)
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
