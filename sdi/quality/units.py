"""Units in which suppliers deliver, and their way to the unit of the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdi.errors import InputError


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its relation to the base unit of its dimension: base = value * factor + offset."""

    dimension: str
    factor: float
    offset: float = 0.0


_FOOT = 0.3048
_GALLON = 3.785411784e-3
_HOUR = 3600.0

_UNITS: Mapping[str, Unit] = {
    "mm": Unit("length", 1e-3), "cm": Unit("length", 1e-2), "dm": Unit("length", 0.1), "m": Unit("length", 1.0),
    "km": Unit("length", 1e3), "inch": Unit("length", _FOOT / 12), "ft": Unit("length", _FOOT),
    "us-ft": Unit("length", 1200 / 3937), "yd": Unit("length", 3 * _FOOT), "mi": Unit("length", 5280 * _FOOT),
    "cm2": Unit("area", 1e-4), "m2": Unit("area", 1.0), "ha": Unit("area", 1e4), "km2": Unit("area", 1e6),
    "ft2": Unit("area", _FOOT**2), "acre": Unit("area", 43560 * _FOOT**2),
    "l": Unit("volume", 1e-3), "m3": Unit("volume", 1.0), "gal": Unit("volume", _GALLON),
    "ft3": Unit("volume", _FOOT**3),
    "m3/s": Unit("flow", 1.0), "m3/h": Unit("flow", 1 / _HOUR), "m3/d": Unit("flow", 1 / (24 * _HOUR)),
    "l/s": Unit("flow", 1e-3), "gal/min": Unit("flow", _GALLON / 60), "ft3/s": Unit("flow", _FOOT**3),
    "m/s": Unit("speed", 1.0), "km/h": Unit("speed", 1 / 3.6), "mm/h": Unit("speed", 1e-3 / _HOUR),
    "pa": Unit("pressure", 1.0), "kpa": Unit("pressure", 1e3), "bar": Unit("pressure", 1e5),
    "psi": Unit("pressure", 6894.757293168),
    "w": Unit("power", 1.0), "kw": Unit("power", 1e3), "mw": Unit("power", 1e6), "hp": Unit("power", 745.6998715822702),
    "v": Unit("voltage", 1.0), "kv": Unit("voltage", 1e3),
    "g": Unit("mass", 1e-3), "kg": Unit("mass", 1.0), "t": Unit("mass", 1e3),
    "s": Unit("time", 1.0), "min": Unit("time", 60.0), "h": Unit("time", _HOUR), "d": Unit("time", 24 * _HOUR),
    "k": Unit("temperature", 1.0), "degc": Unit("temperature", 1.0, 273.15),
    "degf": Unit("temperature", 5 / 9, 273.15 - 32 * 5 / 9),
    "1": Unit("ratio", 1.0), "%": Unit("ratio", 1e-2), "permille": Unit("ratio", 1e-3),
    "deg": Unit("angle", 1.0),
}  # fmt: skip
"""Factors: international foot and US survey foot of 1959, US gallon, mechanical horsepower."""

_ALIASES: Mapping[str, str] = {
    "in": "inch", "[in_i]": "inch", '"': "inch", "inches": "inch", "[ft_i]": "ft", "foot": "ft", "feet": "ft",
    "ftus": "us-ft", "[ft_us]": "us-ft", "[yd_i]": "yd", "yard": "yd", "[mi_i]": "mi", "mile": "mi", "metre": "m",
    "meter": "m", "m²": "m2", "km²": "km2", "m³": "m3", "m³/s": "m3/s", "[acr_us]": "acre", "hectare": "ha",
    "cel": "degc", "°c": "degc", "[degf]": "degf", "°f": "degf", "percent": "%", "litre": "l", "tonne": "t",
}  # fmt: skip


def unit(name: str) -> Unit | None:
    """Find a unit.

    Parameters
    ----------
    name : str
        UCUM code or the name people write, any case.

    Returns
    -------
    Unit or None
        None where it is not known.
    """
    # Megawatt and milliwatt differ by case alone; nobody measures a city in milliwatts.
    key = name.strip().lower()
    return _UNITS.get(_ALIASES.get(key, key))


def conversion(source: str, target: str) -> tuple[float, float]:
    """Find how a value in one unit becomes one in another: value * factor + offset.

    Parameters
    ----------
    source : str
        Unit of the delivered values.
    target : str
        Unit of the register.

    Returns
    -------
    tuple of 2 float
        Factor and offset.

    Raises
    ------
    InputError
        If a unit is not known, or they measure different things.

    Examples
    --------
    >>> conversion("inch", "cm")
    (2.54, 0.0)
    """
    if source == target:
        return 1.0, 0.0
    one, other = unit(source), unit(target)
    if one is None or other is None:
        name = source if one is None else target
        raise InputError(f"unit {name!r} is not known; known are {', '.join(_UNITS)}", code="unit-unknown")
    if one.dimension != other.dimension:
        found = f"{source!r} is a {one.dimension}, {target!r} a {other.dimension}"
        raise InputError(f"{found}; correct the unit in the entry", code="unit-differs")
    return float(f"{one.factor / other.factor:.15g}"), float(f"{(one.offset - other.offset) / other.factor:.15g}")
