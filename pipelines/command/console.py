"""What all commands share: their common options, and how they answer a person or a machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sdi.errors import PhusaError

Options = argparse.Namespace
Parser = argparse.ArgumentParser
Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it
_LONGEST = 4000
"""Most characters of a message to a person."""
DEFAULT_WORKSPACE = Path("var/demo")


def command(commands: Commands[Parser], name: str, text: str, run: Callable[[Options], int]) -> Parser:
    """Add one command with what all of them take.

    Parameters
    ----------
    commands : subparsers
        Where it belongs.
    name : str
        Its word.
    text : str
        What it does.
    run : callable
        Does it; returns the exit code.

    Returns
    -------
    ArgumentParser
        To be given its own options.
    """
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


def group(commands: Commands[Parser], name: str, text: str) -> Commands[Parser]:
    """Add a word that is followed by a command.

    Parameters
    ----------
    commands : subparsers
        Where it belongs.
    name : str
        The word.
    text : str
        What its commands are about.

    Returns
    -------
    subparsers
        To which `command` adds.
    """
    made = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return made.add_subparsers(required=True, metavar="COMMAND")


def secretly(made: Parser, text: str) -> None:
    """Let a command be about the secret registry.

    Parameters
    ----------
    made : ArgumentParser
        The command.
    text : str
        What it then does.
    """
    made.add_argument("--secret", action="store_true", help=text)


@contextmanager
def progress(options: Options) -> Iterator[Callable[[str, float], None]]:
    """Show a progress bar where a person looks on, and in a log one line per step.

    Parameters
    ----------
    options : Namespace
        Those of the command.

    Yields
    ------
    callable
        To be told the step and the share of it that is done [1].
    """
    console = Console(stderr=True)
    if options.json or not console.is_terminal:
        yield _lines(options)
        return
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip
    with bar:
        task = bar.add_task("start", total=1.0)
        yield lambda step, done: bar.update(task, description=step, completed=done)


def _lines(options: Options) -> Callable[[str, float], None]:
    """Return a listener that says every new step in a line; to a machine, nothing."""
    said = [""]

    def tell(step: str, done: float) -> None:
        if step != said[-1] and not options.json:
            remark(f"{done:>4.0%}  {step}")
        said.append(step)

    return tell


def say(text: str) -> None:
    """Say something at once."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever was reading has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def remark(text: str) -> None:
    """Say something beside the answer."""
    print(text, file=sys.stderr, flush=True)


def answer(options: Options, facts: Mapping[str, object], text: str) -> int:
    """Answer a machine with facts, a person with a text.

    Parameters
    ----------
    options : Namespace
        Those of the command.
    facts : mapping
        What JSON can say.
    text : str
        The same for a person.

    Returns
    -------
    int
        Exit code: done.
    """
    say(json.dumps(facts, ensure_ascii=False, default=str) if options.json else text)
    return 0


def noted(text: str, facts: Mapping[str, object]) -> str:
    """Add to a text the notice of a result that is not fit for decisions.

    Parameters
    ----------
    text : str
        What was done.
    facts : mapping
        With ``notice``, empty where nothing must be said.

    Returns
    -------
    str
        Both.
    """
    return f"{text}\n  notice: {facts['notice']}" if facts.get("notice") else text


def _printable(text: str) -> str:
    """Shorten what a file made too long, and write out what a terminal would obey."""
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in shown)


def failed(options: Options, error: PhusaError, code: int) -> int:
    """Say what went wrong, to a person or a machine.

    Parameters
    ----------
    options : Namespace
        Those of the command.
    error : PhusaError
        What went wrong.
    code : int
        Exit code.

    Returns
    -------
    int
        That code.
    """
    if options.json:
        facts = {"error": error.code, "message": error.message, "details": error.details}
        say(json.dumps(facts, ensure_ascii=False, default=str))
    else:
        remark(f"phusa: {_printable(error.message)} [{error.code}]")
    return code
