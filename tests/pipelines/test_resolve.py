"""What a code of another time means today, on the command line."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from pipelines.__main__ import main
from sdi.lineage.step import Step
from sdi.workspace import Workspace
from tests.model import add, build, opened, retire, writing

DAY = "2025-07-01"


@pytest.fixture
def phusa(tmp_path, capsys, monkeypatch):
    """Call the command on a city whose code 31135 went from one ward to another; one ward was split in two."""
    city = build(tmp_path)
    with closing(opened(city)) as book:
        with writing(book) as tx:
            old = add(
                book, "ward", tx, identifiers={"ward-code": ["31135", "31147"]}, names={"vi": ["Tân An", "Hưng Lợi"]}
            )
        with writing(book, "the reform") as tx:
            retire(book, old, tx, DAY, "merged_away")
            new = add(
                book, "ward", tx, identifiers={"ward-code": ["31135", "31147"]},
                names={"vi": ["Ninh Kiều", "Tân An"]}, since=DAY,
            )  # fmt: skip
            shares = [(old[0], new[0], 0.75), (old[0], new[1], 0.25), (old[1], new[1], None)]
            book.lineage.record(
                [Step(a, b, "split" if share else "merge", DAY, "gazette", area_share=share) for a, b, share in shares],
                tx,
            )
    monkeypatch.setattr("pipelines.command.opened.packaged", lambda: tmp_path / "catalog")

    def call(*words, code=0, machine=True):
        capsys.readouterr()
        assert (
            main(["resolve", "ward", *words, "--workspace", str(city.folder), *(["--json"] if machine else [])]) == code
        )
        said = capsys.readouterr().out
        return json.loads(said) if machine else said

    return call


@pytest.mark.shows("shared-model")
def test_a_code_means_another_ward_the_day_after(phusa):
    before, after = (phusa("31135", "--at", day)["answers"] for day in ("2025-06-30", DAY))
    assert [one["eid"] for one in before] != [one["eid"] for one in after]
    assert [one["ambiguous"] for one in (*before, *after)] == [False, False]
    text = phusa("31135", "--at", "2025-06-30", machine=False)
    assert text.startswith("31135: Tân An (")
    assert "75.0% of the area (stated)" in text
    assert "Ninh Kiều" in text


def test_what_a_source_states_in_numbers_is_told_beside_an_unknown_share(phusa, tmp_path):
    with closing(Workspace.open(tmp_path / "city", tmp_path / "catalog").registry()) as book:
        (old,), (new,) = (book.resolve_code("ward-code", "31135", at) for at in ("2025-06-30", DAY))
        with writing(book) as tx:
            step = Step(old.eid, new.eid, "split", DAY, "press", area_m2=1_830_000, population=330)
            book.lineage.record([step], tx)
    (heir,) = [one for one in phusa("31135", "--at", "2025-06-30")["answers"][0]["heirs"] if one["eid"] == new.eid]
    assert (heir["area_share"], heir["population_share"], heir["people"]) == (0.75, None, 330)
    assert "75.0% of the area (stated), 330 people stated" in phusa("31135", "--at", "2025-06-30", machine=False)


def test_a_code_without_a_date_answers_with_all_who_carried_it(phusa):
    found = phusa("31135")["answers"]
    assert [(one["valid_from"][:10], one["valid_to"][:10]) for one in found] == [
        ("2020-01-01", DAY),
        (DAY, "9999-12-31"),
    ]
    assert all(one["ambiguous"] for one in found)
    assert "give --at" in phusa("31135", machine=False)


def test_a_name_is_resolved_where_no_code_is_called_so(phusa):
    found = phusa("tan an")["answers"]
    assert len({one["eid"] for one in found}) == 2
    assert len(found[0]["heirs"]) == 2


def test_what_nothing_carries_is_not_found(phusa):
    assert phusa("99999", code=1)["error"] == "not-in-register"
    assert phusa("31135", "--at", "2010-01-01", code=1)["error"] == "not-in-register"
