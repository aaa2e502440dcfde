"""Statistics across a reform: figures of one set of units, said again for the units of a later date.

Only counts of something that lies in the units can be said again: people, trees, square metres. A rate is made anew
from its two counts. Where a unit was divided a weight is needed, and it is always named: nothing is shared out
silently. A part that a source states as a number («330 people moved») goes over as that number where the figures count
the same; what is left goes to the only other successor, else it is not known whose it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.errors import InputError, IntegrityError, RefusedError
from sdi.history import TERMINAL, instant
from sdi.lineage.passage import Passage, Past
from sdi.lineage.step import PARTIAL, SLACK

if TYPE_CHECKING:
    from sdi.registry import Registry

Weight = Literal["population", "area", "exact"]
Counted = Literal["people", "m2"]
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
    unshared: Mapping[str, float]
    """By unit that was divided: what nobody says to have gone to which of its successors, in the unit of the figures.
    Together with `values` it sums to what was given."""
    incomplete: frozenset[str]
    """Units that some of that belongs to: their figure is what is known of it."""


@dataclass(slots=True)
class _Sheet:
    """Figures on their way through time."""

    values: dict[str, float]
    weight: Weight
    counted: Counted | None
    estimated: set[str] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)
    unshared: dict[str, float] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    missing: list[tuple[str, str | None]] = field(default_factory=list)
    stated: list[Passage] = field(default_factory=list)
    """What is known of the parts of which the share is missing."""
    disputed: bool = False


def reexpress(
    registry: Registry,
    values: Mapping[str, float],
    at: str,
    to: str,
    *,
    weight: Weight,
    counted: Counted | None = None,
    partial: bool = False,
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
    counted : {'people', 'm2'}, optional
        What the figures count, so that a part that is stated as such a number goes over where no share is known.
    partial : bool
        Say what is known and leave the rest with the divided unit, instead of refusing.
    sources : sequence of str, optional
        Sources of lineage that are believed, as for :meth:`Registry.resolve`.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date.

    Returns
    -------
    Reexpressed
        The sum of what was said again and of what was left is the sum of what was given.

    Raises
    ------
    InputError
        If the dates run backwards, a figure is not finite, or a unit was not in force.
    RefusedError
        If a share is unknown or, with ``exact``, would be needed; lists all of them, and what is known of them. Not
        with `partial`.
    """
    start, end = instant(at, registry.zone), instant(to, registry.zone)
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
    sheet = _Sheet(dict(values), weight, counted)
    moment: str = start
    while following := _next_date(past, sheet, moment, end):
        moment = following
        _pass_on(past, sheet, moment)
    if not partial:
        _refuse_missing(sheet)
    _refuse_loss(values, [*sheet.values.values(), *sheet.unshared.values()])
    return Reexpressed(
        sheet.values, frozenset(sheet.estimated), weight, tuple(dict.fromkeys(sheet.sources)), sheet.disputed,
        sheet.unshared, frozenset(sheet.incomplete),
    )  # fmt: skip


def _next_date(past: Past, sheet: _Sheet, after: str, until: str) -> str | None:
    """Return the next date at which something happens to a unit; ``None`` where nothing does."""
    dates = [date for unit in sheet.values for date in past.passages(unit)]
    dates += [past.life(unit).end for unit in sheet.values if past.life(unit).status in TERMINAL]
    return min((date for date in dates if after < date <= until), default=None)


def _pass_on(past: Past, sheet: _Sheet, moment: str) -> None:
    """Let the figures of all units to which something happens at a date go over, all at once."""
    before = dict(sheet.values)
    for unit, value in before.items():
        passages, ends = past.passages(unit).get(moment, ()), past.life(unit).end == moment
        if not passages and not ends:
            continue
        parts = _parts(sheet, unit, value, passages, ends=ends)
        sheet.disputed |= any(one.disputed for one in passages)
        sheet.sources += [source for one in passages for source in one.sources]
        _hand_over(sheet, unit, passages, parts, ends=ends)


def _hand_over(
    sheet: _Sheet, unit: str, passages: Sequence[Passage], parts: Sequence[float | None], *, ends: bool
) -> None:
    """Give the known parts of a unit to those that they went to; the rest is left where nobody knows whose it is."""
    value, gone = sheet.values[unit], math.fsum(part or 0.0 for part in parts)
    unknown = None in parts or (ends and not passages)
    guessed, least = unit in sheet.estimated, unit in sheet.incomplete
    if ends:
        del sheet.values[unit]
        sheet.estimated.discard(unit)
        sheet.incomplete.discard(unit)
        sheet.unshared |= {unit: value - gone} if unknown else {}
    else:
        sheet.values[unit] = value - gone
        sheet.estimated.add(unit)
        sheet.incomplete |= {unit} if unknown else set()
    for one, part in zip(passages, parts, strict=True):
        sheet.values[one.child] = sheet.values.get(one.child, 0.0) + (part or 0.0)
        sheet.estimated |= {one.child} if guessed or one.estimated or part not in (0.0, value) else set()
        sheet.incomplete |= {one.child} if least or part is None else set()


def _parts(
    sheet: _Sheet, unit: str, value: float, passages: Sequence[Passage], *, ends: bool
) -> Sequence[float | None]:
    """Return what goes over from a unit by each passage; what is missing is put down."""
    shares = [_share(one, sheet.weight) for one in passages]
    known = [share for share in shares if share is not None]
    total = math.fsum(known)
    if len(known) < len(shares):
        parts = _numbered(sheet, value, passages, shares, ends=ends)
        missing: list[str | None] = [one.child for one, part in zip(passages, parts, strict=True) if part is None]
    elif total > 1 + SLACK or (ends and abs(total - 1) > SLACK):
        parts, missing = [None] * len(shares), [None]
    else:
        parts, missing = [value * (share / total if ends else share) for share in known], []
    sheet.missing += [(unit, child) for child in missing]
    sheet.stated += [one for one in passages if missing and (one.area_m2, one.people) != (None, None)]
    return parts


def _share(one: Passage, weight: Weight) -> float | None:
    """Return the share by which a unit is weighed."""
    if weight == "exact":
        return one.area if one.area in (0.0, 1.0) else None
    return one.population if weight == "population" else one.area


def _numbered(
    sheet: _Sheet, value: float, passages: Sequence[Passage], shares: Sequence[float | None], *, ends: bool
) -> list[float | None]:
    """Return the parts of a unit where a share is missing: by numbers, and what is left for the only other one."""
    by_share = [None if share is None else value * share for share in shares]
    numbers = [_number(one, sheet) if share is None else None for one, share in zip(passages, shares, strict=True)]
    parts = [share if number is None else number for share, number in zip(by_share, numbers, strict=True)]
    left = value - math.fsum(part for part in parts if part is not None)
    if left < 0:  # more is said to have gone over than the figure counts: it is about something else
        return by_share
    if ends and parts.count(None) == 1 and any(one.verb not in PARTIAL for one in passages):
        return [left if part is None else part for part in parts]
    return parts if None in parts or not ends else by_share


def _number(one: Passage, sheet: _Sheet) -> float | None:
    """Return a part that is stated as a number of what the figures count."""
    return {"people": one.people, "m2": one.area_m2, None: None}[sheet.counted]


def _refuse_missing(sheet: _Sheet) -> None:
    """Refuse figures of which a part is not known to go anywhere.

    Raises
    ------
    RefusedError
        Listing what is missing, and what is known of it.
    """
    if sheet.missing:
        told = "; ".join(f"{parent} to {child or 'whatever followed it'}" for parent, child in sheet.missing)
        shares = f"record the {sheet.weight} shares, weigh by another, or take what is known with partial=True"
        need = "count again with recount" if sheet.weight == "exact" else shares
        known = "".join(f"; {_stated(one)} went from {one.parent} to {one.child}" for one in sheet.stated)
        raise RefusedError(
            f"the {sheet.weight} share is unknown of {told}{known}: {need}",
            code="shares-unknown",
            details={
                "missing": [list(pair) for pair in sheet.missing],
                "known": [
                    {"from": one.parent, "to": one.child, "people": one.people, "area_m2": one.area_m2}
                    for one in sheet.stated
                ],
            },
        )


def _stated(one: Passage) -> str:
    """Say what is known of a part in numbers."""
    people = [] if one.people is None else [f"{one.people} people"]
    area = [] if one.area_m2 is None else [f"{one.area_m2:,.0f} m2"]
    return " and ".join([*people, *area])


def _refuse_loss(given: Mapping[str, float], made: Iterable[float]) -> None:
    """Refuse to return figures whose sum is another.

    Raises
    ------
    IntegrityError
        With both sums.
    """
    before, after = math.fsum(given.values()), math.fsum(made)
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
