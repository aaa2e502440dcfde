"""A flood depth as a picture that lies on a web map, in the blues of the depth classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import folium
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from frmis.hazard import DEPTH_CLASSES
from pipelines.leaflet import PICTURES
from sdi.crs import CRS84, project
from sdi.grid import Grid

BLUES = ("#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c")
"""Colours of the depth classes, the shallowest first; those of the style of the collection."""
OPACITY = 0.75
"""How solid the water is; what lies below is still to be guessed [1]."""
MOST = 1500
"""Most pixels along a side of the picture."""

_WEB = "EPSG:3857"
_FINER = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and the place where it lies."""

    image: NDArray[np.uint8]
    """Red, green, blue and opacity, ndarray (y, x, 4) [0 to 255], north up, pixels even in web Mercator."""
    bounds: tuple[float, float, float, float]
    """Outer box (xmin, ymin, xmax, ymax) [degree, CRS84]."""

    def layer(self, name: str) -> folium.raster_layers.ImageOverlay:
        """Return the picture as a layer of a map.

        Parameters
        ----------
        name : str
            What the control of the layers calls it, as markup.
        """
        west, south, east, north = self.bounds
        corners = [[south, west], [north, east]]
        return folium.raster_layers.ImageOverlay(self.image, corners, opacity=OPACITY, name=name, pane=PICTURES)


def depth_picture(depth: xr.DataArray, operation: str | None = None) -> Picture:
    """Paint depths in classes.

    Every pixel shows the cell that its centre lies in: a mean at the edge of the water is the depth of no place.

    Parameters
    ----------
    depth : DataArray (y, x) [m]
        Depth of the water, NaN where nothing flows.
    operation : str, optional
        Name of the datum operation to use where PROJ offers several.

    Returns
    -------
    Picture
        Transparent where the depth is missing or below the first class.
    """
    source = Grid.from_dataarray(depth)
    target = _web_grid(source, operation)
    values = _picked(depth.transpose("y", "x").to_numpy(), source, target, operation)
    colors = np.array([(0, 0, 0, 0), *(_rgba(one) for one in BLUES)], dtype=np.uint8)
    classes = np.digitize(np.nan_to_num(values, nan=0.0), DEPTH_CLASSES)
    return Picture(colors[classes], _bounds(target.bounds, _WEB, CRS84, operation))


def legend(bounds: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """List the classes of depth with their colours.

    Parameters
    ----------
    bounds : sequence of str
        Lower bounds of the classes [m], written in the language of the map.

    Returns
    -------
    tuple of (str, str)
        Colour and words of each class.
    """
    between = [f"{lower}–{upper} m" for lower, upper in pairwise(bounds)]
    return tuple(zip(BLUES, [*between, f"> {bounds[-1]} m"], strict=True))


def _web_grid(source: Grid, operation: str | None) -> Grid:
    """Lay a grid in web Mercator over a raster, finer than its cells as long as the picture stays small."""
    box = _bounds(source.bounds, source.authority, _WEB, operation)
    width, height = box[2] - box[0], box[3] - box[1]
    cell = min(width / source.shape[1], height / source.shape[0]) / _FINER
    return Grid.from_bounds(box, max(cell, width / MOST, height / MOST), _WEB)


def _bounds(
    box: tuple[float, float, float, float], source: str, target: str, operation: str | None
) -> tuple[float, float, float, float]:
    """Box around a box in another CRS; its sides may be curved there."""
    side = max(box[2] - box[0], box[3] - box[1])
    outline = np.array([shapely.segmentize(shapely.box(*box), side / 20)], dtype=object)
    xmin, ymin, xmax, ymax = shapely.total_bounds(project(outline, source, target, operation)).tolist()
    return xmin, ymin, xmax, ymax


def _picked(values: NDArray[Any], source: Grid, target: Grid, operation: str | None) -> NDArray[Any]:
    """Value of the cell in which the centre of each pixel lies, NaN outside the raster, (y, x)."""
    x, y = (part.ravel() for part in np.meshgrid(target.x, target.y))
    centres = shapely.get_coordinates(project(shapely.points(x, y), target.authority, source.authority, operation))
    inside = source.contains(centres)
    found = np.full(len(centres), math.nan)
    found[inside] = values[source.index_of(centres[inside])]
    return found.reshape(target.shape)


def _rgba(color: str) -> tuple[int, int, int, int]:
    """Solid colour of ``#rrggbb``."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue, 255
