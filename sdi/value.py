"""Values of fields: from what a caller gives to what the register keeps.

Columns are checked whole. A missing value is ``None`` whatever it was before (NaN, NaT, NA, an empty text); numbers
become Python's own; dates become ISO text. Nothing is guessed: a value of the wrong type is an error with its row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from sdi.declaration import CodeList, Declaration, Field
from sdi.errors import ConflictError, InputError
from sdi.history import ALWAYS, utc
from sdi.zone import GREENWICH

if TYPE_CHECKING:
    import pandas as pd  # a second of start-up that no command needs for this

Column = list[Any]


def plain(values: Sequence[Any] | np.ndarray[Any, Any] | pd.Series) -> Column:
    """Return a column as Python values with ``None`` where something is missing.

    Parameters
    ----------
    values : sequence (n,)
        Any sequence, array or series.

    Returns
    -------
    list (n,)
        Python's own values.
    """
    return [None if is_missing(value) or _is_empty(value) else _own(value) for value in _listed(values)]


def _is_empty(value: Any) -> bool:
    """Tell whether a value is an empty text."""
    return isinstance(value, str) and not value


def _listed(values: Sequence[Any] | np.ndarray[Any, Any] | pd.Series) -> Sequence[Any]:
    """Return the values of a column; numpy's instants as Python's, which it would give as numbers otherwise."""
    if isinstance(values, np.ndarray):
        listed: list[Any] = (values.astype("datetime64[us]") if values.dtype.kind == "M" else values).tolist()
        return listed
    return values if isinstance(values, list | tuple) else list(values)


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for nothing: ``None``, NaN, NaT, or NA of pandas."""
    if value is None:
        return True
    if isinstance(value, np.ndarray):  # a series: it stands for something even where all of it is missing
        return False
    try:
        return bool(value != value)
    except TypeError:  # NA, which will not say whether it equals itself
        return True


def _own(value: Any) -> Any:
    """Return a numpy scalar as Python's own value."""
    return value.item() if isinstance(value, np.generic) else value


def _text(field: Field, value: Any) -> str:
    text = str(value)
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueError(f"has {len(text)} characters, at most {field.max_length} are allowed")
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise ValueError(f"does not match {field.pattern}")
    return text


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError("is true or false, not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("is too large") from error
    if not math.isfinite(number):
        raise ValueError("is not finite")
    if field.minimum is not None and number < field.minimum:
        raise ValueError(f"lies below {field.minimum} {field.unit or ''}".rstrip())
    if field.maximum is not None and number > field.maximum:
        raise ValueError(f"lies above {field.maximum} {field.unit or ''}".rstrip())
    return number + 0.0  # zero has no sign: one store keeps it, the other does not, and the hash would tell them apart


def _integer(field: Field, value: Any) -> int:
    number = _number(field, value)
    if number != int(number):
        raise ValueError("is not a whole number")
    whole = int(value) if isinstance(value, int) else int(number)
    if not -(2**63) <= whole < 2**63:
        raise ValueError("is too large")
    return whole


def _boolean(_field: Field, value: Any) -> int:
    if value in (True, False, 0, 1):
        return int(value)
    raise ValueError("is neither true nor false")


def _date(_field: Field, value: Any) -> str:
    if isinstance(value, datetime):
        value = value.date()
    return date.fromisoformat(str(value)).isoformat()


def _datetime(_field: Field, value: Any) -> str:
    return utc(value, GREENWICH)


def _series(field: Field, value: Any) -> str:
    """Keep numbers in a row as JSON; a gap is ``null``, whatever it was before."""
    if isinstance(value, str | bytes | Mapping) or not np.iterable(value):
        raise TypeError("is no list of numbers")
    return orjson.dumps([None if one is None else _number(field, one) for one in plain(list(value))]).decode()


_KEEP: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "code": _text,
    "reference": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "series": _series,
}


def checked(
    field: Field,
    values: Sequence[Any],
    codes: CodeList | None = None,
    *,
    complete: bool = True,
    starts: Sequence[str] | None = None,
) -> Column:
    """Return a column as the register keeps it.

    Parameters
    ----------
    field : Field
        Declaration of the field.
    values : sequence (n,) [unit of the field]
        Values given.
    codes : CodeList, optional
        Codes that a ``code`` field may take.
    complete : bool
        Whether a required field must have a value in every row.
    starts : sequence of str (n,), optional
        Since when the values hold; a code must hold then, where the date is known.

    Returns
    -------
    list (n,) [unit of the field]
        Values kept.

    Raises
    ------
    InputError
        Naming field, row, value and what is allowed.
    """
    allowed = {code.code for code in codes.codes} if codes else None
    required = field.required and complete
    kept: Column = []
    for row, value in enumerate(plain(values)):
        try:
            kept.append(_kept(field, value, allowed, required=required))
        except (ValueError, TypeError) as error:
            raise InputError(
                f"field {field.name}, row {row}: {value!r} {error}",
                code="value-invalid",
                details={"field": field.name, "row": row, "value": repr(value)},
            ) from error
    if starts is not None and codes is not None and any(one.valid_from or one.valid_to for one in codes.codes):
        _refuse_expired(field, kept, codes, starts)
    return kept


def _refuse_expired(field: Field, kept: Column, codes: CodeList, starts: Sequence[str]) -> None:
    """Refuse codes of facts that begin where the code does not hold."""
    expired = {start: codes.expired(start) for start in set(starts) if start != ALWAYS}
    for row, (value, start) in enumerate(zip(kept, starts, strict=True)):
        why = expired.get(start, {}).get(value)
        if why is not None:
            raise InputError(
                f"field {field.name}, row {row}: {why}, but the fact begins on {start[:10]}",
                code="code-expired",
                details={"field": field.name, "row": row, "value": value},
            )


def _kept(field: Field, value: Any, allowed: set[str] | None, *, required: bool) -> Any:
    """Return one value as the register keeps it, or say what is wrong with it."""
    if value is None:
        if required:
            raise ValueError("is missing, but the field is required")
        return None
    kept = _KEEP[field.type](field, value)
    if allowed is not None and kept not in allowed:
        raise ValueError(f"is not in the code list {field.codes}")
    return kept


def refuse_fixed(
    declaration: Declaration, eid: str, values: Mapping[str, Any], held: Callable[[], Mapping[str, Any]]
) -> None:
    """Refuse to change what makes a thing what it is.

    Parameters
    ----------
    declaration : Declaration
        The register.
    eid : str
        The thing.
    values : mapping of str to value [units of the register]
        What shall hold from now on.
    held : callable
        Returns what held so far; asked only where something fixed is among the values.

    Raises
    ------
    ConflictError
        If a fixed field would have another value.
    """
    fixed = [one.name for one in declaration.fields if one.fixed and one.name in values]
    before = held() if fixed else {}
    for name in fixed:
        if values[name] != before[name]:
            raise ConflictError(
                f"{declaration.name} {eid}: {name} is {before[name]!r} for ever; end it and add another one with the "
                "new value, or correct it if it was recorded wrongly",
                code="field-fixed",
            )


def given(field: Field, kept: Any) -> Any:
    """Return a value of a register as it is handed out and published.

    Parameters
    ----------
    field : Field
        Declaration of the field.
    kept : value [unit of the field]
        As the register keeps it.

    Returns
    -------
    value [unit of the field]
        A truth as ``bool``, a series as a list of numbers with ``None`` where it has a gap; anything else as kept.
    """
    if kept is None or field.type not in ("boolean", "series"):
        return kept
    return bool(kept) if field.type == "boolean" else orjson.loads(kept)


def checked_columns(
    declaration: Declaration,
    codes: Mapping[str, CodeList],
    values: Mapping[str, Sequence[Any]],
    count: int,
    *,
    complete: bool = True,
    starts: Sequence[str] | None = None,
) -> dict[str, Column]:
    """Return all columns as the register keeps them.

    Parameters
    ----------
    declaration : Declaration
        The register.
    codes : mapping of str to CodeList
        Code lists of the catalogue.
    values : mapping of str to sequence (n,)
        Columns given, by field.
    count : int
        Number of rows n.
    complete : bool
        Whether required fields must be there.
    starts : sequence of str (n,), optional
        Since when the rows hold; codes must hold then.

    Returns
    -------
    dict of str to list (n,)
        One column for each field given, and for each required one.

    Raises
    ------
    InputError
        If a field is not declared, a column has another length, or a value is refused.
    """
    known = {field.name: field for field in declaration.fields}
    strange = sorted(set(values) - set(known))
    if strange:
        raise InputError(
            f"register {declaration.name} has no field {strange[0]!r}; it has {', '.join(known)}", code="field-unknown"
        )
    columns = {}
    for name, field in known.items():
        if name not in values:
            if field.required and complete:
                raise InputError(
                    f"field {name} of register {declaration.name} is required but not given", code="field-missing"
                )
            continue
        if len(values[name]) != count:
            raise InputError(f"field {name} has {len(values[name])} values for {count} things", code="length-differs")
        columns[name] = checked(field, values[name], codes.get(field.codes or ""), complete=complete, starts=starts)
    return columns
