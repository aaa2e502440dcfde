"""Risk: what floods of all sizes cost in an average year.

The same damages give different figures by different rules, so a figure is never told without its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from sdi.errors import InputError
from sdi.grid import FloatArray

Rule = Literal["log-linear", "trapezoid", "sum-frequency"]
DEFAULT_RULE: Rule = "log-linear"


def expected_annual_damage(return_period: FloatArray, damage: FloatArray, rule: Rule = DEFAULT_RULE) -> FloatArray:
    """Integrate damage over the annual exceedance frequency, f = 1 / return period.

    Floods rarer than the rarest are taken to do what that one does, floods more frequent than the most frequent to do
    nothing.

    - ``log-linear``: damage is linear in ln f between two return periods.
    - ``trapezoid``: damage is linear in f.
    - ``sum-frequency``: the sum of f times damage. It takes each map for an event that happens with that frequency;
      where it is *exceeded* with that frequency, as maps of return periods are, rare floods are counted again and what
      lies between two maps is not counted at all.

    Parameters
    ----------
    return_period : ndarray (event,) [year]
        1 or more, each once, in any order.
    damage : ndarray (event, ...) [any currency]
        Damage of each event; the events stand in the first place.
    rule : {'log-linear', 'trapezoid', 'sum-frequency'}
        How it is done.

    Returns
    -------
    ndarray (...) [currency per year]
        0 where nothing is damaged.

    Raises
    ------
    InputError
        If a return period is below 1, not finite or given twice, a damage is negative or missing, or there is none.

    References
    ----------
    Deltares, Delft-FIAT 0.4, methods/ead.py (log-linear). Aznar-Siguan, G. and Bresch, D. N. (2019), CLIMADA v1,
    Geoscientific Model Development 12, 3085-3097, equation 3 (sum-frequency).

    Examples
    --------
    >>> float(expected_annual_damage(np.array([10.0]), np.array([5.0])))
    0.5
    >>> expected_annual_damage(np.array([2.0, 10.0]), np.zeros((2, 0))).tolist()
    []
    """
    period, cost = np.asarray(return_period, dtype=float), np.asarray(damage, dtype=float)
    _check(period, cost)
    if rule not in _WEIGHTS:
        raise InputError(f"no rule {rule!r} of integration; there are {', '.join(_WEIGHTS)}", code="rule-unknown")
    order = np.argsort(period)
    return np.asarray(np.tensordot(_WEIGHTS[rule](1 / period[order]), cost[order], axes=1))


def _check(period: FloatArray, cost: FloatArray) -> None:
    """Refuse what cannot be integrated."""
    if period.ndim != 1 or not period.size or cost.shape[:1] != period.shape:
        raise InputError(
            f"{period.size} return periods stand beside {cost.shape[:1]} damages; expected one damage each"
        )
    wrong = period[~(np.isfinite(period) & (period >= 1))]
    if wrong.size:
        raise InputError(f"a return period of {wrong[0]:g} years; expected 1 or more: an annual probability of 0 to 1")
    if np.unique(period).size != period.size:
        raise InputError(f"a return period is given twice: {sorted(period.tolist())} years; give each once")
    if not (cost >= 0).all():
        raise InputError("a damage is negative or missing; expected 0 or more for every event")


def _log_linear(frequency: FloatArray) -> FloatArray:
    """Weight of each damage where damage is linear in ln f; frequencies fall.

    Between f1 and f2 the integral of D is w1 D1 + w2 D2 with w2 = f1 - f2 - w1 and, L being ln(f1 / f2),
    w1 = f1 - (f1 - f2) / L.
    """
    high, low = frequency[:-1], frequency[1:]
    first = high - (high - low) / np.log(high / low)
    return _joined(frequency, first, high - low - first)


def _trapezoid(frequency: FloatArray) -> FloatArray:
    """Weight of each damage where damage is linear in f."""
    half = (frequency[:-1] - frequency[1:]) / 2
    return _joined(frequency, half, half)


def _joined(frequency: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Add up the weights at both ends of every interval, and what is rarer than the rarest."""
    weights = np.zeros_like(frequency)
    weights[:-1] += first
    weights[1:] += second
    weights[-1] += frequency[-1]
    return weights


_WEIGHTS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "log-linear": _log_linear, "trapezoid": _trapezoid, "sum-frequency": lambda frequency: frequency,
}  # fmt: skip
RULES = tuple(_WEIGHTS)
