"""Attributes of a thing in words: titles, units and code titles from the schema of its collection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdi.publishing.dictionary import localised
from spp.portal.wording import Words

_UNITS: Mapping[str, str | None] = {
    "1": None,
    "m2": "m²",
    "m3": "m³",
    "km2": "km²",
    "Cel": "°C",
    "deg": "°",
    "har": "ha",
}
"""UCUM codes that people write otherwise."""
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T00:00:00(\.0+)?Z?)?")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as a citizen reads it, in one language."""

    name: str
    """Name of the property."""
    title: str
    unit: str | None
    """Sign of the unit, ``None`` where there is none."""
    codes: Mapping[str, str] | None
    """Code to title, ``None`` where the values are no codes."""

    def text(self, value: object, words: Words) -> str:
        """Write a value.

        Parameters
        ----------
        value : object
            As published.
        words : Words
            Words of the page.

        Returns
        -------
        str
            Code title, number with unit, yes or no, day, or the text itself; empty for ``None``.
        """
        if value is None:
            return ""
        if self.codes and str(value) in self.codes:
            return self.codes[str(value)]
        if isinstance(value, bool):
            return words.say("value_yes" if value else "value_no")
        if isinstance(value, int | float):
            return f"{words.number(value)} {self.unit}" if self.unit else words.number(value)
        if isinstance(value, list):
            return self._series([one for one in value if one is not None], len(value), words)
        day = _DAY.fullmatch(str(value))
        return words.day(day[1]) if day else str(value)

    def _series(self, known: Sequence[float], count: int, words: Words) -> str:
        """Write how many numbers there are, and between which two they lie."""
        if not known:
            return words.number(count)
        low, high = words.number(min(known)), words.number(max(known))
        said = words.say("chart_values", count=words.number(count), low=low, high=high)
        return f"{said} {self.unit}" if self.unit else said


def attributes(schema: Mapping[str, Any], language: str) -> tuple[Attribute, ...]:
    """Attributes that a schema describes, in its order.

    Parameters
    ----------
    schema : mapping
        JSON Schema of a feature's properties.
    language : str
        ``vi`` or ``en``.

    Returns
    -------
    tuple of Attribute
        Without the geometry and the identifier of the feature.
    """
    properties: Mapping[str, Mapping[str, Any]] = localised(schema.get("properties", {}), language)
    return tuple(_attribute(name, one) for name, one in properties.items() if not _hidden(name, one))


def _hidden(name: str, schema: Mapping[str, Any]) -> bool:
    """Tell whether a property is no attribute: geometry or identifier."""
    return name in {"geometry", "id"} or schema.get("x-ogc-role") in {"primary-geometry", "id"}


def _attribute(name: str, schema: Mapping[str, Any]) -> Attribute:
    """Attribute of one property."""
    unit = schema.get("x-ogc-unit", schema.get("x-unit"))
    shown = _UNITS.get(unit, unit) if unit else None
    return Attribute(name, schema.get("title", name), shown, _codes(schema.get("oneOf", ())) or None)


def _codes(choices: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Code titles, where the property is a choice of constants."""
    return {str(one["const"]): one.get("title", str(one["const"])) for one in choices if "const" in one}
