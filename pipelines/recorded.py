"""What every result has in common when it is recorded: it says what must be said, and takes the place of the last."""

from __future__ import annotations

import textwrap
from typing import Any

from sdi import provenance
from sdi.declaration import Label
from sdi.register import Register
from sdi.registry import Registry
from sdi.store.description import RasterDescription
from sdi.transaction import Transaction

MAXIMUM_NOTICE = 500
"""Longest notice the registers keep [characters]."""

FEWEST = 5
"""Inhabited buildings that must stand behind a figure of people: the residents of one house are nobody's business."""
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


def people(residents: float, inhabited: float) -> int | None:
    """Tell how many people stand behind a figure, as far as it may be told.

    Parameters
    ----------
    residents : float [1]
        How many there are.
    inhabited : float [1]
        Buildings in which they live.

    Returns
    -------
    int or None
        In steps of `STEP`; None where fewer than `FEWEST` buildings stand behind it.
    """
    return round(residents / STEP) * STEP if inhabited >= FEWEST else None


def is_recorded(registry: Registry, written: RasterDescription) -> bool:
    """Tell whether the registry holds what belongs to these very rasters.

    Parameters
    ----------
    registry : Registry
        Where it would be.
    written : RasterDescription
        The rasters, shown or waiting.
    """
    last = provenance.last(registry, written.name)
    return last is not None and last[0] == written.version


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
            register.retire(eid, tx, valid_from=tx.recorded_at)
