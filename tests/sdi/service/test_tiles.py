"""Tiles as clients of every kind ask for them."""

from __future__ import annotations

import gzip

import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from sdi.service import application
from sdi.service.tiles.memory import Memory, Sent
from sdi.settings import Settings
from sdi.tile.quad import Tile, fraction
from tests.town import HOSTILE, LAT, LON

BELOW = "/ogc/collections/landmarks/tiles"
GRID = f"{BELOW}/WebMercatorQuad"


def tile(level=14, lon=LON, lat=LAT):
    square = Tile(level, int(fraction(lat) * 2**level), int((lon + 180) / 360 * 2**level))
    return f"{GRID}/{square.level}/{square.row}/{square.column}"


def test_a_tile_that_did_not_change_is_not_sent_again(client):
    first = client.get(tile())
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(tile(), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(tile(15), headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_tile_is_sent_packed_to_whoever_can_unpack_it(client):
    plain = client.get(tile(), headers={"Accept-Encoding": "identity"})
    with client.stream("GET", tile(), headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["vary"]
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content) / 2


@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip;q=0", False), ("br, gzip; q=0.0", False), ("notgzip", False), ("br;q=1, gzip;q=0.5", True), ("GZIP", True)],
)
def test_a_tile_is_not_packed_for_whoever_refuses_it(client, asked, packed):
    answer = client.get(tile(), headers={"Accept-Encoding": asked})
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    assert "landmarks" in mapbox_vector_tile.decode(answer.content)


def test_hostile_texts_arrive_as_they_are_and_restricted_ones_never(client):
    layer = mapbox_vector_tile.decode(client.get(tile()).content)["landmarks"]
    told = [one["properties"] for one in layer["features"]]
    assert HOSTILE in {one["name"] for one in told}
    assert not any("keeper" in one for one in told)
    assert b"nobody must read this" not in client.get(tile()).content


@pytest.mark.parametrize(
    "path",
    [
        "14/7734", "a/b/c", "1/2/3/4", "-1/0/0", "0/0/-1", "0/0/1e3", "0/%30/0", "0/0/0%00", "0/0/\u0660",
        "99999999999/0/0",
        "0/0/" + "9" * 5000, "14/7734/13006;DROP", "14/7734/13006'", "..%2f..%2f0/0/0", "18/262143/262143", "19/0/0",
    ],
)  # fmt: skip
def test_addresses_that_are_no_tiles_are_refused_in_words(client, path):
    answer = client.get(f"{GRID}/{path}")
    assert answer.status_code in {200, 204} if path == "0/%30/0" else answer.status_code in {400, 404}
    if answer.status_code >= 400:
        assert answer.json()["description"]
        assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{BELOW}/Other/0/0/0", 404), (f"{BELOW}/Other", 404), ("/ogc/tileMatrixSets/Other", 404),
        ("/ogc/collections/nothing/tiles", 404), ("/ogc/collections/terrain/tiles", 404),
        (f"{tile()}?f=png", 400), (f"{tile()}?bbox=1,2,3,4", 400), (f"{GRID}?f=xml", 400),
        ("/ogc/collections/landmarks/styles/default", 404), ("/ogc/collections/trees/styles/other", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(client, address, status):
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.json()["description"]


def test_a_client_that_wants_a_picture_is_told_what_there_is(client):
    assert client.get(tile(), headers={"Accept": "image/png"}).status_code == 406
    assert client.get(tile(), headers={"Accept": "*/*"}).status_code == 200
    assert client.get(tile(), headers={"Accept": "application/vnd.mapbox-vector-tile"}).status_code == 200


def test_map_libraries_find_the_tiles_by_their_own_description(client):
    said = client.get(f"{GRID}?f=tilejson")
    assert said.headers["content-type"] == "application/vnd.mapbox.tile+json"
    body = said.json()
    assert (body["tilejson"], body["minzoom"], body["maxzoom"]) == ("3.0.0", 0, 18)
    (template,) = body["tiles"]
    west, south, _, _ = body["bounds"]
    address = template.replace("{z}", "12").replace("{y}", str(int(fraction(south) * 4096)))
    answer = client.get(address.replace("{x}", str(int((west + 180) / 360 * 4096))))
    assert answer.status_code == 200
    (layer,) = body["vector_layers"]
    told = {
        name for one in mapbox_vector_tile.decode(answer.content)["landmarks"]["features"] for name in one["properties"]
    }
    assert told <= set(layer["fields"])


def test_a_style_draws_the_tiles_by_the_classes_of_the_register(client):
    answer = client.get("/ogc/collections/trees/styles/default")
    assert answer.headers["content-type"] == "application/vnd.mapbox.style+json"
    style = answer.json()
    assert style["version"] == 8
    assert client.get(style["sources"]["trees"]["url"]).json()["tilejson"] == "3.0.0"
    for layer in style["layers"]:
        assert layer["source-layer"] == "trees"
        color = layer["paint"][f"{layer['type']}-color"]
        assert color[0] == "match" if isinstance(color, list) else color.startswith("#")
    described = client.get("/ogc/collections/trees/tiles/WebMercatorQuad").json()
    assert described["style"]["links"][0]["href"].endswith("/collections/trees/styles/default")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", [BELOW, GRID, "/ogc/tileMatrixSets", "/ogc/tileMatrixSets/WebMercatorQuad"])
def test_every_resource_has_a_page_in_both_languages(client, path, language):
    page = client.get(f"{path}?f=html&lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert "{tileMatrix}/{tileRow}/{tileCol}" in page.text or path != GRID


def test_tiles_are_kept_in_memory_until_others_need_the_room():
    memory = Memory(2_600)
    for number in range(3):
        memory.keep(number, Sent(b"x" * 500, "whole", 1))
    assert memory.find(0) is None
    assert memory.find(1) is not None
    memory.keep(3, Sent(b"x" * 500, "whole", 1))
    assert memory.find(2) is None
    assert memory.find(1) is not None
    memory.keep(4, Sent(b"x" * 5_000, "whole", 1))
    assert memory.find(4) is None
    assert memory.find(3) is not None


def test_without_memory_every_tile_is_made_anew_and_the_same(town, client):
    with TestClient(application(town, settings=Settings(tile_memory=0)), base_url="http://city.test") as bare:
        assert bare.get(tile()).content == bare.get(tile()).content == client.get(tile()).content
