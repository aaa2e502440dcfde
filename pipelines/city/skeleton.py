"""The main lines of the city: streets along the river, radial streets between the canals, roads on the banks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.city.frame import STEP, BoolArray, FloatArray, Frame, Geometries, Wave
from pipelines.city.names import MAIN_STREETS
from pipelines.city.water import Waters

CLASSES = ("trunk", "primary", "secondary", "tertiary", "local", "alley")
"""Street classes of the city, the most important first."""
RIGHT_OF_WAY = {"trunk": 40.0, "primary": 30.0, "secondary": 22.0, "tertiary": 16.0, "local": 10.0, "alley": 4.0}
"""Width between the red lines [m]."""
CARRIAGEWAY = {"trunk": 22.5, "primary": 15.0, "secondary": 11.0, "tertiary": 8.0, "local": 6.0, "alley": 3.0}
"""Width of the carriageway [m]."""
QUAY = 34.0
"""Distance of the quay road from the river [m]."""
BANK = 15.0
"""Distance of bank roads from canals [m]."""
TOWPATH = 7.0
"""Distance of paths from creeks [m]."""
BANK_ROADS = {"secondary": "Bến {}", "tertiary": "Bờ {}", "local": "Bờ {} nối dài", "alley": "Lối {}"}
"""Name of a bank road by its class and its water."""
OVERSHOOT = 0.5
"""How far lines reach beyond where they should end [m]."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Named lines before they are cut at their junctions."""

    geometry: Geometries
    """LineStrings [EPSG:5897]."""
    street_class: Geometries
    """Class of each line."""
    name: Geometries
    """Vietnamese name of each line; empty where it is named later."""

    @classmethod
    def of(cls, geometry: Geometries, street_class: Geometries | str, name: Geometries | str = "") -> Lines:
        """Gather lines; a single class or name goes to all of them."""
        count = len(geometry)
        return cls(geometry, _column(street_class, count), _column(name, count))

    def __add__(self, other: Lines) -> Lines:
        return Lines(
            np.concatenate([self.geometry, other.geometry]),
            np.concatenate([self.street_class, other.street_class]),
            np.concatenate([self.name, other.name]),
        )


def _column(value: Geometries | str, count: int) -> Geometries:
    column = np.empty(count, dtype=object)
    column[:] = value
    return column


def boundary(frame: Frame, waters: Waters) -> shapely.Polygon:
    """Limit of the city: a line in the river beyond its island, two sides and the fields behind.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Waters of the city, for the width of the river.

    Returns
    -------
    Polygon [EPSG:5897]
        The city.
    """
    along = np.linspace(0.0, frame.length, max(8, round(frame.length / (2 * STEP))))
    inland = np.linspace(-0.8 * waters.river_width, frame.depth, max(8, round(frame.depth / (2 * STEP))))
    side = 30.0 * np.sin(2 * np.pi * inland / frame.depth)
    back = frame.depth + 45.0 * np.sin(3 * np.pi * along / frame.length)
    ring = [
        frame.place(along, np.full_like(along, inland[0])),
        frame.place(frame.length + side, inland)[1:],
        frame.place(along, back)[::-1][1:],
        frame.place(side, inland)[::-1][1:-1],
    ]
    return shapely.polygons(np.concatenate(ring))


def intensity(frame: Frame, along: FloatArray, inland: FloatArray) -> FloatArray:
    """How urban a place is.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    along, inland : ndarray (point,) [m]
        River coordinates.

    Returns
    -------
    ndarray (point,) [1]
        1 in the centre at the river, falling to 0 in the fields; small quarters of their own lie up and down the river.
    """
    x, y = along / frame.length, inland / frame.depth
    core = np.exp(-(((x - 0.41) / 0.27) ** 2) - (np.maximum(y - 0.05, 0.0) / 0.38) ** 2)
    upstream = 0.36 * np.exp(-(((x - 0.06) / 0.09) ** 2) - ((y - 0.04) / 0.14) ** 2)
    downstream = 0.52 * np.exp(-(((x - 0.88) / 0.09) ** 2) - ((y - 0.10) / 0.16) ** 2)
    inland_market = 0.46 * np.exp(-(((x - 0.66) / 0.08) ** 2) - ((y - 0.68) / 0.08) ** 2)
    return np.asarray(np.maximum.reduce([core, upstream, downstream, inland_market]))


def parallel_count(frame: Frame) -> int:
    """Count the streets along the river, bank roads aside [1]."""
    return max(2, round(5 * frame.unit))


def draw(frame: Frame, waters: Waters, limit: shapely.Polygon, rng: np.random.Generator) -> Lines:
    """Draw the main lines.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    waters : Waters
        Waters that the lines follow and cross.
    limit : Polygon [EPSG:5897]
        The city; lines end at it.
    rng : Generator
        Source of the bends.

    Returns
    -------
    Lines
        Lines within the limit; they cross canals where a bridge will be, never along.
    """
    names = iter(MAIN_STREETS)
    parallels = _parallels(frame, rng, names)
    radials = _radials(frame, waters, rng, names)
    lines = parallels + radials + _banks(frame, waters)
    # A little too long on purpose: lines that end exactly on another one would miss it by a rounding.
    clipped = shapely.intersection(lines.geometry, shapely.buffer(limit, OVERSHOOT))
    parts, owner = shapely.get_parts(shapely.line_merge(clipped), return_index=True)
    keep = shapely.length(parts) > 1.0
    return Lines(parts[keep], lines.street_class[owner][keep], lines.name[owner][keep])


def _parallels(frame: Frame, rng: np.random.Generator, names: Iterator[str]) -> Lines:
    """Streets along the river, denser near it; the last but one is the bypass."""
    count = parallel_count(frame)
    along = np.arange(-100.0, frame.length + 101.0, STEP)
    lines, classes = [], []
    for index in range(count):
        inland = frame.depth * ((index + 0.45) / count) ** 1.15
        bend = Wave.draw(rng, 38.0 * frame.unit, 0.5 * frame.length, 2)
        lines.append(shapely.simplify(frame.line(along, inland + bend(along)), 0.3))
        outward = count - 1 - index
        classes.append("primary" if index == 0 else "trunk" if outward == min(1, count - 2) else "secondary")
    return Lines.of(np.array(lines), np.array(classes, dtype=object), _take(names, count))


def _take(names: Iterator[str], count: int) -> Geometries:
    return np.array([next(names) for _ in range(count)], dtype=np.object_)


def _radials(frame: Frame, waters: Waters, rng: np.random.Generator, names: Iterator[str]) -> Lines:
    """Streets from the quay to the fields, bending as the canals on both sides of them do."""
    inland = np.arange(QUAY - 20.0, frame.depth + 120.0, STEP)
    canals = [_straighter(inland, course.at(inland)) for course in waters.canals]
    rails = [np.zeros_like(inland), *canals, np.full_like(inland, frame.length)]
    lines, classes = [], []
    for gap, (left, right) in enumerate(pairwise(rails)):
        inner = 0 < gap < len(rails) - 2
        shares = (0.34, 0.67) if inner else (0.5,)
        for share in shares:
            place = left + (right - left) * (share + rng.uniform(-0.03, 0.03))
            lines.append(shapely.simplify(frame.line(place, inland), 0.3))
            classes.append(_radial_class(float(place[: len(place) // 3].mean()) / frame.length))
    return Lines.of(np.array(lines), np.array(classes, dtype=object), _take(names, len(lines)))


def _straighter(inland: FloatArray, along: FloatArray) -> FloatArray:
    """Take most of the meanders out of a course: a street bends less than the canal beside it."""
    trend = np.polynomial.Polynomial.fit(inland, along, 1)(inland)
    return np.asarray(trend + 0.35 * (along - trend))


def _radial_class(place: float) -> str:
    """Class of a radial street by its relative place along the bank [1]."""
    distance = abs(place - 0.41)
    return "primary" if distance < 0.12 else "secondary" if distance < 0.34 else "tertiary"


def _banks(frame: Frame, waters: Waters) -> Lines:
    """Quay along the river and roads along the canals, bridging the creeks; paths along the creeks."""
    table = waters.table
    kind, shape = table["kind"].to_numpy(), table.geometry.to_numpy()
    wide, creeks = bank_zones(waters)
    near = shapely.buffer(wide, -3 * OVERSHOOT)
    bank_lines, path_lines = (
        _pieces(shapely.boundary(wide)),
        _pieces(shapely.difference(shapely.boundary(creeks), near)),
    )
    classes = _bank_class(frame, bank_lines, _along_river(bank_lines, shape[kind == "river"][0]))
    names = _named(bank_lines, classes, table["name"].to_numpy(), shape)
    return Lines.of(bank_lines, classes, names) + Lines.of(path_lines, "alley")


def bank_zones(waters: Waters) -> tuple[BaseGeometry, BaseGeometry]:
    """Water with the strips up to the bank roads.

    Parameters
    ----------
    waters : Waters
        Waters of the city.

    Returns
    -------
    tuple of Polygon or MultiPolygon [EPSG:5897]
        River and canals up to their roads, and creeks up to their paths.
    """
    kind, shape = waters.table["kind"].to_numpy(), waters.table.geometry.to_numpy()
    reach = np.select([kind == "river", kind == "creek"], [QUAY, TOWPATH], BANK)
    strips = shapely.buffer(shape, reach, quad_segs=4)
    wide, creeks = (
        shapely.simplify(shapely.union_all(strips[group], grid_size=0.01), 0.8)
        for group in (kind != "creek", kind == "creek")
    )
    return wide, creeks


def _pieces(line: BaseGeometry) -> Geometries:
    """Cut long lines into runs of about 400 m, so that each gets its own class and name."""
    parts = shapely.get_parts(shapely.line_merge(line))
    return np.concatenate([_runs(part) for part in parts])


def _runs(line: shapely.LineString) -> Geometries:
    vertices = np.round(shapely.get_coordinates(shapely.segmentize(line, 60.0)), 2)
    cuts = np.linspace(0, len(vertices) - 1, max(1, round(line.length / 400.0)) + 1).round().astype(int)
    return np.array([shapely.linestrings(vertices[a : b + 1]) for a, b in pairwise(cuts) if b > a])


def _along_river(lines: Geometries, river: BaseGeometry) -> BoolArray:
    return np.asarray(shapely.distance(_middles(lines), river) < QUAY + 2.0)


def _middles(lines: Geometries) -> Geometries:
    return np.asarray(shapely.line_interpolate_point(lines, 0.5, normalized=True))


def _named(lines: Geometries, classes: Geometries, names: Geometries, waters: Geometries) -> Geometries:
    """Name bank roads after the water they follow, and after what they are there."""
    nearest = shapely.STRtree(waters).nearest(_middles(lines))
    return np.array(
        [BANK_ROADS[c].format(names[i].removeprefix("Sông ")) for i, c in zip(nearest, classes, strict=True)],
        dtype=object,
    )


def _bank_class(frame: Frame, lines: Geometries, river: BoolArray) -> Geometries:
    """Class of bank roads: a quay in the centre, a lane in the fields."""
    urban = intensity(frame, *frame.locate(_middles(lines)))
    along_canal = np.where(urban > 0.30, "tertiary", np.where(urban > 0.10, "local", "alley"))
    return np.where(river, np.where(urban > 0.25, "secondary", "tertiary"), along_canal).astype(object)
