"""The command that builds whole collections as files; cron calls it every night."""

from __future__ import annotations

from dataclasses import asdict

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.bulk import building
from sdi.errors import WorkspaceError
from sdi.publishing.projector import LEVELS


def add(commands: Commands[Parser]) -> None:
    """Add ``bulk``."""
    text = "build GeoParquet, FlatGeobuf, GeoPackage and CSV of every collection that changed"
    made = console.command(commands, "bulk", text, _run_bulk)
    made.add_argument("--level", choices=LEVELS, help="access level (default: all that are published)")


def _run_bulk(options: Options) -> int:
    """Build the files of the collections that changed."""
    workspace = opened.workspace(options)
    levels = [options.level] if options.level else [one for one in LEVELS if workspace.home(one).exists()]
    if not levels:
        raise WorkspaceError(f"nothing is published in {options.workspace}; run `phusa publish` first")
    with console.progress(options) as progress:
        done = [building.refresh(workspace, level, progress) for level in levels]
    lines = [
        f"{one.level}: {len(one.built)} collections built, {len(one.kept)} unchanged, {len(one.refused)} not offered; "
        f"{one.length / 1e6:.1f} MB"
        for one in done
    ]
    return console.answer(options, {"levels": [asdict(one) for one in done]}, "\n".join(lines))
