"""What drives a run: rain from above, levels at the edges. Values in SI units over seconds after the start."""

from __future__ import annotations

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
        return float(np.interp(time, self.times, self.values))

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
        if any(b <= a for a, b in pairwise(self.times)) or any(time < 0 for time in self.times):
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
