"""The command that says what a code or a name of another time means today."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.errors import NotInRegister
from sdi.history import ALWAYS, FOREVER, before
from sdi.lineage import succession
from sdi.lineage.succession import Answer, Heir, Match
from sdi.registry import Registry


def add(commands: Commands[Parser]) -> None:
    """Add ``resolve``."""
    made = console.command(commands, "resolve", "say what a code or a name of another time means today", _run)
    made.add_argument("kind", help="register of the thing, for example administrative_unit")
    made.add_argument("code", help="code in any scheme of the register, or a whole name")
    made.add_argument("--at", metavar="DATE", help="of the table it stands in (default: whoever ever carried it)")
    made.add_argument("--to", metavar="DATE", help="for which the answer shall hold (default: the latest)")


def _run(options: Options) -> int:
    """Say what a code or a name means."""
    with closing(opened.workspace(options).registry()) as registry:
        found = _answers(registry, options)
        lines = [line for one in found for line in _told(registry, one)]
    facts = {
        "asked": options.code,
        "kind": options.kind,
        "at": options.at,
        "answers": [
            {
                **asdict(one.match),
                "within": one.within,
                "heirs": [asdict(heir) for heir in one.heirs],
                "parts": [asdict(heir) for heir in one.parts],
            }
            for one in found
        ],
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
        found = tuple(succession.answer(registry, one, options.at, to=options.to) for one in named)
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
    around = "".join(
        f", {_called(registry, match.kind, eid, before(match.valid_to, registry.zone))}" for eid in one.within
    )
    lines = [f"{match.value}: {_name(registry, match, match.valid_from)}{around}, {_span(match)}{several}"]
    others = [heir for heir in one.heirs if heir.eid != match.eid]
    lines += [f"  -> {_name(registry, heir, None)}, {_share(heir)}" for heir in others]
    if not one.heirs:
        lines.append("  -> nothing is known to have taken its place as a whole")
    if one.parts:
        lines += ["  its parts went to:", *(f"  -> {_name(registry, heir, None)}" for heir in one.parts)]
    return lines


def _name(registry: Registry, one: Match | Heir, moment: str | None) -> str:
    """Return the name of a thing at a moment, its identifier behind it."""
    return f"{_called(registry, one.kind, one.eid, moment)} ({one.eid})"


def _called(registry: Registry, kind: str, eid: str, moment: str | None) -> str:
    """Return what a thing was called at a moment, or its kind where that is not known."""
    register = registry.register(kind)
    try:
        names = register.find(eid, valid=moment).names
    except NotInRegister:
        names = {}
    return next((names[language] for language in register.declaration.languages if language in names), kind)


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
    people = [] if heir.people is None else [f"{heir.people:,} people"]
    area = [] if heir.area_m2 is None else [f"{heir.area_m2:,.0f} m2"]
    stated = f", {' and '.join([*people, *area])} stated" if people or area else ""
    return f"{said}{stated}{', disputed' if heir.disputed else ''}"
