"""Several processes serve one workspace: what is published is seen by all, and one that dies takes little with it.

The tests are one story about one service, in this order; the last one ends it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from pipelines.__main__ import main
from tests.pipelines.server.conftest import BENCHES, WORKERS, Place
from tests.sdi.conftest import BENCH
from tests.sdi.service.watch.test_leave import SLOW
from tests.sdi.test_register import add
from tests.workers import Load, connections_of, is_alive, memory_of, wait_until

ITEMS = "/ogc/collections/benches/items"
CLIENTS = 8


def ask(place: Place, path: str) -> dict[str, object]:
    """Ask on a connection of its own, so that any worker may answer."""
    with urllib.request.urlopen(place.service.url + path, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def lines(place: Place) -> list[dict[str, object]]:
    return [json.loads(line) for line in place.log.read_text(encoding="utf-8").splitlines()]


def by_all(place: Place, path: str) -> list[dict[str, object]]:
    """Ask until every worker has answered; return every answer."""
    found, seen = [], len(lines(place))

    def asked_all() -> bool:
        found.append(ask(place, path))
        return len({one["pid"] for one in lines(place)[seen:]} & set(place.service.workers())) == WORKERS

    wait_until(asked_all, 60)
    return found


def counted(place: Place, name: str, **labels: str) -> float:
    """Return the sum of a metric over everything that has these labels."""
    with urllib.request.urlopen(place.metrics, timeout=30) as answer:
        text = answer.read().decode()
    rows = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    return sum(float(value) for said, value in rows if wanted <= set(said.split(",")))


def test_every_worker_knows_where_it_is_asked(place: Place):
    for found in by_all(place, "/ogc/collections"):
        assert found["links"][0]["href"] == f"{place.service.url}/ogc/collections"


def test_every_worker_sees_what_is_published_as_soon_as_the_command_returns(place: Place, figure):
    assert {one["numberMatched"] for one in by_all(place, ITEMS)} == {BENCHES}
    stale = 0
    for step in range(1, 4):
        with closing(place.city.registry()) as registry:
            add(registry, 5)
        assert main(["publish", "--workspace", str(place.city.folder)]) == 0
        stale += sum(one["numberMatched"] != BENCHES + 5 * step for one in by_all(place, ITEMS))
    assert stale == 0
    figure("stale counts after `phusa publish` returned, of all workers", stale, "1", "0")


def test_every_worker_sees_a_new_collection_and_a_new_title(place: Place):
    registers = place.city.folder / "catalogs" / "registers"
    (registers / "bench.yaml").write_text(BENCH.replace("en: Benches}", "en: Seats by the water}", 1), encoding="utf-8")
    pier = BENCH.replace("register: bench", "register: pier").replace("collection: benches", "collection: piers")
    (registers / "pier.yaml").write_text(pier, encoding="utf-8")
    assert main(["publish", "--workspace", str(place.city.folder)]) == 0
    assert {one["title"] for one in by_all(place, "/ogc/collections/benches?lang=en")} == {"Seats by the water"}
    assert {one["id"] for one in by_all(place, "/ogc/collections/piers")} == {"piers"}


@pytest.mark.shows("service")
def test_a_worker_killed_under_load_costs_only_its_own_requests(place: Place, figure):
    with Load(place.service.url, [f"{ITEMS}?limit=100", "/ogc/"], CLIENTS).running() as load:
        load.until(100)
        held = {pid: connections_of(pid, place.service.port) for pid in place.service.workers()}
        assert sum(held.values()) == CLIENTS
        victim = max(held, key=lambda pid: held[pid])
        assert load.failed == 0
        os.kill(victim, signal.SIGKILL)
        load.until(100)
        load.until(100)
    by_all(place, ITEMS)
    assert len(place.service.workers()) == WORKERS
    assert not is_alive(victim)
    assert load.failed <= held[victim]
    assert "was ended by signal 9" in place.service.errors.read_text(encoding="utf-8")
    figure("requests lost with a worker that was killed", load.failed, "1", f"≤ {held[victim]}, its connections")


def test_the_metrics_add_up_what_all_workers_counted(place: Place, figure):
    route = {"route": "/ogc/conformance", "method": "GET", "status": "200"}
    before = counted(place, "phusa_requests_total", **route)
    sent = len(by_all(place, "/ogc/conformance")) + len(by_all(place, "/ogc/conformance?lang=en"))
    wait_until(lambda: counted(place, "phusa_requests_total", **route) == before + sent)
    assert counted(place, "phusa_request_seconds_count", route="/ogc/conformance") == before + sent
    assert counted(place, "phusa_requests_running") == 0
    figure("requests counted of those that two workers answered", sent, "1", f"{sent}")


def metrics(place: Place) -> str:
    """Return what is told of all workers."""
    with urllib.request.urlopen(place.metrics, timeout=30) as answer:
        return answer.read().decode()


def test_the_metrics_tell_of_work_publication_and_memory_under_few_names(place: Place):
    for path in ("/nowhere/1", "/nowhere/2", "/nowhere/3"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(place, path)
    wait_until(lambda: counted(place, "phusa_publication_transaction", level="public") > 0)
    newest = ask(place, "/healthz")["sequence"]
    wait_until(lambda: counted(place, "phusa_publication_transaction", level="public") == newest)
    assert counted(place, "phusa_publication_recorded_seconds", level="public") > 1_700_000_000
    workers = place.service.workers()
    wait_until(lambda: all(counted(place, "phusa_worker_memory_bytes", pid=str(pid)) > 0 for pid in workers))
    for name in ("phusa_crew_requests", "phusa_crew_refused_total"):
        wait_until(lambda name=name: f'{name}{{crew="features"}} 0.0' in metrics(place))
    text = metrics(place)
    assert "/nowhere" not in text
    assert counted(place, "phusa_requests_total", route="none", status="404") >= 3
    assert set(re.findall(r'phusa_worker_memory_bytes{pid="(\d+)"}', text)) == {str(pid) for pid in workers}


def test_metrics_are_not_where_the_public_looks(place: Place):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(place, "/metrics")


@pytest.mark.slow
def test_new_workers_take_over_without_a_lost_request_when_asked_to(place: Place, figure):
    before = place.service.workers()
    with Load(place.service.url, ["/ogc/conformance"], 2).running() as load:
        load.until(10)
        place.service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(now := place.service.workers()) == WORKERS and not set(now) & set(before), 60)
        load.until(10)
    # A connection that is kept without a request may be closed just when the next one is written to it.
    assert load.failed <= 2
    figure("requests lost while all workers were replaced", load.failed, "1", "≤ 1 for each idle connection")


@pytest.mark.shows("service")
def test_an_idle_worker_is_small(place: Place, figure):
    largest = max(memory_of(pid) for pid in place.service.workers())
    figure("memory of a worker", largest / 2**20, "MiB", "≤ 350")
    assert largest <= 350 * 2**20


def test_workers_that_are_asked_for_features_load_no_library_for_anything_else(place: Place):
    by_all(place, ITEMS)
    for pid in place.service.workers():
        mapped = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        libraries = set(re.findall(r"-packages/(\w+)/", mapped))
        assert "shapely" in libraries
        assert not {"numba", "scipy", "pandas", "rasterio", "pyarrow", "pyogrio"} & libraries


@pytest.mark.shows("service")
def test_what_runs_is_finished_and_nothing_new_is_taken_when_asked_to_stop(place: Place, figure):
    answers: list[bytes] = []
    path = f"{place.service.url}{ITEMS}?filter={quote(SLOW)}"
    thread = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(path, timeout=60).read()))
    workers = place.service.workers()
    thread.start()
    wait_until(lambda: counted(place, "phusa_requests_running") == 1)
    assert place.service.stop() == 0
    assert lines(place)[-1]["ms"] > 20, "it was too quick to be met"
    thread.join()
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(f"{place.service.url}/healthz", timeout=10)
    assert b'"numberMatched":0' in answers[0]
    assert not any(is_alive(pid) for pid in workers)
    figure("answers lost by a stop while they were worked out", 1 - len(answers), "1", "0")
