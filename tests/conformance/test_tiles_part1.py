"""OGC API Tiles 1: one test per requirement."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import orjson
import pytest
import shapely

from sdi.tile.quad import Tile, fraction
from tests.conformance.requirement import proves
from tests.town import COUNT, LAT, LON

GRID = "WebMercatorQuad"
TILES = "/ogc/collections/landmarks/tiles"
SCHEMAS = "tiles/part1-1.0.0/schemas"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
MVT = "application/vnd.mapbox-vector-tile"
TILED = ("landmarks", "plots", "trees")


def tile_of(level, lon=LON, lat=LAT):
    return Tile(level, int(fraction(lat) * 2**level), int((lon + 180) / 360 * 2**level))


def get(client, tile, collection="landmarks", **headers):
    path = f"/ogc/collections/{collection}/tiles/{GRID}/{tile.level}/{tile.row}/{tile.column}"
    return client.get(path, headers=headers)


def links(document, rel):
    return [one for one in document["links"] if one["rel"] == rel]


@proves("tiles-1/core/tc-op")
def test_the_template_of_the_tiles_is_published_and_answers(client):
    described = client.get(f"{TILES}/{GRID}").json()
    (template,) = links(described, "item")
    assert template["templated"] is True
    assert template["type"] == MVT
    tile = tile_of(12)
    names = {"{tileMatrix}": tile.level, "{tileRow}": tile.row, "{tileCol}": tile.column}
    address = template["href"]
    for name, value in names.items():
        assert name in address
        address = address.replace(name, str(value))
    assert client.get(address).status_code == 200


@proves(
    "tiles-1/core/tc-tilematrix-definition", "tiles-1/core/tc-tilerow-definition", "tiles-1/core/tc-tilecol-definition"
)
@pytest.mark.parametrize(("name", "kind"), [("tileMatrix", "string"), ("tileRow", "integer"), ("tileCol", "integer")])
def test_the_parts_of_the_address_are_defined(client, name, kind):
    document = client.get("/ogc/openapi").json()
    said = document["components"]["parameters"][name]
    assert (said["in"], said["required"], said["schema"]["type"]) == ("path", True, kind)
    assert kind == "string" or said["schema"]["minimum"] == 0
    path = "/collections/landmarks/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    assert {"$ref": f"#/components/parameters/{name}"} in document["paths"][path]["get"]["parameters"]


@proves("tiles-1/core/tc-success")
@pytest.mark.parametrize("level", [9, 12, 16])
def test_a_tile_holds_what_lies_in_it_and_nothing_else(client, level):
    tile = tile_of(level)
    answer = get(client, tile)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MVT)
    number = np.arange(COUNT)
    lon, lat = LON + number % 50 * 0.001, LAT + number // 50 * 0.001
    found = mapbox_vector_tile.decode(answer.content, default_options={"y_coord_down": True})["landmarks"]
    tags = {one["properties"]["landmark_tag"]: one["geometry"]["coordinates"] for one in found["features"]}
    units = tile.units(np.column_stack([lon, lat]))
    inside = ((units >= -64) & (units <= 4160)).all(axis=1)
    assert set(tags) == {f"L{one}" for one in number[inside]}
    for tag, place in tags.items():
        assert np.abs(units[int(tag[1:])] - place).max() <= 1.1


@proves("tiles-1/core/tc-error")
@pytest.mark.parametrize(
    "path",
    ["3/8/0", "3/0/8", "25/0/0", "14/0/0", f"0/{2**70}/0", f"{10**6}/0/0", "0/-1/0", "a/0/0", "5/1.5/1", "5/0x1/1"],
)
def test_outside_the_grid_or_its_limits_nothing_is_found(client, check, path):
    answer = client.get(f"{TILES}/{GRID}/{path}")
    assert answer.status_code in {400, 404}
    check("features/part1-1.0.1/schemas/exception.yaml", answer.json())


@proves("tiles-1/core/tc-error")
def test_inside_the_limits_where_nothing_is_there_is_no_content(client):
    bounds = client.get("/ogc/collections/plots").json()["extent"]["spatial"]["bbox"][0]
    answer = get(client, tile_of(4, *bounds[:2]), "plots")
    assert (answer.status_code, answer.content) == (204, b"")


@proves("tiles-1/core/conformance-success")
def test_the_classes_are_declared(client):
    declared = client.get("/ogc/conformance").json()["conformsTo"]
    ours = {one.rpartition("/")[2] for one in declared if "/ogcapi-tiles-1/1.0/conf/" in one}
    assert ours == {"core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30"}


@proves("tiles-1/tileset/description")
@pytest.mark.parametrize("name", TILED)
def test_a_tile_set_is_described_by_the_schema_of_the_standard(client, check, name):
    document = client.get(f"/ogc/collections/{name}/tiles/{GRID}").json()
    check(f"{SCHEMAS}/tms/tileSet.yaml", document)
    assert document["tileMatrixSetURI"].endswith(f"/{GRID}")
    (scheme, _) = links(document, f"{REL}tiling-scheme")
    assert client.get(scheme["href"]).json()["id"] == GRID
    (item,) = links(document, "item")
    assert item["templated"] is True
    assert len(document["tileMatrixSetLimits"]) == (19 if "boundingBox" in document else 0)
    assert document["layers"][0]["id"] == name


@proves("tiles-1/tileset/description")
def test_the_limits_hold_every_feature(client):
    document = client.get(f"{TILES}/{GRID}").json()
    for said in document["tileMatrixSetLimits"]:
        tile = tile_of(int(said["tileMatrix"]))
        assert said["minTileRow"] <= tile.row <= said["maxTileRow"]
        assert said["minTileCol"] <= tile.column <= said["maxTileCol"]
    deepest = document["tileMatrixSetLimits"][-1]
    assert get(client, Tile(18, deepest["maxTileRow"] + 1, deepest["minTileCol"])).status_code == 404


@proves("tiles-1/tileset/description")
def test_the_grid_is_the_registered_one(client, check, shared_schemas):
    document = client.get(f"/ogc/tileMatrixSets/{GRID}").json()
    check(f"{SCHEMAS}/tms/tileMatrixSet.yaml", document)
    registered = orjson.loads((shared_schemas / f"tms/2.0.0/registry/{GRID}.json").read_bytes())
    assert {name: document[name] for name in ("id", "uri", "crs", "orderedAxes", "wellKnownScaleSet")} == {
        name: registered[name] for name in ("id", "uri", "crs", "orderedAxes", "wellKnownScaleSet")
    }
    assert len(document["tileMatrices"]) == len(registered["tileMatrices"])
    for ours, theirs in zip(document["tileMatrices"], registered["tileMatrices"], strict=True):
        for name, value in theirs.items():
            assert ours[name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float | list) else value)


@proves("tiles-1/tilesets-list/tileset-path", "tiles-1/tilesets-list/tileset-links")
@pytest.mark.parametrize("name", TILED)
def test_the_list_names_each_tile_set_with_its_links(client, check, name):
    document = client.get(f"/ogc/collections/{name}/tiles").json()
    for one in document["tilesets"]:
        check(f"{SCHEMAS}/tms/tileSet-item.yaml", one)
        assert one["dataType"] == "vector"
        assert one["crs"].endswith("/EPSG/0/3857")
        (itself,) = links(one, "self")
        assert client.get(itself["href"]).json()["tileMatrixSetURI"] == one["tileMatrixSetURI"]
        assert client.get(links(one, f"{REL}tiling-scheme")[0]["href"]).status_code == 200


@proves("tiles-1/geodata-tilesets/desc-links", "tiles-1/geodata-tilesets/operation")
@pytest.mark.parametrize("name", TILED)
def test_a_collection_links_to_its_tile_sets(client, name):
    for document in (
        client.get(f"/ogc/collections/{name}").json(),
        *client.get("/ogc/collections").json()["collections"],
    ):
        for link in links(document, f"{REL}tilesets-vector"):
            assert client.get(link["href"]).status_code == 200
    assert len(links(client.get(f"/ogc/collections/{name}").json(), f"{REL}tilesets-vector")) == 2


@proves("tiles-1/geodata-tilesets/operation")
def test_a_collection_without_tiles_links_to_none_and_has_none(client):
    bare = [
        one for one in client.get("/ogc/collections").json()["collections"] if not links(one, f"{REL}tilesets-vector")
    ]
    assert bare
    for one in bare:
        assert client.get(f"/ogc/collections/{one['id']}/tiles").status_code == 404


@proves("tiles-1/mvt/content")
def test_a_tile_is_one_of_version_2_with_types_and_a_grid_that_maps_to_its_extent(client):
    bounds = client.get("/ogc/collections/plots").json()["extent"]["spatial"]["bbox"][0]
    tile = tile_of(15, (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    layer = mapbox_vector_tile.decode(get(client, tile, "plots").content, default_options={"y_coord_down": True})[
        "plots"
    ]
    assert (layer["version"], layer["extent"]) == (2, 4096)
    assert {one["geometry"]["type"] for one in layer["features"]} <= {"Polygon", "MultiPolygon"}
    served = client.get("/ogc/collections/plots/items?limit=100").json()["features"]
    places = {one["id"]: shapely.geometry.shape(one["geometry"]) for one in served}
    for one in layer["features"]:
        given = shapely.transform(places[one["properties"]["id"]], tile.units)
        seen = given.intersection(shapely.box(-64, -64, 4160, 4160))
        assert shapely.geometry.shape(one["geometry"]).area == pytest.approx(seen.area, rel=0.05)


@proves("tiles-1/oas30/completeness")
@pytest.mark.parametrize("name", TILED)
def test_all_resources_of_tiles_are_in_the_definition(client, name):
    paths = client.get("/ogc/openapi").json()["paths"]
    below = f"/collections/{name}/tiles"
    tile = f"{below}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    for path in (below, f"{below}/{{tileMatrixSetId}}", tile, "/tileMatrixSets", "/tileMatrixSets/{tileMatrixSetId}"):
        assert "get" in paths[path]
    assert {"200", "204", "304", "400", "404", "406", "500"} <= set(paths[tile]["get"]["responses"])


@proves("tiles-1/oas30/operation-id")
def test_operations_end_with_the_names_of_the_standard(client):
    paths = client.get("/ogc/openapi").json()["paths"]
    below = "/collections/plots/tiles"
    ends = {
        below: ".collection.vector.getTileSetsList",
        f"{below}/{{tileMatrixSetId}}": ".collection.vector.getTileSet",
        f"{below}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": ".collection.vector.getTile",
        "/tileMatrixSets": "getTileMatrixSetsList",
        "/tileMatrixSets/{tileMatrixSetId}": "getTileMatrixSet",
    }
    assert {path: paths[path]["get"]["operationId"].endswith(end) for path, end in ends.items()} == dict.fromkeys(
        ends, True
    )
