"""The command that serves a workspace."""

from __future__ import annotations

import argparse
from dataclasses import replace

from pipelines import serve
from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser
from sdi.settings import Settings


def add(commands: Commands[Parser]) -> None:
    """Add ``serve``."""
    made = console.command(commands, "serve", "serve map and OGC API", _run_serve)
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    made.add_argument(
        "--port", type=_port, default=8000, help="port to listen on; 0 takes a free one (default: %(default)s)"
    )
    made.add_argument("--workers", type=_workers, help="processes that answer (default: PHUSA_WORKERS, else 1)")


def _port(text: str) -> int:
    """Read a port; the system would take 99999 for another one without a word."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected a whole number from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    """Read a number of processes."""
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} processes cannot be had; expected a whole number from 1 to 64")
    return int(text)


def _run_serve(options: Options) -> int:
    """Serve a workspace until asked to stop."""
    settings = Settings.from_environment()
    serve.run(
        options.workspace,
        replace(settings, workers=options.workers or settings.workers),
        host=options.host,
        port=options.port,
        ready=lambda url: console.say(f"Serving {url}"),
    )
    return 0
