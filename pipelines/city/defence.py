"""Flood defence and its eyes: embankments, tide gates and pumps at the canal mouths, gauges."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.frame import CRS, FloatArray, Frame, Geometries
from pipelines.city.names import latin
from pipelines.city.skeleton import BANK, intensity
from pipelines.city.streets import Streets
from pipelines.city.terrain import DATUM, Defence, Relief
from pipelines.city.water import RIVER_NAME, Course, Waters

QUAY_CREST = 2.40
"""Crest of the quay wall [m, synthetic datum]."""
LOW_QUAY_CREST = 1.95
"""Crest of the old landing stage, where the wall is missing [m, synthetic datum]."""
CANAL_CREST = 1.85
"""Crest of the canal banks in the town [m, synthetic datum]."""
FIELD_CREST = 1.45
"""Crest of the dikes around the fields [m, synthetic datum]."""
WALL = 14.0
"""Distance of the quay wall from the water [m]: more than half the diagonal of the largest cell."""
ALARMS = (1.60, 1.80, 2.00)
"""Alarm levels of the river gauges [m, synthetic datum]; invented."""
PROTECTED = 0.30
"""Intensity from which canal banks are embanked to the higher level [1]."""


def defences(frame: Frame, waters: Waters, limit: shapely.Polygon) -> tuple[Defence, ...]:
    """Draw the crests.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Waters to be kept out.
    limit : Polygon [EPSG:5897]
        The city.

    Returns
    -------
    tuple of Defence
        Quay wall with one low stretch at the landing stage, canal banks, dikes of the fields.
    """
    table = waters.table
    kind, shape = table["kind"].to_numpy(), table.geometry.to_numpy()
    canals = shapely.union_all(shape[(kind == "canal") | (kind == "dug_canal")])
    quay = shapely.boundary(shapely.buffer(shape[kind == "river"][0], WALL))
    quay = shapely.difference(shapely.intersection(quay, limit), shapely.buffer(canals, WALL))
    quay = shapely.intersection(quay, _strip(frame, waters, (0.0, 1.0)))
    low = shapely.intersection(quay, _strip(frame, waters, (0.42, 0.56)))
    bank = shapely.boundary(shapely.buffer(canals, BANK))
    bank = shapely.difference(shapely.intersection(bank, limit), shapely.buffer(shape[kind == "river"][0], WALL))
    pieces = shapely.get_parts(shapely.intersection(bank, _cells(limit)))
    pieces = pieces[shapely.get_type_id(pieces) == 1] if len(pieces) else pieces
    town = intensity(frame, *frame.locate(shapely.centroid(pieces))) >= PROTECTED
    parts = (
        (shapely.difference(quay, low), QUAY_CREST), (low, LOW_QUAY_CREST),
        (shapely.multilinestrings(pieces[town]), CANAL_CREST), (shapely.multilinestrings(pieces[~town]), FIELD_CREST),
    )  # fmt: skip
    return tuple(Defence(_neat(line), level) for line, level in parts if not shapely.is_empty(line))


def _strip(frame: Frame, waters: Waters, span: tuple[float, float]) -> shapely.Polygon:
    """Strip along the near bank between two shares of the city's length."""
    along = np.linspace(span[0], span[1], 40) * frame.length
    near, far = np.full_like(along, -0.2 * waters.river_width), np.full_like(along, 80.0)
    return shapely.polygons(np.concatenate([frame.place(along, near), frame.place(along, far)[::-1]]))


def _cells(limit: shapely.Polygon) -> BaseGeometry:
    """Squares of 300 m over the city, to judge a bank piece by piece."""
    xmin, ymin, xmax, ymax = limit.bounds
    x, y = np.meshgrid(np.arange(xmin, xmax, 300.0), np.arange(ymin, ymax, 300.0))
    return shapely.geometrycollections(shapely.box(x.ravel(), y.ravel(), x.ravel() + 300.0, y.ravel() + 300.0))


def _neat(line: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(shapely.simplify(shapely.line_merge(line), 0.5), 0.01)


def structures(frame: Frame, waters: Waters, crests: tuple[Defence, ...], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """List gates, pumps and embankments.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Canals that get a gate and pumps at their mouths.
    crests : tuple of Defence
        Embankments.
    rng : Generator
        Source of years.

    Returns
    -------
    GeoDataFrame
        Rows of the flood structure register.
    """
    # Counted each by itself, so that the first gate and the levees beside it are called the same in every size.
    series = {"MP-CT": _mouths(frame, waters) + _sluices(frame, waters), "MP-DE": _embankments(crests)}
    rows = [row for part in series.values() for row in part]
    codes = [f"{prefix}{index + 1:05d}" for prefix, part in series.items() for index in range(len(part))]
    for row, code in zip(rows, codes, strict=True):
        row["identifier:synthetic-asset"] = code
        row["year_installed"] = int(rng.integers(1995, 2025))
    table = pd.DataFrame(rows).assign(
        datum=DATUM,
        operator="Đơn vị vận hành mô phỏng",
        operator_contact="000 (mô phỏng)",
        contract="Hợp đồng mô phỏng CT-01",
    )
    for name in ("gates", "pump_units", "year_installed"):
        table[name] = pd.array(table[name], dtype="Int64")
    table["gate_state"] = table["gate_state"].astype(object).where(table["gate_state"].notna(), None)
    table["waterway"] = table["waterway"].astype(object).where(table["waterway"].notna(), None)
    return gpd.GeoDataFrame(table.drop(columns="shape"), geometry=table["shape"].to_numpy(), crs=CRS)


def _mouths(frame: Frame, waters: Waters) -> list[dict[str, object]]:
    """Close each canal mouth with a gate or a lock, and put pumps beside it."""
    names = waters.table.loc[waters.table["kind"] == "canal", "name"].tolist()
    centre = int(np.argmin([abs(c.along[0] / frame.length - 0.41) for c in waters.canals]))
    rows: list[dict[str, object]] = []
    for index, (course, name) in enumerate(zip(waters.canals, names, strict=True)):
        width = float(course.width[0])
        kind, vi, en = (
            ("lock", "Âu thuyền", "Lock") if index == centre else ("tide_gate", "Cống ngăn triều", "Tide Gate")
        )
        rows.append({
            "name:vi": f"{vi} {name}", "name:en": f"{latin(name)} {en}", "structure_kind": kind, "waterway": name,
            "crest_level": 2.6, "sill_level": -3.5, "opening_width": round(0.75 * width, 1), "opening_height": 6.0,
            "gates": max(1, round(width / 22.0)), "gate_state": "open", "shape": _on(frame, course, 30.0),
        })  # fmt: skip
        rows.append({
            "name:vi": f"Trạm bơm {name}", "name:en": f"{latin(name)} Pump Station", "structure_kind": "pump_station",
            "waterway": name, "crest_level": 2.6, "pump_units": 4, "pump_capacity": 6.0,
            "switch_on_level": 0.80, "switch_off_level": 0.40, "shape": _on(frame, course, 42.0, width / 2 + 8.0),
        })  # fmt: skip
    return rows


def _on(frame: Frame, course: Course, inland: float, aside: float = 0.0) -> shapely.Point:
    along = float(course.at(np.array(inland))) + aside
    return shapely.points(frame.place(np.array([along]), np.array([inland])))[0]


def _sluices(frame: Frame, waters: Waters) -> list[dict[str, object]]:
    """Put a sluice where a creek of the town leaves its canal."""
    rows: list[dict[str, object]] = []
    for creek in waters.table[waters.table["kind"] == "creek"].itertuples():
        point = shapely.line_interpolate_point(creek.centreline, min(45.0, 0.2 * creek.centreline.length))
        if intensity(frame, *frame.locate(np.array([point])))[0] < PROTECTED:
            continue
        rows.append({
            "name:vi": f"Cống {creek.name}", "name:en": f"{latin(creek.name)} Sluice", "structure_kind": "sluice",
            "waterway": creek.name, "crest_level": 2.0, "sill_level": -1.4, "opening_width": 5.0, "opening_height": 3.0,
            "gates": 1, "gate_state": "open", "shape": shapely.set_precision(point, 0.01),
        })  # fmt: skip
    return rows


def _embankments(crests: tuple[Defence, ...]) -> list[dict[str, object]]:
    title = {
        QUAY_CREST: ("Kè sông", "River Embankment"), LOW_QUAY_CREST: ("Bến tàu cũ", "Old Landing Stage"),
        CANAL_CREST: ("Kè rạch nội thị", "Town Canal Embankment"), FIELD_CREST: ("Bờ bao", "Field Dike"),
    }  # fmt: skip
    rows: list[dict[str, object]] = []
    for crest in crests:
        vi, en = title[crest.level]
        parts = [part for part in shapely.get_parts(crest.line) if part.length > 25.0]
        rows += [
            {"name:vi": f"{vi} {i + 1}", "name:en": f"{en} {i + 1}", "structure_kind": "embankment",
             "crest_level": crest.level, "shape": part}
            for i, part in enumerate(parts)
        ]  # fmt: skip
    return rows


def gauges(
    frame: Frame, waters: Waters, streets: Streets, relief: Relief, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Place the gauges: on the river, behind the gates, in the low streets, and for rain.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        River and canals.
    streets : Streets
        Streets, the lowest of which are watched.
    relief : Relief
        Ground level.
    rng : Generator
        Source of years.

    Returns
    -------
    GeoDataFrame
        Rows of the flood gauge register, levels above the synthetic datum.
    """
    rows = _level_gauges(frame, waters) + _street_gauges(frame, streets, relief) + _rain_gauges(frame)
    table = pd.DataFrame(rows).assign(
        operator="Đơn vị vận hành mô phỏng", telemetry="Kênh mô phỏng", inspector="Quan trắc viên mô phỏng"
    )
    table["identifier:synthetic-asset"] = [f"MP-TD{i + 1:05d}" for i in range(len(rows))]
    table["year_installed"] = pd.array(rng.integers(2005, 2025, len(rows)), dtype="Int64")
    for name in ("datum", "waterway"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return gpd.GeoDataFrame(table.drop(columns="shape"), geometry=table["shape"].to_numpy(), crs=CRS)


def _gauge(frame: Frame, kind: str, along: float, inland: float, vi: str, en: str, **more: object) -> dict[str, object]:
    shape = shapely.points(frame.place(np.array([along]), np.array([inland])))[0]
    return {"gauge_kind": kind, "name:vi": vi, "name:en": en, "shape": shape, "interval": 600.0, **more}


def _level_gauges(frame: Frame, waters: Waters) -> list[dict[str, object]]:
    alarms = dict(zip(("alarm_1", "alarm_2", "alarm_3"), ALARMS, strict=True))
    names = waters.table.loc[waters.table["kind"] == "canal", "name"].tolist()
    rows = [
        _gauge(frame, "water_level", share * frame.length, -6.0, f"Trạm {vi}", f"{en} Gauge", datum=DATUM,
               zero_level=-4.0, waterway=RIVER_NAME, **alarms)
        for share, vi, en in ((0.08, "Thượng lưu", "Upstream"), (0.43, "Bến Mẫu", "Sample Landing"))
    ]  # fmt: skip
    for course, name in zip(waters.canals, names, strict=True):
        for place, vi, en in ((0.12, "ngoài", "Outer"), (0.55, "trong", "Inner")):
            inland = place * frame.depth
            rows.append(_gauge(
                frame, "water_level", float(course.at(np.array(inland))), inland, f"Trạm {name} {vi}",
                f"{latin(name)} {en} Gauge", datum=DATUM, zero_level=-2.5, waterway=name, **alarms,
            ))  # fmt: skip
    return rows


def _street_gauges(frame: Frame, streets: Streets, relief: Relief) -> list[dict[str, object]]:
    """Depth gauges in the lowest streets of the town, well apart."""
    middle = shapely.line_interpolate_point(streets.network.lines, 0.5, normalized=True)
    points = shapely.get_coordinates(middle)
    town = intensity(frame, *frame.locate(middle))
    level: FloatArray = relief.at(points)
    fit = np.flatnonzero((town > 0.3) & (streets.rank <= 4) & ~streets.bridge & (level > 0.0))
    chosen: list[int] = []
    for one in fit[np.lexsort((fit, level[fit]))].tolist():
        if all(np.hypot(*(points[one] - points[other])) > 500.0 * frame.unit for other in chosen):
            chosen.append(one)
        if len(chosen) == max(2, round(6 * frame.unit)):
            break
    name: Geometries = streets.table["name:vi"].to_numpy()[streets.street[chosen]]
    return [
        {"gauge_kind": "street_depth", "name:vi": f"Mốc ngập {n}", "name:en": f"Street Gauge {latin(n)}",
         "shape": shapely.points(np.round(points[one], 2)), "interval": 300.0, "datum": DATUM,
         "zero_level": round(float(level[one]), 2)}
        for one, n in zip(chosen, name, strict=True)
    ]  # fmt: skip


def _rain_gauges(frame: Frame) -> list[dict[str, object]]:
    return [
        _gauge(
            frame, "rainfall", x * frame.length, y * frame.depth, f"Trạm mưa Mẫu {i + 1}", f"Sample Rain Gauge {i + 1}"
        )
        for i, (x, y) in enumerate(((0.41, 0.12), (0.80, 0.45), (0.18, 0.75)))
    ]
