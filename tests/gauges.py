"""A city with gauges of every sort, and a small flood that some of them see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
import xarray as xr

from catalogs import packaged
from frmis.scenario import Scenario
from pipelines import level
from sdi.declaration import Label
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace

START = datetime.fromisoformat("2025-11-07T00:00:00+07:00")
X, Y = 584_000.0, 1_109_000.0
CITY = """
name: gauged
title: {vi: Thành phố có trạm, en: City with gauges}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
NAMES = ("river", "street", "elsewhere", "rain", "unknown")


def make(folder: Path) -> Workspace:
    """Make the empty city."""
    description = folder / "city.yaml"
    description.write_text(CITY, encoding="utf-8")
    Workspace.make(folder / "city", description, packaged())
    return Workspace.open(folder / "city", packaged())


def populate(workspace: Workspace) -> Registry:
    """Record a gauge in the river, one in a street, one far away, one of rain, one without a datum."""
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    alarms = {"alarm_1": 1.2, "alarm_2": 1.5, "alarm_3": 1.9}
    values = {
        "gauge_kind": ["water_level", "street_depth", "water_level", "rainfall", "water_level"],
        "datum": ["synthetic", "synthetic", "synthetic", None, None],
        **{name: [height, None, height, None, None] for name, height in alarms.items()},
    }
    places = shapely.points([[X + 5, Y + 5], [X + 15, Y + 15], [X + 999, Y], [X + 5, Y + 15], [X + 16, Y + 5]])
    with registry.transaction("test", "gauges") as tx:
        registry.register("flood_gauge").add(
            Batch(
                values, places, identifiers={"synthetic-asset": [f"MP-TD{i:05d}" for i in range(5)]},
                names={"vi": [f"Trạm {name}" for name in NAMES], "en": [f"Gauge {name}" for name in NAMES]},
            ),
            tx,
        )  # fmt: skip
    return registry


def flood(levels: tuple[float, ...] = (0.5, 1.3, 1.6, 1.4)) -> tuple[Scenario, xr.Dataset]:
    """Return a scenario and its result on 2 x 2 cells: a river in the south-west, a dry street, every 10 min."""
    scenario = Scenario(
        name="surge", terrain="terrain", duration=1800.0, output_interval=600.0, start=START,
        title=Label("Nước dâng", "Surge"),
    )  # fmt: skip
    level_, depth = np.full((4, 2, 2), np.nan), np.zeros((4, 2, 2))
    level_[:, 1, :], depth[:, 1, :] = np.array(levels)[:, np.newaxis], 1.0
    times = np.datetime64("2025-11-06T17:00", "ns") + np.arange(4) * np.timedelta64(600, "s")
    result = xr.Dataset(
        {
            "water_level": (("time", "y", "x"), level_, {"vertical_datum": "synthetic"}),
            "water_depth": (("time", "y", "x"), depth),
        },
        coords={"time": times, "y": [Y + 15, Y + 5], "x": [X + 5, X + 15]},
        attrs={
            "scenario": "a" * 64,
            "vertical_datum": "synthetic",
            "fit_for_decisions": 0,
            "notice_vi": "Thử",
            "notice": "Trial",
        },
    )
    return scenario, result


def build(folder: Path) -> Workspace:
    """Publish the city with the levels of the flood, and a day predicted for the gauge in the river."""
    workspace = make(folder)
    registry = populate(workspace)
    with registry.transaction("test", "run") as tx:
        level.record(registry, tx, *flood())
    level.run(
        workspace, registry, gauge="MP-TD00000", tide="synthetic", start=START, duration=86400.0, residual=0.25
    )  # fmt: skip
    projector.refresh(workspace, registry)
    registry.close()
    return workspace
