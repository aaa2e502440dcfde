"""Containment: what a thing lies in by its place in an order of things, and what belongs to it, at a date.

A ward belonged to a district and the district to a province until the reform, and the ward of today belongs to the city
itself: the relation ``contains`` is dated like everything else. It is said by lists and decisions, not by geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdi.history import CONDITION, FOREVER, LATEST, before, instant
from sdi.lineage.life import life

if TYPE_CHECKING:
    from sdi.registry import Registry

CONTAINS = "contains"
"""Verb of the relation from the whole to its part."""

_UPWARD = f'SELECT eid FROM relation WHERE other = ? AND verb = ? AND {CONDITION.format("")} ORDER BY "row"'
_DOWNWARD = f'SELECT other FROM relation WHERE eid = ? AND verb = ? AND {CONDITION.format("")} ORDER BY "row"'


def around(
    registry: Registry, eid: str, at: str | None = None, *, recorded: int | str | None = None
) -> tuple[str, ...]:
    """Return what a thing belonged to at a date, from the nearest to the farthest.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    at : str, optional
        The date, ISO 8601; the latest where absent, or the last moment of a thing that ended.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date.

    Returns
    -------
    tuple of str
        For example district and province of a ward; empty where nothing is known to contain it.

    Raises
    ------
    NotInRegister
        If the thing is not known.
    """
    tx = registry.known_at(recorded)
    moment = _moment(registry, eid, at, tx)
    found: dict[str, None] = {}
    edge = [eid]
    while edge:
        above = [one for part in edge for one in _tied(registry, _UPWARD, part, moment, tx)]
        edge = [one for one in dict.fromkeys(above) if one not in found and one != eid]
        found |= dict.fromkeys(edge)
    return tuple(found)


def parts(registry: Registry, eid: str, at: str | None = None, *, recorded: int | str | None = None) -> tuple[str, ...]:
    """Return what belonged to a thing at a date, without what belonged to its parts.

    Parameters
    ----------
    registry, eid, at, recorded : optional
        As for :func:`around`.

    Returns
    -------
    tuple of str
        In the order in which they were recorded; empty where nothing is known to have belonged to it.
    """
    tx = registry.known_at(recorded)
    return tuple(_tied(registry, _DOWNWARD, eid, _moment(registry, eid, at, tx), tx))


def _tied(registry: Registry, question: str, eid: str, moment: str, tx: int) -> Sequence[str]:
    """Return the other ends of the relations of a thing at a moment."""
    return [one for (one,) in registry.store.select(question, (eid, CONTAINS, moment, moment, tx, tx))]


def _moment(registry: Registry, eid: str, at: str | None, tx: int) -> str:
    """Return a date as an instant; where there is none, the last moment at which a thing was there."""
    lived = life(registry.store, eid, tx)
    if at is not None or lived.end == FOREVER:
        return instant(at, registry.zone, LATEST)
    return max(lived.start, before(lived.end, registry.zone))
