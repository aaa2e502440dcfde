"""How fast GDAL gets a whole collection, by the link to a file and by pages, and what it costs to build the files."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from catalogs import packaged
from sdi import provenance
from sdi.entry import Licence
from sdi.publishing import projector
from sdi.workspace import Workspace
from tests.benchmarks.service import parcels
from tests.benchmarks.service.test_service_speed import city
from tests.serving import serving_apart

COUNT = int(os.environ.get("PHUSA_BENCH_FEATURES", str(parcels.COUNT)))
REPEATS = 3
LICENCE = Licence("Apache-2.0", "A", "synthetic", bulk=True)
BUILD = """
import re, sys, time
from pathlib import Path
from catalogs import packaged
from sdi.bulk import building
from sdi.workspace import Workspace
def highest():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
workspace = Workspace.open(Path(sys.argv[1]), packaged())
idle, begun = highest(), time.process_time()
building.refresh(workspace, "public", lambda step, share: None)
print(time.process_time() - begun, idle, highest())
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """Return a city of parcels that may be given away as a whole."""
    place = city(tmp_path_factory.mktemp("bulk") / "city", parcels.parcels(COUNT))
    made = Workspace.open(place, packaged())
    with closing(made.registry()) as registry:
        with registry.transaction("bench", "where they come from") as tx:
            provenance.record(tx, "parcels", "parcel", custodian="x", licence=LICENCE, sha256="0" * 64, accepted=COUNT)
        projector.refresh(made, registry)
    return made


@pytest.mark.bench
@pytest.mark.shows("service")
def test_gdal_gets_everything_by_the_link_and_by_pages(workspace, ogrinfo, tmp_path, figure):
    built = subprocess.run(
        [sys.executable, "-c", BUILD, workspace.folder], check=True, capture_output=True, text=True
    ).stdout
    seconds, idle, peak = map(float, built.split())
    figure(f"four files of {COUNT} features: processor", seconds, "s", "")
    figure(f"memory of the job at most; {idle:.0f} MB before it began", peak, "MB", "bounded")
    with serving_apart(workspace) as base:
        sources = {
            "pages of 1,000": [f"OAPIF:{base}/ogc/collections/parcels", "-oo", "PAGE_SIZE=1000"],
            "pages of 10,000": [f"OAPIF:{base}/ogc/collections/parcels", "-oo", "PAGE_SIZE=10000"],
            **{
                f"link to {ending}": [f"/vsicurl/{base}/ogc/collections/parcels/bulk/parcels.{ending}"]
                for ending in ("fgb", "gpkg", "csv")
            },
        }
        waits: dict[str, list[float]] = {}
        for _ in range(REPEATS):
            for name, source in sources.items():
                waits.setdefault(name, []).append(taken(source, ogrinfo.with_name("ogr2ogr")))
        counts = {name: counted(source, ogrinfo) for name, source in sources.items()}
    median = {name: statistics.median(many) for name, many in waits.items()}
    pages = min(many for name, many in median.items() if name.startswith("pages"))
    assert set(counts.values()) == {COUNT}
    for name, wait in median.items():
        figure(f"GDAL gets {COUNT} features by {name}", wait, "s", "")
    for ending in ("fgb", "gpkg"):
        figure(f"link to {ending}: times as fast as the better pages", pages / median[f"link to {ending}"], "1", "≥ 3")


def taken(source: list[str], ogr2ogr: Path) -> float:
    """Return how long GDAL takes to get all features into memory [s]."""
    begun = time.perf_counter()
    subprocess.run([ogr2ogr, "-f", "Memory", "nowhere", *source], check=True, capture_output=True)
    return time.perf_counter() - begun


def counted(source: list[str], ogrinfo: Path) -> int:
    """Return how many features GDAL finds."""
    said = subprocess.run([ogrinfo, "-so", "-al", *source], check=True, capture_output=True, text=True).stdout
    return int(said.partition("Feature Count: ")[2].split()[0])
