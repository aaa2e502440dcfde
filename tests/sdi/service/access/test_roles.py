"""What each caller is shown: nothing, a key, a narrow key, a token; and what caches may keep of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from starlette.testclient import TestClient

from sdi.access.keyring import Keyring
from sdi.errors import WorkspaceError
from sdi.publishing import projector
from sdi.service import application
from sdi.store.postgis_roles import assign
from tests.identity import Provider
from tests.leaks import Street, build
from tests.model import opened

POSTS = "/ogc/collections/posts/items"
LAMPS = "/ogc/collections/lamps/items"


@pytest.fixture
def city(tmp_path, store):
    with closing(Street(tmp_path, store, "restricted")) as street:
        street.step(street.posts)
        street.between(street.strategic)
        street.step(street.lit)
        return street.workspace, street.known


@pytest.mark.both_stores
def test_each_caller_is_shown_what_his_role_may_see(city):
    workspace, known = city
    ring = Keyring(workspace.folder)
    keys = {role: {"X-API-Key": ring.add("Tester", role)[1]} for role in ("public", "restricted")}
    keys["lamps"] = {"X-API-Key": ring.add("Tester", "restricted", collections=["lamps"])[1]}
    thing, lamp = f"/id/post/{known['few']}", f"/id/lamp/{known['lamp']}"
    asked = (POSTS, LAMPS, thing, f"{thing}/v", f"{POSTS}/{known['few']}", lamp, "/changes", "/search?q=P7")
    with TestClient(application(workspace)) as client:
        said = {
            name: [shown(client.get(address, headers=headers)) for address in asked]
            for name, headers in {"nobody": {}, **keys}.items()
        }
    # Five posts are there for all, two for few, one of which has the number P7; there is one lamp.
    assert said["nobody"] == [5, 1, 404, 404, 404, 200, 200, 0]
    assert said["public"] == said["nobody"]
    assert said["restricted"] == [7, 1, 200, 200, 200, 200, 200, 1]
    assert said["lamps"] == [404, 1, 404, 404, 404, 200, 403, 0]


def shown(answer):
    """Return how much an answer shows, or its status."""
    body = answer.json()
    count = body.get("numberMatched", len(body["hits"]) if "hits" in body else None)
    return answer.status_code if count is None else count


def test_a_key_for_some_collections_tells_of_no_other_anywhere(asking, make):
    narrow = {"X-API-Key": make(collections=["lamps", "cameras"])}
    pages = (
        "/ogc/",
        "/ogc/collections",
        "/ogc/openapi",
        "/ogc/?f=html",
        "/ogc/collections?f=html",
        "/ogc/openapi?f=html",
    )
    with asking() as client:
        texts = [client.get(page, headers=narrow).text for page in pages]
        listed = client.get("/ogc/collections", headers=narrow).json()["collections"]
        assert [one["id"] for one in listed] == ["lamps"]
        assert not any(word in text for text in texts for word in ("posts", "wards", "plots", "cameras"))
        wholly = {
            one["id"] for one in client.get("/ogc/collections", headers={"X-API-Key": make()}).json()["collections"]
        }
        assert wholly >= {"lamps", "posts", "wards", "plots"}
        kinds = [client.get(f"/search?q=L1&kind={kind}", headers=narrow) for kind in ("post", "nothing")]
        assert [one.status_code for one in kinds] == [404, 404]
        assert kinds[0].text.replace("post", "nothing") == kinds[1].text
        unknown = "019b0000-0000-7000-8000-000000000000"
        hidden = client.get(f"{POSTS}/{unknown}", headers=narrow)
        assert (
            hidden.text.replace("posts", "nothing")
            == client.get("/ogc/collections/nothing/items/x", headers=narrow).text
        )


def test_what_few_may_see_is_answered_404_to_the_others_as_if_it_were_not_there(asking, street, make):
    _, known = street
    unknown = "9d558fe9-9518-42d9-b5b4-8d7e3c4085ec"
    with asking() as client:
        for headers in ({}, {"X-API-Key": make("public")}, {"X-API-Key": make(collections=["lamps"])}):
            for path in ("/id/post/{}", "/id/post/{}/v", "/id/post/{}/v/1", POSTS + "/{}"):
                there, nowhere = (client.get(path.format(eid), headers=headers) for eid in (known["few"], unknown))
                assert there.status_code == nowhere.status_code == 404
                assert there.text.replace(known["few"], unknown) == nowhere.text


def test_answers_to_two_levels_have_two_tags_and_none_is_taken_for_the_other(asking, make):
    full = {"X-API-Key": make()}
    with asking() as client:
        for path in (
            POSTS,
            "/ogc/",
            "/ogc/collections",
            "/ogc/openapi",
            "/changes",
            "/ogc/collections/posts",
            "/search?q=L1",
        ):
            everybody, few = client.get(path), client.get(path, headers=full)
            assert everybody.headers["etag"] != few.headers["etag"], path
            again = client.get(path, headers={**full, "If-None-Match": everybody.headers["etag"]})
            assert again.status_code == 200
            assert again.content.partition(b'"timeStamp"')[0] == few.content.partition(b'"timeStamp"')[0]
            held = client.get(path, headers={**full, "If-None-Match": few.headers["etag"]})
            assert held.status_code == 304
            assert held.headers["cache-control"].startswith("private")


def test_answers_to_somebody_known_stay_out_of_caches_that_others_share(asking, make):
    with asking() as client:
        for headers in ({"X-API-Key": make("public")}, {"Authorization": f"Bearer {make()}"}):
            for path in (
                POSTS,
                "/ogc/?f=html",
                "/healthz",
                "/ogc/collections/none",
                "/ogc/static/page.css",
                "/nothing",
            ):
                answer = client.get(path, headers=headers)
                assert "private" in answer.headers["cache-control"], path
                assert "public" not in answer.headers["cache-control"]
                assert {"authorization", "x-api-key"} <= set(answer.headers["vary"].lower().split(", "))
        everybody = client.get(POSTS)
        assert everybody.headers["cache-control"] == "no-cache"
        assert {"Authorization", "X-API-Key"} <= set(everybody.headers["vary"].split(", "))


def test_a_tile_has_what_its_caller_may_see_though_tiles_are_kept(tmp_path):
    workspace, _ = build(tmp_path, few="restricted")
    path = tmp_path / "catalog" / "registers" / "post.yaml"
    said = path.read_text(encoding="utf-8")
    path.write_text(said.replace("publish: {", "publish: {tiles: true, "), encoding="utf-8")
    with closing(opened(workspace)) as registry:
        projector.refresh(workspace, registry)
    ring = Keyring(workspace.folder)
    keys = [{}, *({"X-API-Key": ring.add("Tester", "restricted", collections=one)[1]} for one in ((), ("lamps",)))]
    with TestClient(application(workspace)) as client:
        tile = "/ogc/collections/posts/tiles/WebMercatorQuad/7/60/101"
        for _ in range(2):
            tiles = [client.get(tile, headers=one) for one in keys]
            assert [one.status_code for one in tiles] == [200, 200, 404]
            # Four posts stand for all; the fifth, with a number that no other has, for few.
            assert [b"power-tag" in one.content or b"P7" in one.content for one in tiles] == [False, True, False]
            assert tiles[0].headers["etag"] != tiles[1].headers["etag"]
            assert tiles[1].headers["cache-control"].startswith("private")


def test_a_key_that_is_revoked_opens_nothing_in_a_service_that_runs(asking, ring):
    made, written = ring.add("Tester", "restricted")
    with asking() as one, asking() as other:
        headers = {"Authorization": f"Bearer {written}"}
        assert [each.get(POSTS, headers=headers).json()["numberMatched"] for each in (one, other)] == [5, 5]
        ring.revoke(made.identifier)
        assert [each.get(POSTS, headers=headers).status_code for each in (one, other)] == [401, 401]


@pytest.mark.parametrize("kid", ["r1", "e1"])
def test_a_token_opens_what_the_operator_wrote_down_for_its_roles(asking, tmp_path, kid):
    provider = Provider(tmp_path)
    with asking(tokens=provider.settings) as client:

        def asked(path, **claims):
            return client.get(path, headers={"Authorization": f"bearer {provider.token(kid, **claims)}"})

        assert asked(POSTS).json()["numberMatched"] == 5
        assert asked(POSTS, realm_access={"roles": ["citizen"]}).json()["numberMatched"] == 4
        assert asked(LAMPS, realm_access={"roles": ["lamp-crew"]}).json()["numberMatched"] == 2
        assert asked(POSTS, realm_access={"roles": ["lamp-crew"]}).status_code == 404
        assert asked(POSTS, exp=1).status_code == 401
        nobody = asked(POSTS, realm_access={"roles": ["gardener"]})
        assert (nobody.status_code, nobody.json()["code"]) == (403, "Forbidden")
        assert asked(POSTS, realm_access={"roles": ["gardener"]}).status_code == 403, "the second time too"


def test_where_the_operator_named_no_provider_a_token_opens_nothing(asking, tmp_path):
    with asking() as client:
        answer = client.get(POSTS, headers={"Authorization": f"Bearer {Provider(tmp_path).token()}"})
    assert answer.status_code == 401


def test_whoever_has_a_right_to_a_publication_that_is_not_there_is_told_so_and_the_others_are_served(
    asking, make, street
):
    path = street[0].publication_path("restricted")
    hidden = path.rename(path.with_suffix(".away"))
    try:
        with asking() as client:
            assert client.get(POSTS, headers={"X-API-Key": make()}).status_code == 503
            assert client.get(POSTS).status_code == 200
    finally:
        hidden.rename(path)
    with pytest.raises(WorkspaceError):
        street[0].publication("nothing")


@pytest.mark.slow
def test_a_database_role_that_reads_the_public_publication_alone_serves_the_public_and_nobody_else(
    tmp_path, cluster, database
):
    cluster.run("postgres", "CREATE ROLE city_narrow LOGIN")
    with closing(Street(tmp_path, database, "restricted")) as street:
        street.step(street.posts)
        street.between(street.strategic)
    assign(database, "postgres", {"publication_public": "city_narrow"})
    narrow = replace(street.workspace, reader=database.replace("postgres@", "city_narrow@"), store=None)
    key = {"X-API-Key": Keyring(narrow.folder).add("Tester", "restricted")[1]}
    try:
        with TestClient(application(narrow)) as client:
            assert client.get(POSTS).json()["numberMatched"] == 5
            assert client.get(POSTS, headers=key).status_code == 503
            assert client.get(POSTS).json()["numberMatched"] == 5
    finally:
        with psycopg.connect(database) as connection:
            connection.execute("DROP OWNED BY city_narrow")
        cluster.run("postgres", "DROP ROLE city_narrow")
