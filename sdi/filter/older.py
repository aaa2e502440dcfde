"""Filters in ``cql-text``, the name CQL2 had before it was a standard: GDAL and what stands on it write no other.

GDAL asks a service to choose only where it finds this name, and then writes comparisons, ``LIKE``, ``ILIKE``, ``IS
NULL`` and their combinations; without it, it fetches everything and takes a comparison of dates for ``datetime``.
Its days are texts such as ``'2025-07-01T'`` and its truths are 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sdi.filter.term import kind_of

LANGUAGE = "cql-text"

_TEXT = r"'(?:[^']|'')*'"
# A name is tried from its first character alone, so that a long one is not read again from each.
_NAME = r"\"[^\"]*\"|(?<![\w.:-])[\w.:-]+"
_ILIKE = re.compile(rf"{_TEXT}|(?P<name>{_NAME})\s+ILIKE\s+(?P<pattern>{_TEXT})", re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d+)?)?)?Z?", re.ASCII)
_COMPARED = {"=", "<>", "<", ">", "<=", ">="}


def as_cql2(text: str) -> str:
    """Write a filter as CQL2 text, which says ``CASEI`` where the older language said ``ILIKE``.

    Parameters
    ----------
    text : str
        The filter.

    Examples
    --------
    >>> as_cql2("name ILIKE 'ch%' AND floors > 3")
    "CASEI(name) LIKE CASEI('ch%') AND floors > 3"
    """
    return _ILIKE.sub(lambda part: part[0] if part["name"] is None else _without_case(*part.group(1, 2)), text)


def _without_case(name: str, pattern: str) -> str:
    """Write one comparison."""
    return f"CASEI({name}) LIKE CASEI({pattern})"


def fitted(tree: Any, queryables: Mapping[str, Mapping[str, Any]]) -> Any:
    """Read texts as times and numbers as truths where they are compared with a property of that kind.

    Parameters
    ----------
    tree : tree
        A filter that was read.
    queryables : mapping of str to mapping
        What may be named, with its JSON Schema.

    Returns
    -------
    tree
        The same as CQL2 means it; what does not fit is left, to be refused with the reason.
    """
    if not isinstance(tree, Mapping) or "args" not in tree:
        return tree
    given = [fitted(one, queryables) for one in tree["args"]]
    if tree["op"] in _COMPARED and len(given) == 2 and isinstance(given[0], Mapping) and "property" in given[0]:
        given[1] = _of_kind(given[1], queryables.get(given[0]["property"], {}))
    return {**tree, "args": given}


def _of_kind(value: Any, schema: Mapping[str, Any]) -> Any:
    """Read one value as what its property is."""
    kind = kind_of(schema)
    if kind == "boolean" and value in (0, 1):
        return bool(value)
    moment = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if moment is None:
        return value
    day, time = moment[1], moment[2] or "00:00:00"
    if kind == "timestamp":
        return {"timestamp": f"{day}T{time}Z"}
    return {"date": day} if kind == "date" and not time.strip("0:.") else value
