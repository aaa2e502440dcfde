"""The command that records a reform of administrative units."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from pipelines import reform, reform_file
from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser
from pipelines.reform import Reformed
from pipelines.reform_file import Reform
from sdi.life import life
from sdi.lineage import Conflict
from sdi.registry import Registry


def add(commands: Commands[Parser]) -> None:
    """Add ``reform``."""
    made = console.command(commands, "reform", "record what became of units in a reform", _run)
    made.add_argument("file", type=Path, metavar="FILE", help="the reform, a file of the catalogue")
    made.add_argument(
        "--data", type=Path, default=Path(), help="folder that the paths of the reform start from (default: here)"
    )
    made.add_argument("--dry-run", action="store_true", help="read and check only, write nothing")


def _run(options: Options) -> int:
    """Record a reform."""
    workspace = console.workspace(options)
    described = reform_file.read(options.file)
    with closing(workspace.registry()) as registry:
        with console.progress(options) as progress:
            done = reform.run(described, workspace, registry, options.data, dry_run=options.dry_run, progress=progress)
        told = list(_told(done.conflicts, registry, described))
    facts = asdict(done) | {"conflicts": [one._asdict() for one in done.conflicts]}
    return console.answer(options, facts, "\n".join([*_lines(done, dry_run=options.dry_run), *told]))


def _lines(done: Reformed, *, dry_run: bool) -> Iterable[str]:
    """Say what a reform did."""
    outcome = f"recorded in transaction {done.transaction}" if done.transaction else "nothing new was written"
    yield f"{done.name}: {done.ended} units end, {done.begun} begin, {done.unchanged} go on; " + (
        "nothing written" if dry_run else outcome
    )
    for entry, count in done.steps.items():
        yield f"  {entry:<24} {count} rows of lineage"
    for entry, repairs in done.repairs.items():
        if repairs:
            yield f"  {entry:<24} mended: {', '.join(f'{what} in {count} cells' for what, count in repairs.items())}"
    for name in done.unmatched:
        yield f"  on an older map only: {name}"
    for one in done.differences:
        kept = "changed" if one.changed else "another spelling, kept"
        yield f"  {one.entry:<24} {one.code}: {one.known} is listed as {one.listed} ({kept})"


def _told(conflicts: Iterable[Conflict], registry: Registry, described: Reform) -> Iterable[str]:
    """Say where two sources differ, with both values."""
    for one in conflicts:
        (first, mine), (second, theirs) = (
            (source, "says nothing" if value is None else "says so" if one.what == "child" else value)
            for source, value in (one.one, one.other)
        )
        ends = " → ".join(_name(eid, registry, described) for eid in (one.parent, one.child))
        yield f"  conflict: {ends}, {one.what}: {first} {mine}, {second} {theirs}"


def _name(eid: str, registry: Registry, described: Reform) -> str:
    """Return the code that a unit carried first, and what it was called then."""
    since = life(registry.store, eid, registry.last_tx).start
    found = registry.register(described.register).find(eid, valid=since)
    return f"{found.identifiers.get(described.scheme, eid)} {found.names.get(described.language, '')}".rstrip()
