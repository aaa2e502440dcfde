"""A water level, made of its parts: tide, residual, mean level, rise of the sea, sinking of the land.

The level is given over the vertical datum in which the ground was surveyed. The parts do not share a zero by
themselves: the tide swings about the mean level, the mean level stands over the datum at an epoch, and what the sea has
risen and the land has sunk since then is added, because the ground keeps the heights of its survey.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from frmis.forcing import Series
from frmis.result import LEVEL
from frmis.tide import Constants, predict
from sdi.errors import InputError

INTERVAL = 600.0
"""Time between two values [s]; the tide bends little within it."""
HIGHEST = 20.0
"""No part is larger than this [m]; above it somebody mistook the unit."""
LONGEST = 400 * 86400.0
"""Longest prediction [s]."""

_NO_RESIDUAL = Series.constant(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterLevel:
    """What a water level is made of.

    Two levels of equal parts are the same level.
    """

    tide: Constants
    vertical_datum: str
    """Code of the datum over which the level is given, as in the code list ``vertical_datum``."""
    mean_level: float | None = None
    """Mean level of the sea or river [m, `vertical_datum`]; that of the constants where None and over this datum."""
    residual: Series = _NO_RESIDUAL
    """What wind, river and pressure add to the tide [m], over time after the start."""
    sea_level_rise: float = 0.0
    """Rise of the mean level since `epoch` [m]."""
    subsidence: float = 0.0
    """Sinking of the surveyed ground since `epoch` [m]; positive downwards."""
    epoch: str | None = None
    """Year or interval in which the mean level held, ISO 8601; that of the constants where None."""

    def __post_init__(self) -> None:
        if self.mean_level is None and self.tide.vertical_datum != self.vertical_datum:
            raise InputError(
                f"the mean level of tide {self.tide.name} stands over the datum {self.tide.vertical_datum}, the level "
                f"is wanted over {self.vertical_datum}; nobody knows the difference: give mean_level over "
                f"{self.vertical_datum}",
                code="vertical-datum-differs",
            )
        if self.mean_level is None and self.tide.mean_level is None:
            raise InputError(f"tide {self.tide.name} was published without a mean level; give mean_level")
        parts = {
            "mean_level": [self.mean()], "sea_level_rise": [self.sea_level_rise], "subsidence": [self.subsidence],
            "residual": list(self.residual.values),
        }  # fmt: skip
        for name, values in parts.items():
            wrong = [value for value in values if not abs(value) <= HIGHEST]
            if wrong:
                raise InputError(f"{name} of the water level is {wrong[0]} m; expected -{HIGHEST:g} to {HIGHEST:g} m")

    def mean(self) -> float:
        """Mean level at the epoch.

        Returns
        -------
        float [m, `vertical_datum`]
        """
        return float(self.mean_level if self.mean_level is not None else self.tide.mean_level or 0.0)

    def series(self, start: datetime, duration: float, interval: float = INTERVAL) -> Series:
        """Level over time, as a boundary takes it.

        Parameters
        ----------
        start : datetime
            With its offset from UTC.
        duration : float [s]
            Length; there is a value at its end.
        interval : float, optional [s]
            Time between two values.

        Returns
        -------
        Series [m, `vertical_datum`]
            Over seconds after the start.

        Raises
        ------
        InputError
            If the start has no offset, or the residual does not cover the duration.
        """
        after = _times(start, duration, interval, self.residual)
        # Micrometres: another machine adds the same numbers up in another order.
        values = np.round(np.sum(list(self._parts(start, after).values()), axis=0), 6)
        return Series(tuple(after.tolist()), tuple(values.tolist()))

    def dataset(self, start: datetime, duration: float, interval: float = INTERVAL) -> xr.Dataset:
        """Level and its parts over time.

        Parameters
        ----------
        start : datetime
            With its offset from UTC.
        duration : float [s]
            Length; there is a value at its end.
        interval : float, optional [s]
            Time between two values.

        Returns
        -------
        Dataset (time,) [m]
            ``water_level``, and its parts ``tide``, ``residual``, ``mean_level``, ``sea_level_rise`` and
            ``subsidence``, each saying over which datum and for which epoch it holds.

        Raises
        ------
        InputError
            If the start has no offset, or the residual does not cover the duration.
        """
        after = _times(start, duration, interval, self.residual)
        parts = self._parts(start, after)
        level = np.sum(list(parts.values()), axis=0)
        said = self._said()
        variables = {name: ("time", values, {"units": "m", **said[name]}) for name, values in parts.items()}
        variables["water_level"] = ("time", level, {**LEVEL, **said["mean_level"]})
        time = {"standard_name": "time", "axis": "T", "long_name": "time, UTC"}
        moments = _moments(start, after).astype("datetime64[ns]")
        return xr.Dataset(variables, coords={"time": ("time", moments, time)}, attrs=self._attributes())

    def _said(self) -> dict[str, dict[str, str]]:
        """Return over which datum and for which epoch each part holds; the residual belongs to its moment."""
        epoch = self.epoch or self.tide.epoch
        since = {"vertical_datum": "mean level", "epoch": f"since {epoch}"}
        return {
            "tide": {"vertical_datum": "mean level", "epoch": self.tide.epoch},
            "residual": {"vertical_datum": "mean level"},
            "mean_level": {"vertical_datum": self.vertical_datum, "epoch": epoch},
            "sea_level_rise": since,
            "subsidence": since,
        }

    def _attributes(self) -> dict[str, str]:
        """Return the attributes of the whole level."""
        attributes = {
            "Conventions": "CF-1.11",
            "tide": self.tide.name,
            "tide_sha256": self.tide.sha256,
            "source": self.tide.source,
            "licence": self.tide.licence,
        }
        if self.tide.notice is not None:
            attributes |= {"notice": self.tide.notice.en, "notice_vi": self.tide.notice.vi}
        return attributes

    def _parts(self, start: datetime, after: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the parts of the level [m] at seconds after the start."""
        constant = {"mean_level": self.mean(), "sea_level_rise": self.sea_level_rise, "subsidence": self.subsidence}
        return {
            "tide": predict(self.tide, _moments(start, after)),
            "residual": np.interp(after, self.residual.times, self.residual.values),
            **{name: np.full(len(after), value) for name, value in constant.items()},
        }


def _moments(start: datetime, after: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return moments in UTC, without their offset, as arrays keep them."""
    first = np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "ms")
    return first + np.round(after * 1000).astype("timedelta64[ms]")


def _times(start: datetime, duration: float, interval: float, residual: Series) -> NDArray[np.float64]:
    """Return the seconds after the start at which a level is given, the last one at the end."""
    if start.tzinfo is None:
        raise InputError(f"the start {start} has no offset from UTC; write for example 2025-10-22T11:00:00+07:00")
    if not (0 < duration <= LONGEST and interval >= 1.0):
        raise InputError(
            f"a level of {duration:g} s at every {interval:g} s cannot be made; expected more than 0 s, at most "
            f"{LONGEST / 86400:g} days, and an interval of 1 s or more"
        )
    if not residual.covers(duration):
        raise InputError(
            f"the residual is known from {residual.times[0]:g} to {residual.times[-1]:g} s; "
            f"expected 0 to {duration:g} s"
        )
    after = np.arange(0.0, duration, interval)
    return np.append(after, duration)
