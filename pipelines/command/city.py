"""Commands about a workspace as a whole: make it, publish it, serve it, prove it."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from catalogs import packaged
from pipelines import demo, execution, publish, serve
from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser
from sdi.errors import InputError
from sdi.settings import Settings
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``demo``, ``init``, ``publish``, ``serve``, ``status`` and ``verify``."""
    _demo(commands)
    _init(commands)
    _publish(commands)
    _serve(commands)
    console.command(commands, "status", "say what a workspace holds", _run_status)
    _verify(commands)


def _demo(commands: Commands[Parser]) -> None:
    made = console.command(commands, "demo", "build a demonstration city and everything derived from it", _run_demo)
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
    with console.progress(options) as progress:
        workspace = demo.run(
            options.workspace,
            name=name,
            data=options.data,
            seed=options.seed,
            scale=options.scale,
            replace=options.replace,
            progress=progress,
        )
    with closing(workspace.registry()) as registry:
        facts = {
            "workspace": str(options.workspace),
            "city": name,
            "transactions": registry.last_tx,
            "root_hash": registry.root_hash,
        }
    return console.answer(
        options, facts,
        f"{workspace.title.vi} / {workspace.title.en} is built in {options.workspace}; "
        f"serve it with `phusa serve --workspace {options.workspace}`",
    )  # fmt: skip


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
    workspace = console.workspace(options)
    with closing(workspace.registry()) as registry:
        reached = publish.run(workspace, registry, rebuild=options.rebuild)
    return console.answer(options, {"applied_tx": reached}, f"published up to transaction {reached}")


def _serve(commands: Commands[Parser]) -> None:
    made = console.command(commands, "serve", "serve map and OGC API", _run_serve)
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
    workspace = console.workspace(options)
    with closing(workspace.registry()) as registry:
        execution.recover(workspace, registry)
        publish.run(workspace, registry)
    serve.run(
        workspace, Settings.from_environment(), host=options.host, port=options.port,
        ready=lambda url: console.say(f"Serving {url}"),
    )  # fmt: skip
    return 0


def _run_status(options: Options) -> int:
    """Say what a workspace holds and whether its publications are up to date."""
    facts = publish.status(console.workspace(options))
    lines = [f"{facts.title}: {facts.transactions} transactions, public up to {facts.applied.get('public', 0)}"]
    lines += [f"  root hash {facts.root_hash}"]
    lines += [f"  {name:<24} {count:>8}" for name, count in facts.counts.items()]
    lines += [f"  {name:<24} coverage" for name in facts.coverages]
    return console.answer(options, asdict(facts), "\n".join(lines))


def _verify(commands: Commands[Parser]) -> None:
    made = console.command(commands, "verify", "recompute hash chain, indexes and publications", _run_verify)
    made.add_argument("--export", type=Path, metavar="FILE", help="root hashes of earlier days; today's is added to it")


def _run_verify(options: Options) -> int:
    """Recompute everything that can be recomputed."""
    workspace = console.workspace(options)
    with closing(workspace.registry()) as registry:
        found = publish.verify(workspace, registry, export=options.export)
    text = f"{found.transactions} transactions verify, root hash {found.root_hash}; publications equal the registry"
    if options.export:
        text += f"; {found.witnesses} earlier root hashes agree, today's is added to {options.export}"
    return console.answer(options, asdict(found), text)
