"""The command that finds things by what they are, or were, called."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from pipelines import find
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.finding.search import Found


def add(commands: Commands[Parser]) -> None:
    """Add ``find``."""
    made = console.command(commands, "find", "find things by name, code or address, old ones included", _run)
    made.add_argument("text", nargs="+", help="words in any spelling; a typing error is forgiven")
    made.add_argument("--kind", action="append", default=[], help="only things of this register; may be repeated")
    made.add_argument("--date", metavar="DAY", help="what was called so on a day, for example 2025-06-30")
    made.add_argument("--limit", type=_count, default=10, help="largest number of things (default: %(default)s)")
    made.add_argument("--language", choices=("vi", "en"), default="vi", help="of the names (default: %(default)s)")


def _count(text: str) -> int:
    """Read a number of things."""
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of things; expected 1 to 1000")
    return int(text)


def _run(options: Options) -> int:
    """Find things."""
    workspace = opened.workspace(options)
    found = find.run(workspace, " ".join(options.text), kinds=options.kind, at=options.date, limit=options.limit)
    heirs = find.successors(workspace, found)
    said = [(one, heirs.get(one.hit.eid)) for one in found]
    hits = [
        one.document(options.language) | ({} if after is None else {"successors": list(after)}) for one, after in said
    ]
    facts = {"numberReturned": len(found), "hits": hits}
    lines = [_line(one, after, options.language) for one, after in said]
    return console.answer(options, facts, "\n".join(lines) or "nothing is or was called so")


def _line(one: Found, successors: Mapping[str, str] | None, language: str) -> str:
    """Say one hit in a line."""
    said = one.document(language)
    since = "" if said["validFrom"] is None else f" from {str(said['validFrom'])[:10]}"
    until = "" if said["validTo"] is None else f" until {str(said['validTo'])[:10]}"
    now = f", now {said['now']}" if until and said["now"] else ""
    after = "" if successors is None else f", then {', '.join(successors.values()) or 'unknown'}"
    where = "" if said["text"] == said["title"] else f" ({said['text']})"
    return f"{said['kind']:<20} {said['title']}{where}{since}{until}{now}{after}  {said['id']}"
