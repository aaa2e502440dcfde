"""What drives a run: rain from above, levels at the edges, inflows, what soaks away. SI units, in seconds."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from sdi.errors import InputError

MILLIMETRES_PER_HOUR = 1e-3 / 3600.0
"""One mm h-1 [m s-1]."""

MAXIMUM_INTENSITY = 2000.0 * MILLIMETRES_PER_HOUR
"""More than any rain measured over a minute; above it somebody mistook the unit."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time, linear in between; one value alone holds always."""

    times: tuple[float, ...]
    """Ascending [s]."""
    values: tuple[float, ...]
    """One for each time, unit as the owner says."""

    def __post_init__(self) -> None:
        if len(self.times) != len(self.values) or not self.times:
            raise InputError(
                f"a series has {len(self.times)} times and {len(self.values)} values; expected one value each"
            )
        if any(b <= a for a, b in pairwise(self.times)):
            raise InputError(f"the times of a series do not ascend: {self.times[:6]} s")
        if not np.isfinite([*self.times, *self.values]).all():
            raise InputError("a series holds a value that is not finite; leave the row out or fill it")

    @classmethod
    def constant(cls, value: float) -> Series:
        """One value that holds always."""
        return cls((0.0,), (float(value),))

    def at(self, time: float) -> float:
        """Value at a time.

        Parameters
        ----------
        time : float [s]
            After the start.

        Returns
        -------
        float
            In the unit of the values.
        """
        after = bisect_right(self.times, time)
        if after in {0, len(self.times)}:
            return self.values[0 if after == 0 else -1]
        (start, end), (first, last) = self.times[after - 1 : after + 1], self.values[after - 1 : after + 1]
        return (last - first) / (end - start) * (time - start) + first

    def covers(self, duration: float) -> bool:
        """Tell whether there is a value from the start to the end of a run of `duration` [s]."""
        return len(self.times) == 1 or (self.times[0] <= 0 and self.times[-1] >= duration)


@dataclass(frozen=True, slots=True)
class Rainfall:
    """A hyetograph: one intensity from each time to the next, none before and after."""

    times: tuple[float, ...] = ()
    """Ascending, n + 1 [s]."""
    intensities: tuple[float, ...] = ()
    """n [m s-1]."""

    def __post_init__(self) -> None:
        if len(self.times) != (len(self.intensities) + 1 if self.intensities else 0):
            raise InputError(f"{len(self.intensities)} rain intensities need one more times, not {len(self.times)}")
        if not (np.isfinite(self.times).all() and all(0 <= a < b for a, b in pairwise(self.times))):
            raise InputError(f"the times of the rain do not ascend from the start on: {self.times[:6]} s")
        wrong = [value for value in self.intensities if not 0 <= value <= MAXIMUM_INTENSITY]
        if wrong:
            raise InputError(
                f"a rain intensity of {wrong[0] / MILLIMETRES_PER_HOUR:g} mm/h is not between 0 and "
                f"{MAXIMUM_INTENSITY / MILLIMETRES_PER_HOUR:g} mm/h; is the unit right?"
            )

    @classmethod
    def constant(cls, intensity: float, duration: float, start: float = 0.0) -> Rainfall:
        """Rain of one intensity.

        Parameters
        ----------
        intensity : float [m s-1]
            Intensity; 1 mm/h is `MILLIMETRES_PER_HOUR`.
        duration : float [s]
            How long it rains.
        start : float [s]
            When it begins.
        """
        return cls((start, start + duration), (intensity,))

    def at(self, time: float) -> float:
        """Intensity from a time on.

        Parameters
        ----------
        time : float [s]
            After the start.

        Returns
        -------
        float [m s-1]
        """
        index = bisect_right(self.times, time) - 1
        return self.intensities[index] if 0 <= index < len(self.intensities) else 0.0

    def depth(self, duration: float) -> float:
        """Rain that falls in a run.

        Parameters
        ----------
        duration : float [s]
            Length of the run.

        Returns
        -------
        float [m]
            Sum of intensity times time; 0 without rain.
        """
        spans = zip(pairwise(self.times), self.intensities, strict=False)
        return sum(max(0.0, min(end, duration) - start) * intensity for (start, end), intensity in spans)


NO_RAIN = Rainfall()

MAXIMUM_LEVEL = 10_000.0
"""No water stands this far from any datum [m]."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands beyond one side of the grid."""

    kind: Literal["closed", "level", "free"] = "closed"
    """A wall; water at a given level; ground that goes on falling."""
    level: Series | None = None
    """[m, datum of the boundary], where the kind is ``level``."""
    slope: float | None = None
    """[1], where the kind is ``free``."""
    highest_bed: float | None = None
    """Only cells with a bed below this are open, rivers and canals for example [m, datum of the terrain]."""

    def __post_init__(self) -> None:
        if (self.kind == "level") != (self.level is not None) or (self.kind == "free") != (self.slope is not None):
            raise InputError(
                f"an edge of kind {self.kind!r} has level {self.level} and slope {self.slope}; give what it needs"
            )
        wrong = [value for value in self.level.values if not abs(value) <= MAXIMUM_LEVEL] if self.level else []
        if wrong:
            raise InputError(f"a level of an edge is {wrong[0]:g} m, where no water is; is the unit right?")
        if self.slope is not None and not 0 < self.slope <= 0.1:
            raise InputError(f"the slope of a free edge is {self.slope}; expected more than 0 and at most 0.1")


CLOSED = Edge()


@dataclass(frozen=True, slots=True)
class Boundary:
    """The four sides of the grid."""

    north: Edge = CLOSED
    east: Edge = CLOSED
    south: Edge = CLOSED
    west: Edge = CLOSED
    vertical_datum: str | None = None
    """Code of the datum of the levels, as in the code list ``vertical_datum``."""

    def __post_init__(self) -> None:
        if self.vertical_datum is None and any(edge.kind == "level" for edge in self.edges().values()):
            raise InputError(
                "a level stands at an edge without its vertical datum; a level means nothing without one: "
                "give vertical_datum, for example hon_dau",
                code="vertical-datum-undeclared",
            )

    def edges(self) -> dict[Literal["north", "east", "south", "west"], Edge]:
        """Return the sides by name."""
        return {"north": self.north, "east": self.east, "south": self.south, "west": self.west}


ALL_CLOSED = Boundary()

MAXIMUM_DISCHARGE = 1e6
"""More than any river carries [m3 s-1]; above it somebody mistook the unit."""


@dataclass(frozen=True, slots=True)
class Inflow:
    """Water brought to a place: an outfall, a breach, the river above the city.

    It is shared evenly along a line, or among the cells of a disc.
    """

    name: str
    place: tuple[tuple[float, float], ...]
    """One point, or the corners of a line [m, CRS of the terrain]."""
    discharge: Series
    """At least 0 [m3 s-1]; must cover the run."""
    radius: float | None = None
    """With one point: all cells whose centre lies within it [m]; None is the cell the point lies in."""

    def __post_init__(self) -> None:
        if not self.place or not all(math.isfinite(value) for point in self.place for value in point):
            raise InputError(f"inflow {self.name} has no place; expected a point or the corners of a line [m]")
        wrong = [value for value in self.discharge.values if not 0 <= value <= MAXIMUM_DISCHARGE]
        if wrong:
            raise InputError(
                f"inflow {self.name} brings {wrong[0]:g} m3/s; expected 0 to {MAXIMUM_DISCHARGE:g} m3/s: "
                "is the unit right?"
            )
        if self.radius is not None and (len(self.place) > 1 or not 0 < self.radius < math.inf):
            raise InputError(
                f"inflow {self.name} has a radius of {self.radius} m around {len(self.place)} points; "
                "expected one point and more than 0 m"
            )


@dataclass(frozen=True, slots=True)
class Infiltration:
    """What open ground can take up: Horton's capacity, which falls from a first to a last value.

    It falls from the start of the run on, whether it rains or not: the initial capacity is that of the ground then.
    Sealed ground takes nothing: what a cell takes up is the capacity times its pervious share.

    References
    ----------
    Horton, R. E. (1941), An approach toward a physical interpretation of infiltration capacity. Soil Science Society
    of America Proceedings 5, 399-417.
    """

    initial: float
    """[m s-1]"""
    final: float
    """[m s-1]"""
    decay: float = 0.0
    """[s-1]"""

    def __post_init__(self) -> None:
        if not 0 <= self.final <= self.initial <= MAXIMUM_INTENSITY:
            raise InputError(
                f"the ground takes up {self.initial / MILLIMETRES_PER_HOUR:g} mm/h at first and "
                f"{self.final / MILLIMETRES_PER_HOUR:g} mm/h at last; expected at least 0, the larger one first"
            )
        if not 0 <= self.decay < math.inf or (self.decay == 0 and self.final != self.initial):
            raise InputError(
                f"the infiltration decays with {self.decay:g} per second; expected more than 0 where its capacity falls"
            )

    @classmethod
    def constant(cls, rate: float) -> Infiltration:
        """Ground that takes up the same always.

        Parameters
        ----------
        rate : float [m s-1]
            Capacity; 1 mm/h is `MILLIMETRES_PER_HOUR`.
        """
        return cls(rate, rate)

    def capacity(self, time: float) -> float:
        """Return what open ground can take up at a time.

        ``final + (initial - final) exp(-decay time)``

        Parameters
        ----------
        time : float [s]
            After the start.

        Returns
        -------
        float [m s-1]
        """
        return self.final + (self.initial - self.final) * math.exp(-self.decay * time)
