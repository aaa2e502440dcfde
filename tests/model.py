"""A city made for questions about the model: plots, wards, posts and what is tied to them, on either store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.transaction import Transaction
from sdi.workspace import Workspace

X, Y = 584_000, 1_109_000
"""Lower left corner of the city [m, EPSG:5897]."""
SURVEYED = Accuracy(horizontal_m=0.05, method="survey_gnss_rtk")

DESCRIPTION = """
name: model
title: {vi: Thành phố mẫu, en: Model city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
synthetic: true
notice: {vi: Dữ liệu thử, en: Test data}
"""
REGISTERS = {
    "ward": """
location: {role: extent, geometry: Polygon, required: false}
identity: {schemes: [ward-code]}
names: [vi]
fields:
  people: {type: integer, unit: "1", min: 0, title: {vi: Dân số, en: Population}}
relations: {contains: ward}
lineage: [gazette, press]
publish: {collection: wards, fields: [people]}
""",
    "plot": """
location: {role: extent, geometry: Polygon, required: true}
identity: {schemes: [plot-code]}
fields:
  area: {type: number, unit: m2, min: 0, title: {vi: Diện tích, en: Area}}
publish: {collection: plots, fields: [area]}
""",
    "land_use": """
location: {role: extent, geometry: Polygon, required: false}
fields:
  use: {type: text, max_length: 40, title: {vi: Mục đích, en: Use}}
relations: {affects: {register: plot, on_retire: keep}}
publish: {collection: land-uses, fields: [use]}
""",
    "post": """
location: {role: site, geometry: Point, required: true}
identity: {schemes: [light-tag, power-tag]}
names: [vi]
fields:
  height: {type: number, unit: m, min: 0, title: {vi: Chiều cao, en: Height}}
  owner: {type: text, max_length: 40, title: {vi: Chủ quản, en: Owner}}
publish: {collection: posts, fields: [height, owner]}
""",
    "lamp": """
location: {role: mounting, geometry: Point, required: false}
fields:
  watts: {type: number, unit: W, min: 0, title: {vi: Công suất, en: Power}}
relations: {mounted_on: {register: post, on_retire: cascade}}
publish: {collection: lamps, fields: [watts]}
""",
    "gauge": """
location: {role: mounting, geometry: Point, required: false}
fields:
  purpose: {type: text, max_length: 40, title: {vi: Loại, en: Kind}}
relations: {mounted_on: {register: post, on_retire: restrict}}
publish: {collection: gauges, fields: [purpose]}
""",
    "valve": """
location: {role: site, geometry: Point, required: true}
identity: {schemes: [valve-number]}
fields:
  maker: {type: text, max_length: 40, title: {vi: Hãng, en: Maker}}
publish: {collection: valves, fields: [maker]}
""",
    "manhole": """
location: {role: site, geometry: Point, required: true}
identity: {schemes: [manhole-tag]}
fields:
  cover: {type: text, max_length: 40, title: {vi: Nắp, en: Cover}}
publish: {collection: manholes, fields: [cover]}
""",
    "pipe": """
location: {role: centreline, geometry: LineString, required: false}
fields:
  diameter: {type: number, unit: mm, min: 0, title: {vi: Đường kính, en: Diameter}}
relations: {feeds: {register: manhole, on_retire: restrict}}
publish: {collection: pipes, fields: [diameter]}
""",
    "pump": """
location: {role: site, geometry: Point, required: true}
fields:
  mobile: {type: boolean, title: {vi: Di động, en: Mobile}}
publish: {collection: pumps, fields: [mobile]}
""",
    "road": """
location: {role: centreline, geometry: LineString, required: true}
identity: {schemes: [road-code]}
names: [vi]
fields: {}
publish: {collection: roads, fields: []}
""",
    "house": """
location: {role: site, geometry: Any, required: false, routes: road}
address: {streets: road, access: public}
fields:
  floors: {type: integer, unit: "1", min: 0, title: {vi: Số tầng, en: Floors}}
publish: {collection: houses, fields: [floors]}
""",
    "camera": """
location: {role: mounting, geometry: Point, required: false}
fields:
  purpose: {type: text, access: restricted, max_length: 40, title: {vi: Loại, en: Kind}}
""",
}
"""Register files without their heads; cameras are not published."""
SCHEMES = "schemes:\n" + "".join(
    f"  - {{scheme: {name}, title: {{vi: Mã {name}, en: Code {name}}}, pattern: '{pattern}', authority: Model city, "
    f"reusable: {reusable}}}\n"
    for name, pattern, reusable in (
        ("ward-code", r"\d{5}", "true"),
        ("plot-code", r"[a-z0-9]{12}", "false"),
        ("light-tag", r"L\d+", "false"),
        ("power-tag", r"P\d+", "false"),
        ("valve-number", r"\d+", "true"),
        ("manhole-tag", r"M\d+", "false"),
        ("road-code", r"R\d+", "false"),
    )
)


def build(folder: Path, store: str | None = None, *, zone: str | None = None) -> Workspace:
    """Make an empty model city.

    Parameters
    ----------
    folder : Path
        Where.
    store : str, optional
        Address of the database that keeps the registry; a file of the folder does where absent.
    zone : str, optional
        Time zone of the city; it says none where absent.
    """
    catalog = folder / "catalog"
    (catalog / "registers").mkdir(parents=True)
    (catalog / "codes").mkdir()
    for name, text in REGISTERS.items():
        head = f"register: {name}\nversion: 1.0.0\ntitle: {{vi: {name}, en: {name}}}\n"
        (catalog / "registers" / f"{name}.yaml").write_text(head + text, encoding="utf-8")
    (catalog / "codes" / "schemes.yaml").write_text(SCHEMES, encoding="utf-8")
    description = folder / "description.yaml"
    said = {"store": store, "timezone": zone}
    lines = [f"{key}: {value}\n" for key, value in said.items() if value]
    description.write_text(DESCRIPTION + "".join(lines), encoding="utf-8")
    Workspace.make(folder / "city", description, catalog)
    return Workspace.open(folder / "city", catalog)


def opened(workspace: Workspace, **options: Any) -> Registry:
    """Open its registry; the clock goes on by a day at each look, and identifiers are the same in every run."""
    fixed = {"clock": Clock.fixed("2026-01-01T00:00:00Z", 86_400), "ids": Ids.seeded(92)}
    return workspace.registry(**(fixed | options))


@contextmanager
def writing(registry: Registry, reason: str = "test", actor: str = "test") -> Iterator[Transaction]:
    """Write something in a transaction of its own."""
    with registry.transaction(actor, reason) as tx:
        yield tx


def square(x: float = 0, y: float = 0, width: float = 100, height: float = 100) -> Any:
    """Return a rectangle with its lower left corner at a place within the city [m]."""
    return shapely.box(X + x, Y + y, X + x + width, Y + y + height)


def point(x: float = 0, y: float = 0) -> Any:
    """Return a point at a place within the city [m]."""
    return shapely.Point(X + x, Y + y)


def add(
    registry: Registry, kind: str, tx: Transaction, *, count: int = 1, places: Sequence[Any] | None = None,
    since: str = "2020-01-01", **columns: dict[str, Sequence[Any]],
) -> list[str]:  # fmt: skip
    """Add things of a kind; columns are those of a `Batch`."""
    shapes = None if places is None else np.array(list(places), dtype=object)
    if shapes is None and not columns:
        shapes = np.full(count, None, dtype=object)
    return registry.register(kind).add(Batch(geometry=shapes, valid_from=since, accuracy=SURVEYED, **columns), tx)


def retire(registry: Registry, eids: Sequence[str], tx: Transaction, since: str, status: str = "retired") -> None:
    """Retire things, whatever kind they are."""
    for eid in eids:
        (kind,) = registry.store.select("SELECT kind FROM entity WHERE eid = ?", (eid,))[0]
        registry.register(kind).retire(eid, tx, valid_from=since, status=status)
