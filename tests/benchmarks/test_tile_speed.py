"""How fast a tile is written: ours beside mapbox-vector-tile and PostGIS, the same parcels, in one run.

The work of each is that of its server: ours and PostGIS read the rows of a publication, find what touches the tile,
cut, round and write it with all properties; mapbox-vector-tile gets geometries that are read and placed already.
"""

from __future__ import annotations

import os
import statistics
import time

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi.tile.quad import Tile, fraction
from sdi.workspace import Workspace
from tests.benchmarks.service import parcels
from tests.benchmarks.service.test_service_speed import city

COUNT = int(os.environ.get("PHUSA_BENCH_FEATURES", "20000"))
REPEATS = 7
MOST = 3_000
"""Parcels of a tile that fits with all their properties."""
PEER = {"quantize_bounds": (0.0, 0.0, 1.0, 1.0), "extents": 4096}


@pytest.fixture(scope="module")
def publications(cluster, tmp_path_factory):
    """Return the parcels published on both stores."""
    folder, made = tmp_path_factory.mktemp("tiles"), parcels.parcels(COUNT)
    places = {"embedded": city(folder / "e", made), "PostGIS": city(folder / "p", made, cluster.database())}
    opened = {name: Workspace.open(place, packaged()).publication("public") for name, place in places.items()}
    yield opened, made
    for one in opened.values():
        one.close()


def seconds(work) -> float:
    """Return how long some work takes, the median of several times [s]."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def crowded(publication, level: int) -> Tile:
    """Return the tile with the most parcels that are shown whole."""
    collection = publication.collection("parcels")
    west, south, east, north = collection.extent
    tiles = {
        Tile(level, int(fraction(lat) * 2**level), int((lon + 180) / 360 * 2**level))
        for lon in np.linspace(west, east, 15)
        for lat in np.linspace(south, north, 15)
    }
    counts = {tile: publication._package.base.crowd("parcels", tile, 10**6) for tile in tiles}
    return max((tile for tile in tiles if counts[tile] <= MOST), key=counts.__getitem__)


@pytest.mark.bench
@pytest.mark.shows("service")
@pytest.mark.parametrize("level", [13, 14, 15])
def test_a_tile_beside_two_others(publications, level, figure):
    opened, made = publications
    tile = crowded(opened["embedded"], level)
    ours, theirs = (
        seconds(lambda one=one: one.tile("parcels", tile)) for one in (opened["embedded"], opened["PostGIS"])
    )
    drawn, share = opened["embedded"].tile("parcels", tile)
    assert share == "whole"
    west, south, east, north = tile.box
    flat = made.to_crs(4326).cx[west:east, south:north]
    values = flat.drop(columns="geometry").to_dict("records")
    units = shapely.transform(flat.geometry.to_numpy(), lambda places: tile.units(places) / 4096)
    features = [{"geometry": place, "properties": one} for place, one in zip(units, values, strict=True)]
    layer = [{"name": "parcels", "features": features}]
    start = time.perf_counter()
    mapbox_vector_tile.encode(layer, default_options=PEER)
    peer = time.perf_counter() - start
    figure("load of the machine meanwhile", round(os.getloadavg()[0], 1), "1", "")
    figure(f"z{level}: parcels in the tile", drawn.shown, "1", "")
    figure(f"z{level}: ours", round(ours * 1000, 1), "ms", "")
    figure(f"z{level}: PostGIS", round(theirs * 1000, 1), "ms", "")
    figure(f"z{level}: mapbox-vector-tile against ours", round(peer / ours, 1), "1", "≥ 4")
    figure(f"z{level}: ours against PostGIS", round(ours / theirs, 2), "1", "≤ 2.5")
