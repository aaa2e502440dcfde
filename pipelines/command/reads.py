"""The command that says who read what few may read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.access import readership


def add(commands: Commands[Parser]) -> None:
    """Add ``reads``."""
    made = console.command(commands, "reads", "say who read what few may read, when and why", _run)
    console.secretly(made, "of the secret registry")


def _run(options: Options) -> int:
    """Say who read what."""
    with closing(opened.registry(options)) as registry:
        found = readership.readings(registry.store)
    lines = [f"{one.read_at}  {one.level:<10}  {one.kind} {one.eid}  {one.actor}: {one.purpose}" for one in found]
    facts = {"reads": [asdict(one) for one in found]}
    return console.answer(options, facts, "\n".join(lines) or "nothing that few may read was read")
