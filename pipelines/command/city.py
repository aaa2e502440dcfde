"""Commands that need everything there is: build the demonstration city, serve a workspace."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from pipelines import demo, execution, publish, serve
from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser
from sdi.settings import Settings


def add(commands: Commands[Parser]) -> None:
    """Add ``demo`` and ``serve``."""
    _demo(commands)
    _serve(commands)


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
    if not workspace.only_reads:
        with closing(workspace.registry()) as registry:
            execution.recover(workspace, registry)
            publish.run(workspace, registry)
    serve.run(
        workspace, Settings.from_environment(), host=options.host, port=options.port,
        ready=lambda url: console.say(f"Serving {url}"),
    )  # fmt: skip
    return 0
