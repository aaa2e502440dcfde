"""Commands about a workspace as a whole: make it, publish it, look at it, prove it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from catalogs import packaged
from pipelines import publish
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.access import readership
from sdi.errors import InputError
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``init``, ``publish``, ``status`` and ``verify``."""
    _init(commands)
    _publish(commands)
    console.command(commands, "status", "say what a workspace holds", _run_status)
    _verify(commands)


def _init(commands: Commands[Parser]) -> None:
    made = console.command(commands, "init", "make an empty workspace", _run_init)
    made.add_argument("description", type=Path, help="workspace.yaml to start from; see catalogs/cities")


def _run_init(options: Options) -> int:
    """Make an empty workspace."""
    if not options.description.is_file():
        raise InputError(
            f"{options.description} is no file; copy catalogs/cities/synthetic/workspace.yaml and change it",
            code="file-missing",
        )
    workspace = Workspace.make(options.workspace, options.description, packaged())
    with closing(workspace.registry()) as registry:
        publish.run(workspace, registry)
    return console.answer(
        options, {"workspace": str(options.workspace)}, f"{workspace.title.vi} is ready in {options.workspace}"
    )


def _publish(commands: Commands[Parser]) -> None:
    made = console.command(commands, "publish", "bring the publications up to the registry", _run_publish)
    made.add_argument("--rebuild", action="store_true", help="start from nothing")


def _run_publish(options: Options) -> int:
    """Bring the publications up to the registry."""
    workspace = opened.workspace(options)
    with closing(workspace.registry()) as registry:
        reached = publish.run(workspace, registry, rebuild=options.rebuild)
    return console.answer(options, {"applied_tx": reached}, f"published up to transaction {reached}")


def _run_status(options: Options) -> int:
    """Say what a workspace holds and whether its publications are up to date."""
    facts = publish.status(opened.workspace(options))
    lines = [f"{facts.title}: {facts.transactions} transactions, public up to {facts.applied.get('public', 0)}"]
    lines += [f"  root hash {facts.root_hash}"]
    lines += [f"  {name:<24} {count:>8}" for name, count in facts.counts.items()]
    lines += [f"  {name:<24} coverage" for name in facts.coverages]
    return console.answer(options, asdict(facts), "\n".join(lines))


def _verify(commands: Commands[Parser]) -> None:
    made = console.command(commands, "verify", "recompute hash chain, indexes and publications", _run_verify)
    made.add_argument("--export", type=Path, metavar="FILE", help="root hashes of earlier days; today's is added to it")
    console.secretly(made, "recompute the secret registry instead, of which nothing is published")


def _run_verify(options: Options) -> int:
    """Recompute everything that can be recomputed."""
    if options.secret:
        with closing(opened.registry(options)) as hidden:
            counted, reads = hidden.verify(), len(readership.readings(hidden.store))
            facts = {"transactions": counted, "root_hash": hidden.root_hash, "reads": reads}
        return console.answer(options, facts, f"{counted} transactions and {reads} reads of the secret registry verify")
    workspace = opened.workspace(options)
    with closing(workspace.registry()) as registry:
        found = publish.verify(workspace, registry, export=options.export)
    text = f"{found.transactions} transactions verify, root hash {found.root_hash}; publications equal the registry"
    if options.export:
        text += f"; {found.witnesses} earlier root hashes agree, today's is added to {options.export}"
    return console.answer(options, asdict(found), text)
