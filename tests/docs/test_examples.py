"""Whoever follows the guides in the city that `make run` builds is never answered nothing."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyogrio
import pytest

from pipelines import demo
from pipelines.__main__ import main
from sdi.access.keyring import Keyring
from sdi.workspace import Workspace
from tests.guides import GUIDES, addresses, blocks, calls, column, text
from tests.serving import serving_apart

pytestmark = pytest.mark.slow

PAGES = {
    name: text(GUIDES / f"{name}.md")
    for name in ("api", "changes", "clients", "keys", "lookup", "names", "search", "tiles", "files")
}
"""Files last: they are gone where a guide writes the first code of a scheme, which lays a collection out anew."""
ELSEWHERE = "var/cantho"
"""A city that is built from delivered data; the guides say so where they are about it."""
NOTHING = re.compile(r'nothing is or was called so|"numberReturned": 0')
FORMS = {"/search", "/lookup", "/ogc/collections"}
"""Pages on which somebody begins to ask."""
TILE = "16/30924/52011"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the demonstration city, where the guides have it and under their other name for it."""
    root = tmp_path_factory.mktemp("guides")
    made = demo.run(root / "var" / "demo")
    (root / "W").symlink_to(made.folder)
    return made


@pytest.fixture(scope="module")
def followed(city: Workspace) -> dict[str, tuple[int, str]]:
    """Return how every command of the guides ended, and what it said."""
    with contextlib.chdir(city.folder.parents[1]):
        shown = [call for page in PAGES.values() for call in calls(page, "phusa") if ELSEWHERE not in call]
        return {call: follow(call, city) for call in shown}


def follow(call: str, city: Workspace) -> tuple[int, str]:
    """Run a command; the identifier of a key is drawn by chance, so the one that there is stands for it."""
    keys = [one.identifier for one in Keyring(city.folder).list()]
    words = [keys[0] if re.fullmatch(r"[0-9a-f]{12}", word) else word for word in shlex.split(call, comments=True)]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(words[1:])
    return code, said.getvalue()


@pytest.fixture(scope="module")
def address(city: Workspace, followed: dict[str, tuple[int, str]]) -> Iterator[str]:
    """Serve the city once what the guides write is written."""
    with serving_apart(city) as found:
        yield found


def ask(url: str, accept: str = "*/*") -> bytes:
    """Return the body of an answer 200."""
    request = urllib.request.Request(quote(url, safe="/:?&=%,()'*+"), headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200, url
        return answer.read()


def how_many(url: str) -> int:
    """How much there is in an answer: features, hits, changes, or 1 where it is one thing."""
    body = ask(url)
    if not body.startswith(b"{"):
        return len(body)
    said = json.loads(body)
    return said.get("numberMatched", said.get("numberReturned", 1))


@pytest.fixture(scope="module")
def names(address: str) -> dict[str, str]:
    """Return what stands for the words in capitals of an address: the first tree, and one that changed."""
    trees = f"{address}/ogc/collections/trees/items?synthetic_tree=MP-C000001"
    [tree] = json.loads(ask(trees))["features"]
    [changed] = json.loads(ask(f"{address}/search?q=MP-C900001"))["hits"]
    feed = json.loads(ask(f"{address}/changes?limit=1"))["feed"]
    kinds = {"NAME": "trees", "TÊN": "trees", "KIND": "tree", "LOẠI": "tree", "FEED": feed, "N": "0"}
    things = {"ID": tree["id"], "UUID": changed["id"], "MÃ": changed["id"]}
    return kinds | things | dict.fromkeys(("LEVEL/ROW/COLUMN", "MỨC/HÀNG/CỘT", "{z}/{y}/{x}"), TILE)


def named(shown: str, names: dict[str, str]) -> str:
    """Put names for the words in capitals of an address."""
    for word, name in sorted(names.items(), key=lambda pair: -len(pair[0])):
        shown = re.sub(rf"(?<![\w']){re.escape(word)}(?!\w)", name, shown)
    return shown


def test_every_command_finds_what_it_asks_for(followed):
    assert len(followed) > 25
    assert {call: said for call, (code, said) in followed.items() if code or NOTHING.search(said)} == {}


@pytest.mark.parametrize("guide", PAGES)
def test_every_address_is_answered_with_something(guide, address, names):
    shown = [named(one, names) for one in addresses(PAGES[guide], "trees")]
    asked = [one for one in shown if one not in FORMS]
    assert asked or guide == "names"
    assert [one for one in asked if not how_many(address + one)] == []
    assert all(b"<main" in ask(address + one, "text/html") for one in shown if one in FORMS)


def test_every_filter_has_trees_or_streets(address):
    shown = column(PAGES["api"], "filter")
    assert len(shown) >= 8
    for one in shown:
        collection = "streets" if "(name)" in one else "trees"
        assert how_many(f"{address}/ogc/collections/{collection}/items?limit=1&filter={one}"), one


def test_every_text_that_is_typed_is_found(address):
    shown = column(PAGES["search"], "typed")
    assert len(shown) >= 10
    assert [one for one in shown if not how_many(f"{address}/search?q={one}")] == []


def test_every_call_of_gdal_brings_features(address, ogrinfo, tmp_path):
    shown = [call for name in ("clients", "files", "keys") for call in calls(PAGES[name], "ogr2ogr", "ogrinfo")]
    assert len(shown) >= 6
    for number, call in enumerate(shown):
        (folder := tmp_path / str(number)).mkdir()
        words = shlex.split(re.sub(r"https?://[\w.:-]+", address, call), comments=True)
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=120)
        assert not done.stderr, call
        if words[0] == "ogr2ogr":
            assert pyogrio.read_info(folder / words[1])["features"] > 0, call
        else:
            assert re.search(r"Feature Count: [1-9]", done.stdout), call


def test_the_python_of_the_guide_reads_a_page(address):
    [code] = blocks(PAGES["clients"], "python")
    code = code.replace("http://127.0.0.1:8000", address) + "print(page['numberMatched'])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) > 0


def test_the_style_alone_opens_a_map_where_and_from_where_something_is_drawn(address):
    style: dict[str, Any] = json.loads(ask(f"{address}/ogc/collections/parcels/styles/default"))
    [west, south, east, north] = json.loads(ask(style["sources"]["parcels"]["url"]))["bounds"]
    longitude, latitude = style["center"]
    assert west < longitude < east
    assert south < latitude < north
    assert style["zoom"] >= min(layer["minzoom"] for layer in style["layers"])
