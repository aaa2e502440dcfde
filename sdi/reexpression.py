"""Statistics across a reform: figures of one set of units, said again for the units of a later date.

Only counts of something that lies in the units can be said again: people, trees, square metres. A rate is made anew
from its two counts. Where a unit was divided a weight is needed, and it is always named: nothing is shared out
silently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.errors import InputError, IntegrityError, RefusedError
from sdi.history import TERMINAL, instant
from sdi.lineage import SLACK
from sdi.passage import Passage, Past

if TYPE_CHECKING:
    from sdi.registry import Registry

Weight = Literal["population", "area", "exact"]
KEPT = 1e-9
"""How far the total may be from what it was, as a part of all that was given [1]."""


@dataclass(frozen=True, slots=True)
class Reexpressed:
    """Figures said again for the units of another date."""

    values: Mapping[str, float]
    """By unit, in the unit of what was given."""
    estimated: frozenset[str]
    """Units whose figure rests on a divided unit or on an estimated share; the others are sums of what was given."""
    weight: Weight
    sources: tuple[str, ...]
    """Who says what became of the units."""
    disputed: bool
    """Another source says something else; see `Lineage.conflicts`."""


@dataclass(slots=True)
class _Sheet:
    """Figures on their way through time."""

    values: dict[str, float]
    estimated: set[str]
    sources: list[str]
    missing: list[tuple[str, str | None]]
    disputed: bool = False


def reexpress(
    registry: Registry,
    values: Mapping[str, float],
    at: str,
    to: str,
    *,
    weight: Weight,
    sources: Sequence[str] | None = None,
    recorded: int | str | None = None,
) -> Reexpressed:
    """Say the figures of the units of one date for those of a later one.

    Parameters
    ----------
    registry : Registry
        Where the units and their lineage are recorded.
    values : mapping of str to float
        Counts by unit, any unit of measure.
    at : str
        Date of the units given, ISO 8601.
    to : str
        Date of the units wanted.
    weight : {'population', 'area', 'exact'}
        Share by which a divided unit is shared out; ``exact`` refuses to share out: count again with `recount`.
    sources : sequence of str, optional
        Sources of lineage that are believed, as for :meth:`Registry.resolve`.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date.

    Returns
    -------
    Reexpressed
        Their sum is the sum of what was given.

    Raises
    ------
    InputError
        If the dates run backwards, a figure is not finite, or a unit was not in force.
    RefusedError
        If a share is unknown or, with ``exact``, would be needed; lists all of them.
    """
    start, end = instant(at), instant(to)
    if end < start:
        raise InputError(
            f"figures of {at} cannot be said for the units of {to}: what was put together has no known parts; "
            "say the older figures for the newer units instead",
            code="reexpression-backwards",
        )
    past = Past(registry, sources, recorded)
    for unit, value in values.items():
        if not past.life(unit).holds(start) or not math.isfinite(value):
            raise InputError(f"unit {unit} was not in force on {at}, or its figure {value!r} is no number")
    sheet = _Sheet(dict(values), set(), [], [])
    moment = start
    while following := _next_date(past, sheet, moment, end):
        moment = following
        _pass_on(past, sheet, moment, weight)
    _refuse_missing(sheet, weight)
    _refuse_loss(values, sheet.values)
    return Reexpressed(
        sheet.values, frozenset(sheet.estimated), weight, tuple(dict.fromkeys(sheet.sources)), sheet.disputed
    )


def _next_date(past: Past, sheet: _Sheet, after: str, until: str) -> str | None:
    """Return the next date at which something happens to a unit; ``None`` where nothing does."""
    dates = [date for unit in sheet.values for date in past.passages(unit)]
    dates += [past.life(unit).end for unit in sheet.values if past.life(unit).status in TERMINAL]
    return min((date for date in dates if after < date <= until), default=None)


def _pass_on(past: Past, sheet: _Sheet, moment: str, weight: Weight) -> None:
    """Let the figures of all units to which something happens at a date go over, all at once."""
    before = dict(sheet.values)
    for unit, value in before.items():
        passages, ends = past.passages(unit).get(moment, ()), past.life(unit).end == moment
        if not passages and not ends:
            continue
        shares = _shares(sheet, unit, passages, weight, ends=ends)
        sheet.disputed |= any(one.disputed for one in passages)
        sheet.sources += [source for one in passages for source in one.sources]
        guessed = unit in sheet.estimated
        if ends:
            del sheet.values[unit]
            sheet.estimated.discard(unit)
        else:
            sheet.values[unit] -= value * math.fsum(shares)
            sheet.estimated.add(unit)
        for one, share in zip(passages, shares, strict=True):
            sheet.values[one.child] = sheet.values.get(one.child, 0.0) + value * share
            if guessed or one.estimated or share not in (0.0, 1.0):
                sheet.estimated.add(one.child)


def _shares(sheet: _Sheet, unit: str, passages: Sequence[Passage], weight: Weight, *, ends: bool) -> list[float]:
    """Return the parts of a unit that go over; what is missing is put down, and nothing of the unit goes over then."""
    found = [one.population if weight == "population" else one.area for one in passages]
    if weight == "exact":
        found = [one.area if one.area in (0.0, 1.0) else None for one in passages]
    missing: list[tuple[str, str | None]] = [
        (unit, one.child) for one, share in zip(passages, found, strict=True) if share is None
    ]
    known = [share for share in found if share is not None]
    total = math.fsum(known)
    if not missing and ((ends and abs(total - 1) > SLACK) or total > 1 + SLACK):
        missing = [(unit, None)]
    sheet.missing += missing
    if missing:
        return [0.0] * len(passages)
    return [share / total for share in known] if ends else known


def _refuse_missing(sheet: _Sheet, weight: Weight) -> None:
    """Refuse figures of which a part is not known to go anywhere.

    Raises
    ------
    RefusedError
        Listing what is missing.
    """
    if sheet.missing:
        told = "; ".join(f"{parent} to {child or 'whatever followed it'}" for parent, child in sheet.missing)
        need = "count again with recount" if weight == "exact" else f"record the {weight} shares, or weigh by another"
        raise RefusedError(
            f"the {weight} share is unknown of {told}: {need}",
            code="shares-unknown",
            details={"missing": [list(pair) for pair in sheet.missing]},
        )


def _refuse_loss(given: Mapping[str, float], made: Mapping[str, float]) -> None:
    """Refuse to return figures whose sum is another.

    Raises
    ------
    IntegrityError
        With both sums.
    """
    before, after = math.fsum(given.values()), math.fsum(made.values())
    if abs(after - before) > KEPT * math.fsum(map(abs, given.values())):
        raise IntegrityError(f"the sum of the figures was {before!r} and became {after!r}; this is a mistake of ours")


def recount(places: NDArray[np.object_], units: Mapping[str, Any]) -> list[str | None]:
    """Say in which unit each thing lies, so that it is counted in exactly one.

    A thing is where its interior point is; on a common boundary the unit with the lowest identifier has it.

    Parameters
    ----------
    places : ndarray (n,) of shapely geometry [storage CRS]
        Where the things are.
    units : mapping of str to shapely geometry [storage CRS]
        Areas of the units.

    Returns
    -------
    list of str or None (n,)
        Identifiers of the units; ``None`` where a thing lies in none.
    """
    eids = sorted(units)
    tree = shapely.STRtree([units[eid] for eid in eids])
    things, found = tree.query(shapely.point_on_surface(places), predicate="intersects")
    first: dict[int, int] = {}
    for thing, unit in zip(things.tolist(), found.tolist(), strict=True):
        first[thing] = min(unit, first.get(thing, unit))
    return [eids[first[thing]] if thing in first else None for thing in range(len(places))]
