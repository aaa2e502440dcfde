"""The ``phusa`` command.

Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 stored data do not agree, 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version

from pipelines.command import console
from pipelines.command.console import Options
from sdi.errors import IntegrityError, PhusaError

THEMES: Mapping[str, str] = {
    "demo": "city",
    "init": "workspace",
    "publish": "workspace",
    "bulk": "bulk",
    "tiles": "tiles",
    "serve": "serve",
    "status": "workspace",
    "verify": "workspace",
    "copy": "backup",
    "backup": "backup",
    "restore": "backup",
    "ingest": "ingest",
    "level": "water",
    "flood": "flood",
    "risk": "risk",
    "find": "find",
    "lookup": "planning",
    "whatif": "planning",
    "job": "job",
    "thing": "thing",
    "reads": "reads",
    "resolve": "resolve",
    "label": "label",
    "units": "units",
    "roles": "roles",
    "user": "user",
}
"""Module of `pipelines.command` that adds each command. Only the one that is called is loaded: all of them together
import every library of the project, which takes seconds."""


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
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(words[0] if words else None).parse_args(words)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        command: Callable[[Options], int] = options.command
        return command(options)
    except IntegrityError as error:
        return console.failed(options, error, 3)
    except PhusaError as error:
        return console.failed(options, error, 1)
    except KeyboardInterrupt:
        console.remark("interrupted; what was acknowledged is kept, nothing is half done")
        return 130


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line; the documentation is checked against it.

    Parameters
    ----------
    command : str, optional
        The command that is called; every command is there where it is absent or none of them.
    """
    root = argparse.ArgumentParser(prog="phusa", description="A city's spatial platform: registers, planning, floods.")
    root.add_argument("--version", action="version", version=f"phusa {version('phusa')}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    called = THEMES.get(command or "")
    for theme in [called] if called else dict.fromkeys(THEMES.values()):
        import_module(f"pipelines.command.{theme}").add(commands)
    return root


if __name__ == "__main__":
    sys.exit(main())
