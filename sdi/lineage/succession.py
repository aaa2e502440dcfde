"""Succession: which things were in force at a date in place of another, and who carried a code then."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from sdi import naming
from sdi.history import FOREVER, LATEST, Interval, before, instant
from sdi.identity import sought
from sdi.lineage.life import life
from sdi.lineage.passage import Passage, Past
from sdi.lineage.step import IDENTITY
from sdi.place import containment
from sdi.text import fold, normalise

if TYPE_CHECKING:
    from sdi.registry import Registry

Certainty = Literal["stated", "estimated", "unknown"]


@dataclass(frozen=True, slots=True)
class Heir:
    """A thing in force at a date that stands for the one asked for."""

    eid: str
    kind: str
    status: str
    area_share: float | None
    """Part of the area of the earlier of the two that went to the later one [1]; None where unknown."""
    population_share: float | None
    """The same of its population [1]."""
    certainty: Certainty
    """Of the shares: ``unknown`` where none is known, ``estimated`` where one of them is not stated by a source."""
    path: tuple[str, ...]
    """The things on the way, from the one asked for to this one; the shortest where several ways lead here."""
    sources: tuple[str, ...] = ()
    """Who says so."""
    disputed: bool = False
    """Another source says something else; see `Lineage.conflicts`."""
    area_m2: float | None = None
    """Area that is stated to have gone over [m2]; only of a thing that came straight from the other."""
    people: int | None = None
    """People who are stated to have gone over [1]; the same."""


@dataclass(frozen=True, slots=True)
class Match:
    """A thing that carried a code or bore a name."""

    eid: str
    kind: str
    value: str
    """The code or the name as it is written."""
    valid_from: str
    valid_to: str
    ambiguous: bool
    """Others answer as well: a date, or more than the code, is needed to tell them apart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a code meant, and what stands for it at another date."""

    match: Match
    heirs: tuple[Heir, ...]
    within: tuple[str, ...] = ()
    """What it belonged to at the date asked for, else at the last moment it was called so, the nearest first."""
    parts: tuple[Heir, ...] = ()
    """What took the place of its parts, where nothing is known to have taken its own."""


@dataclass(frozen=True, slots=True)
class _Carried:
    """What has come from one thing to another along all ways walked so far."""

    area: float | None = 1.0
    population: float | None = 1.0
    estimated: bool = False
    mixed: bool = False
    """Something of another thing has come in, so that a part of it is no longer a known part of the first."""
    path: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    disputed: bool = False
    area_m2: float | None = None
    people: int | None = None

    def onward(self, passage: Passage, to: str, *, among_others: bool) -> _Carried:
        """Return what comes through a passage.

        Parameters
        ----------
        passage : Passage
            The way taken, forward or backward.
        to : str
            Where it leads.
        among_others : bool
            Whether the later end of the way came from several things.
        """
        forward = to == passage.child
        guessed = self.mixed and _divides(passage) if forward else among_others and _divides(self)
        straight = len(self.path) == 1
        return _Carried(
            _product(self.area, passage.area), _product(self.population, passage.population),
            self.estimated or passage.estimated or guessed, self.mixed or (forward and among_others), (*self.path, to),
            tuple(dict.fromkeys((*self.sources, *passage.sources))), self.disputed or passage.disputed,
            passage.area_m2 if straight else None, passage.people if straight else None,
        )  # fmt: skip

    def beside(self, other: _Carried) -> _Carried:
        """Return what comes along two ways together."""
        return _Carried(
            _sum(self.area, other.area), _sum(self.population, other.population),
            self.estimated or other.estimated, self.mixed or other.mixed,
            min(self.path, other.path, key=lambda path: (len(path), path)),
            tuple(dict.fromkeys((*self.sources, *other.sources))), self.disputed or other.disputed,
        )  # fmt: skip

    @property
    def certainty(self) -> Certainty:
        """How sure the shares are."""
        if self.area is None and self.population is None:
            return "unknown"
        return "estimated" if self.estimated else "stated"


def _divides(what: Passage | _Carried) -> bool:
    """Tell whether only a part goes over."""
    return any(share is not None and share < 1 for share in (what.area, what.population))


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def heirs(
    registry: Registry,
    eid: str,
    at: str | None = None,
    *,
    sources: Sequence[str] | None = None,
    recorded: int | str | None = None,
) -> tuple[Heir, ...]:
    """Return what was in force at a date in place of a thing.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    at, sources, recorded : optional
        As for :meth:`Registry.resolve`.

    Returns
    -------
    tuple of Heir
        In the order of their identifiers; empty where nothing is known to have taken its place.
    """
    past, moment = Past(registry, sources, recorded), instant(at, registry.zone, LATEST)
    ways = _ways(past, eid, moment)
    carried = {eid: _Carried(path=(eid,))}
    for node in _order(ways):
        for to, passage in ways[node]:
            goes_on = bool(ways[to]) or node != eid  # else nobody asks what else came in
            several = goes_on and len({one.parent for one in past.backward(passage.child)}) > 1
            through = carried[node].onward(passage, to, among_others=several)
            carried[to] = carried[to].beside(through) if to in carried else through
    there = [past.life(node) for node in sorted(ways) if past.life(node).holds(moment)]
    return tuple(
        Heir(
            one.eid,
            one.kind,
            one.status_at(moment),
            carried[one.eid].area,
            carried[one.eid].population,
            carried[one.eid].certainty,
            carried[one.eid].path,
            carried[one.eid].sources,
            carried[one.eid].disputed,
            carried[one.eid].area_m2,
            carried[one.eid].people,
        )
        for one in there
    )


def standing(past: Past, eid: str) -> list[str]:
    """Return the things that last in place of one that ended, in order; empty where it lasts or nothing took its place.

    Parameters
    ----------
    past : Past
        What is believed.
    eid : str
        The thing.
    """
    ways = _ways(past, eid, LATEST)
    return sorted(node for node in ways if node != eid and past.life(node).holds(LATEST))


def _ways(past: Past, eid: str, moment: str) -> dict[str, list[tuple[str, Passage]]]:
    """Return the ways from a thing to those in force at a moment: from each thing to the next ones."""
    ways: dict[str, list[tuple[str, Passage]]] = {}
    edge, back = [eid], None
    while edge:
        node = edge.pop()
        if node in ways:
            continue
        lived, same = past.life(node), [one for one in past.onward(node) if one.verb in IDENTITY]
        if same:
            ways[node] = [(one.child, one) for one in same]
        elif lived.holds(moment):
            ways[node] = []
        else:
            back = moment < lived.start if back is None else back
            ways[node] = _next(past, node, back=back) if back == (moment < lived.start) else []
        edge += [to for to, _ in ways[node]]
    return ways


def _next(past: Past, eid: str, *, back: bool) -> list[tuple[str, Passage]]:
    """Return the next things, back or forward in time."""
    if back:
        return [(one.parent, one) for one in past.backward(eid)]
    return [(one.child, one) for one in past.onward(eid)]


def _order(ways: Mapping[str, Sequence[tuple[str, Passage]]]) -> list[str]:
    """Return the things so that each comes after all from which it is reached."""
    graph: dict[str, set[str]] = {node: set() for node in ways}
    for node, onward in ways.items():
        for to, _ in onward:
            graph[to].add(node)
    return list(graphlib.TopologicalSorter(graph).static_order())


def carriers(
    registry: Registry, scheme: str, value: str, at: str | None = None, *, recorded: int | str | None = None
) -> tuple[Match, ...]:
    """Return the things that carried an official code.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    scheme, value : str
        The code.
    at, recorded : optional
        As for :meth:`Registry.resolve_code`.

    Returns
    -------
    tuple of Match
        In the order of time; empty where nobody did.
    """
    about = "f.scheme = ? AND f.value_norm = ?"
    return _matches(
        registry,
        "identifier",
        "value",
        about,
        (scheme, sought(registry.catalog.schemes.get(scheme), value)),
        at,
        recorded,
    )


def named(
    registry: Registry, text: str, at: str | None = None, *, kind: str | None = None, recorded: int | str | None = None
) -> tuple[Match, ...]:
    """Return the things that bore a name, the official one or another.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    text : str
        The whole name, in any spelling of its marks and capitals.
    at, kind, recorded : optional
        As for :meth:`Registry.resolve_name`.

    Returns
    -------
    tuple of Match
        In the order of time; empty where nothing did.
    """
    about, values = (
        ("f.folded = ?", [fold(text)]) if kind is None else ("f.folded = ? AND e.kind = ?", [fold(text), kind])
    )
    return _joined(_matches(registry, naming.EVERY, "text", about, values, at, recorded), text)


def _joined(found: Iterable[Match], asked: str) -> tuple[Match, ...]:
    """Join what one thing was called at the same time, in several languages or spellings, into one answer."""
    joined: list[Match] = []
    last: dict[str, int] = {}
    for one in found:
        place = last.get(one.eid)
        if place is not None and one.valid_from <= joined[place].valid_to:
            until = max(joined[place].valid_to, one.valid_to)
            value = one.value if _spelled(one.value) == _spelled(asked) else joined[place].value
            joined[place] = replace(joined[place], valid_to=until, value=value)
        else:
            last[one.eid] = len(joined)
            joined.append(one)
    return tuple(joined)


def _spelled(text: str) -> str:
    """Return a name with its marks, whatever its capitals."""
    return normalise(text).casefold()


def _matches(
    registry: Registry, table: str, column: str, about: str, values: Sequence[Any], at: str | None,
    recorded: int | str | None,
) -> tuple[Match, ...]:  # fmt: skip
    """Return the dated rows of a table that meet a condition, those of a date where one is given."""
    tx = registry.known_at(recorded)
    rows = registry.store.select(
        f'SELECT f.eid, f."{column}", f.valid_from, f.valid_to FROM {table} f JOIN entity e ON e.eid = f.eid '
        f'WHERE {about} AND f.tx_from <= ? AND ? < f.tx_to ORDER BY f.valid_from, e."row"',
        (*values, tx, tx),
    )
    found, moment = [], None if at is None else instant(at, registry.zone)
    for eid, said, start, end in rows:
        lived = life(registry.store, eid, tx)
        # A record that never was a thing of its own has no time; its codes and names still lead to what it was.
        until = min(end, lived.end) if lived.start < lived.end else end
        if start < until and (moment is None or start <= moment < until):
            found.append((eid, lived.kind, said, *Interval.kept(start, until)))
    several = len({one[0] for one in found}) > 1
    return tuple(Match(*one, ambiguous=several) for one in found)


def answers(
    registry: Registry, kind: str, code: str, at: str | None = None, *, to: str | None = None
) -> tuple[Answer, ...]:
    """Say what a code of an older table means today.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    kind : str
        Register of the thing.
    code : str
        The code, in any scheme of the register.
    at : str, optional
        Date of the table, ISO 8601; every thing that ever carried the code where absent.
    to : str, optional
        Date for which the answer shall hold; the latest where absent.

    Returns
    -------
    tuple of Answer
        One per thing and interval, in the order of time; empty where nothing carried the code.

    Raises
    ------
    NotInRegister
        If there is no such register.
    """
    schemes = registry.register(kind).declaration.schemes
    found = [match for scheme in schemes for match in carriers(registry, scheme, code, at) if match.kind == kind]
    return tuple(answer(registry, match, at, to=to) for match in found)


def answer(registry: Registry, match: Match, at: str | None = None, *, to: str | None = None) -> Answer:
    """Say what a thing that carried a code or bore a name belonged to, and what stands for it.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    match : Match
        The thing.
    at, to : optional
        As for :func:`answers`.

    Returns
    -------
    Answer
        Of a thing that ended as a whole, such as a district, with what took the place of its parts.
    """
    found = heirs(registry, match.eid, to)
    others: dict[str, Heir] = {}
    for part in () if found else containment.parts(registry, match.eid):
        others |= {one.eid: _of_part(match.eid, one) for one in heirs(registry, part, to)}
    until = None if match.valid_to == FOREVER else before(match.valid_to, registry.zone)
    return Answer(match, found, containment.around(registry, match.eid, at or until), tuple(others.values()))


def _of_part(eid: str, heir: Heir) -> Heir:
    """Return what stands for a part of a thing as something of that thing: how much of it is not known."""
    return replace(
        heir, area_share=None, population_share=None, certainty="unknown", path=(eid, *heir.path), area_m2=None,
        people=None,
    )  # fmt: skip
