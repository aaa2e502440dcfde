"""The two times, and how an interval is cut.

Every fact carries a *valid* interval (when it held in the world) and a *recorded* interval (when we knew it), both
half-open. Valid time is text in ISO 8601, so that it sorts as it reads; recorded time is counted in transactions, so
that a clock that jumps cannot reorder what was known.

Valid time is told by the clock of the city. A day is kept as ``2025-07-01T00:00:00Z``, whatever the zone: what is kept
like that means the day and no instant, which is why it has a type of its own, `Moment`. A time within a day is kept
with the city's offset, ``2025-07-01T00:30:00+07:00``, and so sorts after the beginning of its own day. Only the hour
that an autumn night has twice sorts by what the clock shows.

The five verbs differ only in which interval they cut:

========= ========================= =================================================
verb      means                     cuts
========= ========================= =================================================
*add*     a thing is new to us      nothing
*change*  the world changed         the fact in force at a date, from that date on
*correct* we were wrong             nothing in the world; the old row stops being known
*move*    a thing changed its place as *change*, for its location
*retire*  a thing ended             as *change*, with a terminal status
========= ========================= =================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sdi.errors import InputError
from sdi.zone import GREENWICH, Zone


class Moment(str):
    """A moment of valid time in the form in which it is kept; a day and the instant of that text are two things.

    A column of pandas or numpy makes plain text of it, which is then read as an instant: put dates there.
    """

    __slots__ = ()


ALWAYS = Moment("0001-01-01T00:00:00Z")
"""Start of a fact whose beginning nobody knows."""
FOREVER = Moment("9999-12-31T00:00:00Z")
"""End of a fact that has not ended."""
LATEST = Moment("9999-12-30T00:00:00Z")
"""A moment after every recorded change: asks for the latest fact."""
OPEN = 2**63 - 1
"""Recorded end of a row that is still what we know."""
CONDITION = "{0}valid_from <= ? AND ? < {0}valid_to AND {0}tx_from <= ? AND ? < {0}tx_to"
"""That a row holds and is known at a moment; its marks take valid time twice, then the transaction twice."""

TERMINAL = frozenset({"retired", "merged_away", "voided"})
"""States that nothing leaves."""
STATUSES = ("planned", "provisional", "active", "suspended", "retired", "merged_away", "voided")

_ENDS = frozenset({ALWAYS, FOREVER, LATEST})
_SECOND = timedelta(seconds=1)
_START, _NOON = time(), 12
_MIDNIGHT = "T00:00:00Z"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


class Clock:
    """Where recorded time comes from.

    Parameters
    ----------
    start : datetime, optional
        Fixed start; the system's clock where absent.
    step : timedelta, optional
        How far a fixed clock moves at each look.
    """

    def __init__(self, start: datetime | None = None, step: timedelta = timedelta(seconds=1)) -> None:
        self._next = start
        self._step = step

    @classmethod
    def fixed(cls, start: str = "2026-01-01T00:00:00Z", step_s: float = 1.0) -> Clock:
        """Make a clock that tells the same times in every build."""
        return cls(datetime.fromisoformat(start), timedelta(seconds=step_s))

    def now(self) -> str:
        """Return the time as ISO 8601 text in UTC with milliseconds."""
        moment = self._next or datetime.now(UTC)
        if self._next:
            self._next += self._step
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(value: str | date | datetime | None, zone: Zone, default: str = ALWAYS) -> Moment:
    """Bring a date or a time to the form in which valid time is kept.

    A bare date is the day in the city, kept as its own midnight without shifting it: a resolution in force from
    2025-07-01 begins at ``2025-07-01T00:00:00Z``. A time with an offset is an instant and brought to the clock of the
    city. What is kept already stays as it is.

    Parameters
    ----------
    value : str, date, datetime, Moment or None
        ISO 8601.
    zone : Zone
        Clock of the city.
    default : str
        Returned for ``None``.

    Raises
    ------
    InputError
        If it is no calendar date or time.

    Examples
    --------
    >>> city = Zone.of("Asia/Ho_Chi_Minh")
    >>> instant("2025-07-01", city)
    '2025-07-01T00:00:00Z'
    >>> instant("2025-06-30T17:30:00Z", city)
    '2025-07-01T00:30:00+07:00'
    >>> instant("2025-07-01T00:00:00+07:00", city)
    '2025-07-01T00:00:00Z'
    """
    if value is None or value in _ENDS:
        return Moment(value or default)
    if isinstance(value, Moment):
        return value
    read = _read(value)
    return _shown(read, zone) if isinstance(read, datetime) else Moment(read.isoformat() + _MIDNIGHT)


def utc(value: str | date | datetime, zone: Zone) -> str:
    """Bring a date or a time to the form in which recorded times and observations are compared: an instant in UTC.

    Parameters
    ----------
    value : str, date, datetime or Moment
        ISO 8601; a day is the moment at which it begins in the city.
    zone : Zone
        Clock of the city.

    Raises
    ------
    InputError
        If it is no calendar date or time.

    Examples
    --------
    >>> utc("2025-07-01", Zone.of("Asia/Ho_Chi_Minh"))
    '2025-06-30T17:00:00Z'
    >>> utc(Moment("2025-07-01T00:00:00Z"), Zone.of("Asia/Ho_Chi_Minh"))
    '2025-06-30T17:00:00Z'
    """
    read = _read(value.removesuffix(_MIDNIGHT) if isinstance(value, Moment) else value)
    return _written(read if isinstance(read, datetime) else zone.midnight(read))


def _read(value: str | date | datetime) -> date | datetime:
    """Read a day, or a time with its offset."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"time {text!r} is not in the calendar ({error})", code="time-invalid") from error
    raise InputError(
        f"time {text!r} is not understood; expected 2025-07-01 or 2025-07-01T07:00:00+07:00", code="time-invalid"
    )


def _shown(moment: datetime, zone: Zone) -> Moment:
    """Write an instant by the clock of the city; the moment at which a day begins is the day."""
    moment = moment.astimezone(UTC).replace(microsecond=0)
    try:
        local = zone.local(moment)
    except OverflowError as error:
        raise InputError(
            f"time {_written(moment)} is not in the calendar of {zone.name}", code="time-invalid"
        ) from error
    # Where midnight is skipped a day begins with the first moment after; none begins in the afternoon.
    if local.hour < _NOON and moment == zone.midnight(local.date()):
        return Moment(local.date().isoformat() + _MIDNIGHT)
    if local.time() == _START:  # a second midnight is kept a second later: its text would sort before its day
        return _shown(moment + _SECOND, zone)
    return Moment(_written(local))


def _written(moment: datetime) -> str:
    """Write a time with its offset, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def notations(text: str, zone: Zone) -> tuple[str, ...]:
    """Return the texts under which a beginning that is asked for may stand where facts are published.

    Parameters
    ----------
    text : str
        ISO 8601: a day, an instant in any notation, or the text of a day as it is published.
    zone : Zone
        Clock of the city.

    Returns
    -------
    tuple of str
        By the clock of the city first, then in UTC, as facts of an hour were kept before the city had a clock.

    Raises
    ------
    InputError
        If it is no calendar date or time.

    Examples
    --------
    >>> notations("2025-06-30T13:30:00-04:00", Zone.of("Asia/Ho_Chi_Minh"))
    ('2025-07-01T00:30:00+07:00', '2025-06-30T17:30:00Z')
    >>> notations("2025-07-01", Zone.of("Asia/Ho_Chi_Minh"))
    ('2025-07-01T00:00:00Z',)
    """
    kept, told = instant(text, zone), utc(text, GREENWICH)
    is_other_day = told.endswith(_MIDNIGHT) and told != text
    return (kept,) if is_other_day or told == kept else (kept, told)


def second(moment: str) -> str:
    """Return what every recorded time within the second of a moment sorts before, and every later one after.

    Recorded times carry milliseconds, moments that are asked for do not: the whole second is meant.

    Examples
    --------
    >>> "2025-07-01T00:00:00.999Z" < second("2025-07-01T00:00:00Z") < "2025-07-01T00:00:01.000Z"
    True
    """
    return moment[:-1] + "~"


def before(moment: str, zone: Zone) -> Moment:
    """Return the last second before a moment, which is the last one of what ended then.

    Parameters
    ----------
    moment : str
        An instant, as :func:`instant` returns it; nothing is before `ALWAYS`.
    zone : Zone
        Clock of the city.

    Examples
    --------
    >>> before("2025-07-01T00:00:00Z", Zone.of("Asia/Ho_Chi_Minh"))
    '2025-06-30T23:59:59+07:00'
    """
    if moment == ALWAYS:
        return ALWAYS
    return _shown(datetime.fromisoformat(utc(Moment(moment), zone)) - _SECOND, zone)


class Interval(NamedTuple):
    """A half-open interval of valid time."""

    start: str
    end: str

    @classmethod
    def of(cls, start: str | date | None, end: str | date | None, zone: Zone) -> Interval:
        """Make an interval from dates; open where a side is missing.

        Raises
        ------
        InputError
            If it is empty or runs backwards.
        """
        return cls(instant(start, zone, ALWAYS), instant(end, zone, FOREVER)).checked()

    @classmethod
    def kept(cls, start: str, end: str) -> Interval:
        """Make an interval from texts that were read where valid times are kept."""
        return cls(Moment(start), Moment(end))

    def checked(self) -> Interval:
        """Return it, if time goes forward in it.

        Raises
        ------
        InputError
            If it is empty or runs backwards.
        """
        if self.start >= self.end:
            raise InputError(
                f"interval {self.start} to {self.end} is empty or runs backwards; the end is the first moment after",
                code="interval-empty",
            )
        return self

    def overlaps(self, other: Interval) -> bool:
        """Tell whether two intervals share a moment."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Cut:
    """What writing a fact over an interval does to one row that is known now."""

    row: int
    """Number of the row that stops being known."""
    remainders: tuple[Interval, ...]
    """Parts of it that stay true and are written again."""


def cut(known: Iterable[tuple[int, Interval]], new: Interval) -> list[Cut]:
    """Say which rows stop being known when a fact is written over an interval.

    Parameters
    ----------
    known : iterable of (int, Interval)
        Rows known now about the same thing, without overlap.
    new : Interval
        Where the new fact holds.

    Returns
    -------
    list of Cut
        One for each row that the new fact touches, with what is left of it on either side.

    Examples
    --------
    >>> old = (7, Interval("2020-01-01T00:00:00Z", FOREVER))
    >>> cut([old], Interval("2025-07-01T00:00:00Z", FOREVER))[0].remainders[0].end
    '2025-07-01T00:00:00Z'
    >>> cut([], Interval(ALWAYS, FOREVER))
    []
    """
    cuts = []
    for row, held in known:
        if held.overlaps(new):
            before = Interval(held.start, min(held.end, new.start))
            after = Interval(max(held.start, new.end), held.end)
            cuts.append(Cut(row, tuple(part for part in (before, after) if part.start < part.end)))
    return cuts


def change_interval(known: Iterable[Interval], moment: str) -> Interval:
    """Return where a change at a date holds: from that date to the next one already recorded.

    Parameters
    ----------
    known : iterable of Interval
        Intervals of the facts known now.
    moment : str
        When the world changed.

    Returns
    -------
    Interval
        To the end of the fact in force then; a later fact already recorded is kept.
    """
    ends = [held.end for held in known if held.start <= moment < held.end]
    later = [held.start for held in known if held.start > moment]
    return Interval(moment, ends[0] if ends else min(later, default=FOREVER))
