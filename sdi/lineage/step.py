"""Lineage: what became of things, and from what they came.

A step says that from a date on one thing carries on what another one was, as one source states it. Sources may
disagree; what each says is kept (`descent`), and they are followed in a declared order (`succession`). Here stand what
a step is and the laws that it keeps.
"""

from __future__ import annotations

import graphlib
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sdi.errors import ConflictError, InputError
from sdi.history import TERMINAL, instant
from sdi.lineage.life import Life
from sdi.zone import Zone

PARTIAL = frozenset({"transfer", "boundary_shift"})
"""Verbs by which a part of the parent goes over, whether the parent lives on or not; by every other one it ends."""
IDENTITY = frozenset({"correction", "duplicate_of"})
"""Verbs that say that the parent never was a thing of its own: it is the child, at every date."""
VERBS = ("split", "merge", "transfer", "replace", "boundary_shift", "correction", "duplicate_of")
METHODS = ("stated", "overlay", "derived")
"""How the numbers were found; whatever is not stated by the source is an estimate."""
SLACK = 1e-6
"""How far shares may be from what they sum up to [1]."""
SHARES = ("area_share", "population_share")
NUMBERS = ("area_m2", "population")
"""What went over in figures of its own, in the order of the shares."""

_COMPARED = ("verb", "effective", *SHARES, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Step:
    """What one source says of one thing carrying on another."""

    parent: str
    child: str
    verb: str
    effective: str
    """Since when, ISO 8601."""
    source: str
    """Who says so: the name of a delivery or of an act."""
    decision: str | None = None
    area_share: float | None = None
    """Part of the parent's area that went to the child [1]; None where unknown."""
    population_share: float | None = None
    """Part of the parent's population that went to the child [1]; None where unknown."""
    area_m2: float | None = None
    """Area that went over [m2]."""
    population: int | None = None
    """People who went over [1]."""
    method: str = "stated"


class Conflict(NamedTuple):
    """Two sources that state different things of the same parent and child."""

    parent: str
    child: str
    what: str
    """Field of a `Step`, or ``child`` where only one of the sources knows of this child."""
    one: tuple[str, Any]
    """Source and its value; ``None`` for a child of which it knows nothing."""
    other: tuple[str, Any]


def checked(step: Step, zone: Zone) -> Step:
    """Return a step as it is recorded, its date as valid time is kept.

    Parameters
    ----------
    step : Step
        As it was given.
    zone : Zone
        Clock of the city.

    Returns
    -------
    Step

    Raises
    ------
    InputError
        If a verb or a method is none, a number is outside its range, or both ends are the same thing.
    """
    for value, known, code in ((step.verb, VERBS, "verb"), (step.method, METHODS, "method")):
        if value not in known:
            raise InputError(f"{code} {value!r} of a step is none of {', '.join(known)}", code=f"lineage-{code}")
    if step.parent == step.child:
        raise InputError(f"{step.parent} cannot carry on itself; a step has two things", code="lineage-circle")
    if not step.source.strip():
        raise InputError("a step of lineage names no source; say who states it", code="lineage-source")
    for name, most in (("area_share", 1.0), ("population_share", 1.0), ("area_m2", math.inf), ("population", math.inf)):
        value = getattr(step, name)
        if value is not None and not (0 <= value <= most and math.isfinite(value)):
            raise InputError(f"{name} {value!r} of a step is not between 0 and {most}", code="lineage-number")
    return replace(step, effective=instant(step.effective, zone))


def refuse_untimely(step: Step, parent: Life, child: Life) -> None:
    """Raise where the lives of two things contradict a step between them.

    Parameters
    ----------
    step : Step
        A checked step.
    parent, child : Life
        Lives of its ends.

    Raises
    ------
    ConflictError
        If the parent lives on although it was split, merged or replaced, or the child had ended before it took over.
    """
    if step.verb not in PARTIAL and parent.status not in TERMINAL:
        raise ConflictError(
            f"{parent.kind} {parent.eid} is {parent.status}, but {step.source} says {step.verb}: retire it first "
            "(a part that went over while it lives on is a transfer)",
            code="lineage-parent-lives",
        )
    if step.verb not in IDENTITY and child.end <= step.effective:
        raise ConflictError(
            f"{child.kind} {child.eid} ended on {child.end[:10]} and cannot carry on anything from "
            f"{step.effective[:10]}; what came after it is a step of its own",
            code="lineage-child-ended",
        )


def refuse_circles(steps: Iterable[Step]) -> None:
    """Raise where a thing would descend from itself; parts may go to and fro between things that live on.

    Parameters
    ----------
    steps : iterable of Step
        All that is known downward from some things.

    Raises
    ------
    ConflictError
        Naming the things of the circle.
    """
    graph: dict[str, set[str]] = {}
    for step in steps:
        if step.verb not in PARTIAL:
            graph.setdefault(step.child, set()).add(step.parent)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise ConflictError(
            f"a thing would descend from itself: {' → '.join(error.args[1])}; see what the sources say of them",
            code="lineage-circle",
        ) from error


def refuse_shares(said: Iterable[Step], parent: Life) -> None:
    """Raise where the shares that a source states of one event do not make a whole.

    Parameters
    ----------
    said : iterable of Step
        All that one source says of one parent.
    parent : Life
        Life of the parent.

    Raises
    ------
    ConflictError
        If they sum to more than 1, or, where all that the parent became is known, not to 1.
    """
    for at, event in events(said, parent).items():
        for name in SHARES:
            known = [share for step in event if (share := getattr(step, name)) is not None]
            total = math.fsum(known)
            whole = at == parent.end and parent.status in TERMINAL and tells_of_end(event)
            if total > 1 + SLACK or (whole and len(known) == len(event) and abs(total - 1) > SLACK):
                raise ConflictError(
                    f"{event[0].source} gives {parent.kind} {parent.eid} away by {name}s that sum to {total:.6g}; "
                    "together they are 1, or one of them is left unknown",
                    code="lineage-shares",
                    details={"parent": parent.eid, "source": event[0].source, "sum": total},
                )


def events(said: Iterable[Step], parent: Life) -> dict[str, list[Step]]:
    """Group what is said of one parent by what happened to it.

    A thing ends once: whatever is said of its end belongs together, whichever date a source gives. Parts that went over
    before that are events of their own dates.

    Parameters
    ----------
    said : iterable of Step
        Steps of the parent.
    parent : Life
        Its life.

    Returns
    -------
    dict of str to list of Step
        By date, in the order of time; its end comes under the date at which it was gone.
    """
    found: dict[str, list[Step]] = {}
    for step in said:
        early = step.verb in PARTIAL and step.effective < parent.end
        found.setdefault(step.effective if early else parent.end, []).append(step)
    return dict(sorted(found.items()))


def tells_of_end(event: Iterable[Step]) -> bool:
    """Tell whether steps say more than that parts of a thing went over."""
    return any(step.verb not in PARTIAL for step in event)


def by_source(event: Iterable[Step]) -> dict[str, dict[str, Step]]:
    """Return the steps of an event by source and child."""
    found: dict[str, dict[str, Step]] = {}
    for step in event:
        found.setdefault(step.source, {})[step.child] = step
    return found


def differences(event: Sequence[Step]) -> Iterator[Conflict]:
    """Yield where two sources state different things of one event; estimates contradict nobody.

    Parameters
    ----------
    event : sequence of Step
        What all sources say of it.

    Yields
    ------
    Conflict
        For every pair of sources and every field; an unknown number contradicts nothing.
    """
    stated = by_source(step for step in event if step.method == "stated")
    for (first, ones), (second, others) in itertools.combinations(stated.items(), 2):
        for child in dict.fromkeys([*ones, *others]):
            one, other = ones.get(child), others.get(child)
            parent = event[0].parent
            if one is None or other is None:
                told = (one or other) and child
                yield Conflict(parent, child, "child", (first, one and told), (second, other and told))
                continue
            for what in _COMPARED:
                mine, theirs = getattr(one, what), getattr(other, what)
                if not _agree(mine, theirs):
                    yield Conflict(parent, child, what, (first, mine), (second, theirs))


def _agree(one: Any, other: Any) -> bool:
    """Tell whether two values of a step say the same, as far as both say anything."""
    if one is None or other is None or isinstance(one, str):
        return one == other or None in (one, other)
    return math.isclose(one, other, rel_tol=SLACK, abs_tol=SLACK)
