"""Command about tiles."""

from __future__ import annotations

from pipelines import tiles
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser


def add(commands: Commands[Parser]) -> None:
    """Add ``tiles``."""
    made = console.command(commands, "tiles", "make the tiles in which classes are dissolved, for far views", _run)
    made.add_argument("collection", nargs="*", help="collections (default: all that are drawn by classes)")


def _run(options: Options) -> int:
    """Make the overviews."""
    with console.progress(options) as told:
        found = tiles.run(opened.workspace(options), options.collection, told=told)
    lines = [f"{name:<40} down to level {deepest}" for name, deepest in found.items()]
    return console.answer(options, found, "\n".join(lines) or "no tile has so many items that it needs an overview")
