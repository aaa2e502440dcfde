"""The tide of a place: its harmonic constants, the prediction made of them, and the analysis that gives them.

A constituent is one of the frequencies with which sun and moon move the water. Its amplitude and its Greenwich phase
belong to the place and hold for decades; UTide knows the astronomy and the nodal corrections [1]_.

References
----------
.. [1] Codiga, D. L. (2011), Unified Tidal Analysis and Prediction Using the UTide Matlab Functions, technical report
   2011-01, Graduate School of Oceanography, University of Rhode Island.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import utide
from numpy.typing import NDArray
from utide.utilities import Bunch

from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import InputError

FloatArray = NDArray[np.float64]
Times = NDArray[np.datetime64]

SHORTEST_RECORD = np.timedelta64(29, "D")
"""Shorter records do not tell the constituents of a spring-neap cycle apart."""
CHUNK = 20_000
"""Times predicted at once, to bound memory."""

FREE = frozenset({"CC0-1.0", "CC BY 4.0", "Public domain"})
"""Licences under which constants may be reused with attribution; under another one they may only be shown."""

_INDEX = {str(name): position for position, name in enumerate(utide.ut_constants.const.name)}
KNOWN = frozenset(_INDEX)
"""Names of the constituents that UTide knows."""
_FREQUENCY = np.asarray(utide.ut_constants.const.freq, dtype=np.float64)
"""[cycle h-1]"""
_EXACT = Bunch(
    twodim=False, notrend=True, nodiagn=True, prefilt=[],
    nodsatlint=False, nodsatnone=False, gwchlint=False, gwchnone=False,
)  # fmt: skip
"""Astronomy and nodal corrections of each moment, neither linearised nor left out."""


@dataclass(frozen=True, slots=True)
class Constituent:
    """One harmonic of the tide at one place."""

    name: str
    """As UTide calls it: M2, K1, NO1, ..."""
    amplitude: float
    """[m]"""
    phase: float
    """Lag behind the equilibrium tide at Greenwich [degree]."""

    def __post_init__(self) -> None:
        if self.name not in KNOWN:
            raise InputError(f"the constituent {self.name!r} is not known; expected a name such as M2, K1, O1, S2, SA")
        if not 0 <= self.amplitude <= 20:
            raise InputError(
                f"the amplitude of {self.name} is {self.amplitude} m; expected 0 to 20 m: is the unit right?"
            )
        if not -360 <= self.phase <= 360:
            raise InputError(f"the phase of {self.name} is {self.phase}; expected degrees, -360 to 360")


@dataclass(frozen=True, slots=True)
class Constants:
    """What is known of the tide at one place."""

    name: str
    title: Label
    latitude: float
    """[degree, WGS 84]; the nodal corrections depend on it."""
    longitude: float
    """[degree, WGS 84]"""
    constituents: tuple[Constituent, ...]
    mean_level: float | None
    """Mean of the record [m, `vertical_datum`]; None where it was not published."""
    vertical_datum: str
    """Code of the zero of the mean level, as in the code list ``vertical_datum``; ``station`` is a zero of its own."""
    epoch: str
    """Interval from which the constants come, ISO 8601: ``2007-10-15/2025-06-30``."""
    source: str
    licence: str
    notice: Label | None = None
    """What must be said beside every use, for example that this is not the city's own gauge."""
    left_out: tuple[str, ...] = ()
    """Published constituents for which UTide has no astronomical argument."""

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise InputError(
                f"tide {self.name} lies at latitude {self.latitude}, longitude {self.longitude}; expected degrees, "
                "latitude -90 to 90, longitude -180 to 180: are they exchanged?"
            )
        names = [one.name for one in self.constituents]
        if not names or len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InputError(
                f"tide {self.name} has {', '.join(twice)} twice" if twice else f"tide {self.name} has no constituent"
            )

    @property
    def sha256(self) -> str:
        """SHA-256 of everything that decides a prediction, 64 hexadecimal digits."""
        harmonics = sorted((one.name, one.amplitude, one.phase) for one in self.constituents)
        said = [self.latitude, self.mean_level, self.vertical_datum, harmonics]
        return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()

    @property
    def terms(self) -> Licence:
        """What may be done with them, and with what is made of them."""
        return Licence(self.licence, "A" if self.licence in FREE else "B", self.source, bulk=self.licence in FREE)

    def constituent(self, name: str) -> Constituent:
        """Constituent of a name.

        Parameters
        ----------
        name : str
            As UTide calls it.

        Returns
        -------
        Constituent

        Raises
        ------
        InputError
            If the constants have none of that name.
        """
        found = next((one for one in self.constituents if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in self.constituents)
            raise InputError(f"tide {self.name} has no constituent {name!r}; it has {known}")
        return found


def predict(constants: Constants, times: Times) -> FloatArray:
    """Predict the tide, with the nodal corrections of each moment.

    Parameters
    ----------
    constants : Constants
        The place.
    times : ndarray (time,) of datetime64
        Moments, UTC.

    Returns
    -------
    ndarray (time,) [m, above mean level]
        Sum of all constituents; empty for no times.

    Raises
    ------
    InputError
        If a time is missing.
    """
    moments = np.asarray(times, dtype="datetime64[ms]")
    if np.isnat(moments).any():
        raise InputError("a time of the prediction is missing (NaT); give a moment for each value")
    coefficients = _coefficients(constants)
    parts = [
        utide.reconstruct(moments[start : start + CHUNK], coefficients, verbose=False).h
        for start in range(0, len(moments), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _coefficients(constants: Constants) -> Bunch:
    """Return constants as UTide's reconstruction takes them."""
    index = np.array([_INDEX[one.name] for one in constants.constituents])
    # The reference time takes part only where the astronomy is linearised.
    aux = Bunch(frq=_FREQUENCY[index], lind=index, lat=constants.latitude, reftime=0.0, opt=_EXACT)
    return Bunch(
        name=[one.name for one in constants.constituents],
        A=np.array([one.amplitude for one in constants.constituents]),
        g=np.array([one.phase for one in constants.constituents]),
        mean=0.0,
        aux=aux,
    )


def analyse(
    times: Times,
    level: FloatArray,
    *,
    name: str,
    title: Label,
    latitude: float,
    longitude: float,
    vertical_datum: str,
    source: str,
    licence: str,
    constituents: Sequence[str] | None = None,
) -> Constants:
    """Find the harmonic constants of an observed level by least squares.

    Parameters
    ----------
    times : ndarray (time,) of datetime64
        Moments, UTC, ascending.
    level : ndarray (time,) [m, ``vertical_datum``]
        Observed level; NaN where nothing was observed.
    name : str
        Name of the constants.
    title : Label
        The same for people.
    latitude, longitude : float [degree, WGS 84]
        Place of the gauge.
    vertical_datum : str
        Code of the zero of the level.
    source, licence : str
        Where the record comes from and what may be done with it.
    constituents : sequence of str, optional
        Names to fit; those that the length of the record tells apart (Rayleigh criterion) where not given.

    Returns
    -------
    Constants
        Constituents from the strongest to the weakest; a linear trend is fitted and left out.

    Raises
    ------
    InputError
        If the record is shorter than 29 days, disordered, or differs in length from its times.
    """
    moments = np.asarray(times, dtype="datetime64[ms]")
    values = np.asarray(level, dtype=np.float64)
    _check_record(moments, values)
    chosen: Any = "auto" if constituents is None else list(constituents)
    found = utide.solve(
        moments, values, lat=latitude, method="ols", conf_int="linear", constit=chosen, verbose=False
    )  # fmt: skip
    harmonics = zip(found.name.tolist(), found.A.tolist(), found.g.tolist(), strict=True)
    return Constants(
        name=name, title=title, latitude=latitude, longitude=longitude,
        constituents=tuple(Constituent(str(one), amplitude, phase) for one, amplitude, phase in harmonics),
        mean_level=float(found.mean), vertical_datum=vertical_datum,
        epoch=f"{np.datetime_as_string(moments[0], 'D')}/{np.datetime_as_string(moments[-1], 'D')}",
        source=source, licence=licence,
    )  # fmt: skip


def _check_record(moments: Times, values: FloatArray) -> None:
    """Refuse a record that cannot be analysed."""
    if moments.shape != values.shape or moments.ndim != 1:
        raise InputError(f"the record has {moments.size} times and {values.size} levels; expected one level each")
    if np.isnat(moments).any() or (np.diff(moments) <= np.timedelta64(0, "ms")).any():
        raise InputError("the times of the record do not ascend; sort them and remove those that stand twice")
    known = moments[np.isfinite(values)]
    if not known.size or known[-1] - known[0] < SHORTEST_RECORD:
        days = (known[-1] - known[0]) / np.timedelta64(1, "D") if known.size else 0.0
        raise InputError(
            f"the record covers {days:.1f} days; at least {SHORTEST_RECORD.astype(int)} are needed to tell the "
            "constituents of a spring-neap cycle apart",
            code="record-too-short",
        )
