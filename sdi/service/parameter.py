"""Values of query parameters, read and refused one by one."""

from __future__ import annotations

import math
import re
import unicodedata

from sdi.errors import InputError
from sdi.history import utc
from sdi.identity import is_identifier
from sdi.zone import GREENWICH

Box = tuple[float, float, float, float]
"""``(xmin, ymin, xmax, ymax)``; ``xmin > xmax`` crosses the antimeridian."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_END = r'([^():,"]{1,40}|"[^"(),]{1,40}")'
_SUBSET = re.compile(rf"[A-Za-z]\w{{0,30}}\({_END}(:{_END})?\)", re.ASCII)
_MAXIMUM_AXES = 8
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


def integer(name: str, text: str, *, minimum: int, maximum: int | None = None) -> int:
    """Read a whole number.

    Parameters
    ----------
    name : str
        Name of the parameter, for the message.
    text : str
        Its value.
    minimum : int
        Smallest value allowed.
    maximum : int, optional
        Larger values are cut to it, as Features 1 asks for ``limit``.

    Raises
    ------
    InputError
        If the text is no whole number or too small.
    """
    if not _INTEGER.fullmatch(text) or int(text) < minimum:
        raise InputError(f"parameter {name} is {text!r}; expected a whole number of at least {minimum}")
    return int(text) if maximum is None else min(int(text), maximum)


def truth(name: str, text: str) -> bool:
    """Read ``true`` or ``false``.

    Raises
    ------
    InputError
        If it is neither.
    """
    if text not in {"true", "false"}:
        raise InputError(f"parameter {name} is {text!r}; expected true or false")
    return text == "true"


def numbers(name: str, text: str) -> list[float]:
    """Read finite numbers separated by commas.

    Raises
    ------
    InputError
        If one of them is no finite number.
    """
    found = []
    for part in text.split(","):
        value = float(part) if _NUMBER.fullmatch(part.strip()) else math.nan
        if not math.isfinite(value):
            raise InputError(f"parameter {name} contains {part!r}; expected finite numbers separated by commas")
        found.append(value)
    return found


def box(text: str, *, latitude_first: bool = False) -> Box:
    """Read a bounding box of four numbers, or six with heights, which are left out.

    Parameters
    ----------
    text : str
        Lower corner, then upper corner.
    latitude_first : bool, optional
        The CRS of the box orders its axes latitude first.

    Returns
    -------
    tuple of float (4,)
        East-west first, whatever the order in the text.

    Raises
    ------
    InputError
        If there are not four or six finite numbers, or the lower corner lies above the upper one.
    """
    values = numbers("bbox", text)
    if len(values) not in {4, 6}:
        raise InputError(f"parameter bbox has {len(values)} numbers; expected 4, or 6 with heights")
    if len(values) == 6 and values[2] > values[5]:
        raise InputError(f"parameter bbox is {text!r}; expected the lower height before the upper one")
    half = len(values) // 2
    (x1, y1), (x2, y2) = values[:2], values[half : half + 2]
    if latitude_first:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if y1 > y2:
        raise InputError(f"parameter bbox is {text!r}; expected the southern edge before the northern one")
    return x1, y1, x2, y2


def check_globe(edges: Box) -> Box:
    """Refuse a box in longitude and latitude that leaves the globe.

    Raises
    ------
    InputError
        If a longitude lies outside -180 to 180 or a latitude outside -90 to 90.
    """
    if max(abs(edges[0]), abs(edges[2])) > 180 or max(abs(edges[1]), abs(edges[3])) > 90:
        raise InputError(f"bbox {edges} leaves the globe; expected longitudes -180 to 180 and latitudes -90 to 90")
    return edges


def check_subset(text: str) -> str:
    """Refuse a subset that is not of the form pygeoapi reads, whose own look takes minutes over a hostile one.

    Raises
    ------
    InputError
        If it is no list of ``axis(value)`` or ``axis(lower:upper)``.
    """
    asked = text.split(",", _MAXIMUM_AXES)
    if len(asked) > _MAXIMUM_AXES or not all(_SUBSET.fullmatch(one) for one in asked):
        raise InputError(f"parameter subset is {text[:100]!r}; expected axis(value) or axis(lower:upper), and commas")
    return text


def typed(name: str, text: str, schema: dict[str, object]) -> str:
    """Check the value of a queryable against its schema.

    Parameters
    ----------
    name : str
        Name of the property.
    text : str
        Value asked for.
    schema : dict
        JSON Schema of the property.

    Returns
    -------
    str
        The value as the publication compares it.

    Raises
    ------
    InputError
        If no feature could have this value: wrong type, or not in the list of codes.
    """
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    allowed = codes(schema)
    if allowed and text not in allowed:
        raise InputError(f"parameter {name} is {text!r}; expected one of {', '.join(allowed)}")
    if not any(_fits(text, one, schema.get("format")) for one in kinds):
        raise InputError(f"parameter {name} is {text!r}; expected {_expected(kinds, schema.get('format'))}")
    if schema.get("format") == "uuid":
        return text.lower()
    return utc(text, GREENWICH) if schema.get("format") == "date-time" else unicodedata.normalize("NFC", text)


def codes(schema: dict[str, object]) -> list[str]:
    """Values a property may take, where its schema lists them.

    Parameters
    ----------
    schema : dict
        JSON Schema of the property.

    Returns
    -------
    list of str
        Empty where the schema lists none.
    """
    listed, choices = schema.get("enum"), schema.get("oneOf")
    if isinstance(listed, list):
        return [str(value) for value in listed if value is not None]
    if isinstance(choices, list):
        return [str(choice["const"]) for choice in choices if isinstance(choice, dict) and "const" in choice]
    return []


def _fits(text: str, kind: object, format_: object) -> bool:
    """Tell whether a text can be read as a JSON type."""
    if kind == "integer":
        return bool(_INTEGER.fullmatch(text))
    if kind == "number":
        return bool(_NUMBER.fullmatch(text)) and math.isfinite(float(text))
    if kind == "boolean":
        return text in {"true", "false"}
    if kind == "string" and format_ in {"date", "date-time"}:
        return bool(_MOMENT.fullmatch(text))
    if kind == "string" and format_ == "uuid":
        return is_identifier(text.lower())
    return kind in {"string", None}


def _expected(kinds: list[object], format_: object) -> str:
    """Say in words what was expected."""
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return words.get(str(kinds[0]), f"a text of format {format_}" if format_ else "a text")
