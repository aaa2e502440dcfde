"""What every result has in common when it is recorded: it says what must be said, and takes the place of the last."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from sdi.declaration import Label
from sdi.grid import FloatArray
from sdi.register import Register
from sdi.transaction import Transaction

MAXIMUM_NOTICE = 500
"""Longest notice the registers keep [characters]."""

FEWEST = 5
"""Inhabited buildings that must stand behind a figure of people: the residents of one house are nobody's business."""
DOMINANT = 0.8
"""Largest share of a figure of people that one building may have [1]: a block beside four huts would stand alone."""
STEP = 10
"""People are told in steps of this many, so that two figures that differ by one house do not tell its residents."""


def short(notice: Label | None) -> str | None:
    """Return what a register keeps of a notice.

    Parameters
    ----------
    notice : Label or None
        What must be said beside a result.

    Returns
    -------
    str or None
        In Vietnamese, cut after a word where it is too long; None where nothing must be said.
    """
    if notice is None or not notice.vi:
        return None
    return textwrap.shorten(notice.vi, MAXIMUM_NOTICE, placeholder=" …")


def people(residents: FloatArray) -> int | None:
    """Tell how many people live in buildings, as far as it is known and may be told.

    Parameters
    ----------
    residents : ndarray (building,) [1]
        Residents of each building, NaN where nobody recorded them.

    Returns
    -------
    int or None
        In steps of `STEP`; None where the residents of a building are not known, fewer than `FEWEST` buildings are
        inhabited, or more than the share `DOMINANT` lives in one of them.

    References
    ----------
    Hundepool et al. (2010), Handbook on Statistical Disclosure Control, version 1.2, ESSnet SDC, chapter 4: the minimum
    frequency rule, and the (n,k)-dominance rule with n = 1 and k = 80.

    Examples
    --------
    Five houses of 4, 4, 4, 4 and 7 people are told as 20; four of 1 and a block of 96 are not told.
    """
    total = residents.sum()
    if np.isnan(total) or np.count_nonzero(residents) < FEWEST or residents.max() > DOMINANT * total:
        return None
    return round(float(total) / STEP) * STEP


def retire_last(register: Register, tx: Transaction, **values: Any) -> None:
    """Retire the things of an earlier result.

    Parameters
    ----------
    register : Register
        Register of the result.
    tx : Transaction
        The transaction that records the new one.
    **values
        What marks them: fields with their values, all of which a thing must have.
    """
    held = register.table(*values)
    for eid, *said in zip(held.eids, *held.values.values(), strict=True):
        if said == list(values.values()):
            register.retire(eid, tx, valid_from=tx.moment)
