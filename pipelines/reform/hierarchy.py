"""The units that those of a reform belong to: what they contained until it, and what took their place.

A ward of before the reform lay in a district and that in a province; plans and tables of that time name all three. The
levels above end with the reform. A district has no successor that any source names, only its wards have; of a level
that became one unit, the first table says so by listing everything that belonged to it under that unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipelines.reform import succession
from pipelines.reform.conversion import unit_of
from pipelines.reform.delivered import Unit
from pipelines.reform.evidence import Sources
from pipelines.reform.matching import Eids, carriers
from pipelines.reform.reform_file import Became, Level, Reform
from sdi.lineage.life import life
from sdi.lineage.step import Step
from sdi.place import containment
from sdi.registry import Registry
from sdi.transaction import Transaction


def record(reform: Reform, sources: Sources, units: tuple[Eids, Eids], registry: Registry, tx: Transaction) -> int:
    """Record the units above: those of before with what they contained, and what they became.

    Parameters
    ----------
    reform : Reform
        Describes the levels.
    sources : Sources
        The list of the old units names those above.
    units : tuple of mapping of str to str
        Old and new units of the reform, identifiers by code.
    registry : Registry
        Units that it knows already are those that are meant.
    tx : Transaction
        The transaction that knows it.

    Returns
    -------
    int
        Units above that ended.
    """
    below: tuple[Sequence[Unit], Eids] = (sources.before.units, units[0])
    ended = 0
    for level, listed in zip(reform.above, sources.before.above, strict=True):
        own = _ended(level, listed, reform, registry, tx)
        _contain(own, below, reform, registry, tx)
        if level.became:
            _become(level, level.became, own, units[1], sources.tables[0].entry, reform, registry, tx)
        below, ended = (listed, own), ended + len(own)
    return ended


def _ended(level: Level, listed: Sequence[Unit], reform: Reform, registry: Registry, tx: Transaction) -> Eids:
    """Return the units of a level by code, all of which ended with the reform."""
    register, status = registry.register(reform.register), "merged_away" if level.became else "retired"
    known = carriers(level.scheme, listed, registry, succession.eve(reform))
    for eid in known.values():
        if life(registry.store, eid, tx.number).end > reform.effective:
            register.retire(eid, tx, valid_from=reform.effective, status=status)
    others = [unit for unit in listed if unit.code not in known]
    return known | succession.add(
        others, reform, register, tx, level=level, valid_to=reform.effective, end=status
    )  # fmt: skip


def _contain(
    own: Eids, below: tuple[Sequence[Unit], Eids], reform: Reform, registry: Registry, tx: Transaction
) -> None:
    """Record what the units of a level contained until the reform."""
    inside: dict[str, list[str]] = {}
    for unit in below[0]:
        inside.setdefault(unit.above[0], []).append(below[1][unit.code])
    for code, parts in inside.items():
        new = _new(own[code], parts, succession.eve(reform), registry)
        registry.register(reform.register).relate(own[code], containment.CONTAINS, new, tx, valid_to=reform.effective)


def _new(eid: str, parts: Iterable[str], at: str, registry: Registry) -> list[str]:
    """Return the parts that a unit is not known to have contained at a date."""
    known = set(containment.parts(registry, eid, at))
    return [one for one in parts if one not in known]


def _become(
    level: Level, became: Became, own: Eids, new: Mapping[str, str], source: str, reform: Reform, registry: Registry,
    tx: Transaction,
) -> None:  # fmt: skip
    """Record the unit that took in all units of a level, and that the new units belong to."""
    register = registry.register(reform.register)
    unit = replace(unit_of({"code": became.code, "name": became.name}, level.types), name=became.name)
    known = carriers(level.scheme, [unit], registry, reform.effective)
    added = known or succession.add(
        [unit], reform, register, tx, level=level, valid_from=reform.effective, decision=became.decision
    )
    heir = added[unit.code]
    verb = "merge" if len(own) > 1 else "replace"
    steps = [Step(one, heir, verb, reform.effective, source, became.decision, 1.0, 1.0) for one in own.values()]
    registry.lineage.record(steps, tx)
    parts = _new(heir, new.values(), reform.effective, registry)
    register.relate(heir, containment.CONTAINS, parts, tx, valid_from=reform.effective)
