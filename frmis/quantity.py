"""Numbers with units, as people write them in a catalogue: ``6 h``, ``60 mm/h``, ``1.20 m``, ``2.5 m3/s``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from sdi.errors import InputError

UNITS: Mapping[str, Mapping[str, float]] = {
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "length": {"m": 1.0, "cm": 0.01, "mm": 0.001},
    "speed": {"m/s": 1.0},
    "rain intensity": {"mm/h": 1e-3 / 3600.0, "m/s": 1.0},
    "discharge": {"m3/s": 1.0, "l/s": 1e-3, "m3/h": 1.0 / 3600.0},
    "rate": {"1/s": 1.0, "1/min": 1.0 / 60.0, "1/h": 1.0 / 3600.0, "/s": 1.0, "/min": 1.0 / 60.0, "/h": 1.0 / 3600.0},
}
"""Factor to the SI unit, by kind of quantity and unit."""

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S+)\s*")


def quantity(text: object, kind: str) -> float:
    """Read a number with its unit.

    Parameters
    ----------
    text : str
        For example ``90 min``.
    kind : str
        A key of `UNITS`.

    Returns
    -------
    float [SI unit of the kind]

    Raises
    ------
    InputError
        If there is no number, no unit, or one of another kind.
    """
    units = UNITS[kind]
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[2] not in units:
        raise InputError(f"{text!r} is no {kind}; expected a number and one of the units {', '.join(units)}")
    value = float(match[1]) * units[match[2]]
    if not math.isfinite(value):
        raise InputError(f"{text!r} is too large for a {kind}")
    return value
