"""Bytes of a tile, read back by two others: mapbox-vector-tile and GDAL."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely

from sdi.tile.layer import layer
from sdi.tile.shape import shapes

COLUMNS = {
    "name": ("text", ["Hẻm 51", None, "Hẻm 51"]),
    "count": ("integer", [-3, 2**40, 0]),
    "height": ("number", [1.5, 1.0, None]),
    "listed": ("boolean", [True, False, None]),
    "nothing": ("text", [None, None, None]),
}


def tile(columns=COLUMNS, fids=(7, 300, 2**40)) -> bytes:
    places = [shapely.Point(25, 17), shapely.LineString([(2, 2), (2, 10), (10, 10)]), shapely.box(0, 0, 50, 50)]
    found = shapes(np.array(places, dtype=object))
    return layer("đường", None if fids is None else np.array(fids), found, columns)


def test_another_program_reads_what_was_written():
    read = mapbox_vector_tile.decode(tile(), default_options={"y_coord_down": True})
    assert list(read) == ["đường"]
    assert (read["đường"]["extent"], read["đường"]["version"]) == (4096, 2)
    first, second, third = read["đường"]["features"]
    assert first["properties"] == {"name": "Hẻm 51", "count": -3, "height": 1.5, "listed": True}
    assert second["properties"] == {"count": 2**40, "height": 1.0, "listed": False}
    assert third["properties"] == {"name": "Hẻm 51", "count": 0}
    assert [one["id"] for one in (first, second, third)] == [7, 300, 2**40]
    assert first["geometry"]["coordinates"] == [25, 17]
    assert second["geometry"]["coordinates"] == [[2, 2], [2, 10], [10, 10]]
    assert shapely.geometry.shape(third["geometry"]).equals(shapely.box(0, 0, 50, 50))


def test_gdal_reads_the_same(tmp_path):
    path = tmp_path / "0.mvt"
    path.write_bytes(tile())
    meta, _, places, fields = pyogrio.raw.read(path, layer="đường", X=0, Y=0, Z=0)
    read = dict(zip(meta["fields"], fields, strict=True))
    assert read["name"].tolist()[0] == "Hẻm 51"
    assert read["count"].tolist() == [-3, 2**40, 0]
    assert read["height"].tolist()[:2] == [1.5, 1.0]
    kinds = [one.geom_type for one in shapely.from_wkb(places)]
    assert [kind.removeprefix("Multi") for kind in kinds] == ["Point", "LineString", "Polygon"]


def test_a_value_that_occurs_twice_is_written_once():
    assert tile().count("Hẻm 51".encode()) == 1


def test_values_of_different_kinds_are_never_mistaken_for_each_other():
    columns = {"a": ("integer", [1, 1, 1]), "b": ("number", [1.0, 1.0, 1.0]), "c": ("boolean", [True, True, True])}
    properties = mapbox_vector_tile.decode(tile(columns))["đường"]["features"][0]["properties"]
    assert [type(properties[name]) for name in "abc"] == [int, float, bool]


def test_features_need_neither_numbers_nor_properties():
    features = mapbox_vector_tile.decode(tile({}, None))["đường"]["features"]
    assert [one["properties"] for one in features] == [{}, {}, {}]
    assert {one["id"] for one in features} == {0}


def test_nothing_is_written_of_nothing():
    assert layer("x", np.empty(0, np.int64), shapes(np.empty(0, dtype=object)), {"name": ("text", [])}) == b""


@pytest.mark.parametrize("length", [0, 1, 127, 128, 20_000])
def test_texts_of_any_length_come_back(length):
    columns = {"text": ("text", ["ạ" * length] * 3)}
    assert mapbox_vector_tile.decode(tile(columns))["đường"]["features"][2]["properties"] == {"text": "ạ" * length}
