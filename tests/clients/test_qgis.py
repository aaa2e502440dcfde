"""QGIS reads the service without a screen: its own provider, its own tiles, its own Python."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.town import COUNT, LAT, LON, PLACELESS

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.shows("service")]
QUESTIONS = Path(__file__).with_name("qgis_reads.py")
PAGE = 100


@pytest.fixture(scope="module")
def qgis(unavailable) -> str:
    """Return the Python that can import QGIS: that of the system, where Debian puts it."""
    python = "/usr/bin/python3"
    look = [python, "-c", "import qgis.core"]
    if not Path(python).exists() or subprocess.run(look, capture_output=True, check=False).returncode:
        unavailable("QGIS is not installed; apt-get install --no-install-recommends python3-qgis")
    return python


@pytest.fixture(scope="module")
def reading(qgis, _overheard, tmp_path_factory):
    """Ask QGIS everything once; return what it says and what the service heard."""
    root, ear = _overheard
    ear.heard.clear()
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    home = str(tmp_path_factory.mktemp("qgis"))
    asked = bare | {"QT_QPA_PLATFORM": "offscreen", "HOME": home, "XDG_RUNTIME_DIR": home, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run([qgis, QUESTIONS, root], env=asked, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), list(ear.heard)


def pages(heard, **wanted):
    found = [query for path, query in heard if path == "/ogc/collections/landmarks/items"]
    return [one for one in found if wanted.items() <= one.items()]


def test_it_counts_reads_and_knows_the_types(reading, figure):
    said, _ = reading
    figure("QGIS reads the service", said["version"])
    assert (said["count"], said["read"]) == (COUNT + PLACELESS, COUNT + PLACELESS)
    assert said["crs"] in {"EPSG:4326", "OGC:CRS84"}
    expected = {"name": "String", "floors": "Integer", "height": "Real", "listed": "Boolean", "built": "Date"}
    assert expected.items() <= said["fields"].items()


def test_vietnamese_text_and_places_arrive_as_they_are(reading):
    said, _ = reading
    assert said["name"] == "Chợ nổi số 0 đường Hòa Bình"
    assert said["place"] == pytest.approx([LON, LAT], abs=2e-8)
    assert said["polygons"] == 60


def test_it_walks_the_pages_by_the_links(reading, figure):
    _, heard = reading
    asked = [one.get("after") for one in pages(heard, limit=str(PAGE))]
    expected = [None, *(str(n) for n in range(PAGE, COUNT + PLACELESS, PAGE))]
    figure("QGIS: pages of 100 for 1,236 items", len(set(asked)), "1", f"= {len(expected)}")
    assert sorted(set(asked), key=lambda one: int(one or 0)) == expected


def test_it_leaves_a_box_to_the_service(reading):
    said, heard = reading
    assert said["box"] == ["L0", "L1", "L2"]
    (asked,) = [one for one in pages(heard) if "bbox" in one]
    assert [float(one) for one in asked["bbox"].split(",")] == pytest.approx([105.7795, 10.0295, 105.7825, 10.0305])


def test_it_filters_by_expression_itself_and_finds_the_same(reading):
    said, heard = reading
    # The one whose grade changed has one floor; the two without a place have no grade.
    assert said["expression"] == sum(n % 3 == 0 and n % 7 > 3 for n in range(COUNT))
    high = sum(n % 3 == 0 for n in range(COUNT)) + 1
    assert said["subset"] == [high, high]
    assert [one for one in pages(heard) if "filter" in one] == []


def test_it_brings_places_into_the_system_of_the_city(reading):
    said, _ = reading
    # QGIS chooses a datum operation by itself: all of them lie within metres of the pinned one.
    assert said["moved"] == pytest.approx([585_308.9, 1_109_275.2], abs=10)


def test_it_draws_vector_tiles(reading, figure):
    said, heard = reading
    tiles = [path for path, _ in heard if "/tiles/WebMercatorQuad/" in path]
    figure("QGIS: vector tiles fetched for one small map", len(tiles), "1", ">= 1")
    assert tiles
    assert said["drawn"] > 50
