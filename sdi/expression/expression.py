"""Rules in the words of a register file, evaluated without trusting them.

A rule is one expression over fields: ``not (condition == 'dead' and status == 'active')``. It is parsed as Python, held
against a short list of what is allowed, and computed by this module, never by the interpreter. Columns are evaluated
whole; one row is a column of length one.

Truth has three values. A missing value is unknown, what is computed from it is unknown too, and an unknown rule is not
broken: ``dbh > 0`` says nothing of a tree that nobody measured. ``and``, ``or`` and ``not`` follow Kleene (1952),
*Introduction to Metamathematics*, section 64; ``is None`` asks for the missing itself.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdi.errors import InputError
from sdi.expression import vector
from sdi.expression.evaluation import ARITHMETIC, FUNCTIONS, evaluated, fault
from sdi.expression.vector import Vector

MAXIMUM_LENGTH = 1000
"""Longest expression [character]."""
MAXIMUM_DEPTH = 20
"""Deepest nesting of operations."""
MAXIMUM_PARTS = 300
"""Most names, values and operations in one expression."""
LARGEST_NUMBER = 2**53
"""Largest literal; up to here every whole number is exact."""

ALLOWED = (
    "and, or, not, comparisons, 'in' with a list of values, + - * / // %, 'is None', names of fields, texts, numbers, "
    "True, False and the functions abs, len, lower, max, min, round"
)


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression that may be evaluated.

    Made by `parse`.
    """

    text: str
    names: frozenset[str]
    """Names the expression reads."""
    tree: ast.expr

    def over(self, columns: Mapping[str, Any]) -> npt.NDArray[np.object_]:
        """Value of the expression for every row.

        Parameters
        ----------
        columns : mapping of str to array (row,) or scalar
            Values of at least the names the expression reads; a scalar holds for all rows. None, NaN and NaT are
            missing.

        Returns
        -------
        ndarray (row,) of object
            True, False, float or str; None where the value is unknown.

        Raises
        ------
        InputError
            If a name has no column, columns differ in length, or an operation does not fit the type of a column.
        """
        return vector.objects(self._evaluated(columns), vector.length(columns))

    def broken(self, columns: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        """Rows that break the rule.

        Parameters
        ----------
        columns : mapping of str to array (row,) or scalar
            As in `over`.

        Returns
        -------
        ndarray (row,) of bool
            True where the expression is certainly false; unknown does not count.

        Raises
        ------
        InputError
            As in `over`, and if the expression does not answer true or false.
        """
        result = self._evaluated(columns)
        if result.kind not in ("boolean", "empty"):
            raise fault(self.text, self.tree, f"the rule answers a {result.kind}", "write a comparison")
        false = result.known & ~vector.filled(result, "boolean").values
        return np.array(np.broadcast_to(false, (vector.length(columns),)))

    def value(self, row: Mapping[str, Any]) -> bool | float | str | None:
        """Value of the expression for one row.

        Parameters
        ----------
        row : mapping of str to scalar
            Value of each name the expression reads; None, NaN and NaT are missing.

        Returns
        -------
        bool, float, str or None
            None where the value is unknown.

        Raises
        ------
        InputError
            As in `over`.
        """
        cells = {name: vector.single(row[name]) for name in self.names if name in row}
        result: bool | float | str | None = vector.objects(self._evaluated(cells), 1)[0]
        return result

    def _evaluated(self, columns: Mapping[str, Any]) -> Vector:
        missing = [name for name in sorted(self.names) if name not in columns]
        if missing:
            message = f"the rule '{self.text}' reads '{missing[0]}', which was not given; pass a column of that name"
            raise InputError(message, code="expression", details={"expression": self.text, "name": missing[0]})
        vectors = {name: vector.column(name, columns[name]) for name in self.names}
        return evaluated(self.tree, self.text, vectors)


def parse(text: str, names: Iterable[str]) -> Expression:
    """Read an expression and hold it against what is allowed.

    Parameters
    ----------
    text : str
        The expression.
    names : iterable of str
        Names it may read.

    Returns
    -------
    Expression
        Ready to be evaluated.

    Raises
    ------
    InputError
        If it is no expression, is too long or too deep, reads an unknown name or holds anything but the allowed; the
        message names the place, ``details`` hold ``found``, ``cure`` and ``position`` [character, from 1].

    Examples
    --------
    >>> parse("dbh is None or dbh > 0", ["dbh"]).value({"dbh": None})
    True
    """
    text = text.replace("\n", " ").strip()
    tree = _tree(text)
    known = tuple(names)
    read = set()
    for part, (node, depth) in enumerate(_walk(tree)):
        if depth > MAXIMUM_DEPTH or part >= MAXIMUM_PARTS:
            raise fault(text, node, "an expression that goes too deep or on too long", "split it into several rules")
        _check(text, node)
        if isinstance(node, ast.Name):
            read.add(_known(text, node, known))
    return Expression(text, frozenset(read), tree)


def _tree(text: str) -> ast.expr:
    """Syntax tree of one expression of sensible size."""
    start = ast.Constant(0, lineno=1, col_offset=0)
    if len(text) > MAXIMUM_LENGTH:
        raise fault(text[:20] + "...", start, f"{len(text)} characters", f"write at most {MAXIMUM_LENGTH}")
    if "\\" in text or "\0" in text:
        raise fault(text, start, "a backslash or a null character", "write the expression without")
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = ast.Constant(0, lineno=error.lineno or 1, col_offset=max((error.offset or 1) - 1, 0))
        raise fault(text, place, f"no expression ({error.msg})", f"allowed: {ALLOWED}") from None
    except (ValueError, MemoryError, RecursionError):
        raise fault(text, start, "an expression nested too deeply", "write it flatter") from None


def _walk(tree: ast.expr) -> Iterator[tuple[ast.expr, int]]:
    """Every part of a tree that is evaluated and its depth, without recursion."""
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((below, depth + 1) for below in reversed(_operands(node)))


def _operands(node: ast.expr) -> list[ast.expr]:
    """Parts of a node that are evaluated; a list after ``in`` and the None of ``is None`` are not."""
    match node:
        case ast.BoolOp(values=values):
            return values
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(args=arguments):
            return arguments
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            pairs = zip(ops, comparators, strict=True)
            return [left, *(right for op, right in pairs if not isinstance(op, _SPECIAL))]
    return []


def _check(text: str, node: ast.expr) -> None:
    """Refuse what is not allowed."""
    match node:
        case ast.Name() | ast.BoolOp():
            return
        case ast.Constant(value=bool() | str()):
            return
        case ast.Constant(value=int() | float() as number) if abs(number) <= LARGEST_NUMBER:
            return
        case ast.Constant(value=None):
            raise fault(text, node, "None as a value", "write 'x is None' or 'x is not None'")
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            return
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd()):
            return
        case ast.Compare(ops=comparisons, comparators=comparators):
            if len(comparisons) > 1 and any(isinstance(comparison, _SPECIAL) for comparison in comparisons):
                raise fault(text, node, "'is' or 'in' within a chain", "put it in parentheses")
            for comparison, right in zip(comparisons, comparators, strict=True):
                _check_comparison(text, comparison, right)
            return
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            _check_call(text, node, name, arguments)
            return
    raise fault(text, node, _NOUNS.get(type(node), "something that is not allowed"), f"allowed: {ALLOWED}")


def _check_comparison(text: str, op: ast.cmpop, right: ast.expr) -> None:
    if isinstance(op, ast.Is | ast.IsNot) and not (isinstance(right, ast.Constant) and right.value is None):
        raise fault(text, right, "'is' with something else than None", "write == or !=")
    if isinstance(op, ast.In | ast.NotIn):
        items = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else []
        if not items or not all(isinstance(item, ast.Constant) for item in items):
            raise fault(text, right, "'in' without a list of values", "write for example in ('alive', 'dead')")
        for item in items:
            _check(text, item)


def _check_call(text: str, node: ast.expr, name: str, arguments: list[ast.expr]) -> None:
    function = FUNCTIONS[name]
    if not function.least <= len(arguments) <= function.most:
        raise fault(text, node, f"{name}() with {len(arguments)} values", f"write {function.usage}")
    if name == "round" and len(arguments) == 2:
        digits = arguments[1]
        if not (isinstance(digits, ast.Constant) and type(digits.value) is int and digits.value <= 9):
            raise fault(text, digits, "round() to a computed number of digits", "write a number from 0 to 9")


def _known(text: str, node: ast.Name, names: tuple[str, ...]) -> str:
    if node.id in names:
        return node.id
    close = difflib.get_close_matches(node.id, names, n=1)
    cure = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(names)}"
    raise fault(text, node, f"the unknown name '{node.id}'", cure)


_SPECIAL = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
_NOUNS: Mapping[type[ast.expr], str] = {
    ast.Constant: "a value that is no text, truth or number of sensible size",
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.Call: "a call",
    ast.BinOp: "an operator that is not allowed",
    ast.UnaryOp: "an operator that is not allowed",
    ast.Lambda: "a lambda",
    ast.IfExp: "a conditional",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "a formatted text",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.List: "a list",
    ast.Tuple: "a list",
    ast.Set: "a list",
}
