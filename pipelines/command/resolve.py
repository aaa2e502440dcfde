"""The command that says what a code or a name of another time means today."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser
from sdi import succession
from sdi.errors import NotInRegister
from sdi.history import ALWAYS, FOREVER
from sdi.registry import Registry
from sdi.succession import Answer, Heir, Match


def add(commands: Commands[Parser]) -> None:
    """Add ``resolve``."""
    made = console.command(commands, "resolve", "say what a code or a name of another time means today", _run)
    made.add_argument("kind", help="register of the thing, for example administrative_unit")
    made.add_argument("code", help="code in any scheme of the register, or a whole name")
    made.add_argument("--at", metavar="DATE", help="of the table it stands in (default: whoever ever carried it)")
    made.add_argument("--to", metavar="DATE", help="for which the answer shall hold (default: the latest)")


def _run(options: Options) -> int:
    """Say what a code or a name means."""
    with closing(console.workspace(options).registry()) as registry:
        found = _answers(registry, options)
        lines = [line for one in found for line in _told(registry, one)]
    facts = {
        "asked": options.code,
        "kind": options.kind,
        "at": options.at,
        "answers": [{**asdict(one.match), "heirs": [asdict(heir) for heir in one.heirs]} for one in found],
    }
    return console.answer(options, facts, "\n".join(lines))


def _answers(registry: Registry, options: Options) -> tuple[Answer, ...]:
    """Look a code up, else a name.

    Raises
    ------
    NotInRegister
        If nothing carries it.
    """
    found = succession.answers(registry, options.kind, options.code, options.at, to=options.to)
    if not found:
        named = registry.resolve_name(options.code, options.at, kind=options.kind)
        found = tuple(Answer(one, registry.resolve(one.eid, options.to)) for one in named)
    if not found:
        raise NotInRegister(
            f"no {options.kind} carries the code or the name {options.code!r} "
            f"{'on ' + options.at if options.at else 'at any time'}; look it up with `phusa find`"
        )
    return found


def _told(registry: Registry, one: Answer) -> list[str]:
    """Tell a person what one answer says."""
    match = one.match
    several = "; one of several, give --at" if match.ambiguous else ""
    lines = [f"{match.value}: {_name(registry, match, match.valid_from)}, {_span(match)}{several}"]
    others = [heir for heir in one.heirs if heir.eid != match.eid]
    lines += [f"  -> {_name(registry, heir, None)}, {_share(heir)}" for heir in others]
    return lines if one.heirs else [*lines, "  -> nothing is known to have taken its place"]


def _name(registry: Registry, one: Match | Heir, moment: str | None) -> str:
    """Return the name of a thing at a moment, its identifier behind it."""
    try:
        names = registry.register(one.kind).find(one.eid, valid=moment).names
    except NotInRegister:
        names = {}
    return f"{next(iter(names.values()), one.kind)} ({one.eid})"


def _span(match: Match) -> str:
    """Return when a code or a name was carried."""
    start = "ever" if match.valid_from == ALWAYS else match.valid_from[:10]
    return f"since {start}" if match.valid_to == FOREVER else f"{start} to {match.valid_to[:10]}"


def _share(heir: Heir) -> str:
    """Return how much of a thing went to another one."""
    if heir.certainty == "unknown":
        said = "share unknown"
    else:
        shares = (("area", heir.area_share), ("population", heir.population_share))
        told = ", ".join(f"{share:.1%} of the {what}" for what, share in shares if share is not None)
        said = f"{told} ({heir.certainty})"
    return f"{said}{', disputed' if heir.disputed else ''}"
