"""Columns with missing values, as expressions compute with them.

A vector keeps what is known apart from the values, so that no sentinel ever takes part in a computation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sdi.errors import InputError
from sdi.value import is_missing

Kind = Literal["number", "text", "boolean", "empty"]

_KINDS: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((str,), "text"),
    ((bool, np.bool_), "boolean"),  # before numbers: a truth is an int to Python
    ((int, float, Decimal, np.number), "number"),
)
_FILL: Mapping[Kind, Any] = {"number": 0.0, "text": "", "boolean": False, "empty": 0.0}
_TYPE: Mapping[Kind, type] = {"number": float, "text": object, "boolean": bool, "empty": float}


@dataclass(frozen=True, slots=True)
class Vector:
    """Values of one kind, some of which may be unknown.

    Both arrays have the shape ``(row,)``, or ``()`` for what is the same in every row.
    """

    kind: Kind
    """``empty`` where every value is missing, so that it fits any other kind."""
    values: npt.NDArray[Any]
    """float64, bool, or object with str; what stands at an unknown place means nothing."""
    known: npt.NDArray[np.bool_]


def constant(value: bool | float | str) -> Vector:
    """Vector of a literal.

    Parameters
    ----------
    value : bool, float or str
        The literal.

    Returns
    -------
    Vector ()
        The same in every row.
    """
    kind: Kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return Vector(kind, np.array(value, dtype=_TYPE[kind]), np.array(True))


def unknown() -> Vector:
    """Vector of nothing but missing values.

    Returns
    -------
    Vector ()
        Unknown in every row.
    """
    return Vector("empty", np.array(0.0), np.array(False))


def column(name: str, values: Any) -> Vector:
    """Vector of a column.

    Parameters
    ----------
    name : str
        Name of the column, for the error.
    values : array (row,) or scalar
        Numbers, texts, truths, or dates, which become ISO 8601 text; None, NaN, NaT and infinities are missing.

    Returns
    -------
    Vector (row,), or () of a scalar
        The column.

    Raises
    ------
    InputError
        If the column mixes kinds or holds anything else.
    """
    scalar = np.ndim(values) == 0
    array = np.asarray(single(values) if scalar else values, dtype=object)
    known = np.array([not is_missing(value) for value in array], dtype=bool)
    array = np.array([_iso(value) for value in array], dtype=object)
    kinds = {_kind(kept) for kept in {type(value) for value in array[known]}}
    if len(kinds) > 1 or None in kinds:
        raise InputError(f"column '{name}' mixes kinds of values; give it numbers, texts or truths", code="expression")
    kind = kinds.pop() or "empty" if kinds else "empty"
    array[~known] = _FILL[kind]
    vector = _finite(kind, array.astype(_TYPE[kind]), known)
    return Vector(kind, vector.values[0], vector.known[0]) if scalar else vector


def number(values: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]) -> Vector:
    """Vector of computed numbers.

    Parameters
    ----------
    values : ndarray (row,) or () [any unit]
        Numbers; where one is not finite (0 / 0), nothing is known.
    known : ndarray (row,) or () of bool
        Where everything that went in was known.

    Returns
    -------
    Vector (row,) or ()
        The numbers.
    """
    return _finite("number", np.asarray(values, dtype=float), known)


def filled(vector: Vector, kind: Kind) -> Vector:
    """Vector fit for computing with one kind.

    Parameters
    ----------
    vector : Vector
        Any vector.
    kind : {'number', 'text', 'boolean', 'empty'}
        Kind to compute with.

    Returns
    -------
    Vector
        The same vector; one without any value takes on the kind.
    """
    if vector.kind != "empty" or kind == "empty":
        return vector
    return Vector(kind, np.full(vector.values.shape, _FILL[kind], dtype=_TYPE[kind]), vector.known)


def objects(vector: Vector, rows: int) -> npt.NDArray[np.object_]:
    """Vector as plain values.

    Parameters
    ----------
    vector : Vector
        Any vector.
    rows : int
        Number of rows.

    Returns
    -------
    ndarray (row,) of object
        bool, float or str, and None where unknown.
    """
    plain = np.array(np.broadcast_to(vector.values, (rows,)).tolist(), dtype=object)
    plain[~np.broadcast_to(vector.known, (rows,))] = None
    return plain


def length(columns: Mapping[str, Any]) -> int:
    """Return the number of rows that some columns have in common.

    Parameters
    ----------
    columns : mapping of str to array (row,) or scalar
        The columns.

    Returns
    -------
    int
        1 where all are scalars.

    Raises
    ------
    InputError
        If they differ.
    """
    lengths = {name: len(columns[name]) for name in columns if np.ndim(columns[name]) > 0}
    if len(set(lengths.values())) > 1:
        raise InputError(f"columns differ in length: {lengths}; pass columns of one table", code="expression")
    return next(iter(lengths.values()), 1)


def single(value: Any) -> npt.NDArray[np.object_]:
    """Array of one value.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    ndarray (1,) of object
        The value, untouched.
    """
    array = np.empty(1, dtype=object)
    array[0] = value
    return array


def _finite(kind: Kind, values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> Vector:
    """Vector that knows nothing where a number is not finite."""
    if kind != "number":
        return Vector(kind, values, known)
    finite = np.isfinite(values)
    return Vector(kind, np.where(finite, values, 0.0), np.asarray(known & finite))


def _iso(value: Any) -> Any:
    """Return a date as text; a time of day is kept unless it is midnight."""
    if not isinstance(value, date | np.datetime64) or is_missing(value):
        return value
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]"))
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    return value.isoformat()


def _kind(kept: type) -> Kind | None:
    """Return the kind of the values of a type; ``None`` where it is none that can be computed with."""
    return next((kind for types, kind in _KINDS if issubclass(kept, types)), None)
