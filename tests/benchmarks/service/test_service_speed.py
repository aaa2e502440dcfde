"""How fast the OGC API answers, beside pygeoapi and tipg over the same features in one run.

One worker each, four connections, nothing compressed. Our counts are exact and kept for each state of a collection and
each condition, so never stale; the peers count for every answer. Runs take turns, and the median counts.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path

import orjson
import pytest

from catalogs import packaged
from sdi.publishing import projector
from sdi.workspace import Workspace
from tests.benchmarks.service import parcels, peers
from tests.benchmarks.service.load import Rate, rate
from tests.sdi.conftest import WORKSPACE

SECONDS = float(os.environ.get("PHUSA_BENCH_SECONDS", "3"))
COUNT = int(os.environ.get("PHUSA_BENCH_FEATURES", str(parcels.COUNT)))
REPEATS = 3
QUESTIONS = 500
CORNER = (105.6445, 9.9965)
"""Corner of the parcels [degree, CRS84]."""
REQUIRED = {
    "items, limit 10": (5, 10), "items, limit 1000": (8, 20), "bbox of about 100": (4, 8), "CQL2 filter": (3, 6),
    "single item": (2, 4),
}  # fmt: skip
"""Ratios to the better of the two peers on PostGIS: required and aimed at."""


@pytest.fixture(scope="module")
def python():
    """Return the Python of the peers' environment, made once and kept beside the caches."""
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed; Debian has it in the package wrk")
    return peers.environment(Path(os.environ.get("PHUSA_PEERS", "~/.cache/phusa/peers")).expanduser())


@pytest.fixture(scope="module")
def addresses(python, cluster, tmp_path_factory):
    """Serve the parcels by everybody; return the address of each server."""
    folder, made = tmp_path_factory.mktemp("service"), parcels.parcels(COUNT)
    plain = cluster.database()
    parcels.as_table(made, plain)
    parcels.as_geopackage(made, folder / "parcels.gpkg")
    cities = {
        "phusa, embedded": city(folder / "embedded", made),
        "phusa, PostGIS": city(folder / "postgis", made, cluster.database()),
    }
    with ExitStack() as stack:
        found = {}
        for name, one in cities.items():
            port = peers.free_port()
            found[name] = f"http://127.0.0.1:{port}/ogc"
            stack.enter_context(peers.served(peers.ours(one, port), f"{found[name]}/", folder / f"{port}.log"))
        port = peers.free_port()
        found["tipg"] = f"http://127.0.0.1:{port}"
        with_data = {"DATABASE_URL": peers.with_host(plain), "TIPG_DB_SCHEMAS": '["public"]'}
        stack.enter_context(
            peers.served(peers.tipg(python, port), f"{found['tipg']}/", folder / "tipg.log", **with_data)
        )
        for name, source in (
            ("pygeoapi", {"address": plain}),
            ("pygeoapi, GeoPackage", {"geopackage": folder / "parcels.gpkg"}),
        ):
            port = peers.free_port()
            found[name] = f"http://127.0.0.1:{port}"
            command = peers.stock(python, port, folder, **source)
            stack.enter_context(peers.served(command, f"{found[name]}/", folder / f"{port}.log"))
        yield found


def city(folder: Path, made, store: str | None = None) -> Path:
    """Record and publish the parcels in a workspace."""
    description, place = folder / "description.yaml", folder / "city"
    folder.mkdir()
    description.write_text(WORKSPACE + (f"store: {store}\n" if store else ""), encoding="utf-8")
    Workspace.make(place, description, packaged())
    for name, text in {"registers/parcel.yaml": parcels.REGISTER, "codes/schemes.yaml": parcels.SCHEMES}.items():
        (place / "catalogs" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "catalogs" / name).write_text(text, encoding="utf-8")
    workspace = Workspace.open(place, packaged())
    with closing(workspace.registry()) as registry:
        with registry.transaction("bench", "parcels") as tx:
            registry.register("parcel").add(parcels.batch(made), tx)
        projector.refresh(workspace, registry)
    return workspace.folder


def requests(name: str, base: str) -> dict[str, list[str]]:
    """Return the addresses of each kind of question for a server, the same questions for all."""
    dice = random.Random(11)
    collection = f"{base}/collections/{'public.parcels' if name == 'tipg' else 'parcels'}"
    as_json = "f=geojson" if name == "tipg" else "f=json"
    items, size = f"{collection}/items", 24.0 * 10 / 111_000
    corners = [(CORNER[0] + dice.random() * 0.02, CORNER[1] + dice.random() * 0.02) for _ in range(QUESTIONS)]
    known = [(use, area) for use in parcels.USES for area in (280, 300, 310, 320)]
    new = [(dice.choice(parcels.USES), round(dice.uniform(280, 330), 4)) for _ in range(10 * QUESTIONS)]
    language = "" if name == "pygeoapi, GeoPackage" else "&filter-lang=cql2-text"
    wish = f"{items}?{as_json}&limit=100&filter=land_use%3D%27{{}}%27%20AND%20area%3E{{}}{language}"
    return {
        "items, limit 10": [f"{items}?{as_json}&limit=10&offset={10 * one}" for one in range(100)],
        "items, limit 1000": [f"{items}?{as_json}&limit=1000&offset={10 * one}" for one in range(100)],
        "bbox of about 100": [
            f"{items}?{as_json}&limit=200&bbox={x:.6f},{y:.6f},{x + size:.6f},{y + size:.6f}" for x, y in corners
        ],
        "CQL2 filter": [wish.format(*one) for one in known],
        "CQL2 filter never asked before": [wish.format(*one) for one in new],
        "single item": [f"{items}/{one}?{as_json}" for one in identifiers(items, as_json)],
        "landing page": [f"{base}/?{as_json if name != 'tipg' else 'f=json'}"],
    }


def identifiers(items: str, as_json: str) -> list[str]:
    """Return the identifiers of some items."""
    with urllib.request.urlopen(f"{items}?{as_json}&limit={QUESTIONS}&offset=2000", timeout=60) as answer:
        return [str(one["id"]) for one in orjson.loads(answer.read())["features"]]


@pytest.mark.bench
@pytest.mark.shows("service")
def test_items_against_the_better_of_two_peers(addresses, python, tmp_path, figure):
    asked = {name: requests(name, base) for name, base in addresses.items()}
    sizes = {name: counted(one["bbox of about 100"][0]) for name, one in asked.items()}
    rates: dict[tuple[str, str], list[Rate]] = {}
    for _ in range(REPEATS):
        for question in next(iter(asked.values())):
            for name, one in asked.items():
                rates.setdefault((name, question), []).append(rate(one[question], SECONDS, tmp_path))
    figure("versions of the peers", peers.versions(python), "", "")
    for name, number in sizes.items():
        figure(f"{name}: features in the box", number, "1", "about 100")
    median = {key: statistics.median(one.per_second for one in many) for key, many in rates.items()}
    for (name, question), many in rates.items():
        p95 = statistics.median(one.p95_ms for one in many)
        figure(
            f"{question}: {name} (p95 {p95:.1f} ms, {sum(one.errors for one in many)} errors)",
            round(median[name, question]),
            "1/s",
        )
    for question, (required, aimed) in REQUIRED.items():
        best = max(median["tipg", question], median["pygeoapi", question])
        for store in ("PostGIS", "embedded"):
            bound = f"≥ {required}, aim {aimed}" if store == "PostGIS" else ""
            figure(
                f"{question}: phusa on {store} against the better peer",
                round(median[f"phusa, {store}", question] / best, 2),
                "1",
                bound,
            )
    for question in ("bbox of about 100", "single item"):
        ratio = median["phusa, embedded", question] / max(median["pygeoapi, GeoPackage", question], 1e-9)
        figure(f"{question}: phusa embedded against pygeoapi on a GeoPackage", round(ratio, 1), "1", "≥ 50, aim 100")
    ours = [one for (name, _), many in rates.items() if name.startswith("phusa") for one in many]
    assert sum(one.errors for one in ours) == 0


def counted(url: str) -> int:
    """Return the number of features of an answer."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return len(orjson.loads(answer.read())["features"])
