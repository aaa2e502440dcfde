"""What a request means by ``datetime``: a day of the city, an instant, or an interval of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sdi.errors import InputError
from sdi.history import ALWAYS, FOREVER, Interval, instant, utc
from sdi.zone import Zone

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def query_interval(text: str, zone: Zone) -> Interval:
    """Read the ``datetime`` parameter of OGC API: an instant, ``a/b``, ``../b``, ``a/..``.

    Parameters
    ----------
    text : str
        A date stands for the whole day in the city, a time for its second.
    zone : Zone
        Clock of the city.

    Returns
    -------
    Interval
        Of valid time.

    Raises
    ------
    InputError
        If it is none of these.
    """
    first, last = _sides(text)
    start = ALWAYS if first is None else instant(first, zone)
    asked = Interval(start, FOREVER if last is None else _after(last, zone))
    return asked if first == last else asked.checked()


def query_period(text: str, zone: Zone) -> Interval:
    """Read the ``datetime`` parameter of OGC API where what is asked for has instants in UTC, as coverages have.

    Parameters
    ----------
    text, zone
        As for :func:`query_interval`.

    Returns
    -------
    Interval
        In UTC; the first moment after it is its end.

    Raises
    ------
    InputError
        If it is none of these.
    """
    first, last = _sides(text)
    start = ALWAYS if first is None else utc(first, zone)
    asked = Interval(start, FOREVER if last is None else _past(last, zone))
    return asked if first == last else asked.checked()


def _sides(text: str) -> tuple[str | None, str | None]:
    """Return both sides of an interval; ``None`` where it is open, the same twice where there is one."""
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 2 or set(parts) <= {"", ".."}:
        raise InputError(
            f"datetime {text!r} is not understood; expected 2025-07-01, 2025-01-01/2025-07-01, ../2025-07-01 "
            "or 2025-07-01/..",
            code="datetime-invalid",
        )
    first, last = (None if part in ("", "..") else part for part in (parts[0], parts[-1]))
    return first, last


def _after(text: str, zone: Zone) -> str:
    """Return the first moment of valid time after a date (its whole day) or a time (its second)."""
    start = utc(text, zone)
    try:
        after = instant(_next_day(text) or datetime.fromisoformat(start) + _SECOND, zone)
    except OverflowError:
        return FOREVER
    # In the hour that a night has twice, what is kept sorts by what the clock shows: the end is its next second.
    shown = instant(text, zone)
    return after if shown < after else (datetime.fromisoformat(shown) + _SECOND).isoformat()


def _past(text: str, zone: Zone) -> str:
    """Return the first instant after a date (its whole day) or a time (its second), in UTC."""
    start = utc(text, zone)
    try:
        return utc(_next_day(text) or datetime.fromisoformat(start) + _SECOND, zone)
    except OverflowError:
        return FOREVER


def _next_day(text: str) -> date | None:
    """Return the day after one that is told without a time; ``None`` for a time."""
    return date.fromisoformat(text) + _DAY if len(text) == len("2025-07-01") else None
