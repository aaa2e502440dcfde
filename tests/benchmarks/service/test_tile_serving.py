"""How many tiles are sent in a second, beside tipg over the same parcels in one run.

One worker each, four connections, nothing compressed, and nothing kept in memory on our side, as tipg keeps nothing;
what memory gives stands in a row of its own. The tiles are those of level 14 that all servers send with every property.
"""

from __future__ import annotations

import os
import statistics
from contextlib import ExitStack

import numpy as np
import pytest

from catalogs import packaged
from sdi.tile.quad import Tile, fraction
from sdi.workspace import Workspace
from tests.benchmarks.service import parcels, peers
from tests.benchmarks.service.load import Rate, rate
from tests.benchmarks.service.test_service_speed import COUNT, SECONDS, city, python

__all__ = ["python"]

LEVEL = 14
REPEATS = 3
MOST = 3_000
"""Parcels of a tile that fits with all their properties."""
FREELY = {"PHUSA_RATE": "100000"}


@pytest.fixture(scope="module")
def servers(python, cluster, tmp_path_factory):
    """Serve the parcels; return the address of a tile of each server, and the tiles."""
    folder, made, plain = tmp_path_factory.mktemp("tiles"), parcels.parcels(COUNT), cluster.database()
    parcels.as_table(made, plain)
    embedded, postgis = city(folder / "e", made), city(folder / "p", made, cluster.database())
    ours = {
        "phusa, embedded": (embedded, {"PHUSA_TILE_MEMORY": "0"}),
        "phusa, PostGIS": (postgis, {"PHUSA_TILE_MEMORY": "0"}),
        "phusa, PostGIS, tiles kept": (postgis, {}),
    }
    found = {}
    with ExitStack() as stack:
        for name, (place, memory) in ours.items():
            base = f"http://127.0.0.1:{(port := peers.free_port())}/ogc"
            command, log = peers.ours(place, port), folder / f"{port}.log"
            stack.enter_context(peers.served(command, f"{base}/", log, **FREELY, **memory))
            found[name] = base + "/collections/parcels/tiles/WebMercatorQuad/{0.level}/{0.row}/{0.column}"
        base = f"http://127.0.0.1:{(port := peers.free_port())}"
        with_data = {"DATABASE_URL": peers.with_host(plain), "TIPG_DB_SCHEMAS": '["public"]'}
        stack.enter_context(peers.served(peers.tipg(python, port), f"{base}/", folder / "tipg.log", **with_data))
        found["tipg"] = base + "/collections/public.parcels/tiles/WebMercatorQuad/{0.level}/{0.column}/{0.row}"
        yield found, whole(Workspace.open(embedded, packaged()))


def whole(workspace: Workspace) -> list[Tile]:
    """Return the tiles with many parcels that are shown with all their properties."""
    publication = workspace.publication("public")
    west, south, east, north = publication.collection("parcels").extent
    tiles = {
        Tile(LEVEL, int(fraction(lat) * 2**LEVEL), int((lon + 180) / 360 * 2**LEVEL))
        for lon in np.linspace(west, east, 15)
        for lat in np.linspace(south, north, 15)
    }
    crowds = {tile: publication._package.base.crowd("parcels", tile, 10**6) for tile in tiles}
    found = [tile for tile, count in crowds.items() if 500 <= count <= MOST]
    assert found, f"no tile has between 500 and {MOST} parcels: {sorted(crowds.values())}"
    return found


@pytest.mark.bench
@pytest.mark.shows("service")
def test_tiles_beside_tipg(servers, python, tmp_path, figure):
    addresses, tiles = servers
    rates: dict[str, list[Rate]] = {}
    for _ in range(REPEATS):
        for name, template in addresses.items():
            rates.setdefault(name, []).append(rate([template.format(one) for one in tiles], SECONDS, tmp_path))
    figure("versions of the peers", peers.versions(python), "", "")
    figure("load of the machine meanwhile", round(os.getloadavg()[0], 1), "1", "")
    median = {name: statistics.median(one.per_second for one in many) for name, many in rates.items()}
    for name, many in rates.items():
        p95 = statistics.median(one.p95_ms for one in many)
        told = f"tile at z{LEVEL}: {name} (p95 {p95:.1f} ms, {sum(one.errors for one in many)} errors)"
        figure(told, round(median[name], 1), "1/s", "")
    figure(
        "tile at z14: phusa on PostGIS against tipg",
        round(median["phusa, PostGIS"] / median["tipg"], 2),
        "1",
        "≥ 1, aim 1.5",
    )
    figure("tile at z14: phusa embedded against tipg", round(median["phusa, embedded"] / median["tipg"], 2), "1", "")
    assert sum(one.errors for name, many in rates.items() if name.startswith("phusa") for one in many) == 0
