"""A million parcels beside a tenth of them: what is asked for is as large, so it should take as long.

Both lie equally dense, and questions go all over each. One worker each, four connections, nothing compressed, no tile
kept in memory. The two take turns in one run, and medians are compared: of the answers that a second brings, and of the
processor time that an answer costs the service and its database, which other work on the machine changes little.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import statistics
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import product
from urllib.parse import urlsplit

import orjson
import pytest

from catalogs import packaged
from sdi.tile.quad import Tile, fraction
from sdi.workspace import Workspace
from tests.benchmarks.clocks import Spent, spent
from tests.benchmarks.service import parcels
from tests.benchmarks.service.load import Rate, rate
from tests.benchmarks.service.test_service_speed import city
from tests.benchmarks.service.test_worker_speed import processor
from tests.cluster import Cluster
from tests.workers import children, command_of, served

FEW = int(os.environ.get("PHUSA_BENCH_FEATURES", str(parcels.COUNT)))
MANY = 10 * FEW
SECONDS = float(os.environ.get("PHUSA_BENCH_SECONDS", "3"))
REPEATS = 5
QUESTIONS = 400
ASKED = 100
"""Questions of which the cost is measured together."""
BOX = 24.0 * 10 / 111_000
"""Side of a box with about a hundred parcels [degree]."""
TILES = {14: "tile at z14, the largest of its 10,000 parcels", 15: "tile at z15, all of its 2,600 parcels"}
Key = tuple[str, int, str]
"""Store, number of parcels and question."""
SLOWER = 1.5
"""How much longer the million may take [1]."""


@pytest.fixture(scope="module")
def built(cluster, tmp_path_factory) -> dict[tuple[str, int], tuple[Workspace, Spent]]:
    """Record and publish both on both stores; return the workspaces with what that took."""
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed; Debian has it in the package wrk")
    found = {}
    for count in (FEW, MANY):
        made = parcels.parcels(count)
        for store, address in (("embedded", None), ("PostGIS", cluster.database())):
            folder = tmp_path_factory.mktemp("million") / "place"
            time = spent(partial(city, folder, made, address))
            found[store, count] = Workspace.open(folder / "city", packaged()), time
    return found


@pytest.mark.bench
@pytest.mark.shows("service")
def test_a_million_features_beside_a_tenth_of_them(built, cluster, tmp_path, figure):
    rates: dict[Key, list[Rate]] = {}
    costs: dict[Key, list[float]] = {}
    with ExitStack() as stack:
        asked, work = {}, {}
        for (store, count), (workspace, _) in built.items():
            errors = tmp_path / f"{store}-{count}.txt"
            service = stack.enter_context(served(workspace.folder, errors, PHUSA_TILE_MEMORY="0"))
            asked[store, count] = requests(f"{service.url}/ogc/collections/parcels", count)
            work[store, count] = partial(worked, service.workers(), cluster if store == "PostGIS" else None)
        for turn, question in product(range(REPEATS), next(iter(asked.values()))):
            for store, count in sorted(asked, reverse=turn % 2 == 1):
                urls, key = asked[store, count][question], (store, count, question)
                costs.setdefault(key, []).append(cost(urls, turn, work[store, count]))
                rates.setdefault(key, []).append(rate(urls, SECONDS, tmp_path))
    for (store, count), (_, time) in built.items():
        figure(f"{store}: {count:,} parcels recorded and published at two levels", time.wall, "s")
    figure("load of the machine meanwhile", round(os.getloadavg()[0], 1), "1")
    tell(figure, rates, costs)
    assert sum(one.errors for many in rates.values() for one in many) == 0


def tell(figure: Callable[..., None], rates: dict[Key, list[Rate]], costs: dict[Key, list[float]]) -> None:
    """Put what was measured into the table, and how much more the million takes."""
    for (store, count, question), many in rates.items():
        p95 = statistics.median(one.p95_ms for one in many)
        figure(f"{question}: {store}, {count:,} (p95 {p95:.1f} ms)", per_second(many), "1/s")
        figure(
            f"{question}: {store}, {count:,}, processor", 1000 * statistics.median(costs[store, count, question]), "ms"
        )
    for store, question in sorted({(store, question) for store, _, question in rates}):
        few, many = (store, FEW, question), (store, MANY, question)
        slower = per_second(rates[few]) / per_second(rates[many])
        figure(f"{question}: {store}, how much longer a million takes", slower, "1", f"≤ {SLOWER}")
        dearer = statistics.median(costs[many]) / statistics.median(costs[few])
        figure(f"{question}: {store}, how much more processor time it takes", dearer, "1", f"≤ {SLOWER}")


def worked(pids: Sequence[int], cluster: Cluster | None) -> float:
    """Return the processor time of a service, and of what its database does for clients where it has one [s]."""
    every = [] if cluster is None else children(cluster.pid)
    base = [pid for pid in every if command_of(pid).startswith("postgres: postgres ")]  # and not what tidies up
    return sum(map(processor, [*pids, *base]))


def cost(urls: list[str], turn: int, work: Callable[[], float]) -> float:
    """Ask some questions, one after the other; return the processor time that an answer took [s]."""
    parts = urlsplit(urls[0])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    began = work()
    for number in range(ASKED):
        connection.request("GET", urls[(turn * ASKED + number) % len(urls)].removeprefix(f"http://{parts.netloc}"))
        assert len(connection.getresponse().read()) > 0
    spent_s = work() - began
    connection.close()
    return spent_s / ASKED


def per_second(many: list[Rate]) -> float:
    """Return how many answers a second brings, of several runs."""
    return statistics.median(one.per_second for one in many)


def requests(collection: str, count: int) -> dict[str, list[str]]:
    """Return the addresses of each kind of question, which are the same for few and for many."""
    dice, items = random.Random(count), f"{collection}/items?f=json"
    west, south, east, north = answer(f"{collection}?f=json")["extent"]["spatial"]["bbox"][0]
    corners = [(dice.uniform(west, east - BOX), dice.uniform(south, north - BOX)) for _ in range(QUESTIONS)]
    boxes = [f"{items}&limit=200&bbox={x:.6f},{y:.6f},{x + BOX:.6f},{y + BOX:.6f}" for x, y in corners]
    sizes = [answer(one)["numberMatched"] for one in boxes[:20]]
    assert 90 <= statistics.median(sizes) <= 150, sizes
    pages = [f"{items}&after={dice.randrange(count - 2_000)}&limit=" for _ in range(QUESTIONS // 4)]
    identifiers = [feature["id"] for one in pages for feature in answer(f"{one}5")["features"]]
    assert len(identifiers) == 5 * len(pages)
    return {
        "items, limit 10, first page": [f"{items}&limit=10&offset={one}" for one in range(100)],
        "items, limit 10, by the key of a page anywhere": [f"{one}10" for one in pages],
        "items, limit 1000, by the key of a page anywhere": [f"{one}1000" for one in pages],
        "bbox of about 100": boxes,
        "single item": [f"{collection}/items/{one}?f=json" for one in identifiers],
    } | {
        name: [f"{collection}/tiles/WebMercatorQuad/{one.level}/{one.row}/{one.column}" for one in full]
        for level, name in TILES.items()
        if (full := list(inside(level, west, south, east, north)))
    }


def inside(level: int, west: float, south: float, east: float, north: float) -> Iterator[Tile]:
    """Yield the tiles that lie wholly within a box, one tile away from its edges."""
    columns = [int((lon + 180) / 360 * 2**level) for lon in (west, east)]
    rows = [int(fraction(lat) * 2**level) for lat in (north, south)]
    for row, column in product(range(rows[0] + 1, rows[1]), range(columns[0] + 1, columns[1])):
        yield Tile(level, row, column)


def answer(url: str) -> dict:
    """Return what a server says."""
    with urllib.request.urlopen(url, timeout=60) as said:
        return orjson.loads(said.read())
