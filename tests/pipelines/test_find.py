"""`phusa find`: names, codes and addresses from the command line."""

from __future__ import annotations

import json

import pytest

from pipelines.__main__ import main
from tests.town import COUNT, RETIRED, town

__all__ = ["town"]


def test_a_person_reads_a_line_for_each_thing(town, capsys):
    assert main(["find", "cho", "noi", "so", "7", "-w", str(town.folder), "--limit", "1"]) == 0
    line = capsys.readouterr().out
    assert "landmark" in line
    assert "Chợ nổi số 7 đường Hòa Bình" in line
    assert "from 2020-01-01" in line


def test_a_machine_reads_json(town, capsys):
    arguments = ["find", f"L{COUNT}", "-w", str(town.folder), "--json", "--kind", "landmark", "--language", "en"]
    assert main(arguments) == 0
    (hit,) = json.loads(capsys.readouterr().out)["hits"]
    assert (hit["title"], hit["validTo"][:10]) == (f"Floating market {COUNT}", RETIRED)


def test_a_day_chooses_what_was_called_so_then(town, capsys):
    assert main(["find", f"L{COUNT}", "-w", str(town.folder), "--date", RETIRED]) == 0
    assert "nothing is or was called so" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--kind", "dragon"], ["--date", "soon"]])
def test_what_cannot_be_looked_for_is_said(town, capsys, wrong):
    assert main(["find", "cho", "-w", str(town.folder), *wrong]) == 1
    assert wrong[1] in capsys.readouterr().err
