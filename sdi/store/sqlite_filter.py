"""Filters on the embedded store: SQL of SQLite, with a few functions of Python beside it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache

import orjson
import shapely

from sdi.filter.fold import accenti, casei
from sdi.filter.term import SPATIAL, Box, Kind, Term

_RELATIONS: dict[str, Callable[[shapely.Geometry, shapely.Geometry], bool]] = {
    name: getattr(shapely, name.removeprefix("s_")) for name in SPATIAL
}
_KEPT = 64
"""Places of filters that stay prepared."""


class SqliteFilter:
    """What a filter asks of SQLite, for the current features ``c`` or the history ``h`` of a collection.

    Parameters
    ----------
    name : str
        Collection.
    past : bool
        Whether the history is asked, which keeps properties in the serialised feature alone.
    """

    def __init__(self, name: str, *, past: bool = False) -> None:
        self._name = name
        self._past = past

    def column(self, name: str, kind: Kind) -> str:
        """Return the SQL of a property; of the place where the kind is ``geometry``."""
        if kind == "geometry":
            return "phusa_place(h.feature)" if self._past else "substr(c.geom, 41)"
        if not self._past:
            return f'c."{name}"'
        return f"json_extract(CAST(h.feature AS TEXT), '$.properties.\"{name}\"')"

    def text(self, value: str) -> Term:
        """Return a text."""
        return Term("text", "?", (value,), value)

    def shape(self, wkb: bytes) -> Term:
        """Return a place [CRS84]."""
        return Term("geometry", "?", (wkb,))

    def folded(self, fold: str, sql: str) -> str:
        """Return the SQL of a text without differences of case (``casei``) or of accents (``accenti``)."""
        return f"phusa_{fold}({sql})"

    def like(self, sql: str, pattern: str) -> Term:
        """Return whether a text matches a pattern; GLOB, because LIKE of SQLite knows no case."""
        return Term("boolean", f"({sql} GLOB ?)", (_glob(pattern),))

    def computed(self, operation: str, left: str, right: str) -> str:
        """Return the SQL of ``/ % div ^`` on two numbers, NULL where the divisor is zero."""
        if operation == "^":
            return f"phusa_power({left}, {right})"
        return f"phusa_{ {'/': 'quotient', 'div': 'whole', '%': 'remainder'}[operation] }({left}, {right})"

    def related(self, relation: str, left: str, right: str) -> str:
        """Return whether two places stand in one of the relations of `SPATIAL`."""
        return f"phusa_{relation}({left}, {right})"

    def near(self, box: Box) -> Term:
        """Return a condition that the index answers: the place may touch a box [degree, CRS84]."""
        west, south, east, north = box
        edges = (east, west, north, south)
        if self._past:
            return Term("boolean", "(h.min_x <= ? AND h.max_x >= ? AND h.min_y <= ? AND h.max_y >= ?)", edges)
        touched = f'SELECT id FROM "rtree_{self._name}_geom" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?'
        return Term("boolean", f"(c.fid IN ({touched}))", edges)


def install(connection: sqlite3.Connection) -> None:
    """Teach a connection the functions of filters.

    Parameters
    ----------
    connection : sqlite3.Connection
        Any connection to a publication.
    """
    for name, fold in (("casei", casei), ("accenti", accenti)):
        connection.create_function(f"phusa_{name}", 1, _of_text(fold), deterministic=True)
    for name, compute in (
        ("power", pow), ("quotient", lambda a, b: a / b), ("whole", lambda a, b: float(int(a / b))),
        ("remainder", lambda a, b: a - b * int(a / b)),
    ):  # fmt: skip
        connection.create_function(f"phusa_{name}", 2, _of_numbers(compute), deterministic=True)
    # One memory for each connection, which is one thread's: a prepared place is not to be shared by two.
    read = lru_cache(_KEPT)(_read)
    for name, relate in _RELATIONS.items():
        connection.create_function(f"phusa_{name}", 2, _of_places(relate, read), deterministic=True)
    connection.create_function("phusa_place", 1, _place, deterministic=True)


def _of_text(fold: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """Let a missing text stay missing."""
    return lambda text: None if text is None else fold(text)


def _of_numbers(compute: Callable[[float, float], float]) -> Callable[[float | None, float | None], float | None]:
    """Let what cannot be computed be missing."""

    def computed(left: float | None, right: float | None) -> float | None:
        if left is None or right is None:
            return None
        try:
            found = compute(float(left), float(right))
        except (ArithmeticError, ValueError):
            return None
        return None if isinstance(found, complex) else found

    return computed


def _of_places(
    relate: Callable[[shapely.Geometry, shapely.Geometry], bool], read: Callable[[bytes], shapely.Geometry]
) -> Callable[[bytes | None, bytes | None], bool | None]:
    """Let the relation with a missing place be missing."""

    def related(left: bytes | None, right: bytes | None) -> bool | None:
        return None if left is None or right is None else bool(relate(read(left), read(right)))

    return related


def _read(wkb: bytes) -> shapely.Geometry:
    """Read a place; that of the filter, which every row is compared with, is kept and so prepared once."""
    made: shapely.Geometry = shapely.from_wkb(wkb)
    shapely.prepare(made)
    return made


def _place(feature: bytes) -> bytes | None:
    """Return the place of a serialised feature."""
    geometry = orjson.loads(feature)["geometry"]
    return None if geometry is None else shapely.to_wkb(shapely.from_geojson(orjson.dumps(geometry)))


def _glob(pattern: str) -> str:
    r"""Write a pattern of LIKE as one of GLOB.

    Examples
    --------
    >>> _glob(r"100\% a_c*%")
    '100% a?c[*]*'
    """
    signs = {"%": "*", "_": "?"}
    kept = {"*": "[*]", "?": "[?]", "[": "[[]"}

    def written(found: re.Match[str]) -> str:
        sign = found[0]
        return kept.get(sign[1], sign[1]) if len(sign) == 2 else signs.get(sign) or kept.get(sign, sign)

    return re.sub(r"\\.|[%_*?\[]", written, pattern, flags=re.DOTALL)
