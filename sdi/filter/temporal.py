"""Times in a filter: dates, timestamps and intervals, and the fifteen relations between them.

Times are compared as texts that sort as they follow each other. An interval is closed at both ends, as CQL2 defines
it; an instant is an interval of no length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sdi.errors import InputError
from sdi.filter.term import Kind, Term

EARLIEST, LATEST = "", "~"
"""Texts that sort before and after every time: the open ends of an interval."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z", re.ASCII)

ANY: Mapping[str, str] = {
    "t_after": "{s1} > {e2}",
    "t_before": "{e1} < {s2}",
    "t_disjoint": "({e1} < {s2} OR {s1} > {e2})",
    "t_equals": "({s1} = {s2} AND {e1} = {e2})",
    "t_intersects": "({s1} <= {e2} AND {e1} >= {s2})",
}
"""Relations of instants and intervals, by their starts and ends."""
INTERVALS: Mapping[str, str] = {
    "t_contains": "({s1} < {s2} AND {e1} > {e2})",
    "t_during": "({s1} > {s2} AND {e1} < {e2})",
    "t_finishedby": "({s1} < {s2} AND {e1} = {e2})",
    "t_finishes": "({s1} > {s2} AND {e1} = {e2})",
    "t_meets": "{e1} = {s2}",
    "t_metby": "{s1} = {e2}",
    "t_overlappedby": "({s1} > {s2} AND {s1} < {e2} AND {e1} > {e2})",
    "t_overlaps": "({s1} < {s2} AND {e1} > {s2} AND {e1} < {e2})",
    "t_startedby": "({s1} = {s2} AND {e1} > {e2})",
    "t_starts": "({s1} = {s2} AND {e1} < {e2})",
}
"""Relations of intervals alone (OGC 21-065r2, clause 7.9)."""
RELATIONS = frozenset(ANY) | frozenset(INTERVALS)

Ends = tuple[Term, Term]


def moment(kind: Kind, text: object) -> str:
    """Bring a date or timestamp to the text by which it is compared.

    A fraction of a second sorts after its second and before the next one.

    Parameters
    ----------
    kind : {'date', 'timestamp'}
        What is expected.
    text : str
        ``2025-07-01`` or ``2025-07-01T00:00:00Z``.

    Raises
    ------
    InputError
        If it is no such time in the calendar.

    Examples
    --------
    >>> moment("timestamp", "2025-07-01T00:00:00.50Z")
    '2025-07-01T00:00:00~5'
    """
    pattern = _DATE if kind == "date" else _TIMESTAMP
    found = pattern.fullmatch(text) if isinstance(text, str) else None
    try:
        if found is not None and kind == "date":
            return date.fromisoformat(found[0]).isoformat()
        if found is not None:
            datetime.fromisoformat(found[1])
            fraction = (found[2] or "").rstrip("0")
            return f"{found[1]}~{fraction}" if fraction else f"{found[1]}Z"
    except ValueError:
        pass
    expected = "DATE('2025-07-01')" if kind == "date" else "TIMESTAMP('2025-07-01T00:00:00Z')"
    raise InputError(f"the filter speaks of {kind} {text!r}; expected one such as {expected}", code="filter-invalid")


def kind_of_end(text: str) -> Kind:
    """Tell whether the text at an end of an interval is a date or a timestamp."""
    return "date" if _DATE.fullmatch(text) else "timestamp"


def related(relation: str, left: Ends, right: Ends) -> Term:
    """Write that two times stand in a relation.

    Parameters
    ----------
    relation : str
        One of `RELATIONS`.
    left, right : tuple of Term (2,)
        Start and end of each.
    """
    named = {"s1": left[0], "e1": left[1], "s2": right[0], "e2": right[1]}
    template: str = ANY.get(relation) or INTERVALS[relation]
    order = re.findall(r"\{(\w+)\}", template)
    sql = template.format(**{name: one.sql for name, one in named.items()})
    return Term("boolean", sql, tuple(p for name in order for p in named[name].parameters))


def ends_given(interval: Any) -> tuple[Any, Any]:
    """Return the two ends of an interval.

    Raises
    ------
    InputError
        If there are not two.
    """
    if not isinstance(interval, list) or len(interval) != 2:
        raise InputError(
            "an interval of the filter has not two ends; expected INTERVAL(start, end)", code="filter-invalid"
        )
    return interval[0], interval[1]
