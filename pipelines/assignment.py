"""What somebody writes about one thing on the command line: values, names, codes and a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import shapely

from sdi.crs import StorageCRS
from sdi.declaration import Declaration
from sdi.errors import InputError
from sdi.place.address import PARTS

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_POINT = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})")
_NAME = re.compile(r"name(?:\.([a-z]{2,3}))?(?:\.([a-z]+))?")
ADDRESS = "address."
"""Begins the parts of an address."""
_WRITTEN_AS_JSON = ("boolean", "series")
"""Types of which a text is no value."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is said of one thing; empty where nothing is."""

    values: dict[str, Any] = field(default_factory=dict)
    """Fields of the register [units of the register]; an empty text says that there is no value."""
    names: dict[str, str | None] = field(default_factory=dict)
    """Names by language, or by language and kind."""
    identifiers: dict[str, str | None] = field(default_factory=dict)
    """Official codes by scheme."""
    address: dict[str, str | None] = field(default_factory=dict)
    """Parts of the address."""

    @property
    def empty(self) -> bool:
        """Whether nothing is said."""
        return not (self.values or self.names or self.identifiers or self.address)


def read(words: Sequence[str], declaration: Declaration) -> Assignment:
    """Read ``FIELD=VALUE`` and JSON objects.

    Parameters
    ----------
    words : sequence of str
        ``seats=4``, ``bench-tag=B7``, ``name=Ghế bên cầu`` (``name.en=`` for another language, ``name.vi.local=`` for a
        name beside the official one), ``address.house_number=12``, or one JSON object with the same keys; nothing
        behind the sign says that there is none any more.
    declaration : Declaration
        The register.

    Returns
    -------
    Assignment
        Not checked yet against types and codes; the register does that.

    Raises
    ------
    InputError
        If a word is neither, or the register has nothing of that name.
    """
    found = Assignment()
    for key, value in _pairs(words):
        named = _NAME.fullmatch(key)
        declared = declaration.field(key)
        if declared is not None:
            found.values[key] = _value(declared.type, value)
        elif key in declaration.schemes:
            found.identifiers[key] = _text(value)
        elif named and declaration.languages:
            found.names[_name_key(named, declaration)] = _text(value)
        elif key.startswith(ADDRESS) and declaration.address is not None:
            found.address[key.removeprefix(ADDRESS)] = _text(value)
        else:
            raise InputError(
                f"register {declaration.name} has no {key!r}; it has {', '.join(_known(declaration))}",
                code="field-unknown",
            )
    return found


def noted(words: Sequence[str], declaration: Declaration, history: str) -> dict[str, Any]:
    """Read what somebody notes of a thing, for a list of its register such as ``inspection``.

    Parameters
    ----------
    words : sequence of str
        ``condition=poor``, or one JSON object.
    declaration : Declaration
        The register.
    history : str
        Name of the list.

    Returns
    -------
    dict of str to value
        Not checked yet.
    """
    kinds = {field.name: field.type for one in declaration.events if one.name == history for field in one.fields}
    return {key: _value(kinds.get(key, "text"), value) for key, value in _pairs(words)}


def _name_key(named: re.Match[str], declaration: Declaration) -> str:
    """Return the language of a name, with its kind where it is not the official one."""
    language, kind = named[1] or declaration.languages[0], named[2]
    return f"{language}.{kind}" if kind else language


def _known(declaration: Declaration) -> Iterable[str]:
    """Return what may be said of a thing of a register."""
    first, *others = declaration.languages or (None,)
    names = ([] if first is None else ["name"]) + [f"name.{one}" for one in others]
    parts = [ADDRESS + part for part in PARTS] if declaration.address else []
    return [*(one.name for one in declaration.fields), *declaration.schemes, *names, *parts]


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Take words apart."""
    for word in words:
        if word.startswith("{"):
            yield from _members(word)
        else:
            key, sign, value = word.partition("=")
            if not sign:
                raise InputError(f"{word!r} says nothing; expected FIELD=VALUE or a JSON object", code="word-unknown")
            yield key.strip(), value


def _members(word: str) -> Iterator[tuple[str, Any]]:
    """Take a JSON object apart; names may stand in an object of their own."""
    try:
        said = orjson.loads(word)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{word!r} is no JSON object ({error})", code="json-invalid") from error
    for key, value in said.items():
        if key in ("name", "address") and isinstance(value, dict):
            yield from ((f"{key}.{part}", text) for part, text in value.items())
        else:
            yield key, value


def _text(value: Any) -> str | None:
    """Return a text, None where there is none."""
    return None if value in (None, "") else str(value)


def _value(kind: str, value: Any) -> Any:
    """Return the value of a field; those that a text cannot be are written as in JSON."""
    if kind not in _WRITTEN_AS_JSON or not isinstance(value, str) or not value:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"{value!r} is no {kind}; expected it as in JSON, such as true or [1, 2.5]", code="value-invalid"
        ) from error


def place(text: str, system: str, crs: StorageCRS) -> tuple[Any, Any]:
    """Read a place.

    Parameters
    ----------
    text : str
        ``LON,LAT`` (or easting and northing), WKT or a GeoJSON geometry [CRS ``system``].
    system : str
        Its CRS, easting or longitude first whatever its authority says.
    crs : StorageCRS
        Where it goes.

    Returns
    -------
    tuple of geometry [storage CRS] and geometry [CRS ``system``]

    Raises
    ------
    InputError
        If it is no place.
    """
    point = _POINT.fullmatch(text.strip())
    try:
        if point:
            given = shapely.Point(float(point[1]), float(point[2]))
        else:
            given = shapely.from_geojson(text) if text.lstrip().startswith("{") else shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise InputError(
            f"place {text!r} is not understood ({error}); expected LON,LAT, WKT or a GeoJSON geometry",
            code="place-invalid",
        ) from error
    return crs.to_storage(np.array([given], dtype=object), system)[0], given
