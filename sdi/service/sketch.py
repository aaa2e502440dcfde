"""A small drawing of where things lie, as SVG inside the page: no map library, no tiles, no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from sdi.service.parameter import Box

WIDTH = 480
"""Width of a drawing [px]."""
_TALLEST = 480
_MARGIN = 12
_MAXIMUM_SHAPES = 1000
"""Things drawn at most; a sketch of more is a blot."""
_APART = 30
"""Distance from which on two numbers can be read side by side [px]."""
_TOLD = 3
"""Numbers written in one place at most."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Lines and points in drawing units, ready for a template."""

    width: int
    height: int
    box: Box
    """Edges of the drawing [degree, CRS84]."""
    areas: tuple[str, ...] = ()
    """Path data of polygons."""
    lines: tuple[str, ...] = ()
    """Path data of lines."""
    points: tuple[tuple[float, float], ...] = ()
    numbers: tuple[tuple[float, float, str], ...] = ()
    """Numbers of what is drawn in a list beside the drawing, and where they stand."""


def sketch(geometries: Sequence[shapely.Geometry | None]) -> Sketch | None:
    """Draw geometries.

    Parameters
    ----------
    geometries : sequence of shapely geometry [CRS84]
        What to draw; ``None`` and everything beyond the first thousand is left out.

    Returns
    -------
    Sketch or None
        None where there is nothing to draw.
    """
    shapes = np.array(
        [one for one in geometries if one is not None and not one.is_empty][:_MAXIMUM_SHAPES], dtype=object
    )
    if not len(shapes):
        return None
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    scale, height = _fit(max((east - west) * squeeze, 1e-9), max(north - south, 1e-9))
    far, tall = WIDTH / 2 / squeeze / scale, height / 2 / scale
    lon, lat = (west + east) / 2, (south + north) / 2

    def place(
        lonlat: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        x = (lonlat[:, 0] - lon) * squeeze * scale + WIDTH / 2
        y = height / 2 - (lonlat[:, 1] - lat) * scale
        return np.column_stack([x, y])

    parts = shapely.get_parts(shapely.transform(shapely.force_2d(shapes), place))
    parts = shapely.simplify(parts, 0.5, preserve_topology=False)
    kinds = shapely.get_type_id(parts)
    areas = [
        _path(one.exterior.coords) + "".join(_path(ring.coords) for ring in one.interiors) for one in parts[kinds == 3]
    ]
    return Sketch(
        WIDTH,
        height,
        (lon - far, lat - tall, lon + far, lat + tall),
        tuple(one for one in areas if one),
        tuple(_path(one.coords) for one in parts[kinds == 1]),
        tuple((round(x, 1), round(y, 1)) for x, y in shapely.get_coordinates(parts[kinds == 0]).tolist()),
    )


def sketch_of_boxes(boxes: Sequence[Box]) -> Sketch | None:
    """Draw boxes.

    Parameters
    ----------
    boxes : sequence of tuple of float (4,) [degree, CRS84]
        The boxes; those that are equal are drawn once.

    Returns
    -------
    Sketch or None
        None where there is none.
    """
    return sketch([_shape(box) for box in dict.fromkeys(boxes)])


def sketch_of_list(boxes: Sequence[Box | None]) -> Sketch | None:
    """Draw where the things of a list lie, each with its number in the list.

    Parameters
    ----------
    boxes : sequence of tuple of float (4,) or None [degree, CRS84]
        Box of the first thing, of the second, and so on; ``None`` where one has no place. One without width and height
        is a point.

    Returns
    -------
    Sketch or None
        None where there is nothing to draw. Numbers that would cover each other stand in one place: ``1, 4``; of many
        the first three.
    """
    placed = [(box, str(number)) for number, box in enumerate(boxes, 1) if box]
    drawn = sketch_of_boxes([box for box, _ in placed])
    if drawn is None:
        return None
    west, south, east, north = drawn.box
    spots: dict[tuple[float, float], list[str]] = {}
    for (xmin, ymin, xmax, ymax), number in placed:
        x = ((xmin + xmax) / 2 - west) / (east - west) * drawn.width
        y = (north - (ymin + ymax) / 2) / (north - south) * drawn.height
        near = (spot for spot in spots if math.dist(spot, (x, y)) < _APART)
        spots.setdefault(next(near, (round(x, 1), round(y, 1))), []).append(number)
    return replace(drawn, numbers=tuple((x, y, _told(numbers)) for (x, y), numbers in spots.items()))


def sketch_of_box(box: Box) -> Sketch | None:
    """Draw a box.

    Parameters
    ----------
    box : tuple of float (4,) [degree, CRS84]
        The box.
    """
    return sketch_of_boxes([box])


def _told(numbers: Sequence[str]) -> str:
    """Write the numbers that stand in one place."""
    return ", ".join(numbers[:_TOLD]) + (" …" if len(numbers) > _TOLD else "")


def _shape(box: Box) -> shapely.Geometry:
    """Make the shape of a box; one without width and height is a point."""
    return shapely.Point(box[:2]) if box[:2] == box[2:] else shapely.box(*box)


def _fit(wide: float, tall: float) -> tuple[float, int]:
    """Choose scale and height of a drawing; a single point gets a flat one."""
    ratio = min(max(tall / wide, 0.3), _TALLEST / WIDTH)
    height = round(WIDTH * ratio)
    return min((WIDTH - 2 * _MARGIN) / wide, (height - 2 * _MARGIN) / tall), height


def _path(coordinates: Sequence[tuple[float, ...]]) -> str:
    """Write path data."""
    points = [f"{x:.1f} {y:.1f}" for x, y, *_ in coordinates]
    return f"M{'L'.join(points)}" if points else ""
