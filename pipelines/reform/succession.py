"""The units of a reform: old ones end, new ones begin, and those that went on stay the same things."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pipelines.reform import matching
from pipelines.reform.delivered import Unit
from pipelines.reform.evidence import Sources
from pipelines.reform.matching import Difference, Eids, carriers
from pipelines.reform.reform_file import Level, Reform
from sdi.lineage.antedating import antedate
from sdi.lineage.life import life
from sdi.recording import Batch
from sdi.register import Register
from sdi.registry import Registry
from sdi.transaction import Transaction


def eve(reform: Reform) -> str:
    """Return the last day of the old units, ISO 8601."""
    return (date.fromisoformat(reform.effective) - timedelta(days=1)).isoformat()


def record(
    reform: Reform, sources: Sources, registry: Registry, tx: Transaction
) -> tuple[Eids, Eids, list[Difference]]:
    """End the old units and begin the new ones.

    Parameters
    ----------
    reform : Reform
        The reform.
    sources : Sources
        What is said of it.
    registry : Registry
        Units that it knows already, by their codes as of the date, are those that are meant.
    tx : Transaction
        The transaction that knows it.

    Returns
    -------
    old, new : mapping of str to str
        Identifiers by code.
    differences : list of Difference
        What is called otherwise.

    Raises
    ------
    RefusedError
        If a code is carried by a unit of another name.
    """
    register = registry.register(reform.register)
    new = carriers(reform.scheme, sources.tables[0].units, registry, reform.effective)
    old = carriers(reform.scheme, sources.before.units, registry, eve(reform))
    going_on = {code: new[code] for code in sources.unchanged if code in new and code not in old}
    for eid in going_on.values():
        antedate(registry, eid, None, tx)
    old |= going_on
    for code, eid in old.items():
        if code not in sources.unchanged and life(registry.store, eid, tx.number).end > reform.effective:
            register.retire(eid, tx, valid_from=reform.effective, status="merged_away")
            new.pop(code, None)  # it went on carrying its code only because nobody had said that it ended
    differences = matching.check(sources.tables[0], new, reform, registry)
    lasting = [unit for unit in sources.before.units if unit.code in sources.unchanged - set(old)]
    ended = [unit for unit in sources.before.units if unit.code not in old and unit.code not in sources.unchanged]
    old |= add(lasting, reform, register, tx)
    old |= add(ended, reform, register, tx, valid_to=reform.effective)
    new |= {code: old[code] for code in sources.unchanged}
    fresh = [unit for unit in sources.tables[0].units if unit.code not in new]
    new |= add(fresh, reform, register, tx, valid_from=reform.effective, decision=reform.decision)
    return old, new, differences


def add(
    units: Sequence[Unit], reform: Reform, register: Register, tx: Transaction, *, level: Level | None = None,
    valid_from: str | None = None, valid_to: str | None = None, end: str = "merged_away", decision: str | None = None,
) -> dict[str, str]:  # fmt: skip
    """Add units that the registry does not know.

    Parameters
    ----------
    units : sequence of Unit
        The units.
    reform : Reform
        The reform.
    register : Register
        Their register.
    tx : Transaction
        The transaction that knows them.
    level : Level, optional
        Level above those of the reform that they are of.
    valid_from, valid_to : str, optional
        First day, and first day on which they were gone, ISO 8601.
    end : str
        How they ended.
    decision : str, optional
        Number of the act that founded them.

    Returns
    -------
    dict of str to str
        Identifiers by code.
    """
    of_all, scheme = (level.values, level.scheme) if level else (reform.values, reform.scheme)
    values = {name: [value] * len(units) for name, value in of_all.items()}
    values[reform.type_field] = [unit.type for unit in units]
    if decision is not None and register.declaration.field("decision"):
        values["decision"] = [decision] * len(units)
    batch = Batch(
        values=values,
        identifiers={scheme: [unit.code for unit in units]},
        names={reform.language: [unit.name for unit in units]},
        valid_from=valid_from,
        valid_to=valid_to,
        end=end,
    )
    return dict(zip((unit.code for unit in units), register.add(batch, tx), strict=True))
