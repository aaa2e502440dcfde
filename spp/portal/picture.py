"""A still picture of the city as SVG, drawn by the server from generalised layers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely
from numpy.typing import NDArray

from spp.portal.layer import Layer, Look
from spp.portal.overview import Overview

Box = tuple[float, float, float, float]
Project = Callable[[NDArray[np.float64]], NDArray[np.float64]]

WIDTH = 960
"""Width of the picture [px]."""
_TALLEST = 1.1
_MARGIN = 12
_GROUND = "#e4ebee"
_PAPER = "#faf8f3"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the picture lies in the world."""

    box: Box
    """Envelope [degree, CRS84]."""
    height: float
    """Height of the picture [px]."""

    @classmethod
    def around(cls, box: Box) -> Frame:
        """Frame of a box: as wide as the picture, at most a little taller than wide.

        Parameters
        ----------
        box : tuple of float (4,) [degree, CRS84]
            What must be seen.
        """
        west, south, east, north = box
        shrink = math.cos(math.radians((south + north) / 2))
        tall = (north - south) / max((east - west) * shrink, 1e-9)
        if tall > _TALLEST:
            grow = ((north - south) / (_TALLEST * shrink) - (east - west)) / 2
            return cls.around((west - grow, south, east + grow, north))
        return cls(box, max(WIDTH * tall, 120.0) + 2 * _MARGIN)

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project points to the picture.

        Parameters
        ----------
        points : ndarray (point, 2) [degree, CRS84]
            Longitude and latitude.

        Returns
        -------
        ndarray (point, 2) [px]
            Right and down from the upper left corner.
        """
        west, south, east, north = self.box
        x = (points[:, 0] - west) / max(east - west, 1e-12) * (WIDTH - 2 * _MARGIN) + _MARGIN
        y = (north - points[:, 1]) / max(north - south, 1e-12) * (self.height - 2 * _MARGIN) + _MARGIN
        return np.column_stack([x, y])


def picture(title: str, box: Box, drawings: Sequence[tuple[Layer, Overview]]) -> bytes:
    """Draw layers over each other.

    Parameters
    ----------
    title : str
        Title of the picture.
    box : tuple of float (4,) [degree, CRS84]
        What must be seen.
    drawings : sequence of (Layer, Overview)
        Layers with their generalised features, the lowest first.

    Returns
    -------
    bytes
        SVG document, UTF-8.
    """
    frame = Frame.around(box)
    height = round(frame.height)
    placed = [(layer, _groups(layer, overview, frame)) for layer, overview in drawings]
    paper = [
        _path(shapes, f'fill="{_PAPER}"')
        for layer, groups in placed
        if layer.areal and layer.geometry == "line"
        for shapes in groups.values()
    ]
    drawn = [_path(shapes, _brush(layer, look)) for layer, groups in placed for look, shapes in groups.items()]
    parts = [*paper, *drawn]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    ground = f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="{_GROUND}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{ground}{"".join(parts)}</svg>'.encode()


def _groups(layer: Layer, overview: Overview, frame: Frame) -> dict[Look, list[shapely.Geometry]]:
    """Shapes of a layer on the picture by class: one path each keeps the picture small."""
    shapes = shapely.transform(overview.geometries, frame.pixels)
    groups: dict[Look, list[shapely.Geometry]] = defaultdict(list)
    for kept, shape in zip(overview.properties, shapes, strict=True):
        groups[layer.look_of(kept.get(layer.by or ""))].append(shape)
    return groups


def _brush(layer: Layer, look: Look) -> str:
    """Attributes that draw a class."""
    if layer.geometry == "fill":
        return f'fill="{look.color}" fill-opacity="{layer.opacity:g}" fill-rule="evenodd"'
    width = 3.2 if layer.geometry == "circle" else min(1.2, 0.6 * layer.width)
    stroke = f'stroke="{look.color}" stroke-width="{width:g}" stroke-opacity="{layer.opacity:g}"'
    return f'fill="none" {stroke} stroke-linecap="round"'


def _path(shapes: Iterable[shapely.Geometry], brush: str) -> str:
    """Write shapes as one path."""
    data = "".join(_line(part) for shape in shapes for part in _lines(shape))
    return f"<path d={quoteattr(data)} {brush}/>" if data else ""


def _lines(shape: shapely.Geometry) -> Iterable[tuple[NDArray[np.float64], bool]]:
    """Take a geometry apart into its lines, each with whether it closes."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield from ((shapely.get_coordinates(ring), True) for ring in (part.exterior, *part.interiors))
        elif part.geom_type == "GeometryCollection":
            yield from _lines(part)
        else:
            yield shapely.get_coordinates(part), False


def _line(line: tuple[NDArray[np.float64], bool]) -> str:
    """Write one line of a path; a single point becomes a dot."""
    points, closed = line
    if len(points) == 0:
        return ""
    tenths = np.rint(points * 10).astype(int)
    steps = np.diff(tenths, axis=0)
    moved = steps[np.any(steps != 0, axis=1)]
    start = f"M{tenths[0, 0] / 10:g} {tenths[0, 1] / 10:g}"
    if len(moved) == 0:
        return f"{start}h0"
    return start + "l" + " ".join(f"{dx / 10:g} {dy / 10:g}" for dx, dy in moved) + ("z" if closed else "")
