"""What a coverage tells of itself is known from its description; its data are opened when they are asked for."""

from __future__ import annotations

import json
import shutil

import pytest

from sdi.service.coverage import Coverage
from sdi.store.description import DESCRIPTION
from tests.town import town

__all__ = ["town"]


@pytest.mark.parametrize(
    ("name", "interval"),
    [("terrain", (None, None)), ("flood", ("2025-10-01T00:00:00Z", "2025-10-01T02:00:00Z"))],
)
def test_a_description_of_an_earlier_version_gives_the_same_place_and_time(town, tmp_path, name, interval):
    shutil.copytree(town.rasters / name, tmp_path / name)
    path = tmp_path / name / DESCRIPTION
    said = json.loads(path.read_text(encoding="utf-8"))
    assert said["box"] == [585_000.0, 1_109_000.0, 585_600.0, 1_109_400.0]
    path.write_text(json.dumps({key: value for key, value in said.items() if key not in {"box", "interval"}}))
    told, looked = Coverage.read(town.rasters / name, town.crs), Coverage.read(tmp_path / name, town.crs)
    assert told.interval == looked.interval == interval
    assert told.extent == pytest.approx(looked.extent, abs=1e-12)
