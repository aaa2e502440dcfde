"""The command that loads deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from pipelines import ingest
from pipelines.command import console, opened
from pipelines.command import reform as said_of
from pipelines.command.console import Commands, Options, Parser
from pipelines.reform import enactment, reform_file
from sdi.errors import InputError
from sdi.quality import Report
from sdi.registry import Registry
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``ingest``."""
    made = console.command(commands, "ingest", "load deliveries and reforms that the catalogue describes", _run)
    made.add_argument(
        "entries", nargs="+", type=Path, metavar="ENTRY",
        help="entry files, files of reforms, or folders of entries with the reforms in reforms/",
    )  # fmt: skip
    made.add_argument(
        "--data", type=Path, default=Path(), help="folder that the entries' paths start from (default: here)"
    )
    console.secretly(made, "record into the secret registry; nothing of it is published or reported in the workspace")
    made.add_argument("--dry-run", action="store_true", help="read and check only, write nothing")
    made.add_argument(
        "--report", type=Path, help="write the report of every row to this file (.json or .txt), or into this folder"
    )


def _run(options: Options) -> int:
    """Load deliveries and reforms, one after the other; each is atomic."""
    workspace = opened.workspace(options)
    with closing(opened.registry(options)) as registry:
        for path in _existing(options.entries):
            alone = path.is_file() and reform_file.is_reform(path)
            for entry in () if alone else registry.catalog.read_entries(path).values():
                with console.progress(options) as progress:
                    loaded = ingest.run(
                        entry,
                        workspace,
                        registry,
                        options.data,
                        dry_run=options.dry_run,
                        progress=progress,
                        told=lambda report: _tell(options, report),
                    )
                _show(options, loaded)
            for file in [path] if alone else reform_file.files(path):
                _reform(options, file, workspace, registry)
    return 0


def _reform(options: Options, path: Path, workspace: Workspace, registry: Registry) -> None:
    """Load a reform: all its tables, lists and maps in one transaction."""
    described = reform_file.read(path)
    with console.progress(options) as progress:
        done = enactment.run(
            described,
            workspace,
            registry,
            options.data,
            dry_run=options.dry_run,
            progress=progress,
            told=lambda report: _tell(options, report),
        )
    said = said_of.lines(done, described, registry, dry_run=options.dry_run)
    console.answer(options, said_of.facts(done), "\n".join(said))


def _existing(paths: Sequence[Path]) -> Iterator[Path]:
    """Return paths one by one, refusing what is not there."""
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; name an entry file or a folder of them", code="file-missing")
        yield path


def _tell(options: Options, report: Report) -> None:
    """Show the rows of a delivery that is going to be refused; write the report where that was asked for."""
    if report.reason is not None:
        console.remark(report.to_text())
    if options.report is None:
        return
    path = options.report / f"{report.entry}.json" if options.report.is_dir() else options.report
    try:
        path.write_text(report.to_json() if path.suffix == ".json" else report.to_text(), encoding="utf-8")
    except OSError as error:
        message = f"the report cannot be written to {path}: {error.strerror}; name a file in a folder that exists"
        raise InputError(message, code="report-unwritable") from error


def _show(options: Options, loaded: ingest.Loaded) -> None:
    """Show what a load did."""
    report = loaded.report
    facts = {
        "entry": loaded.entry,
        "things": loaded.things,
        "transaction": loaded.transaction,
        "report": json.loads(report.to_json()) if report else None,
    }
    said = report.to_text() if report else f"{loaded.entry}: raster checked"
    console.answer(options, facts, f"{said}\n{loaded.entry}: {_outcome(loaded, dry_run=options.dry_run)}")


def _outcome(loaded: ingest.Loaded, *, dry_run: bool) -> str:
    """Say what was written; a raster is published without a transaction."""
    if loaded.report is None and not dry_run:
        return f"{loaded.things} cells published"
    return f"{loaded.things} recorded in transaction {loaded.transaction}" if loaded.transaction else "nothing written"
