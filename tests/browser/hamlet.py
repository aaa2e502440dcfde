"""A hamlet of two wards, two zones, a hundred parcels and one attacker: small enough to know every place in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import shapely

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.register import Batch
from sdi.workspace import Workspace

ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>'
"""A name that would run where a page took text for markup."""
X, Y = 578_000.0, 1_115_000.0
"""South-west corner [m, EPSG:5897]."""
PLOT = 12.0
"""Side of a parcel [m]."""
DESCRIPTION = """
name: hamlet
title: {vi: Xóm Bến Đò, en: Ben Do Hamlet}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
synthetic: true
notice: {vi: Dữ liệu mô phỏng để thử nghiệm., en: Synthetic data for tests.}
"""
BENCH = """
register: bench
version: 1.0.0
title: {vi: Ghế đá, en: Benches}
description: {vi: Ghế đá ven kênh, en: Benches along the canals}
location: {role: site, geometry: Point, required: true}
identity: {schemes: []}
fields:
  seats: {type: integer, unit: "1", min: 1, max: 12, required: true, title: {vi: Số chỗ ngồi, en: Seats}}
on_bad_row: refuse
publish: {collection: benches, fields: [seats], keywords: [ghế, bench]}
"""


def build(folder: Path) -> Workspace:
    """Record and publish the hamlet."""
    description = folder / "description.yaml"
    description.write_text(DESCRIPTION, encoding="utf-8")
    place = folder / "city"
    Workspace.make(place, description, packaged())
    (place / "catalogs" / "registers").mkdir(parents=True)
    (place / "catalogs" / "registers" / "bench.yaml").write_text(BENCH, encoding="utf-8")
    workspace = Workspace.open(place, packaged())
    return record(workspace, things())


def plant(folder: Path) -> Workspace:
    """Record and publish a city of 5,625 trees, 10 m apart, and nothing else."""
    description = folder / "description.yaml"
    description.write_text(DESCRIPTION, encoding="utf-8")
    workspace = Workspace.make(folder / "city", description, packaged())
    spots = [shapely.Point(X + 10 * column, Y + 10 * row) for row in range(75) for column in range(75)]
    values = {"species": ["hopea_odorata"] * len(spots), "dbh": [45.5] * len(spots)}
    return record(workspace, {"tree": Batch(values, _column(spots), accuracy=Accuracy(horizontal_m=1))})


def record(workspace: Workspace, batches: Mapping[str, Batch]) -> Workspace:
    """Record and publish things, by register."""
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    for register, batch in batches.items():
        with registry.transaction(actor="test", reason=f"hamlet: {register}") as tx:
            registry.register(register).add(batch, tx)
    projector.refresh(workspace, registry)
    registry.close()
    return workspace


def parcel_box(column: int, row: int) -> shapely.Polygon:
    """Place of a parcel [m, EPSG:5897]."""
    return shapely.box(X + column * PLOT, Y + row * PLOT, X + (column + 1) * PLOT, Y + (row + 1) * PLOT)


def things() -> dict[str, Batch]:
    """Everything in the hamlet, by register."""
    return {
        "administrative_unit": _wards(),
        "plan_zone": _zones(),
        "parcel": _parcels(),
        "street": _streets(),
        "tree": _trees(),
        "flood_depth": _depths(),
        "bench": Batch({"seats": [4]}, _column([shapely.Point(X + 150, Y + 60)])),
    }


def _column(shapes: Sequence[shapely.Geometry]) -> np.ndarray:
    column = np.empty(len(shapes), dtype=object)
    column[:] = shapes
    return column


def _wards() -> Batch:
    boxes = [shapely.box(X - 40, Y - 40, X + 130, Y + 160), shapely.box(X + 130, Y - 40, X + 300, Y + 160)]
    names = {"vi": ["Phường Bến Đò", "Phường Cồn Phù Sa"], "en": ["Ben Do Ward", "Con Phu Sa Ward"]}
    return Batch(
        {"level": ["commune"] * 2, "unit_type": ["ward"] * 2}, _column(boxes), names=names, valid_from="2025-07-01"
    )


def _zones() -> Batch:
    boxes = [shapely.box(X, Y, X + 120, Y + 120), shapely.box(X + 130, Y, X + 260, Y + 120)]
    values = {
        "land_use": ["ODT", "DKV"],
        "max_storeys": [5, 1],
        "floor_area_ratio": [2.5, 0.1],
        "decision_date": ["2025-03-31", None],
    }
    return Batch(values, _column(boxes))


def _parcels() -> Batch:
    cells = [(column, row) for row in range(10) for column in range(10)]
    values = {
        "map_sheet": ["7"] * 100,
        "parcel_number": [str(number) for number in range(1, 101)],
        "land_use": ["ODT"] * 99 + ["CLN"],
        "legal_area": [1234.5] + [144.0] * 99,
    }
    return Batch(values, _column([parcel_box(*cell) for cell in cells]), accuracy=Accuracy(horizontal_m=0.5))


def _streets() -> Batch:
    lines = [
        shapely.LineString([(X + 125, Y - 40), (X + 125, Y + 160)]),
        shapely.LineString([(X - 40, Y - 20), (X + 300, Y - 20)]),
    ]
    return Batch(
        {"street_class": ["primary", "local"]},
        _column(lines),
        names={"vi": ["Nguyễn Trãi", ATTACK], "en": [None, None]},
    )


def _trees() -> Batch:
    spots = [shapely.Point(X + 140 + 10 * place, Y + 100) for place in range(10)] + [shapely.Point(X + 200, Y + 30)]
    values = {"species": ["hopea_odorata"] * 11, "species_text": [None] * 10 + [ATTACK], "dbh": [45.5] * 11}
    return Batch(values, _column(spots), accuracy=Accuracy(horizontal_m=1))


def _depths() -> Batch:
    values = {
        "scenario": ["test"],
        "depth_class": ["from_0_30"],
        "lower_m": [0.3],
        "upper_m": [0.5],
        "fit_for_decisions": [False],
    }
    return Batch(values, _column([shapely.box(X + 140, Y, X + 180, Y + 40)]), accuracy=Accuracy(horizontal_m=5))
