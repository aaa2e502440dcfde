"""What a worker costs: to start, to keep, to watch; and what the landing page costs while everything else is asked."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import demo
from sdi.service.watch.counts import Counts
from sdi.service.watch.journal import Journal
from sdi.workspace import Workspace
from tests.benchmarks.clocks import spent
from tests.sdi.service.watch.test_journal import seen
from tests.workers import ROOT, Load, memory_of, served

STARTS = 3
NOTED = 20_000
LOAD_S = 20.0
ITEMS = "/ogc/collections/buildings/items?limit=1000"


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Workspace:
    """Return a tenth of the synthetic city, with its rasters and flood runs."""
    return demo.run(tmp_path_factory.mktemp("demo") / "city", scale=0.1)


def processor(pid: int) -> float:
    """Return the processor time of a process and of what it has waited for [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.bench
@pytest.mark.shows("service")
def test_a_worker_starts_soon_and_is_small(city, tmp_path, figure):
    waited, worked, sizes = [], [], []
    for _ in range(STARTS):
        with served(city.folder, tmp_path / "errors.txt") as service:
            (worker,) = service.workers()
            waited.append(service.seconds)
            worked.append(processor(worker) + processor(service.process.pid))
            sizes.append(memory_of(worker) / 2**20)
    bare = spent(lambda: subprocess.run([sys.executable, "-c", "import pandas"], check=True))
    figure("calibration: a process that imports pandas and ends", bare.wall, "s")
    figure("start of the service to its first answer", statistics.median(waited), "s", "≤ 4")
    figure("processor time of that start", statistics.median(worked), "s", "two processors share it")
    figure("memory of an idle worker", max(sizes), "MiB", "≤ 350")


@pytest.mark.bench
@pytest.mark.shows("service")
def test_the_landing_page_answers_while_pages_tiles_and_a_job_keep_the_machine_busy(city, tmp_path, figure):
    job = [sys.executable, "-m", "pipelines", "flood", "run", "storm", "--workspace", str(city.folder)]
    paths = [ITEMS, "/ogc/collections/buildings/tiles/WebMercatorQuad/14/7729/13006", ITEMS + "&offset=1000"]
    with served(city.folder, tmp_path / "errors.txt", workers=2) as service:
        quiet = asked(service.url, 3.0)
        with subprocess.Popen(job, cwd=ROOT, stdout=subprocess.DEVNULL) as flood:
            with Load(service.url, paths, 4).running() as load:
                busy = asked(service.url, LOAD_S)
            flood.terminate()
    figure("calibration: the same while nothing else is asked", p95(quiet), "ms")
    figure("calibration: other answers meanwhile", load.answered / LOAD_S, "1/s")
    figure("landing page, p95 while pages, tiles and a flood job run", p95(busy), "ms", "< 50")


def asked(url: str, seconds: float) -> list[float]:
    """Ask for the landing page again and again; return how long each answer took [ms]."""
    with Load(url, ["/ogc/"], 1).running() as load:
        time.sleep(seconds)
    assert not load.failed
    return [1000 * one for one in load.seconds["/ogc/"]]


def p95(values: list[float]) -> float:
    """Return what 95 of 100 values do not exceed."""
    return statistics.quantiles(values, n=20)[-1]


@pytest.mark.bench
def test_to_note_a_request_costs_microseconds(tmp_path, figure):
    journal, counts, one = (
        Journal(str(tmp_path / "access.log")),
        Counts(),
        seen(raw_path=b"/ogc/", query_string=b"f=json"),
    )
    written = spent(lambda: [journal.note(one) for _ in range(NOTED)]).processor
    counted = spent(lambda: [counts.note(one) for _ in range(NOTED)]).processor
    journal.close()
    figure("processor time of one line of the access log", 1e6 * written / NOTED, "µs", "a few")
    figure("processor time of the counts of one request", 1e6 * counted / NOTED, "µs", "a few")
