"""How a layer is drawn, free of any map library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdi.declaration import Label
from sdi.entry import Scalar


@dataclass(frozen=True, slots=True)
class Symbol:
    """Look of a feature."""

    color: str
    """Fill, line or circle colour, ``#rrggbb``."""
    width: float = 1.0
    """Line width or circle radius on the screen [px]."""
    opacity: float = 1.0
    """0 is invisible, 1 is solid [1]."""


@dataclass(frozen=True, slots=True)
class StyleClass:
    """One line of the legend."""

    value: Scalar
    """Value of the field the style is drawn by."""
    color: str
    title: Label


@dataclass(frozen=True, slots=True)
class Style:
    """Look and legend of a layer."""

    name: str
    geometry: Literal["fill", "line", "circle"]
    default: Symbol
    by: str | None = None
    """Field whose value chooses the class; None draws everything alike."""
    classes: tuple[StyleClass, ...] = ()
    alternatives: str | None = None
    """Field whose values exclude each other, such as a scenario: things of one value are drawn at a time; None draws
    everything."""
    minzoom: float = 0.0
    """Smallest zoom level at which the layer is drawn [1]."""
