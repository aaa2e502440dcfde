"""The two times, and how an interval is cut.

Every fact carries a *valid* interval (when it held in the world) and a *recorded* interval (when we knew it), both
half-open. Valid time is text in ISO 8601, so that it sorts as it reads; recorded time is counted in transactions, so
that a clock that jumps cannot reorder what was known.

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
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sdi.errors import InputError

ALWAYS = "0001-01-01T00:00:00Z"
"""Start of a fact whose beginning nobody knows."""
FOREVER = "9999-12-31T00:00:00Z"
"""End of a fact that has not ended."""
LATEST = "9999-12-30T00:00:00Z"
"""A moment after every recorded change: asks for the latest fact."""
OPEN = 2**63 - 1
"""Recorded end of a row that is still what we know."""
CONDITION = "{0}valid_from <= ? AND ? < {0}valid_to AND {0}tx_from <= ? AND ? < {0}tx_to"
"""That a row holds and is known at a moment; its marks take valid time twice, then the transaction twice."""

TERMINAL = frozenset({"retired", "merged_away", "voided"})
"""States that nothing leaves."""
STATUSES = ("planned", "provisional", "active", "suspended", "retired", "merged_away", "voided")

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


def instant(value: str | date | datetime | None, default: str = ALWAYS) -> str:
    """Bring a date or a time to the form in which valid time is kept.

    A bare date is the civil day in the city, kept as its own midnight without shifting it to another zone: a
    resolution in force from 2025-07-01 begins at ``2025-07-01T00:00:00Z``. A time with an offset is brought to UTC.

    Parameters
    ----------
    value : str, date, datetime or None
        ISO 8601.
    default : str
        Returned for ``None``.

    Raises
    ------
    InputError
        If it is no calendar date or time.

    Examples
    --------
    >>> instant("2025-07-01")
    '2025-07-01T00:00:00Z'
    >>> instant("2025-07-01T07:00:00+07:00")
    '2025-07-01T00:00:00Z'
    """
    if value is None:
        return default
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat() + "T00:00:00Z"
        if _INSTANT.fullmatch(text):
            moment = datetime.fromisoformat(text).astimezone(UTC)
            return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise InputError(f"time {text!r} is not in the calendar ({error})", code="time-invalid") from error
    raise InputError(
        f"time {text!r} is not understood; expected 2025-07-01 or 2025-07-01T07:00:00+07:00", code="time-invalid"
    )


def second(moment: str) -> str:
    """Return what every recorded time within the second of a moment sorts before, and every later one after.

    Recorded times carry milliseconds, moments that are asked for do not: the whole second is meant.

    Examples
    --------
    >>> "2025-07-01T00:00:00.999Z" < second("2025-07-01T00:00:00Z") < "2025-07-01T00:00:01.000Z"
    True
    """
    return moment[:-1] + "~"


def before(moment: str) -> str:
    """Return the last second before a moment, which is the last one of what ended then.

    Parameters
    ----------
    moment : str
        An instant, as :func:`instant` returns it; nothing is before `ALWAYS`.

    Examples
    --------
    >>> before("2025-07-01T00:00:00Z")
    '2025-06-30T23:59:59Z'
    """
    return moment if moment == ALWAYS else instant(datetime.fromisoformat(moment) - timedelta(seconds=1))


class Interval(NamedTuple):
    """A half-open interval of valid time."""

    start: str
    end: str

    @classmethod
    def of(cls, start: str | date | None = None, end: str | date | None = None) -> Interval:
        """Make an interval from dates; open where a side is missing.

        Raises
        ------
        InputError
            If it is empty or runs backwards.
        """
        made = cls(instant(start, ALWAYS), instant(end, FOREVER))
        if made.start >= made.end:
            raise InputError(
                f"interval {made.start} to {made.end} is empty or runs backwards; the end is the first moment after",
                code="interval-empty",
            )
        return made

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


def query_interval(text: str) -> Interval:
    """Read the ``datetime`` parameter of OGC API: an instant, ``a/b``, ``../b``, ``a/..``.

    Raises
    ------
    InputError
        If it is none of these.
    """
    parts = text.split("/")
    if len(parts) > 2 or parts in ([""], ["", ""], ["..", ".."], ["..", ""], ["", ".."]):
        raise InputError(
            f"datetime {text!r} is not understood; expected 2025-07-01, 2025-01-01/2025-07-01, ../2025-07-01 "
            "or 2025-07-01/..",
            code="datetime-invalid",
        )
    if len(parts) == 1:
        start = instant(parts[0])
        return Interval(start, _after(start, parts[0]))
    start = ALWAYS if parts[0] in ("", "..") else instant(parts[0])
    end = FOREVER if parts[1] in ("", "..") else _after(instant(parts[1]), parts[1])
    return Interval.of(start, end)


def _after(moment: str, text: str) -> str:
    """Return the first moment after a date (its whole day) or an instant (one second)."""
    span = timedelta(days=1) if _DATE.fullmatch(text) else timedelta(seconds=1)
    try:
        return instant(datetime.fromisoformat(moment) + span)
    except OverflowError:
        return FOREVER
