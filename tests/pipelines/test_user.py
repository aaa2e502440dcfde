"""Keys by the command line: made, shown once, listed, revoked."""

from __future__ import annotations

import json
import re

import pytest

from pipelines.__main__ import main
from sdi.access.keyring import FILE, Doorkeeper, Keyring
from sdi.safety.backup import belongings
from tests.leaks import build


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build(tmp_path_factory.mktemp("city"))[0]


def said(capsys, *words):
    """Run a command; return its exit code and what it said."""
    code = main(["user", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(city, capsys):
    where = ("-w", city.folder)
    code, text = said(capsys, "add", "Công ty chiếu sáng", "--role", "restricted", "--collection", "lamps", *where)
    written = text.split()[0]
    assert (code, re.fullmatch(r"phusa_[0-9a-f]{12}_[\w-]{43}", written) is not None) == (0, True)
    assert "restricted, lamps, until 2" in text
    door = Doorkeeper(city.folder)
    assert door.recognise(written).collections == ("lamps",)
    code, listed = said(capsys, "list", *where)
    assert "Công ty chiếu sáng: restricted, lamps" in listed
    assert written[19:] not in listed
    assert said(capsys, "revoke", written.split("_")[1], *where)[0] == 0
    assert door.recognise(written) is None
    door.close()
    code, text = said(capsys, "revoke", written.split("_")[1], *where)
    assert (code, "key-unknown" in text) == (1, True)
    assert "revoked 2" in said(capsys, "list", *where)[1]


def test_a_machine_is_told_the_same_and_never_the_hash(city, capsys):
    where = ("-w", city.folder, "--json")
    made = json.loads(said(capsys, "add", "An", "--expires", "never", *where)[1])
    assert (made["level"], made["expires"], made["key"].split("_")[1]) == ("public", None, made["identifier"])
    listed = json.loads(said(capsys, "list", *where)[1])["keys"]
    assert "digest" not in made
    assert all("digest" not in one and "key" not in one for one in listed)
    digests = [one.digest for one in Keyring(city.folder).list()]
    assert not any(digest in json.dumps(listed) for digest in digests)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--collection", "lampz"), "no collection lampz is published; there are gauges"),
        (("--expires", "2020-01-01"), "has passed"),
        (("--expires", "soon"), "soon"),
    ],
)
def test_a_key_that_would_open_nothing_is_not_made(city, capsys, words, found):
    before = Keyring(city.folder).list()
    code, text = said(capsys, "add", "An", *words, "-w", city.folder)
    assert (code, found in text) == (1, True)
    assert Keyring(city.folder).list() == before


def test_no_backup_and_no_copy_has_keys_in_it(city, capsys):
    said(capsys, "add", "An", "-w", city.folder)
    assert (city.folder / FILE).is_file()
    there = {path.relative_to(city.folder).as_posix() for path in city.folder.rglob("*")}
    taken = set(belongings(city))
    assert "workspace.yaml" in taken
    assert {path for path in there if path.startswith(FILE)} & taken == set()
