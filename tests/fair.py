"""A fair made for files: every type of value, gaps where there may be some, and texts that attack spreadsheets.

Of its four collections one is of licence grade B, which may be shown and never given away as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from catalogs import packaged
from sdi import provenance
from sdi.entry import Accuracy, Licence
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace

X, Y = 584_000, 1_109_000
"""Lower left corner of the fair [m, EPSG:5897]."""
GIVEN = Licence("CC-BY-4.0", "A", "Hội chợ thử", "https://creativecommons.org/licenses/by/4.0/", bulk=True)
SHOWN = Licence("Shown only", "B", "Someone", bulk=False)
FORMULAS = (
    '=cmd|"/c calc"!A1',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\tx",
    "＝1+1",
    "'quoted",
    "plain",
    'say "hô", xong\ndòng hai',
)
"""Texts of the first stalls; all but the last two are dangerous to somebody."""
STALLS = 12
PLACELESS = 1
KEEPER = "nobody must read this"
DESCRIPTION = """
name: fair
title: {vi: Hội chợ, en: Fair}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
synthetic: true
timezone: Asia/Ho_Chi_Minh
notice: {vi: Dữ liệu thử., en: Test data.}
"""
REGISTERS = {
    "stall": """
title: {vi: Quầy hàng, en: Stalls}
location: {role: site, geometry: Point, required: false}
names: [vi]
fields:
  remark: {type: text, title: {vi: Ghi chú, en: Remark}}
  seats: {type: integer, unit: "1", title: {vi: Số ghế, en: Seats}}
  height: {type: number, unit: m, title: {vi: Chiều cao, en: Height}}
  covered: {type: boolean, title: {vi: Có mái, en: Covered}}
  opened: {type: date, title: {vi: Ngày mở, en: Opened}}
  checked: {type: datetime, title: {vi: Kiểm tra lúc, en: Checked}}
  visits: {type: series, unit: "1", title: {vi: Lượt khách, en: Visits}}
  keeper: {type: text, access: restricted, title: {vi: Người giữ, en: Keeper}}
on_bad_row: refuse
publish: {collection: stalls, fields: [remark, seats, height, covered, opened, checked, visits]}
""",
    "lawn": """
title: {vi: Bãi cỏ, en: Lawns}
location: {role: site, geometry: Polygon, required: true}
fields: {number: {type: integer, unit: "1", required: true, title: {vi: Số, en: Number}}}
on_bad_row: refuse
publish: {collection: lawns, fields: [number]}
""",
    "thing": """
title: {vi: Đồ vật, en: Odd things}
location: {role: site, geometry: Any, required: true}
fields: {number: {type: integer, unit: "1", required: true, title: {vi: Số, en: Number}}}
on_bad_row: refuse
publish: {collection: odd-things, fields: [number]}
""",
    "visitor": """
title: {vi: Khách, en: Visitors}
location: {role: site, geometry: Point, required: true}
fields: {number: {type: integer, unit: "1", required: true, title: {vi: Số, en: Number}}}
on_bad_row: refuse
publish: {collection: visitors, fields: [number]}
""",
}


def build(folder: Path, store: str | None = None) -> Workspace:
    """Record and publish the fair."""
    description = folder / "description.yaml"
    description.write_text(DESCRIPTION + (f"store: {store}\n" if store else ""), encoding="utf-8")
    place = folder / "fair"
    Workspace.make(place, description, packaged())
    registers = place / "catalogs" / "registers"
    registers.mkdir(parents=True)
    for name, text in REGISTERS.items():
        (registers / f"{name}.yaml").write_text(f"register: {name}\nversion: 1.0.0\n{text}", encoding="utf-8")
    workspace = Workspace.open(place, packaged())
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    _fill(registry)
    projector.refresh(workspace, registry)
    registry.close()
    return workspace


def add(
    registry: Registry, kind: str, places: Sequence[Any], values: Mapping[str, Sequence[Any]], licence: Licence = GIVEN,
    names: Sequence[str] | None = None,
) -> list[str]:  # fmt: skip
    """Record things as one delivery."""
    batch = Batch(
        values=dict(values), geometry=np.array(list(places), dtype=object), valid_from="2025-03-01",
        names={"vi": list(names)} if names else {}, accuracy=Accuracy(1, method="synthetic"),
    )  # fmt: skip
    with registry.transaction("test", f"some {kind}") as tx:
        eids = registry.register(kind).add(batch, tx)
        provenance.record(tx, kind, kind, custodian="Test", licence=licence, sha256="0" * 64, accepted=len(eids))
    return list(eids)


def point(x: float, y: float = 0) -> shapely.Point:
    """Return a place at the fair [m]."""
    return shapely.Point(X + x, Y + y)


def stalls(count: int = STALLS) -> tuple[list[Any], dict[str, list[Any]], list[str]]:
    """Return places, values and names of stalls; the last has no place, every third one no values."""
    places = [point(10 * one, 3 * one) for one in range(count - PLACELESS)] + [None] * PLACELESS
    full = [one % 3 != 2 for one in range(count)]
    values: dict[str, list[Any]] = {
        "remark": [FORMULAS[one] if one < len(FORMULAS) else None for one in range(count)],
        "seats": [one - 2 if full[one] else None for one in range(count)],
        "height": [one / 8 - 1 if full[one] else None for one in range(count)],
        "covered": [one % 2 == 0 if full[one] else None for one in range(count)],
        "opened": [f"19{70 + one}-02-03" if full[one] else None for one in range(count)],
        "checked": [f"2026-01-0{1 + one % 9}T23:30:05+07:00" if full[one] else None for one in range(count)],
        "visits": [[one, None, 2.5] if full[one] else None for one in range(count)],
        "keeper": [KEEPER] * count,
    }
    return places, values, [f"Quầy bánh xèo số {one}" for one in range(count)]


def _fill(registry: Registry) -> None:
    """Record everything."""
    places, values, names = stalls()
    add(registry, "stall", places, values, names=names)
    square = shapely.box(X, Y, X + 40, Y + 40)
    two = shapely.MultiPolygon([shapely.box(X + 60, Y, X + 70, Y + 10), shapely.box(X + 80, Y, X + 90, Y + 10)])
    add(registry, "lawn", [square.difference(square.buffer(-10, join_style="mitre")), two], {"number": [1, 2]})
    line = shapely.LineString([(X, Y + 50), (X + 30, Y + 60)])
    add(registry, "thing", [point(5, 5), line, square], {"number": [1, 2, 3]})
    add(registry, "visitor", [point(1, 1)], {"number": [1]}, licence=SHOWN)
