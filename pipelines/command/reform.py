"""What a reform did, said by the command that loads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pipelines.reform.enactment import Reformed
from pipelines.reform.reform_file import Reform
from sdi.lineage.life import life
from sdi.lineage.step import Conflict
from sdi.registry import Registry


def facts(done: Reformed) -> dict[str, Any]:
    """Return what a reform did for machines.

    Parameters
    ----------
    done : Reformed
        What it did.
    """
    known = {name: getattr(done, name) for name in ("name", "ended", "begun", "unchanged", "above", "steps")}
    return known | {
        "conflicts": [one._asdict() for one in done.conflicts],
        "differences": [asdict(one) for one in done.differences],
        "unmatched": done.unmatched,
        "repairs": done.repairs,
        "transaction": done.transaction,
    }


def lines(done: Reformed, described: Reform, registry: Registry, *, dry_run: bool) -> Iterator[str]:
    """Say what a reform did, in lines for people.

    Parameters
    ----------
    done : Reformed
        What it did.
    described : Reform
        The reform.
    registry : Registry
        Names the units.
    dry_run : bool
        Whether nothing was to be written.

    Yields
    ------
    str
        The counts, what was mended or found otherwise, and where two sources differ, with both values.
    """
    outcome = f"recorded in transaction {done.transaction}" if done.transaction else "nothing new was written"
    yield f"{done.name}: {done.ended} units end, {done.begun} begin, {done.unchanged} go on; " + (
        "nothing written" if dry_run else outcome
    )
    if done.above:
        yield f"  {done.above} units that they belonged to end with them"
    for entry, count in done.steps.items():
        yield f"  {entry:<24} {count} rows of lineage"
    for entry, repairs in done.repairs.items():
        yield f"  {entry:<24} mended: {', '.join(f'{what} in {count} cells' for what, count in repairs.items())}"
    for name in done.unmatched:
        yield f"  on an older map only: {name}"
    for one in done.differences:
        kept = "changed" if one.changed else "another spelling, kept"
        yield f"  {one.entry:<24} {one.code}: {one.known} is listed as {one.listed} ({kept})"
    for conflict in done.conflicts:
        yield _told(conflict, registry, described)


def _told(conflict: Conflict, registry: Registry, described: Reform) -> str:
    """Say where two sources differ, with both values."""
    (first, mine), (second, theirs) = (
        (source, "says nothing" if value is None else "says so" if conflict.what == "child" else value)
        for source, value in (conflict.one, conflict.other)
    )
    ends = " → ".join(_name(eid, registry, described) for eid in (conflict.parent, conflict.child))
    return f"  conflict: {ends}, {conflict.what}: {first} {mine}, {second} {theirs}"


def _name(eid: str, registry: Registry, described: Reform) -> str:
    """Return the code that a unit carried first, and what it was called then."""
    since = life(registry.store, eid, registry.last_tx).start
    found = registry.register(described.register).find(eid, valid=since)
    return f"{found.identifiers.get(described.scheme, eid)} {found.names.get(described.language, '')}".rstrip()
