"""On the command line: labels made and attached, names of every kind, who answers for a thing, what was noted of it."""

from __future__ import annotations

import json

import pytest

from pipelines.__main__ import main
from sdi import label
from tests.sdi.conftest import small

WHY = ["--reason", "a test", "--actor", "an"]


@pytest.fixture
def phusa(tmp_path, capsys):
    """Call the command on a workspace of its own; returns what JSON said."""
    workspace = small(tmp_path)

    def call(*words, code=0):
        capsys.readouterr()
        assert main([*map(str, words), "--workspace", str(workspace.folder), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return call


@pytest.mark.shows("shared-model")
def test_a_label_is_made_nailed_to_a_tree_and_read_with_errors(phusa):
    made = phusa("label", 3)["labels"]
    assert len(set(made)) == 3
    assert all(map(label.is_right, made))
    rest = ["species=tilia_sp", "--place", "105.78,10.03", "--valid-from", "2025-01-01", *WHY]
    nailed = f"{made[0][:4]}-{made[0][4:]}".lower()
    eid = phusa("thing", "add", "tree", f"ctg-tag={nailed}", *rest)["id"]
    shown = phusa("thing", "show", "tree", nailed.replace("0", "o"))
    assert (shown["id"], shown["identifiers"]) == (eid, {"ctg-tag": made[0]})
    wrong = made[0][:-1] + ("X" if made[0][-1] != "X" else "Y")
    assert phusa("thing", "show", "tree", wrong, code=1)["error"] == "label-mistyped"
    assert phusa("thing", "add", "tree", f"ctg-tag={wrong}", *rest, code=1)["error"] == "label-mistyped"
    assert phusa("thing", "add", "tree", f"ctg-tag={made[0]}", *rest, code=1)["error"] == "identifier-in-use"
    assert phusa("thing", "show", "tree", made[1], code=1)["error"] == "not-in-register"


def test_a_scheme_without_labels_makes_none(phusa):
    said = phusa("label", 1, "--scheme", "osm", code=1)
    assert said["error"] == "scheme-unknown"
    assert "ctg-tag" in said["message"]


@pytest.mark.parametrize("count", ["0", "many", "100001"])
def test_a_number_that_is_none_is_wrong_usage(phusa, count):
    with pytest.raises(SystemExit) as caught:
        phusa("label", count)
    assert caught.value.code == 2


def test_names_of_every_kind_are_given_and_shown_on_the_command_line(phusa):
    eid = phusa(
        "thing", "add", "bench", "seats=4", "name=Ghế bên cầu", "name.vi.local=Ghế Bà Tư", "--place", "105.78,10.03",
        "--valid-from", "2020-01-01", *WHY,
    )["id"]  # fmt: skip
    phusa("thing", "change", "bench", eid, "name.alias=Ghế cây me", "--valid-from", "2024-01-01", *WHY)
    names = {one["type"]: one for one in phusa("thing", "show", "bench", eid)["other_names"]}
    assert {kind: one["text"] for kind, one in names.items()} == {"local": "Ghế Bà Tư", "alias": "Ghế cây me"}
    assert names["alias"]["valid_from"] == "2024-01-01T00:00:00Z"
    assert [one["type"] for one in phusa("thing", "show", "bench", eid, "--valid", "2022-01-01")["other_names"]] == [
        "local"
    ]
    found = phusa("find", "ba tu")["hits"]
    assert [(one["id"], one["text"]) for one in found] == [(eid, "Ghế Bà Tư")]
    assert phusa("thing", "change", "bench", eid, "name.nick=X", "--valid-from", "2024-01-01", *WHY, code=1)


def test_an_organisation_is_entrusted_with_a_thing_on_the_command_line(phusa):
    say = ["--valid-from", "2020-01-01", *WHY]
    tree = phusa("thing", "add", "tree", "species=tilia_sp", "--place", "105.78,10.03", *say)["id"]
    built = phusa("thing", "add", "organisation", "vn-org=H13.10", "name=Sở Xây dựng", "name.short=SXD", *say)["id"]
    assert phusa("thing", "show", "tree", tree)["custodian"] is None
    assert phusa("thing", "entrust", "tree", tree, "--to", "SXD", *say)["id"] == tree
    assert phusa("thing", "show", "tree", tree)["custodian"] == {"organisation": built, "name": "Sở Xây dựng"}
    assert phusa("thing", "entrust", "tree", tree, "--to", "nobody", *say, code=1)["error"] == "not-in-register"


def test_an_inspection_is_noted_and_shown_on_the_command_line(phusa):
    rest = ["--place", "105.78,10.03", "--valid-from", "2020-01-01", *WHY]
    tree = phusa("thing", "add", "tree", "species=tilia_sp", *rest)["id"]
    phusa("thing", "note", "tree", tree, "inspection", "condition=poor", "inspector=An", "--day", "2024-05-01", *WHY)
    (note,) = phusa("thing", "show", "tree", tree)["notes"]
    assert (note["day"], note["values"]) == ("2024-05-01T00:00:00Z", {"condition": "poor", "inspector": "An"})
    wrong = phusa("thing", "note", "tree", tree, "pruning", "--day", "2024-05-01", *WHY, code=1)
    assert wrong["error"] == "history-unknown"
