"""The computation behind an expression: every operation in three-valued logic, over whole columns."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdi.errors import InputError
from sdi.expression import vector
from sdi.expression.vector import Kind, Vector


def evaluated(tree: ast.expr, text: str, columns: Mapping[str, Vector]) -> Vector:
    """Value of a tree that `sdi.expression.parse` let through.

    Parameters
    ----------
    tree : ast.expr
        The tree.
    text : str
        The expression, for errors.
    columns : mapping of str to Vector (row,) or ()
        Value of each name in the tree.

    Returns
    -------
    Vector (row,) or ()
        The value.

    Raises
    ------
    InputError
        If an operation does not fit the kind of a column.
    """
    with np.errstate(all="ignore"):
        return _Evaluation(text, columns).of(tree)


def fault(text: str, node: ast.AST, found: str, cure: str) -> InputError:
    """Error at a place of an expression.

    Parameters
    ----------
    text : str
        The expression.
    node : ast.AST
        Node with ``lineno`` and ``col_offset``.
    found : str
        What stands there.
    cure : str
        What to write instead.

    Returns
    -------
    InputError
        To be raised by the caller; ``details`` hold ``found``, ``cure`` and ``position`` [character, from 1].
    """
    before = text.encode().splitlines(keepends=True)[: getattr(node, "lineno", 1) - 1]
    offset = sum(map(len, before)) + getattr(node, "col_offset", 0)
    position = len(text.encode()[:offset].decode(errors="ignore")) + 1
    found = f"{found} at character {position} of '{text if len(text) <= 80 else f'{text[:77]}...'}'"
    details = {"expression": text, "position": position, "found": found, "cure": cure}
    return InputError(f"{found}; {cure}", code="expression", details=details)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One evaluation over some columns."""

    text: str
    columns: Mapping[str, Vector]

    def of(self, node: ast.expr) -> Vector:
        """Vector of a node; `parse` let no other kind of node through."""
        match node:
            case ast.Constant(value=value):
                return vector.constant(value)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return self.columns[name]
            case ast.BoolOp(op=op, values=values):
                return _joined(isinstance(op, ast.And), [self._as("boolean", value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._as("boolean", operand)
                return Vector("boolean", ~inner.values, inner.known)
            case ast.UnaryOp(op=op, operand=operand):
                inner = self._as("number", operand)
                return Vector("number", -inner.values if isinstance(op, ast.USub) else inner.values, inner.known)
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self._as("number", left), self._as("number", right)
                return vector.number(ARITHMETIC[type(op)](a.values, b.values), a.known & b.known)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                function = FUNCTIONS[name]
                return function.compute(*(self._as(function.kind, argument) for argument in arguments))
            case ast.Compare():
                return self._compared(node)
        raise AssertionError(type(node))

    def _as(self, kind: Kind, node: ast.expr) -> Vector:
        """Vector of a node that must be of one kind."""
        result = vector.filled(self.of(node), kind)
        if result.kind != kind:
            raise fault(self.text, node, f"a {result.kind} where a {kind} is needed", f"write a {kind}")
        return result

    def _compared(self, node: ast.Compare) -> Vector:
        """Join the links of a chain: ``a < b < c`` is ``a < b and b < c``."""
        links, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            links.append(self._link(left, op, right))
            left = right
        return _joined(True, links)

    def _link(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Vector:
        a = self.of(left)
        if isinstance(op, ast.Is | ast.IsNot):
            return Vector("boolean", ~a.known if isinstance(op, ast.Is) else a.known, np.ones_like(a.known))
        if isinstance(op, ast.In | ast.NotIn):
            found = _joined(False, [self._equal(a, item) for item in right.elts])  # type: ignore[attr-defined]
            return found if isinstance(op, ast.In) else Vector("boolean", ~found.values, found.known)
        b = self.of(right)
        self._check_kinds(right, a, b, ordered=not isinstance(op, ast.Eq | ast.NotEq))
        a, b = vector.filled(a, b.kind), vector.filled(b, a.kind)
        return Vector("boolean", np.asarray(_COMPARISONS[type(op)](a.values, b.values), dtype=bool), a.known & b.known)

    def _equal(self, a: Vector, item: ast.expr) -> Vector:
        b = self.of(item)
        self._check_kinds(item, a, b, ordered=False)
        a = vector.filled(a, b.kind)
        return Vector("boolean", np.asarray(a.values == b.values, dtype=bool), a.known & b.known)

    def _check_kinds(self, node: ast.expr, a: Vector, b: Vector, *, ordered: bool) -> None:
        if "empty" not in (a.kind, b.kind) and a.kind != b.kind:
            raise fault(self.text, node, f"a {b.kind} compared with a {a.kind}", "compare values of one kind")
        if ordered and "boolean" in (a.kind, b.kind):
            raise fault(self.text, node, "truths compared by order", "write == or !=")


def _joined(conjunction: bool, parts: list[Vector]) -> Vector:
    """Kleene's conjunction or disjunction: one part that decides is enough, otherwise all must be known."""
    decides = [part.known & (part.values != conjunction) for part in parts]
    decided = functools.reduce(np.logical_or, decides)
    known = decided | functools.reduce(np.logical_and, [part.known for part in parts])
    return Vector("boolean", np.asarray(decided != conjunction), np.asarray(known))


@dataclass(frozen=True, slots=True)
class Function:
    """A function that an expression may call."""

    usage: str
    kind: Kind
    least: int
    most: int
    compute: Callable[..., Vector]


def _each(function: Callable[[Any], Any]) -> Callable[[Vector], Vector]:
    """Apply a function of Python to each text."""
    apply = np.frompyfunc(function, 1, 1)
    kind: Kind = "number" if function is len else "text"
    dtype = float if function is len else object
    return lambda text: Vector(kind, np.asarray(apply(text.values), dtype=dtype), text.known)


def _extreme(function: np.ufunc) -> Callable[..., Vector]:
    def compute(*parts: Vector) -> Vector:
        known = functools.reduce(np.logical_and, [part.known for part in parts])
        return vector.number(functools.reduce(function, [part.values for part in parts]), known)

    return compute


def _rounded(number: Vector, digits: Vector | None = None) -> Vector:
    """Half to even of the exact decimal value, as Python rounds; numpy's scaling would differ in the last digit."""
    places = int(digits.values) if digits else 0
    values = np.frompyfunc(lambda value: round(value, places), 1, 1)(number.values)
    return vector.number(np.asarray(values, dtype=float), number.known)


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function("abs(number)", "number", 1, 1, lambda part: vector.number(np.abs(part.values), part.known)),
    "len": Function("len(text)", "text", 1, 1, _each(len)),
    "lower": Function("lower(text)", "text", 1, 1, _each(str.lower)),
    "max": Function("max(number, number, ...)", "number", 2, 10, _extreme(np.maximum)),
    "min": Function("min(number, number, ...)", "number", 2, 10, _extreme(np.minimum)),
    "round": Function("round(number) or round(number, digits)", "number", 1, 2, _rounded),
}
ARITHMETIC: Mapping[type[ast.operator], np.ufunc] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
}
_COMPARISONS: Mapping[type[ast.cmpop], np.ufunc] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
