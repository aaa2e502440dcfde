"""Commands that carry a workspace elsewhere: copy, backup and restore."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from catalogs import packaged
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.publishing import projector
from sdi.safety import backup, copying, restoration
from sdi.settings import Settings
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``copy``, ``backup`` and ``restore``."""
    made = console.command(commands, "copy", "copy the registry into another store, without loss", _run_copy)
    made.add_argument(
        "--to", required=True, metavar="ADDRESS|FOLDER",
        help="postgresql://user@host/database for the registry alone, or the folder of a new workspace",
    )  # fmt: skip
    made = console.command(commands, "backup", "add a backup of a workspace to a folder of backups", _run_backup)
    made.add_argument("folder", type=Path, help="folder of the backups, outside the workspace")
    made.add_argument("--secret", type=Path, metavar="FOLDER", help="back up the secret registry as well, into its own")
    made = console.command(commands, "restore", "make a workspace from a backup", _run_restore)
    made.add_argument("backup", type=Path, help="folder of the backups")
    made.add_argument("--store", metavar="ADDRESS", help="database that shall keep the registry (default: a file)")
    made.add_argument("--timezone", metavar="NAME", help="zone of the city (default: the one that the backup says)")
    made.add_argument("--secret", type=Path, metavar="FOLDER", help="folder of secret backups to be restored as well")
    made.add_argument("--at", metavar="DATE|TX", help="state as of a date or a transaction (default: the last one)")
    made.add_argument(
        "--as-it-was",
        action="store_true",
        help="show again what was withdrawn after that (default: it stays withdrawn)",
    )


def _run_copy(options: Options) -> int:
    """Copy the registry."""
    workspace = opened.workspace(options)
    to_database = "://" in options.to
    with closing(workspace.registry()) as registry, console.progress(options) as progress:
        if to_database:
            done = copying.to_database(workspace, registry, options.to, progress)
        else:
            place = Settings.from_environment().secret_store
            done = copying.to_folder(workspace, registry, Path(options.to), progress, secret_store=place)
    if not to_database:
        _publish(Path(options.to))
    todo = f"; write `store: {options.to}` into {workspace.folder / 'workspace.yaml'} to use it" if to_database else ""
    text = f"{done.tx} transactions copied and verified in {options.to}, root hash {done.root_hash}{todo}"
    return console.answer(options, asdict(done), text)


def _run_backup(options: Options) -> int:
    """Take a backup."""
    workspace, place = opened.workspace(options), Settings.from_environment().secret_store
    with closing(workspace.registry()) as registry, console.progress(options) as progress:
        done = backup.take(workspace, registry, options.folder, progress, secret_store=place)
    if options.secret:
        workspace.refuse_none_secret(place)
        with closing(workspace.secret_registry(place)) as secret, console.progress(options) as progress:
            backup.take_secret(workspace, secret, options.secret, progress)
    text = (
        f"{options.folder} holds {workspace.name} up to transaction {done.tx}, root hash {done.root_hash}; "
        f"{done.rows} rows and {done.added / 1e6:.1f} MB of files added"
    )
    return console.answer(options, asdict(done), text)


def _run_restore(options: Options) -> int:
    """Make a workspace from a backup."""
    at = int(options.at) if options.at and options.at.isdigit() else options.at
    with console.progress(options) as progress:
        done = restoration.restore(
            options.backup, options.workspace, packaged(), progress, at=at, store=options.store,
            timezone=options.timezone, as_it_was=options.as_it_was,
        )  # fmt: skip
        if options.secret:
            moment = at if isinstance(at, str) else done.recorded_at if at else None
            restoration.restore_secret(options.secret, Workspace.open(options.workspace, packaged()), at=moment)
        progress("publish", 1.0)
        _publish(options.workspace)
    left = f"; made later and left out: {', '.join(done.left_out)}" if done.left_out else ""
    stay = f"; {done.withdrawn} things were withdrawn after that and stay so" if done.withdrawn else ""
    text = (
        f"{done.workspace} is restored in {options.workspace} up to transaction {done.tx}, root hash {done.root_hash}, "
        f"with the files of {done.taken_at}{left}{stay}"
    )
    return console.answer(options, asdict(done), text)


def _publish(folder: Path) -> None:
    """Build the publications of a new workspace, and write nothing into its registry."""
    workspace = Workspace.open(folder, packaged())
    with closing(workspace.registry()) as registry:
        projector.refresh(workspace, registry)
