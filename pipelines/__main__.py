"""The ``phusa`` command.

Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 stored data do not agree, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from catalogs import packaged
from frmis import scenario_file
from pipelines import demo, flood, ingest, publish, serve
from sdi.errors import InputError, IntegrityError, PhusaError
from sdi.quality import Report
from sdi.settings import Settings
from sdi.workspace import Workspace

Options = argparse.Namespace
DEFAULT_WORKSPACE = Path("var/demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``phusa``; those of the process where absent.

    Returns
    -------
    int
        Exit code.
    """
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        command: Callable[[Options], int] = options.command
        return command(options)
    except IntegrityError as error:
        return _failed(error, options, 3)
    except PhusaError as error:
        return _failed(error, options, 1)
    except KeyboardInterrupt:
        print("interrupted; what was acknowledged is kept, nothing is half done", file=sys.stderr)
        return 130


def _failed(error: PhusaError, options: Options, code: int) -> int:
    """Say what went wrong, to a person or a machine."""
    if options.json:
        print(
            json.dumps(
                {"error": error.code, "message": error.message, "details": error.details},
                ensure_ascii=False,
                default=str,
            )
        )
    else:
        print(f"phusa: {error.message} [{error.code}]", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the documentation is checked against it."""
    root = argparse.ArgumentParser(prog="phusa", description="A city's spatial platform: registers, planning, floods.")
    root.add_argument("--version", action="version", version=f"phusa {version('phusa')}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _demo(commands)
    _init(commands)
    _ingest(commands)
    _publish(commands)
    _serve(commands)
    _status(commands)
    _verify(commands)
    _flood(commands)
    return root


Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _command(
    commands: Commands[argparse.ArgumentParser], name: str, text: str, run: Callable[[Options], int]
) -> argparse.ArgumentParser:
    """Add one command with what all of them take."""
    made = commands.add_parser(name, help=text, description=text)
    made.set_defaults(command=run)
    made.add_argument(
        "--workspace",
        "-w",
        type=Path,
        default=DEFAULT_WORKSPACE,
        metavar="W",
        help="folder of the city (default: %(default)s)",
    )
    made.add_argument("--json", action="store_true", help="answer for machines")
    made.add_argument("--verbose", "-v", action="store_true", help="log every step")
    return made


@contextmanager
def _progress(options: Options) -> Iterator[Callable[[str, float], None]]:
    """Show a progress bar where a person looks on."""
    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), console=console, disable=options.json or not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("start", total=1.0)
        yield lambda step, done: bar.update(task, description=step, completed=done)


def _answer(options: Options, facts: dict[str, object], text: str) -> int:
    """Answer a machine with facts, a person with a sentence."""
    print(json.dumps(facts, ensure_ascii=False, default=str) if options.json else text)
    return 0


def _demo(commands: Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "demo", "build a demonstration city and everything derived from it", _run_demo)
    made.add_argument(
        "--data", type=Path, help="folder of delivered data: builds a real city instead of the synthetic one"
    )
    made.add_argument("--city", help="city of the catalogue (default: synthetic, with --data cantho)")
    made.add_argument("--seed", type=int, default=92, help="seed of the synthetic city (default: %(default)s)")
    made.add_argument("--scale", type=float, default=1.0, help="size of the synthetic city (default: %(default)s)")
    made.add_argument("--replace", action="store_true", help="build it anew where it exists")


def _run_demo(options: Options) -> int:
    """Build a demonstration city."""
    name = options.city or (demo.SYNTHETIC if options.data is None else "cantho")
    with _progress(options) as progress:
        workspace = demo.run(
            options.workspace,
            name=name,
            data=options.data,
            seed=options.seed,
            scale=options.scale,
            replace=options.replace,
            progress=progress,
        )
    registry = workspace.registry()
    facts = {
        "workspace": str(options.workspace),
        "city": name,
        "transactions": registry.last_tx,
        "root_hash": registry.root_hash,
    }
    registry.close()
    return _answer(
        options, facts,
        f"{workspace.title.vi} / {workspace.title.en} is built in {options.workspace}; "
        f"serve it with `phusa serve --workspace {options.workspace}`",
    )  # fmt: skip


def _init(commands: Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "init", "make an empty workspace", _run_init)
    made.add_argument("description", type=Path, help="workspace.yaml to start from; see catalogs/cities")


def _run_init(options: Options) -> int:
    """Make an empty workspace."""
    if not options.description.is_file():
        raise InputError(
            f"{options.description} is no file; copy catalogs/cities/synthetic/workspace.yaml and change it",
            code="file-missing",
        )
    workspace = Workspace.make(options.workspace, options.description, packaged())
    registry = workspace.registry()
    publish.run(workspace, registry)
    registry.close()
    return _answer(
        options, {"workspace": str(options.workspace)}, f"{workspace.title.vi} is ready in {options.workspace}"
    )


def _ingest(commands: Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "ingest", "load deliveries that catalogue entries describe", _run_ingest)
    made.add_argument("entries", nargs="+", type=Path, metavar="ENTRY", help="entry files, or folders of them")
    made.add_argument(
        "--data", type=Path, default=Path(), help="folder that the entries' paths start from (default: here)"
    )
    made.add_argument("--dry-run", action="store_true", help="read and check only, write nothing")
    made.add_argument(
        "--report", type=Path, help="write the report of every row to this file (.json or .txt), or into this folder"
    )


def _run_ingest(options: Options) -> int:
    """Load deliveries, one after the other; each is atomic."""
    workspace = Workspace.open(options.workspace, packaged())
    registry = workspace.registry()
    try:
        for path in _existing(options.entries):
            for entry in registry.catalog.read_entries(path).values():
                with _progress(options) as progress:
                    loaded = ingest.run(
                        entry,
                        workspace,
                        registry,
                        options.data,
                        dry_run=options.dry_run,
                        progress=progress,
                        told=lambda report: _keep_report(options, report),
                    )
                _show_loaded(options, loaded)
    finally:
        registry.close()
    return 0


def _existing(paths: Sequence[Path]) -> Iterator[Path]:
    """Return paths one by one, refusing what is not there."""
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; name an entry file or a folder of them", code="file-missing")
        yield path


def _keep_report(options: Options, report: Report) -> None:
    """Write the report of a check where it was asked for, also that of a delivery that is then refused."""
    if options.report is None:
        return
    path = options.report / f"{report.entry}.json" if options.report.is_dir() else options.report
    path.write_text(report.to_json() if path.suffix == ".json" else report.to_text(), encoding="utf-8")


def _show_loaded(options: Options, loaded: ingest.Loaded) -> None:
    """Show what a load did."""
    report = loaded.report
    if options.json:
        print(
            json.dumps(
                {
                    "entry": loaded.entry,
                    "things": loaded.things,
                    "transaction": loaded.transaction,
                    "report": json.loads(report.to_json()) if report else None,
                },
                ensure_ascii=False,
            )
        )
    else:
        print(report.to_text() if report else f"{loaded.entry}: raster checked")
        print(f"{loaded.entry}: {_outcome(loaded, dry_run=options.dry_run)}")


def _outcome(loaded: ingest.Loaded, *, dry_run: bool) -> str:
    """Say what was written; a raster is published without a transaction."""
    if loaded.report is None and not dry_run:
        return f"{loaded.things} cells published"
    return f"{loaded.things} recorded in transaction {loaded.transaction}" if loaded.transaction else "nothing written"


def _publish(commands: Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "publish", "bring the publications up to the registry", _run_publish)
    made.add_argument("--rebuild", action="store_true", help="start from nothing")


def _run_publish(options: Options) -> int:
    """Bring the publications up to the registry."""
    workspace = Workspace.open(options.workspace, packaged())
    registry = workspace.registry()
    reached = publish.run(workspace, registry, rebuild=options.rebuild)
    registry.close()
    return _answer(options, {"applied_tx": reached}, f"published up to transaction {reached}")


def _serve(commands: Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "serve", "serve map and OGC API", _run_serve)
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    made.add_argument(
        "--port", type=_port, default=8000, help="port to listen on; 0 takes a free one (default: %(default)s)"
    )


def _port(text: str) -> int:
    """Read a port; the system would take 99999 for another one without a word."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected a whole number from 0 to 65535")
    return int(text)


def _run_serve(options: Options) -> int:
    """Serve a workspace until interrupted."""
    workspace = Workspace.open(options.workspace, packaged())
    registry = workspace.registry()
    flood.recover(workspace, registry)
    publish.run(workspace, registry)
    registry.close()
    serve.run(
        workspace, Settings.from_environment(), host=options.host, port=options.port,
        ready=lambda url: print(f"Serving {url}", flush=True),
    )  # fmt: skip
    return 0


def _status(commands: Commands[argparse.ArgumentParser]) -> None:
    _command(commands, "status", "say what a workspace holds", _run_status)


def _run_status(options: Options) -> int:
    """Say what a workspace holds and whether its publications are up to date."""
    facts = publish.status(Workspace.open(options.workspace, packaged()))
    lines = [f"{facts.title}: {facts.transactions} transactions, public up to {facts.applied.get('public', 0)}"]
    lines += [f"  {name:<24} {count:>8}" for name, count in facts.counts.items()]
    lines += [f"  {name:<24} coverage" for name in facts.coverages]
    return _answer(options, asdict(facts), "\n".join(lines))


def _verify(commands: Commands[argparse.ArgumentParser]) -> None:
    _command(commands, "verify", "recompute hash chain, indexes and publications", _run_verify)


def _run_verify(options: Options) -> int:
    """Recompute everything that can be recomputed."""
    workspace = Workspace.open(options.workspace, packaged())
    registry = workspace.registry()
    found = publish.verify(workspace, registry)
    registry.close()
    text = f"{found.transactions} transactions verify, root hash {found.root_hash}; publications equal the registry"
    return _answer(options, asdict(found), text)


def _flood(commands: Commands[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("flood", help="simulate floods", description="Simulate floods.")
    inner = made.add_subparsers(required=True, metavar="COMMAND")
    run = _command(inner, "run", "run one scenario and publish it", _run_flood)
    run.add_argument("scenario", type=Path, help="scenario file; see catalogs/scenarios")


def _run_flood(options: Options) -> int:
    """Run one scenario and publish it."""
    workspace = Workspace.open(options.workspace, packaged())
    registry = workspace.registry()
    with _progress(options) as progress:
        result = flood.run(
            scenario_file.read(options.scenario), workspace, registry, progress=lambda done: progress("simulate", done)
        )
    publish.run(workspace, registry)
    registry.close()
    return _answer(options, asdict(result), f"run {result.identifier} is published as coverage {result.coverage}")


if __name__ == "__main__":
    sys.exit(main())
