"""A quarter of a hundred parcels of 12 m with zones, two runs and networks: every figure can be worked out by hand.

Parcels lie in ten columns and ten rows from the south-west corner. Column 9 is cut in half by two zones; the sliver of
a third one reaches into the last parcel, on which another one lies. A general plan covers the five southern rows. The
runs know the nine western columns and the nine southern rows; column 5 is a canal.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
import xarray as xr

from catalogs import packaged
from sdi.declaration import Label
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.register import Batch
from sdi.store.description import RasterDescription
from sdi.store.raster import write
from sdi.workspace import Workspace
from tests.browser.hamlet import ATTACK, DESCRIPTION, PLOT, X, Y, parcel_box

CELL = 6.0
"""Side of a cell of the runs [m]: four cells to a parcel."""
NOTICE = Label("Trận ngập bịa ra.", "Invented flood.")


def build(folder: Path) -> Workspace:
    """Record and publish the quarter."""
    description = folder / "description.yaml"
    description.write_text(DESCRIPTION, encoding="utf-8")
    workspace = Workspace.make(folder / "quarter", description, packaged())
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    made: dict[str, list[str]] = {}
    with registry.transaction(actor="test", reason="quarter") as tx:
        for register, batch in things().items():
            made[register] = registry.register(register).add(batch, tx)
        registry.register("flood_risk").add(risks(made["building"][0], made["administrative_unit"][0]), tx)
    projector.refresh(workspace, registry)
    registry.close()
    publish_run(workspace, "flood-storm", Label("Bão", "Storm"), 1.0)
    publish_run(workspace, "flood-design-100", Label("Bão thiết kế", "Design storm"), 3.0, return_period=100.0)
    return workspace


def column(*shapes: shapely.Geometry) -> np.ndarray:
    """Geometries as a batch takes them."""
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


def things() -> dict[str, Batch]:
    """Everything but the risk, by register."""
    return {
        "administrative_unit": Batch(
            {"level": ["commune"] * 2, "unit_type": ["ward"] * 2},
            column(shapely.box(X - 100, Y - 100, X + 114, Y + 200), shapely.box(X + 114, Y - 100, X + 300, Y + 200)),
            names={"vi": ["Phường Bến Đò", "Phường Cồn"], "en": ["Ben Do Ward", "Con Ward"]},
        ),
        "plan_zone": zones(),
        "parcel": parcels(),
        "building": Batch({"building_use": ["house"]}, column(parcel_box(0, 0).buffer(-2))),
        "water_network": Batch(
            {"element": ["pipe"], "from_node": ["A"], "to_node": ["B"]},
            column(shapely.LineString([(X - 50, Y - 20), (X + 50, Y - 20)])),
        ),
        "drainage_network": Batch({"element": ["manhole"]}, column(shapely.Point(X + 6, Y - 5))),
        "power_network": Batch({"element": ["substation"]}, column(shapely.Point(X + 6, Y - 80))),
        "flood_depth": depths(),
    }


def zones() -> Batch:
    """Two zones of the zoning plan that meet in column 9, a sliver of a third, and one of the general plan."""
    values = {
        "land_use": ["ODT", "DKV", "DGT", "ODT"],
        "plan_level": ["zoning", "zoning", "zoning", "general"],
        "max_storeys": [5, None, None, None],
        "decision": ["QĐ 12/QĐ-UBND", None, None, ATTACK],
        "decision_date": ["2025-03-31", None, None, None],
    }
    boxes = column(
        shapely.box(X, Y, X + 114, Y + 120),
        shapely.box(X + 114, Y, X + 200, Y + 120),
        shapely.box(X + 119.95, Y + 100, X + 121, Y + 120),
        shapely.box(X - 40, Y - 40, X + 300, Y + 60),
    )
    return Batch(values, boxes, names={"vi": ["Ô A", "Ô B", "Ô C", "Ô chung"], "en": [None] * 4})


def parcels() -> Batch:
    """A hundred parcels, the last two with one number, and one of another sheet on the last of them."""
    cells = [(place % 10, place // 10) for place in range(100)]
    streets = ["Đường Nguyễn Trãi", "Hẻm Mỹ Thuận", *["Đường Trần Hưng Đạo"] * 8]
    values = {
        "map_sheet": [*["7"] * 100, "8"],
        "parcel_number": [*(str(number) for number in range(1, 100)), "99", "1"],
        "land_use": ["ODT"] * 101,
        "legal_area": [144.0] * 101,
        "address": [*(f"{place + 1} {streets[place // 10]}" for place in range(100)), None],
    }
    codes = {"synthetic-parcel": [f"MP-T007-{number:04d}" for number in range(1, 102)]}
    return Batch(values, column(*(parcel_box(*cell) for cell in [*cells, cells[-1]])), identifiers=codes)


def depths() -> Batch:
    """Two scenarios of flood depth over the same place."""
    values = {
        "scenario": ["storm", "design_100", "design_100"],
        "depth_class": ["from_0_30", "from_1_00", "from_0_10"],
        "lower_m": [0.3, 1.0, 0.1],
        "upper_m": [0.5, None, 0.2],
        "fit_for_decisions": [False] * 3,
    }
    boxes = (
        shapely.box(X, Y, X + 12, Y + 108),
        shapely.box(X, Y, X + 12, Y + 108),
        shapely.box(X + 12, Y, X + 60, Y + 108),
    )
    return Batch(values, column(*boxes), accuracy=Accuracy(horizontal_m=6))


def risks(building: str, ward: str) -> Batch:
    """What floods cost the house on the first parcel and its ward."""
    values = {
        "entity": [building, ward],
        "entity_kind": ["building", "administrative_unit"],
        "expected_annual_damage": [1234.0, 98765.0],
        "risk_class": ["high", "low"],
        "rule": ["log-linear"] * 2,
        "return_periods": [[10.0, 100.0]] * 2,
        "damages": [[0.0, 20000.0], [1e5, 2e6]],
        "maximum_damage": [50000.0, 5e6],
        "currency": ["EUR2010"] * 2,
        "curves": ["test"] * 2,
        "fit_for_decisions": [False] * 2,
    }
    return Batch(values, column(parcel_box(0, 0).buffer(-2), None))


def publish_run(workspace: Workspace, name: str, title: Label, factor: float, **more: float) -> None:
    """Publish a run: 0.2 m in the western half of column 0, 0.04 m elsewhere, times a factor; a canal in column 5."""
    x = X + CELL * (np.arange(18) + 0.5)
    y = Y + CELL * (np.arange(20)[::-1] + 0.5)
    start = np.zeros((20, 18))
    start[:, 10:12] = 2.0
    deepest = np.full((20, 18), 0.04 * factor)
    deepest[:, 0] = 0.2 * factor
    deepest = np.maximum(deepest, start)
    deepest[:2] = np.nan
    wet = deepest >= 0.1
    bands = {
        "maximum_water_depth": (deepest, "m"),
        "maximum_water_level": (np.where(wet, 1.5 + deepest, np.nan), "m"),
        "hazard_class": (np.where(wet, factor, 0.0), "1"),
        "arrival_time": (np.where(wet, 1800.0, np.nan), "s"),
    }
    data = xr.Dataset(
        {key: (("y", "x"), values.astype("f4"), {"units": unit}) for key, (values, unit) in bands.items()}
        | {"water_depth": (("time", "y", "x"), np.stack([start, deepest]).astype("f4"), {"units": "m"})},
        {"time": np.array(["2025-10-01T00", "2025-10-01T01"], dtype="datetime64[ns]"), "x": x, "y": y},
    )
    said = RasterDescription(
        name=name, title=title, kind="run", vertical_datum="synthetic", fit_for_decisions=False, notice=NOTICE,
        scenario="0" * 64, **more,
    )  # fmt: skip
    write(workspace.rasters, data.rio.write_crs("EPSG:5897"), said)


__all__ = ["ATTACK", "PLOT", "build", "parcel_box"]
