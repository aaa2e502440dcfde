"""Commands about the units in which things lie: which one, at which date, and whether they cover the city."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict

from pipelines import publish
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.place import membership, tiling
from sdi.place.tiling import Fault
from sdi.register import Register


def add(commands: Commands[Parser]) -> None:
    """Add ``units derive`` and ``units check``."""
    inner = console.group(commands, "units", "say in which unit things lie, and whether units cover the ground once")
    _about(inner, "derive", "work out in which unit every thing lies at any date, and keep it up", _run_derive)
    made = _about(inner, "check", "report where units overlap or leave a gap of more than 1 m2", _run_check)
    made.add_argument("--at", metavar="DATE", help="units in force then (default: the latest)")


def _about(inner: Commands[Parser], name: str, text: str, run: Callable[[Options], int]) -> Parser:
    """Add a command about a register of units."""
    made = console.command(inner, name, text, run)
    made.add_argument("register", help="register of the units, for example administrative_unit")
    made.add_argument("--by", metavar="FIELD", help="field that tells the levels of the units, for example level")
    return made


def _run_derive(options: Options) -> int:
    """Work out in which unit every thing lies."""
    workspace = opened.workspace(options)
    with closing(workspace.registry()) as registry:
        written = membership.derive(registry, options.register, by=options.by)
        publish.run(workspace, registry)
    facts = {"register": options.register, "written": written}
    return console.answer(options, facts, f"{written} rows written: in which {options.register} every thing lies")


def _run_check(options: Options) -> int:
    """Report where units overlap or leave a gap."""
    with closing(opened.workspace(options).registry()) as registry:
        found = tiling.check(registry, options.register, by=options.by, at=options.at)
        register = registry.register(options.register)
        lines = [line for level, faults in found.items() for line in _lines(register, level, faults, options.at)]
    facts = {level or options.register: [asdict(one) for one in faults] for level, faults in found.items()}
    console.answer(options, facts, "\n".join(lines) or f"no {options.register} has a place at that date")
    return 1 if any(found.values()) else 0


def _names(register: Register, eids: Iterable[str], at: str | None) -> dict[str, str]:
    """Return what units are called at a date."""
    return {eid: next(iter(register.find(eid, valid=at).names.values()), eid) for eid in eids}


def _lines(register: Register, level: str, faults: Sequence[Fault], at: str | None) -> list[str]:
    """Tell a person what is wrong with the units of a level."""
    head = f"{level or 'units'}: " + (f"{len(faults)} overlaps and gaps" if faults else "no overlap, no gap")
    names = _names(register, {eid for one in faults for eid in one.units}, at)
    return [head] + [
        f"  {one.what:<8} {one.area_m2:>14,.1f} m2 at {one.x:.1f} {one.y:.1f}: "
        + ", ".join(names.get(eid, eid) for eid in one.units)
        for one in faults
    ]
