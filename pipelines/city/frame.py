"""The frame a river city grows in: distances along its river and inland from its bank.

Streets, canals and levees of a delta city follow its river, so they are drawn in two coordinates: ``along`` the bank,
downstream, and ``inland`` from it. A gently curving bank turns both into the map's coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Geometries = NDArray[np.object_]

CRS = "EPSG:5897"
ORIGIN = (575_200.0, 1_116_200.0)
"""Where the bank enters the city [m, EPSG:5897]."""
STEP = 25.0
"""Distance between the vertices of a drawn line [m]."""
_HEADING = np.deg2rad(-13.0)
_SWING = np.deg2rad(11.0)


@dataclass(frozen=True, slots=True)
class Wave:
    """A smooth random curve: a sum of sines with random phases."""

    amplitude: FloatArray
    """Amplitude of each sine."""
    length: FloatArray
    """Wavelength of each sine [m]."""
    phase: FloatArray
    """Phase of each sine [rad]."""

    @classmethod
    def draw(cls, rng: np.random.Generator, amplitude: float, length: float, terms: int = 3) -> Wave:
        """Draw a curve.

        Parameters
        ----------
        rng : Generator
            Source of the phases.
        amplitude : float
            Rough size of the swings, in the unit of the result.
        length : float [m]
            Longest wavelength; the others are shorter.
        terms : int [1]
            Number of sines.

        Returns
        -------
        Wave
            The curve.
        """
        order = np.arange(terms)
        return cls(
            np.asarray(amplitude * 0.6**order, dtype=np.float64),
            length * 0.57**order * rng.uniform(0.9, 1.1, terms),
            rng.uniform(0, 2 * np.pi, terms),
        )

    def __call__(self, x: FloatArray) -> FloatArray:
        """Value of the curve at distances x [m]."""
        angle = 2 * np.pi * x[..., None] / self.length + self.phase
        return np.asarray((self.amplitude * np.sin(angle)).sum(axis=-1))


@dataclass(frozen=True, slots=True)
class Frame:
    """Size and shape of the city, and the way from river coordinates to the map and back."""

    length: float
    """Length of the city along the bank [m]."""
    depth: float
    """Depth of the city inland [m]."""
    unit: float
    """Length of the city against the full-sized one [1]."""

    @classmethod
    def scaled(cls, scale: float) -> Frame:
        """Lay out a city with a share of the full area.

        Parameters
        ----------
        scale : float [1]
            Share of the area, and roughly of the number of parcels; 1 is the full city.

        Returns
        -------
        Frame
            The frame.
        """
        unit = float(np.sqrt(scale))
        return cls(round(5200 * unit, 2), round(3300 * unit, 2), unit)

    def _bank(self, along: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Point of the bank and unit vector inland, the bank being a curve of slowly swinging heading."""
        wavelength = 1.35 * self.length
        steps = np.arange(-2 * self.length, 3 * self.length + 1, 10.0)
        heading = _HEADING + _SWING * np.sin(2 * np.pi * steps / wavelength)
        x = np.concatenate([[0.0], np.cumsum(np.cos(heading[:-1]) * 10.0)])
        y = np.concatenate([[0.0], np.cumsum(np.sin(heading[:-1]) * 10.0)])
        x, y = x - np.interp(0.0, steps, x) + ORIGIN[0], y - np.interp(0.0, steps, y) + ORIGIN[1]
        here = np.interp(along, steps, heading)
        point = np.stack([np.interp(along, steps, x), np.interp(along, steps, y)], axis=-1)
        return point, np.stack([np.sin(here), -np.cos(here)], axis=-1)

    def place(self, along: FloatArray, inland: FloatArray) -> FloatArray:
        """Map river coordinates.

        Parameters
        ----------
        along : ndarray (point,) [m]
            Distance along the bank, downstream.
        inland : ndarray (point,) [m]
            Distance from the bank; negative on the river.

        Returns
        -------
        ndarray (point, 2) [m, EPSG:5897]
            Coordinates, to the centimetre, so that the last bit of a sine decides nothing later.
        """
        point, normal = self._bank(np.asarray(along, dtype=float))
        return np.asarray(np.round(point + normal * np.asarray(inland, dtype=float)[..., None], 2))

    def locate(self, points: Geometries) -> tuple[FloatArray, FloatArray]:
        """Find river coordinates of points on the map; the reverse of `place`.

        Parameters
        ----------
        points : ndarray (point,) of Point [m, EPSG:5897]
            Any points in or near the city.

        Returns
        -------
        tuple of ndarray (point,) [m]
            Distance along the bank and distance inland, negative on the river.
        """
        along = np.arange(-0.5 * self.length, 1.5 * self.length, STEP)
        bank = shapely.linestrings(self.place(along, np.zeros_like(along)))
        measure = shapely.line_locate_point(bank, points)
        foot, normal = self._bank(measure + along[0])
        offset = shapely.get_coordinates(points) - foot
        return measure + along[0], np.asarray((offset * normal).sum(axis=-1))

    def line(self, along: FloatArray, inland: FloatArray) -> shapely.LineString:
        """Draw a line through river coordinates.

        Parameters
        ----------
        along, inland : ndarray (vertex,) [m]
            River coordinates of its vertices.

        Returns
        -------
        LineString [EPSG:5897]
            The line.
        """
        return shapely.linestrings(self.place(along, inland))


def either(condition: BoolArray, value: object, otherwise: object = None) -> Geometries:
    """Choose between values, missing ones among them.

    Parameters
    ----------
    condition : ndarray (row,) of bool
        Where `value` is chosen.
    value, otherwise : object or ndarray (row,) of object
        What is chosen; None stands for a missing value.

    Returns
    -------
    ndarray (row,) of object
        The choice.
    """
    chosen: Geometries = np.empty(len(condition), dtype=object)
    chosen[:] = otherwise
    chosen[condition] = value[condition] if isinstance(value, np.ndarray) else value
    return chosen


def ragged(counts: IntArray) -> tuple[IntArray, IntArray]:
    """Tell the group and the position of every member of groups of unequal size.

    Parameters
    ----------
    counts : ndarray (group,) [1]
        Members of each group; 0 is allowed.

    Returns
    -------
    tuple of ndarray (member,) [1]
        Group of each member and its position within the group.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    start = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - np.repeat(start, counts)
