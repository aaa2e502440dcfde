"""What a city knows already, as witness for where a delivery lies: areas with names, and lines that things follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sdi.detection.areas import Areas
from sdi.detection.candidate import Detection
from sdi.detection.nearness import Nearness
from sdi.history import OPEN
from sdi.registry import Registry

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_kept: WeakKeyDictionary[Registry, dict[str, tuple[int, Nearness | None]]] = WeakKeyDictionary()
"""Lines by register, with the transaction that last changed it: a city is loaded delivery by delivery."""

_REACH = 1000.0
"""How far around all that is known a reading may still lie [m]; farther off it is ruled out without a look."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """All witnesses of a city."""

    areas: Areas = field(default_factory=Areas)
    lines: Mapping[str, Nearness] = field(default_factory=dict)
    """By register."""

    def is_near(self, xy: FloatArray) -> BoolArray:
        """Tell which points lie where the city is, roughly: it rules readings out, and never one in.

        Parameters
        ----------
        xy : ndarray (n, 2) [m, storage CRS]
            Points.

        Returns
        -------
        ndarray (n,) of bool
            False everywhere where nothing is known.
        """
        boxes = [shape.bounds for shape in self.areas.shapes.values()] + [one.bounds for one in self.lines.values()]
        if not boxes:
            return np.zeros(len(xy), dtype=bool)
        low = np.min(boxes, axis=0)[:2] - _REACH
        high = np.max(boxes, axis=0)[2:] + _REACH
        return np.asarray(((xy >= low) & (xy <= high)).all(axis=1))


def known(registry: Registry, declared: Detection) -> Reference:
    """Gather what a registry knows.

    Parameters
    ----------
    registry : Registry
        Everything the city knows.
    declared : Detection
        Which registers are witnesses.

    Returns
    -------
    Reference
        Of registers that hold something; empty where none does.
    """
    found = {name: _lines(registry, name) for name in declared.lines}
    lines = {name: one for name, one in found.items() if one is not None}
    if declared.areas is None:
        return Reference(lines=lines)
    return Reference(Areas.of(_named(registry, declared.areas), _kinds(registry, declared.areas)), lines)


def _lines(registry: Registry, register: str) -> Nearness | None:
    """Gather the lines of a register, unless nothing in it changed since; None where it holds no place."""
    last = registry.store.select("SELECT coalesce(max(tx_from), 0) FROM outbox WHERE kind = ?", (register,))[0][0]
    kept = _kept.setdefault(registry, {})
    if register not in kept or kept[register][0] != last:
        places = registry.register(register).table().geometry
        kept[register] = (last, None if shapely.is_missing(places).all() else Nearness.of(places))
    return kept[register][1]


def _named(registry: Registry, register: str) -> Iterator[tuple[str, BaseGeometry]]:
    """Name areas by everything they are or were called; one that ended stands for those that took its place."""
    table = registry.register(register).table()
    shapes = {eid: shape for eid, shape in zip(table.eids, table.geometry, strict=True) if shape is not None}
    called = registry.store.select(
        "SELECT c.eid, c.text FROM (SELECT eid, text, tx_to FROM name "
        "UNION ALL SELECT eid, value AS text, tx_to FROM identifier) c "
        "JOIN entity e ON e.eid = c.eid WHERE e.kind = ? AND c.tx_to = ?",
        (register, OPEN),
    )
    for eid, name in called:
        if eid in shapes:
            yield name, shapes[eid]
        else:
            yield from ((name, shapes[heir.eid]) for heir in registry.resolve(eid) if heir.eid in shapes)


def _kinds(registry: Registry, register: str) -> Iterator[str]:
    """Return what the codes of a register are called, such as ward and commune: words that are no part of a name."""
    for one in registry.register(register).declaration.fields:
        if one.codes:
            for code in registry.catalog.codes[one.codes].codes:
                yield from (code.title.vi, code.title.en)
