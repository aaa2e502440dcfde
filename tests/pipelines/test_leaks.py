"""What the world sees of a city is the same, byte for byte, with and without what it may not see."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipelines.serve import compose
from sdi.settings import Settings
from tests.leaks import answers, build, differing


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Return the street without and with restricted things, and their identifiers."""
    plain, known = build(tmp_path_factory.mktemp("plain"))
    city, more = build(tmp_path_factory.mktemp("restricted"), few="restricted")
    return plain, known, city, more


@pytest.mark.shows("shared-model")
def test_every_answer_is_the_same_with_and_without_restricted_things(pair, figure):
    plain, known, city, more = pair
    assert {name: more[name] for name in known} == known
    without, having = answers(plain, more), answers(city, more)
    assert differing(without, having) == []
    figure("answers compared byte for byte with and without restricted things", len(having))
    assert len({body for _, _, body in having.values()}) > 100


def test_the_files_of_the_public_hold_the_same_with_and_without_restricted_things(pair):
    plain, _, city, _ = pair
    dumps = []
    for workspace in (plain, city):
        with closing(workspace.home("public").open()) as package:
            dumps.append([*package.content(), *package.query("SELECT key, value FROM phusa_publication ORDER BY key")])
    assert dumps[0] == dumps[1]
    assert "Bí mật".encode() not in city.publication_path("public").read_bytes()
    assert "Bí mật".encode() in city.publication_path("restricted").read_bytes()


def test_the_service_opens_no_file_of_the_city_but_what_everybody_may_see(pair):
    _, _, city, more = pair
    with TestClient(compose(city, Settings())) as client:
        for address in ("/ogc/collections/posts/items", f"/id/post/{more['few']}", "/changes?since=0", "/search?q=P7"):
            client.get(address)
        held = {os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()}
    names = {Path(one).name for one in held if one.startswith(str(city.folder.resolve()))}
    assert names
    assert names <= {f"public.gpkg{end}" for end in ("", "-wal", "-shm")}
