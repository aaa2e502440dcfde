"""What somebody points at: a spot, a parcel by its number, an address; and how such a text is read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sdi.errors import InputError
from sdi.text import fold

LONGEST = 200
"""Longest text that is looked at [characters]."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_PAIR = re.compile(rf"({_NUMBER})(?:\s*[,;]\s+|\s*;\s*|\s+)({_NUMBER})")
_TIGHT = re.compile(r"([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)")
_SHEET = re.compile(
    r"(?:(?:to(?: ban do)?|sheet)\s*(?:so\s*)?)?([0-9a-z.-]+)\s*(?:[/,;]\s*|\s+)"
    r"(?:(?:thua(?: dat)?|parcel|number)\s*(?:so\s*)?)?([0-9a-z.-]+)"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A spot; whether it is longitude and latitude or a place of the storage CRS shows where it lies."""

    x: float
    """Longitude or latitude [degree], or easting or northing [m, storage CRS]."""
    y: float
    """The other one."""

    @classmethod
    def read(cls, text: str) -> Point:
        """Read two numbers.

        Parameters
        ----------
        text : str
            Such as ``10.0345, 105.7812``, ``10,0345 105,7812`` or ``578000 1115000``.

        Raises
        ------
        InputError
            If the text is no pair of numbers.
        """
        found = _TIGHT.fullmatch(_short(text)) or _PAIR.fullmatch(text.strip())
        if found is None:
            raise InputError(
                f"{text!r} is no pair of coordinates; expected for example 105.7812,10.0345", code="point-invalid"
            )
        return cls(*(float(one.replace(",", ".")) for one in found.groups()))

    def __post_init__(self) -> None:
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise InputError(f"({self.x}, {self.y}) is no place; expected two finite numbers", code="point-invalid")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel, by what somebody calls it."""

    text: str
    """Official code of any scheme, identifier of the thing, or map sheet and number such as ``7/12``."""

    def __post_init__(self) -> None:
        _short(self.text)

    @property
    def eid(self) -> str | None:
        """Identifier of the thing, where the text is one."""
        text = self.text.strip().lower()
        return text if _UUID.fullmatch(text) else None

    @property
    def sheet_and_number(self) -> tuple[str, str] | None:
        """Map sheet and parcel number, where the text is both."""
        found = _SHEET.fullmatch(fold(self.text.strip()))
        return (found[1].upper(), found[2].upper()) if found else None


@dataclass(frozen=True, slots=True)
class Address:
    """A parcel, by its address."""

    text: str

    def __post_init__(self) -> None:
        _short(self.text)


Place = Point | Parcel | Address


def read_place(text: str) -> Place:
    """Tell from a text what it points at, for who has one box to type in.

    Parameters
    ----------
    text : str
        Coordinates, a parcel or an address.

    Returns
    -------
    Point, Parcel or Address
        Two numbers with a point or of four digits are a spot; one word with a digit, or a sheet and a number, is a
        parcel; the rest is an address.

    Raises
    ------
    InputError
        If the text is empty or too long.
    """
    short = _short(text)
    if _TIGHT.fullmatch(short) or _PAIR.fullmatch(short):
        point = Point.read(short)
        if not (point.x.is_integer() and point.y.is_integer()) or min(abs(point.x), abs(point.y)) >= 1000:
            return point
    parcel = Parcel(short)
    lone = " " not in short and any(letter.isdigit() for letter in short)
    numbered = parcel.sheet_and_number is not None and re.search(r"\b(to|thua|sheet|parcel)\b", fold(short))
    digits = re.fullmatch(r"\d+\s*[/,; ]\s*\d+", short)
    return parcel if parcel.eid or lone or numbered or digits else Address(short)


def _short(text: str) -> str:
    """Return a text without spaces at its ends, refused where it is empty or nobody can mean it."""
    if not text.strip():
        raise InputError("nothing is asked for; give coordinates, a parcel or an address", code="place-empty")
    if len(text) > LONGEST:
        raise InputError(
            f"the text has {len(text)} characters; a place is named in at most {LONGEST}", code="place-too-long"
        )
    return text.strip()
