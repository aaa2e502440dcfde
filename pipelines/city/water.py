"""Rivers, canals and creeks: a tidal river, meandering canals that branch from it, side creeks and one dug canal."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.frame import CRS, STEP, FloatArray, Frame, Wave
from pipelines.city.names import WATERWAYS

RIVER_NAME = "Sông Phù Sa"
DUG_CANAL_NAME = "Kênh Đào Mẫu"


@dataclass(frozen=True, slots=True)
class Waters:
    """All water of the city and the lines it runs along."""

    table: gpd.GeoDataFrame
    """One row per waterway: name, kind (river, canal, dug_canal, creek), bed [m, synthetic datum], line and polygon."""
    river_width: float
    """Width of the river [m]."""
    canals: tuple[Course, ...]
    """The main canals in order downstream."""
    body: BaseGeometry
    """Union of all water [EPSG:5897]."""
    main: BaseGeometry
    """Union of river and canals, without creeks [EPSG:5897]."""
    islet: shapely.Polygon
    """An island in the river [EPSG:5897]."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a canal runs, as its place along the bank at any distance inland."""

    inland: FloatArray
    """Distance inland, rising [m]."""
    along: FloatArray
    """Place along the bank at that distance [m]."""
    width: FloatArray
    """Width at that distance [m]."""

    def at(self, inland: FloatArray) -> FloatArray:
        """Where the canal is at some distances inland.

        Parameters
        ----------
        inland : ndarray (point,) [m]
            Distances inland.

        Returns
        -------
        ndarray (point,) [m]
            Places along the bank.
        """
        return np.interp(inland, self.inland, self.along)


def draw(frame: Frame, rng: np.random.Generator) -> Waters:
    """Draw the waters of a city.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    rng : Generator
        Source of the meanders.

    Returns
    -------
    Waters
        Lines and polygons; the canals never cross each other.
    """
    width = 520.0 * min(1.0, 0.35 + 0.65 * frame.unit)
    canals = _canals(frame, rng)
    rows = [_river(frame, width)]
    rows += [_row(frame, c.along, c.inland, c.width, _name(i), "canal", -3.0) for i, c in enumerate(canals)]
    rows.append(_dug_canal(frame, rng))
    rows += [
        _row(frame, c.along, c.inland, c.width, _name(len(canals) + i), "creek", -1.4)
        for i, c in enumerate(_creeks(frame, canals, rng))
    ]
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    main = shapely.union_all(table.geometry[table["kind"] != "creek"].to_numpy(), grid_size=0.01)
    body = shapely.union_all([main, *table.geometry[table["kind"] == "creek"]], grid_size=0.01)
    islet = _islet(frame, width)
    return Waters(table, width, canals, shapely.difference(body, islet), shapely.difference(main, islet), islet)


def _name(index: int) -> str:
    """Name of a waterway by its number; a second round of names is numbered."""
    round_, place = divmod(index, len(WATERWAYS))
    return WATERWAYS[place] if round_ == 0 else f"{WATERWAYS[place]} {round_ + 1}"


def _ribbon(line: shapely.LineString, width: FloatArray) -> BaseGeometry:
    """Polygon of a watercourse whose width [m] changes from vertex to vertex."""
    vertices = shapely.get_coordinates(line)
    pieces = shapely.linestrings(np.stack([vertices[:-1], vertices[1:]], axis=1))
    polygons = shapely.buffer(pieces, (width[:-1] + width[1:]) / 4, quad_segs=4)
    return shapely.simplify(shapely.union_all(polygons, grid_size=0.01), 0.4)


def _row(
    frame: Frame, along: FloatArray, inland: FloatArray, width: FloatArray, name: str, kind: str, bed: float
) -> dict[str, object]:
    line = frame.line(along, inland)
    return {
        "name": name, "kind": kind, "bed": bed, "width": float(width.mean()),
        "centreline": line, "geometry": _ribbon(line, width),
    }  # fmt: skip


def _river(frame: Frame, width: float) -> dict[str, object]:
    """River of nearly constant width [m]; its far bank wanders."""
    along = np.arange(-0.45 * frame.length, 1.45 * frame.length, STEP)
    far = -width * (1.0 + 0.10 * np.sin(2 * np.pi * along / (0.6 * frame.length) + 1.0))
    near = frame.place(along, np.zeros_like(along))
    polygon = shapely.polygons(np.concatenate([near, frame.place(along, far)[::-1]]))
    line = frame.line(along, far / 2)
    return {"name": RIVER_NAME, "kind": "river", "bed": -11.0, "width": width, "centreline": line, "geometry": polygon}


def _islet(frame: Frame, width: float) -> shapely.Polygon:
    """Long island in the river, a third of the way down."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    half = 0.055 * frame.length
    along = 0.66 * frame.length + half * np.cos(angle)
    return shapely.polygons(frame.place(along, -width * (0.56 + 0.12 * np.sin(angle) * (1 + 0.35 * np.cos(angle)))))


def _canals(frame: Frame, rng: np.random.Generator) -> tuple[Course, ...]:
    """Draw the main canals, evenly spread with jitter, meandering inland and narrowing."""
    count = max(1, round(4 * frame.unit))
    inland = np.arange(-40.0, frame.depth + 901.0, STEP)
    spacing = frame.length / count
    courses = []
    for index in range(count):
        start = spacing * (index + 0.5 + rng.uniform(-0.10, 0.10))
        meander = Wave.draw(rng, min(105.0, 0.085 * spacing), 1150.0)
        lean = rng.uniform(-0.07, 0.07) * inland
        grown = 1 - np.exp(-np.maximum(inland, 0.0) / 250.0)
        width = 26.0 + rng.uniform(30.0, 42.0) * np.exp(-np.maximum(inland, 0.0) / (0.45 * frame.depth))
        courses.append(Course(inland, np.round(start + lean + meander(inland) * grown, 2), np.round(width, 1)))
    return tuple(courses)


def _dug_canal(frame: Frame, rng: np.random.Generator) -> dict[str, object]:
    """Dug canal: nearly straight, parallel to the river, across all the others."""
    along = np.arange(-1500.0, frame.length + 1501.0, 4 * STEP)
    inland = np.round(0.80 * frame.depth + Wave.draw(rng, 18.0, 5000.0, 2)(along), 2)
    return _row(frame, along, inland, np.full(len(along), 26.0), DUG_CANAL_NAME, "dug_canal", -2.4)


def _creeks(frame: Frame, canals: tuple[Course, ...], rng: np.random.Generator) -> list[Course]:
    """Side creeks that leave the canals on both sides and end in the fields, and one that links two canals."""
    ends = np.array([0.0, *[float(c.along.mean()) for c in canals], frame.length])
    creeks = []
    for index, canal in enumerate(canals):
        for side, start in ((-1, 0.20), (1, 0.31), (-1, 0.50), (1, 0.60), (-1, 0.90), (1, 0.95)):
            room = abs(ends[index + 1 + side] - ends[index + 1])
            reach = room * (0.36 if 0 < index + 1 + side < len(ends) - 1 else 0.7) * rng.uniform(0.75, 1.1)
            creeks.append(_creek(canal, rng, side * reach, (start + rng.uniform(-0.03, 0.03)) * frame.depth))
    for left, right in zip(canals[:-1:2], canals[1::2], strict=False):
        inland = 0.40 * frame.depth
        reach = float(right.at(np.array(inland)) - left.at(np.array(inland)))
        creeks.append(_creek(left, rng, reach, inland, taper=False))
    return creeks


def _creek(canal: Course, rng: np.random.Generator, reach: float, inland: float, *, taper: bool = True) -> Course:
    """Creek of signed reach along the bank [m], from a canal at a distance inland [m]."""
    steps = np.linspace(0.0, 1.0, max(6, round(abs(reach) / STEP)))
    wander = Wave.draw(rng, 26.0, 420.0, 2)
    distance = inland + (wander(steps * abs(reach)) - wander(np.zeros(1))) * np.minimum(1.0, 4 * steps)
    distance += rng.uniform(0.0, 0.16) * abs(reach) * steps if taper else 0.0
    along = canal.at(np.array(inland)) + steps * reach
    width = np.linspace(15.0, 7.0, len(steps)) if taper else np.full(len(steps), 16.0)
    return Course(np.round(distance, 2), np.round(along, 2), np.round(width, 1))
