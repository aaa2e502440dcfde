"""The command that makes field labels, to be printed before anybody knows what will bear them."""

from __future__ import annotations

import argparse
import secrets
from contextlib import closing

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi import asof, label
from sdi.errors import InputError

MOST = 100_000


def add(commands: Commands[Parser]) -> None:
    """Add ``label``."""
    made = console.command(commands, "label", "make field labels that nothing bears yet, one in each line", _run)
    made.add_argument("count", type=_count, help="how many")
    made.add_argument("--scheme", default="ctg-tag", help="scheme that they belong to (default: %(default)s)")


def _count(text: str) -> int:
    """Read a number of labels."""
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of labels; expected 1 to {MOST}")
    return int(text)


def _run(options: Options) -> int:
    """Make labels."""
    with closing(opened.workspace(options).registry()) as registry:
        scheme = registry.catalog.schemes.get(options.scheme)
        if scheme is None or not scheme.check:
            labelled = ", ".join(one.name for one in registry.catalog.schemes.values() if one.check)
            raise InputError(f"scheme {options.scheme!r} has no labels; there are {labelled}", code="scheme-unknown")
        made = label.make(options.count, secrets.token_bytes, lambda drawn: asof.borne(registry, scheme.name, drawn))
    return console.answer(options, {"scheme": options.scheme, "labels": made}, "\n".join(made))
