"""Command about who may do what in the database of a workspace."""

from __future__ import annotations

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.store import choice


def add(commands: Commands[Parser]) -> None:
    """Add ``roles``."""
    made = console.command(commands, "roles", "give the roles of the database that keeps the city their rights", _run)
    made.add_argument("--writer", required=True, metavar="ROLE", help="records and publishes")
    made.add_argument("--reader", required=True, metavar="ROLE", help="reads the public publication and nothing else")
    made.add_argument("--restricted-reader", metavar="ROLE", help="reads the restricted publication and nothing else")


def _run(options: Options) -> int:
    """Give the roles their rights."""
    levels = {"public": options.reader, "restricted": options.restricted_reader}
    readers = {level: role for level, role in levels.items() if role}
    choice.give_rights(opened.workspace(options).store, options.writer, readers)
    lines = [f"{options.writer} records and publishes", *(f"{role} reads {level}" for level, role in readers.items())]
    return console.answer(options, {"writer": options.writer, "readers": readers}, "\n".join(lines))
