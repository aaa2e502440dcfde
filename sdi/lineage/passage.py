"""Passages: what is believed of things carrying on others, where several sources speak of it.

Of every event the most trusted source that knows of it says what followed; a number that it leaves open is taken from
the next source that gives it. What no source says stays unknown, and where another source differs that is told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdi.history import TERMINAL
from sdi.lineage.life import Life, life
from sdi.lineage.step import NUMBERS, SHARES, SLACK, Step, by_source, differences, events, tells_of_end

if TYPE_CHECKING:
    from sdi.registry import Registry

_Said = tuple[float | None, Step | None]
"""A share or a number, and the step that says so."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is believed of one thing carrying on another."""

    parent: str
    child: str
    verb: str
    area: float | None
    """Part of the parent's area [1]."""
    population: float | None
    """Part of the parent's population [1]."""
    estimated: bool
    sources: tuple[str, ...]
    disputed: bool
    area_m2: float | None = None
    """Area that went over, where a source states it [m2]."""
    people: int | None = None
    """People who went over, where a source states it [1]."""


class Past:
    """What is believed of the lineage of things, read once each.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    sources : sequence of str, optional
        Sources that are believed, the most trusted first; all where absent, in the order of the register file.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date.
    """

    def __init__(
        self, registry: Registry, sources: Sequence[str] | None = None, recorded: int | str | None = None
    ) -> None:
        self._registry = registry
        self._sources = sources
        self._tx = registry.known_at(recorded)
        self._lives: dict[str, Life] = {}
        self._passages: dict[str, dict[str, list[Passage]]] = {}

    def life(self, eid: str) -> Life:
        """Return the life of a thing."""
        if eid not in self._lives:
            self._lives[eid] = life(self._registry.store, eid, self._tx)
        return self._lives[eid]

    def passages(self, parent: str) -> Mapping[str, Sequence[Passage]]:
        """Return what went over from a thing, by date; its end comes last, under the date at which it was gone."""
        if parent not in self._passages:
            said = self._registry.lineage.told([parent], "parent", recorded=self._tx)
            lived = self.life(parent)
            found = {}
            for at, event in events(self._believed(said, lived), lived).items():
                found[at] = believed(event, ends=at == lived.end and lived.status in TERMINAL)
            self._passages[parent] = found
        return self._passages[parent]

    def onward(self, eid: str) -> Sequence[Passage]:
        """Return what carried a thing on when it ended."""
        return self.passages(eid).get(self.life(eid).end, ())

    def backward(self, eid: str) -> Sequence[Passage]:
        """Return what came to a thing from things that ended."""
        told = self._registry.lineage.told([eid], "child", recorded=self._tx)
        parents = dict.fromkeys(step.parent for step in told)
        return [passage for parent in parents for passage in self.onward(parent) if passage.child == eid]

    def _believed(self, said: Sequence[Step], lived: Life) -> list[Step]:
        """Return the steps of believed sources, the most trusted first."""
        declared = self._registry.register(lived.kind).declaration.lineage
        order = list(declared if self._sources is None else self._sources)
        if self._sources is None:
            order += [step.source for step in said if step.source not in order]
        rank = {source: at for at, source in reversed(list(enumerate(order)))}
        return sorted((step for step in said if step.source in rank), key=lambda step: rank[step.source])


def believed(event: Sequence[Step], *, ends: bool) -> list[Passage]:
    """Return what is believed of an event, of which several sources may speak.

    Parameters
    ----------
    event : sequence of Step
        What they say, the most trusted first.
    ends : bool
        Whether the parent ended: then the shares make a whole, and one that is missing is what is left of it.

    Returns
    -------
    list of Passage
        One per child that the most trusted source knows.
    """
    told = list(by_source(event).values())
    leading = next((steps for steps in told if tells_of_end(steps.values())), told[0])
    disputed = any(True for _ in differences(event))
    whole = ends and tells_of_end(leading.values())
    shares = {name: _shares(name, leading, told, whole=whole) for name in SHARES}
    return [_passage(step, [shares[name][child] for name in SHARES], told, disputed) for child, step in leading.items()]


def _passage(step: Step, shares: Sequence[_Said], told: Sequence[Mapping[str, Step]], disputed: bool) -> Passage:
    """Join a step with what is believed of how much went over; other sources are asked for what it leaves open."""
    used = [step, *(one for _, one in shares if one is not None)]
    own = [{one.child: one} for one in used]
    (area_m2, of_area), (people, of_people) = (
        _first(name, step.child, own if source is not None and source.method == "stated" else told)
        for name, (_, source) in zip(NUMBERS, shares, strict=True)
    )
    said = [*used, *(one for one in (of_area, of_people) if one is not None)]
    return Passage(
        step.parent, step.child, step.verb, shares[0][0], shares[1][0],
        estimated=any(one.method != "stated" for one in used),
        sources=tuple(dict.fromkeys(one.source for one in said)),
        disputed=disputed,
        area_m2=area_m2,
        people=None if people is None else int(people),
    )  # fmt: skip


def _shares(
    name: str, leading: Mapping[str, Step], told: Sequence[Mapping[str, Step]], *, whole: bool
) -> dict[str, _Said]:
    """Return a share for every child of the leading source, and the step that says so.

    Numbers of other sources are left out where they do not make a whole with those of the leading one.
    """
    own = {child: _first(name, child, [leading]) for child in leading}
    for found in ({child: _first(name, child, told) for child in leading}, own):
        known = [(share, step) for share, step in found.values() if share is not None]
        total = math.fsum(share for share, _ in known)
        missing = [child for child in found if found[child][0] is None]
        if whole and len(missing) == 1 and total <= 1 + SLACK:
            guessed = next((step for _, step in known if step is not None and step.method != "stated"), None)
            return found | {missing[0]: (max(0.0, 1 - total), guessed)}
        if total <= 1 + SLACK and (missing or not whole or abs(total - 1) <= SLACK):
            return found
    return own


def _first(name: str, child: str, told: Sequence[Mapping[str, Step]]) -> _Said:
    """Return the first share or number that a source gives for a child."""
    for steps in told:
        step = steps.get(child)
        if step is not None and getattr(step, name) is not None:
            return getattr(step, name), step
    return None, None
