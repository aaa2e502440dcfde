"""What the world sees of a city is the same, byte for byte, with and without what it may not see."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from starlette.testclient import TestClient

from pipelines.server.composition import compose
from sdi.access.keyring import Keyring
from sdi.settings import Settings
from tests.leaks import answers, build, differing

BOTH = pytest.mark.parametrize(
    "pair", ["embedded", pytest.param("postgis", marks=pytest.mark.slow)], indirect=True, scope="module"
)
"""The comparison on files, and on the two databases that take PostgreSQL longer to build."""


@pytest.fixture(scope="module")
def pair(request, tmp_path_factory):
    """Return the street without and with restricted things, and their identifiers."""
    lender = request.getfixturevalue("prepared") if request.param == "postgis" else None
    stores = [lender.lend("city") if lender else None for _ in range(2)]
    plain, known = build(tmp_path_factory.mktemp("plain"), stores[0])
    city, more = build(tmp_path_factory.mktemp("restricted"), stores[1], few="restricted")
    yield plain, known, city, more
    for store in filter(None, stores):
        lender.take_back("city", store)


def held(workspace, level):
    """Return everything that the publication of a level keeps."""
    with closing(workspace.home(level).open()) as package:
        return [*package.content(), *package.query("SELECT key, value FROM phusa_publication ORDER BY key")]


def says(rows, text):
    """Tell whether any cell of some rows has a text."""
    cells = [cell for row in rows for cell in row]
    return any(text in cell for cell in cells if isinstance(cell, str)) or any(
        text.encode() in cell for cell in cells if isinstance(cell, bytes)
    )


@BOTH
@pytest.mark.shows("shared-model")
def test_every_answer_is_the_same_with_and_without_restricted_things(pair, figure):
    plain, known, city, more = pair
    assert {name: more[name] for name in known} == known
    without, having = answers(plain, more), answers(city, more)
    assert differing(without, having) == []
    figure("answers compared byte for byte with and without restricted things", len(having))
    assert len({body for _, _, body in having.values()}) > 100


def key(workspace, role, collections=()):
    """Return a new key of a role."""
    return Keyring(workspace.folder).add("Tester", role, collections=collections)[1]


@BOTH
@pytest.mark.parametrize("scope", [(), ("posts",)], ids=["all", "posts"])
def test_a_key_of_the_public_is_told_the_same_with_and_without_restricted_things(pair, scope):
    plain, _, city, more = pair
    one, other = (answers(each, more, key=key(each, "public", scope), every=3) for each in (plain, city))
    assert differing(one, other) == []
    assert {status for status, _, _ in one.values()} >= {200, 400, 404}
    assert not any(word.encode() in body for word in ("Bí mật", "power-tag") for _, _, body in other.values())


@BOTH
def test_a_key_of_the_public_is_told_what_everybody_is_told(pair):
    _, _, city, more = pair
    everybody, known = answers(city, more, every=5), answers(city, more, key=key(city, "public"), every=5)
    assert {one: (status, body) for one, (status, _, body) in everybody.items()} == {
        one: (status, body) for one, (status, _, body) in known.items()
    }


@pytest.mark.parametrize("pair", ["embedded"], indirect=True, scope="module")
@pytest.mark.shows("service")
def test_whoever_sees_what_is_restricted_is_told_the_same_with_and_without_secret_things(pair, tmp_path, figure):
    plain, *_ = pair
    city, more = build(tmp_path, few="secret")
    one, other = (answers(each, more, key=key(each, "restricted"), every=2) for each in (plain, city))
    assert differing(one, other) == []
    figure("answers to a restricted caller compared byte for byte with and without secret things", len(other))


@BOTH
def test_whoever_sees_what_is_restricted_is_told_of_it(pair):
    _, _, city, more = pair
    told = answers(city, more, key=key(city, "restricted"), every=3)
    assert any("Bí mật".encode() in body for _, _, body in told.values())
    assert all("private" in headers["cache-control"] for _, headers, _ in told.values())


@BOTH
def test_the_publication_of_the_public_holds_the_same_with_and_without_restricted_things(pair):
    plain, _, city, _ = pair
    assert held(plain, "public") == held(city, "public")
    assert not says(held(city, "public"), "Bí mật")
    assert says(held(city, "restricted"), "Bí mật")


@pytest.mark.parametrize("pair", ["postgis"], indirect=True, scope="module")
@pytest.mark.slow
def test_no_table_that_the_public_role_reads_differs_with_and_without_restricted_things(pair):
    plain, _, city, _ = pair
    tables = [everything(workspace.store, "publication_public") for workspace in (plain, city)]
    assert tables[0] == tables[1]
    assert len(tables[0]) > 10
    assert not says([[text] for rows in tables[0].values() for text in rows], "Bí mật")
    hidden = everything(city.store, "publication_restricted")
    assert says([[text] for rows in hidden.values() for text in rows], "Bí mật")


def everything(store, schema):
    """Return every table of a schema as text, whatever order its rows are kept in."""
    with psycopg.connect(store) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
        found = {}
        for (name,) in names.fetchall():
            query = sql.SQL("SELECT t::text FROM {}.{} t").format(sql.Identifier(schema), sql.Identifier(name))
            found[name] = sorted(text for (text,) in connection.execute(query))
        return found


@pytest.mark.parametrize("pair", ["embedded"], indirect=True, scope="module")
def test_no_byte_of_the_public_file_is_of_restricted_things(pair):
    _, _, city, _ = pair
    assert "Bí mật".encode() not in city.publication_path("public").read_bytes()
    assert "Bí mật".encode() in city.publication_path("restricted").read_bytes()


@pytest.mark.parametrize("pair", ["embedded"], indirect=True, scope="module")
def test_the_service_opens_no_file_of_the_city_but_what_everybody_may_see(pair):
    _, _, city, more = pair
    before = opened(city.folder)
    with TestClient(compose(city, Settings())) as client:
        for address in ("/ogc/collections/posts/items", f"/id/post/{more['few']}", "/changes?since=0", "/search?q=P7"):
            client.get(address)
        names = {Path(file).name for _, file in opened(city.folder) - before}
    assert names
    assert names <= {f"public.gpkg{end}" for end in ("", "-wal", "-shm")}


def opened(folder):
    """Return the files of a folder that this process holds open, each with its descriptor."""
    held = {(one.name, os.path.realpath(one)) for one in Path("/proc/self/fd").iterdir()}
    return {(number, file) for number, file in held if file.startswith(str(folder.resolve()))}
