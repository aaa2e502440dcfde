"""Deliveries that are small and become large, or take long: packed bytes, announced cells, crossings of a polygon."""

from __future__ import annotations

import gzip
import json
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipelines.__main__ import main
from sdi import source
from sdi.errors import RefusedError
from sdi.source import archive
from sdi.source.delivery import Limits
from tests.attack.test_deliveries import ENTRY, MOST_S, terrain
from tests.sdi.deliveries import options
from tests.town import LAT, LON

MOST_UNPACKED_S = 20.0
"""Processor time that the most that is unpacked of an archive may take, which is 1 GiB [s]."""


def written(monkeypatch) -> list[int]:
    """Note how large each file is that an archive is unpacked into, when that ends."""
    sizes: list[int] = []
    copy = archive._copy

    def watched(packed, target, *rest):
        try:
            return copy(packed, target, *rest)
        finally:
            sizes.append(target.stat().st_size)

    monkeypatch.setattr(archive, "_copy", watched)
    return sizes


@pytest.mark.shows("service")
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch, figure):
    """20 MB of zeros that were packed would be 20 GB; no more of it is written than of any archive."""
    sizes, before = written(monkeypatch), set(Path(tempfile.gettempdir()).glob("delivery-*"))
    part = gzip.compress(bytes(20_000_000), 6)
    bomb = tmp_path / "bomb.geojson.gz"
    bomb.write_bytes(part * 1_000)
    begun = time.process_time()
    with pytest.raises(RefusedError) as caught:
        source.read(bomb, options())
    took = time.process_time() - begun
    assert caught.value.code == "archive-bomb"
    most = Limits().unpacked_bytes
    figure("written of a bomb of 20 GB", sizes[0] / 1e6, unit="MB", bound=f"≤ {most / 1e6:,.0f}")
    assert sizes[0] <= most
    assert took <= MOST_UNPACKED_S
    assert set(Path(tempfile.gettempdir()).glob("delivery-*")) <= before, "nothing of it is left"


def test_an_archive_never_becomes_more_than_the_limit_however_well_it_is_packed(tmp_path, monkeypatch):
    sizes, limits = written(monkeypatch), Limits(unpacked_bytes=3_000_000)
    noise = np.random.default_rng(1).integers(0, 255, 5_000_000, dtype=np.uint8).tobytes()
    (tmp_path / "a.geojson.gz").write_bytes(gzip.compress(noise, 1))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.geojson", noise)
    for name in ("a.geojson.gz", "a.zip"):
        with pytest.raises(RefusedError) as caught:
            source.read(tmp_path / name, options(), limits)
        assert caught.value.code == "archive-bomb"
        assert "deliver the file unpacked" in caught.value.message
    assert max(sizes) <= 3_000_000


def test_a_zip_that_lies_about_its_size_is_not_unpacked_further(tmp_path, monkeypatch):
    sizes = written(monkeypatch)
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.geojson", bytes(90_000_000))
    whole, size = bytearray(path.read_bytes()), struct.pack("<I", 90_000_000)
    for place in (whole.find(size), whole.rfind(size)):
        whole[place : place + 4] = struct.pack("<I", 100)
    path.write_bytes(whole)
    with pytest.raises(RefusedError):
        source.read(path, options())
    assert max(sizes, default=0) <= 70_000_000


def test_a_raster_that_announces_more_than_fits_is_not_read(tmp_path):
    terrain(
        tmp_path / "dem.tif", 100_000, tiled=True, blockxsize=4096, blockysize=4096, compress="deflate", SPARSE_OK=True
    )
    (tmp_path / "dem.asc").write_text("ncols 999999\nnrows 999999\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 1\n")
    for name in ("dem.tif", "dem.asc"):
        begun = time.process_time()
        with pytest.raises(RefusedError):
            source.read_raster(tmp_path / name, options(crs="EPSG:5897"))
        assert time.process_time() - begun < MOST_S


@pytest.mark.shows("service")
def test_a_polygon_that_crosses_itself_millions_of_times_is_put_aside(field, tmp_path, figure, capsys):
    """A star of 201 points, which fits into 8 kB, already took minutes to repair."""
    angle = np.arange(4_001) * 2 * np.pi * 2_000 / 4_001
    star = np.column_stack([LON + np.cos(angle) / 50, LAT + np.sin(angle) / 50]).tolist()
    document = {
        "type": "Feature",
        "properties": {"datum": "a"},
        "geometry": {"type": "Polygon", "coordinates": [[*star, star[0]]]},
    }
    (tmp_path / "star.geojson").write_text(json.dumps(document))
    (tmp_path / "attack.yaml").write_text(ENTRY.format(path="star.geojson"), encoding="utf-8")
    begun = time.process_time()
    command = ["ingest", str(tmp_path / "attack.yaml"), "--data", str(tmp_path), "--dry-run"]
    status = main([*command, "-w", str(field.village.workspace.folder)])
    took = time.process_time() - begun
    figure(
        "a polygon that crosses itself millions of times, put aside",
        took,
        unit="s of the processor",
        bound=f"≤ {MOST_S:g}",
    )
    assert took <= MOST_S
    assert status == 1
    assert "crosses itself" in capsys.readouterr().err
