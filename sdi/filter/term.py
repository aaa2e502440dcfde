"""The pieces of SQL a filter is made of, each with what kind of value it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Box = tuple[float, float, float, float]
Kind = Literal["text", "number", "boolean", "date", "timestamp", "interval", "geometry", "array"]

FOLDS = ("casei", "accenti")
SPATIAL = (
    "s_contains", "s_crosses", "s_disjoint", "s_equals", "s_intersects", "s_overlaps", "s_touches", "s_within",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """SQL of a value, with marks ``?``."""

    kind: Kind
    sql: str
    parameters: tuple[object, ...] = ()
    value: Any = None
    """The value itself where the filter states it; None where it is looked up."""


class Dialect(Protocol):
    """What a filter asks of the database that answers it; everything else is common SQL."""

    def column(self, name: str, kind: Kind) -> str:
        """Return the SQL of a property; of the place where the kind is ``geometry``."""

    def text(self, value: str) -> Term:
        """Return a text."""

    def shape(self, wkb: bytes) -> Term:
        """Return a place [CRS84]."""

    def folded(self, fold: str, sql: str) -> str:
        """Return the SQL of a text without differences of case (``casei``) or of accents (``accenti``)."""

    def like(self, sql: str, pattern: str) -> Term:
        r"""Return whether a text matches a pattern of ``%``, ``_`` and ``\``, case-sensitive."""

    def computed(self, operation: str, left: str, right: str) -> str:
        """Return the SQL of ``/ % div ^`` on two numbers, NULL where the divisor is zero."""

    def related(self, relation: str, left: str, right: str) -> str:
        """Return whether two places stand in one of the relations of `SPATIAL`."""

    def near(self, box: Box) -> Term:
        """Return a condition that the index answers: the place may touch a box [degree, CRS84]."""


_TIMES: Mapping[str, Kind] = {"date": "date", "date-time": "timestamp"}


def kind_of(field: Mapping[str, Any]) -> Kind:
    """Return what kind of value a queryable has.

    Parameters
    ----------
    field : mapping
        Its JSON Schema.
    """
    if str(field.get("format", "")).startswith("geometry-"):
        return "geometry"
    declared = field.get("type")
    types = {declared} if isinstance(declared, str) else set(declared or ())
    if types & {"integer", "number"}:
        return "number"
    if "string" in types:
        return _TIMES.get(str(field.get("format")), "text")
    return "boolean" if "boolean" in types else "array"


def joined(kind: Kind, template: str, *terms: Term) -> Term:
    """Put terms into a template of SQL.

    Parameters
    ----------
    kind : str
        What comes out.
    template : str
        SQL with one ``{}`` for each term, in order.
    *terms : Term
        The terms.
    """
    return Term(kind, template.format(*(one.sql for one in terms)), tuple(p for one in terms for p in one.parameters))
