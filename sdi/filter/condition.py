"""From the tree of a filter to SQL: names held against the queryables, kinds against each other, values bound.

Truth has three values as in SQL: what is computed from a missing value is unknown, and a feature for which the filter
is unknown is left out (OGC 21-065r2, clause 6.2).
"""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import shapely

from sdi.errors import InputError
from sdi.filter import place, temporal
from sdi.filter.fold import folded
from sdi.filter.place import ToCRS84
from sdi.filter.reading import Tree
from sdi.filter.temporal import Ends
from sdi.filter.term import FOLDS, SPATIAL, Box, Dialect, Kind, Term, joined, kind_of

COMPARED = {"=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_PLUS = ("+", "-", "*")
_COMPUTED = ("/", "%", "div", "^")
_PAIRS = 100
"""Most pairs of places that one comparison writes out [1]."""
_WHOLE = 2.0**53
"""Up to here a number that is whole is written as one."""


def condition(tree: Tree, queryables: Mapping[str, Mapping[str, Any]], dialect: Dialect, to_crs84: ToCRS84) -> Term:
    """Write a filter as a condition in SQL.

    Parameters
    ----------
    tree : tree
        A filter that `sdi.filter.reading.read` returned.
    queryables : mapping of str to mapping
        What may be named, with its JSON Schema.
    dialect : Dialect
        The database that answers.
    to_crs84 : callable
        From the CRS of the places in the filter.

    Returns
    -------
    Term
        A condition; no value of the filter stands in its SQL.

    Raises
    ------
    InputError
        If a name is no queryable, an operation is unknown, or kinds do not fit.
    """
    writer = _Writer(queryables, dialect, to_crs84)
    found = writer.truth(tree)
    box = writer.box(tree)
    return found if box is None else joined("boolean", "({} AND {})", dialect.near(box), found)


class _Writer:
    """Writes the parts of one filter."""

    def __init__(self, queryables: Mapping[str, Mapping[str, Any]], dialect: Dialect, to_crs84: ToCRS84) -> None:
        self._queryables = queryables
        self._dialect = dialect
        self._to_crs84 = to_crs84

    # truths ----------------------------------------------------------------------------------------------------------

    def truth(self, tree: Tree) -> Term:
        """Write a predicate."""
        if isinstance(tree, bool):
            return Term("boolean", "(1 = 1)" if tree else "(1 = 0)")
        if not (isinstance(tree, dict) and "op" in tree):
            found = self.value(tree)
            return joined("boolean", "({} = {})", self._of_kind(found, "boolean", "a filter"), self.value(True))
        operation, given = _operation(tree)
        if operation in {"and", "or"}:
            return self._joined(operation, given)
        writer = self._predicates().get(operation)
        if writer is None:
            raise _refused(f"the operation {operation[:60]!r} {_meant(operation, ['and', 'or', *self._predicates()])}")
        return writer(operation, given)

    def _predicates(self) -> Mapping[str, Callable[[str, list[Any]], Term]]:
        """Return what writes each operation."""
        return {
            "not": self._not, "isnull": self._is_null, "like": self._like, "between": self._between, "in": self._in,
            **dict.fromkeys(COMPARED, self._compared), **dict.fromkeys(SPATIAL, self._spatial),
            **dict.fromkeys(temporal.RELATIONS, self._temporal),
        }  # fmt: skip

    def _joined(self, operation: str, given: list[Any]) -> Term:
        """Write a conjunction or disjunction."""
        if not given:
            raise _refused(f"{operation!r} joins nothing")
        return joined("boolean", f"({f' {operation.upper()} '.join(['{}'] * len(given))})", *map(self.truth, given))

    def _not(self, operation: str, given: list[Any]) -> Term:
        """Write a negation."""
        return joined("boolean", "(NOT {})", self.truth(_arguments(operation, given, 1)[0]))

    def _is_null(self, operation: str, given: list[Any]) -> Term:
        """Write that a value is missing."""
        return joined("boolean", "({} IS NULL)", self.value(_arguments(operation, given, 1)[0]))

    def _compared(self, operation: str, given: list[Any]) -> Term:
        """Write a comparison."""
        left, right = self._same(operation, _arguments(operation, given, 2))
        return joined("boolean", f"({{}} {COMPARED[operation]} {{}})", left, right)

    def _like(self, operation: str, given: list[Any]) -> Term:
        """Write that a text matches a pattern."""
        value, pattern = map(self.value, _arguments(operation, given, 2))
        value = self._of_kind(value, "text", operation)
        if not isinstance(pattern.value, str):
            raise _refused("the pattern of LIKE is no text; expected one such as 'Ninh %'")
        matched = self._dialect.like("{}", pattern.value)
        return Term("boolean", matched.sql.format(value.sql), (*value.parameters, *matched.parameters))

    def _between(self, operation: str, given: list[Any]) -> Term:
        """Write that a number lies between two, both included."""
        three = [self._of_kind(self.value(one), "number", operation) for one in _arguments(operation, given, 3)]
        return joined("boolean", "({} BETWEEN {} AND {})", *three)

    def _in(self, operation: str, given: list[Any]) -> Term:
        """Write that a value is one of a list."""
        item, listed = _arguments(operation, given, 2)
        if not isinstance(listed, list) or not listed:
            raise _refused("IN has no list of values; expected one such as name IN ('a', 'b')")
        value, *others = self._same(operation, [item, *listed])
        return joined("boolean", f"({{}} IN ({', '.join(['{}'] * len(others))}))", value, *others)

    def _spatial(self, operation: str, given: list[Any]) -> Term:
        """Write that two places stand in a relation."""
        left, right = (self._places(one, operation) for one in _arguments(operation, given, 2))
        if len(left) * len(right) > 1 and operation not in {"s_intersects", "s_disjoint"}:
            raise _refused(f"{operation} compares no GEOMETRYCOLLECTION; expected one geometry, or a multiple one")
        if len(left) * len(right) > _PAIRS:
            raise _refused(
                f"{operation} compares more than {_PAIRS} pairs of places; write them as one multiple geometry"
            )
        pairs = [
            joined("boolean", self._dialect.related(operation, "{}", "{}"), one, other)
            for one in left
            for other in right
        ]
        between = " AND " if operation == "s_disjoint" else " OR "
        return joined("boolean", f"({between.join(['{}'] * len(pairs))})", *pairs)

    def _places(self, tree: Tree, operation: str) -> list[Term]:
        """Write a place, or the parts of a mixed collection."""
        if _is_literal_place(tree):
            return [self._dialect.shape(shapely.to_wkb(part)) for part in place.parts(self._shape(tree))]
        return [self._of_kind(self.value(tree), "geometry", operation)]

    def _shape(self, tree: Tree) -> shapely.Geometry:
        """Read a place of the filter."""
        return place.shape(tree, self._to_crs84)

    def _temporal(self, operation: str, given: list[Any]) -> Term:
        """Write that two times stand in a relation."""
        left, right = _arguments(operation, given, 2)
        if operation in temporal.INTERVALS and not (_is_interval(left) and _is_interval(right)):
            raise _refused(f"{operation} relates two intervals; expected INTERVAL(start, end) on both sides")
        ends, others = self._ends(left), self._ends(right)
        kinds = {end.kind for end in (*ends, *others) if end.kind != "interval"}
        if kinds - {"date", "timestamp"}:
            raise _refused(f"{operation} relates times; found {_named(kinds - {'date', 'timestamp'})}")
        if len(kinds) > 1:
            raise _refused(f"{operation} compares a date with a timestamp; give both as one of the two")
        return temporal.related(operation, ends, others)

    def _ends(self, tree: Tree) -> Ends:
        """Write start and end of a time."""
        if not _is_interval(tree):
            term = self.value(tree)
            return term, term
        start, end = temporal.ends_given(tree["interval"])
        return self._end(start, temporal.EARLIEST), self._end(end, temporal.LATEST)

    def _end(self, tree: Tree, opened: str) -> Term:
        """Write one end of an interval; an open one fits dates and timestamps."""
        if tree == "..":
            text = self._dialect.text(opened)
            return Term("interval", text.sql, text.parameters, opened)
        if isinstance(tree, str):
            kind = temporal.kind_of_end(tree)
            return self._moment(kind, tree)
        return self.value(tree)

    # values ----------------------------------------------------------------------------------------------------------

    def value(self, tree: Tree) -> Term:
        """Write a value."""
        if isinstance(tree, bool):
            return Term("boolean", "?", (tree,), tree)
        if isinstance(tree, int | float):
            number = int(tree) if math.isfinite(tree) and tree == int(tree) and abs(tree) < _WHOLE else float(tree)
            return Term("number", "?", (number,), number)
        if isinstance(tree, str):
            return self._dialect.text(_clean(tree))
        if not isinstance(tree, dict):
            raise _refused("a value was expected; found a list or nothing")
        if "property" in tree:
            return self._property(tree["property"])
        for kind in ("date", "timestamp"):
            if kind in tree:
                return self._moment(kind, tree[kind])
        return self._computed(tree)

    def _property(self, name: object) -> Term:
        """Write a property."""
        field = self._queryables.get(name) if isinstance(name, str) else None
        if field is None:
            near = difflib.get_close_matches(str(name), self._queryables, 1)
            meant = f"did you mean {near[0]}?" if near else "a text stands in single quotes, 'like this'"
            raise _refused(f"{str(name)[:60]!r} is no queryable of this collection; {meant}")
        kind = kind_of(field)
        return Term(kind, self._dialect.column(str(name), kind))

    def _moment(self, kind: Kind, text: object) -> Term:
        """Write a date or timestamp."""
        written = self._dialect.text(temporal.moment(kind, text))
        return Term(kind, written.sql, written.parameters, written.value)

    def _computed(self, tree: Mapping[str, Any]) -> Term:
        """Write what is computed from values: arithmetic, or a text without case or accents."""
        if "op" not in tree:
            raise _refused("a value was expected; found a place, or an interval outside of a temporal comparison")
        operation, given = _operation(tree)
        if operation in FOLDS:
            return self._folded(operation, _arguments(operation, given, 1)[0])
        if operation not in (*_PLUS, *_COMPUTED):
            raise _refused(f"the function {operation!r} is unknown here; known are {', '.join(FOLDS)}")
        if operation == "-" and len(given) == 1:
            given = [0, *given]
        left, right = (self._of_kind(self.value(one), "number", operation) for one in _arguments(operation, given, 2))
        plain = operation in _PLUS
        return joined(
            "number",
            f"({{}} {operation} {{}})" if plain else self._dialect.computed(operation, "{}", "{}"),
            left,
            right,
        )

    def _folded(self, fold: str, tree: Tree) -> Term:
        """Write a text without case or accents; a text of the filter is folded at once."""
        term = self._of_kind(self.value(tree), "text", fold)
        if term.value is not None:
            return self._dialect.text(folded(fold, term.value))
        return Term("text", self._dialect.folded(fold, term.sql), term.parameters)

    def _same(self, operation: str, trees: Sequence[Tree]) -> list[Term]:
        """Write values that must be of one kind."""
        terms = [self.value(tree) for tree in trees]
        kinds = {term.kind for term in terms}
        if len(kinds) > 1:
            advice = "; write dates as DATE('2025-07-01')" if kinds & {"date", "timestamp"} else ""
            pairs = zip(trees, terms, strict=True)
            told = "".join(f"; {one['property']} is a {term.kind}" for one, term in pairs if _is_property(one))
            raise _refused(f"{operation} compares {_named(kinds)}{told}{advice}")
        if kinds & {"geometry", "array"}:
            raise _refused(f"{operation} compares no {_named(kinds)}")
        return terms

    @staticmethod
    def _of_kind(term: Term, kind: Kind, operation: str) -> Term:
        """Return a term, refused where it is of another kind."""
        if term.kind != kind:
            raise _refused(f"{operation} takes a {kind}; found a {term.kind}")
        return term

    # the index -------------------------------------------------------------------------------------------------------

    def box(self, tree: Tree) -> Box | None:
        """Return a box that every feature must touch for the filter to be true; None where nothing says so."""
        if not (isinstance(tree, dict) and "op" in tree):
            return None
        operation, given = _operation(tree)
        if operation == "and":
            boxes = [one for one in map(self.box, given) if one is not None]
            return _overlap(boxes) if boxes else None
        if operation in SPATIAL and operation != "s_disjoint":
            literal = [one for one in given if _is_literal_place(one)]
            if len(literal) == 1:
                west, south, east, north = self._shape(literal[0]).bounds
                return west, south, east, north
        return None


def _overlap(boxes: Sequence[Box]) -> Box:
    """Return what boxes have in common; where nothing, a box that is upside down and touches nothing."""
    west, south, east, north = zip(*boxes, strict=True)
    return max(west), max(south), min(east), min(north)


def _operation(tree: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the name of an operation and its arguments."""
    given = tree.get("args")
    return str(tree["op"]).lower(), given if isinstance(given, list) else []


def _arguments(operation: str, given: list[Any], number: int) -> list[Any]:
    """Return arguments, refused where there are too many or too few."""
    if len(given) != number:
        raise _refused(f"{operation} has {len(given)} arguments; expected {number}")
    return given


def _is_literal_place(tree: Tree) -> bool:
    """Tell whether a part states a place."""
    return isinstance(tree, dict) and ("bbox" in tree or "coordinates" in tree or "geometries" in tree)


def _is_property(tree: Tree) -> bool:
    """Tell whether a part names a property."""
    return isinstance(tree, dict) and "property" in tree


def _is_interval(tree: Tree) -> bool:
    """Tell whether a part states an interval."""
    return isinstance(tree, dict) and "interval" in tree


def _meant(name: str, known: Sequence[str]) -> str:
    """Say that an operation is none that gives a truth, and which one may be meant."""
    near = difflib.get_close_matches(name, known, 1)
    cure = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"gives no truth here; {cure}"


def _clean(text: str) -> str:
    """Compose a text as everything stored is, and refuse what no store can hold."""
    if "\x00" in text:
        raise _refused("a text of the filter holds the character U+0000")
    return unicodedata.normalize("NFC", text)


def _named(kinds: Iterable[str]) -> str:
    """Name kinds in a message."""
    return " with ".join(sorted(kinds))


def _refused(message: str) -> InputError:
    """Make the error of a filter that cannot be answered."""
    return InputError(message, code="filter-invalid")
