"""The clock of a city: which instants belong to which of its days.

A day begins at the city's own midnight and lasts 23, 24 or 25 hours. The rules of every zone come from the IANA
database, old ones included: Cần Thơ was 7 h 6 min ahead of Greenwich before 1906.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from sdi.errors import InputError

_MINUTE = timedelta(minutes=1)
_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
"""Entries of the database that name no place, or another one on every machine."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The clock of a city; two of one name are equal."""

    name: str
    """Name in the IANA database, such as ``Asia/Ho_Chi_Minh``."""
    rules: tzinfo = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: object) -> Self:
        """Find a zone by its name.

        Parameters
        ----------
        name : str
            Name in the IANA database.

        Raises
        ------
        InputError
            If there is no such zone; names the nearest ones.
        """
        text = str(name)
        if text == "UTC":
            return cls(text, UTC)
        if text not in _names():
            known = {one.casefold(): one for one in _names()}
            near = [known[one] for one in get_close_matches(text.casefold(), known, n=3)]
            raise InputError(
                f"time zone {name!r} is not known; expected a name of the IANA database, such as "
                f"{', '.join(near) or 'Asia/Ho_Chi_Minh'}"
                + ("" if known else "; this machine has no such database: pip install tzdata"),
                code="zone-unknown",
            )
        return cls(text, ZoneInfo(text))

    def local(self, moment: datetime) -> datetime:
        """Return what the city's clock shows.

        Parameters
        ----------
        moment : datetime
            With its offset.

        Returns
        -------
        datetime
            The same moment with the offset of the city, which is in whole minutes, as RFC 3339 writes it.
        """
        local = moment.astimezone(self.rules)
        offset = local.utcoffset() or timedelta()
        return local if not offset % _MINUTE else moment.astimezone(timezone(_whole(offset)))

    def midnight(self, day: date) -> datetime:
        """Return when a day begins.

        Parameters
        ----------
        day : date
            A day of the city.

        Returns
        -------
        datetime
            In UTC. Where the clock is put forward at midnight the day begins with the first moment after; where
            midnight comes twice, with the first one.

        Examples
        --------
        >>> Zone.of("Asia/Ho_Chi_Minh").midnight(date(2025, 7, 1)).isoformat()
        '2025-06-30T17:00:00+00:00'
        """
        return _midnight(self.rules, day)


@cache
def _names() -> frozenset[str]:
    """Return the names of the database; the files of other scales of time, ``right/…``, are none."""
    return frozenset(available_timezones() - _OF_THE_MACHINE)


@lru_cache(maxsize=4096)
def _midnight(rules: tzinfo, day: date) -> datetime:
    """Return when a day begins by the rules of a zone [UTC]."""
    start = datetime.combine(day, time())
    offset = start.replace(tzinfo=rules).utcoffset() or timedelta()
    try:
        return start.replace(tzinfo=timezone(_whole(offset))).astimezone(UTC)
    except OverflowError:  # the first and the last day that a calendar has
        return start.replace(tzinfo=UTC)


def _whole(offset: timedelta) -> timedelta:
    """Return an offset in whole minutes; local mean times of old had seconds."""
    return offset // _MINUTE * _MINUTE


GREENWICH = Zone("UTC", UTC)
"""The clock of a registry of which no city is known."""
