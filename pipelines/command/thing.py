"""Commands about one thing: what is known of it, what was written about it, and the five verbs."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely

from pipelines import assignment, meant, publish
from pipelines.assignment import Assignment
from pipelines.command import called, console, opened, place
from pipelines.command.called import Called
from pipelines.command.console import Commands, Options, Parser
from sdi import custody, happening, logbook
from sdi.access import readership, secret
from sdi.declaration import LEVELS
from sdi.errors import InputError, NotInRegister
from sdi.history import ALWAYS, FOREVER, TERMINAL
from sdi.identity import is_identifier
from sdi.place import membership
from sdi.place.address import Address
from sdi.record import Record
from sdi.recording import Batch
from sdi.register import Register
from sdi.registry import Registry
from sdi.transaction import Transaction
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``thing show``, ``thing history`` and the five verbs."""
    inner = console.group(commands, "thing", "look at one thing and write about it")
    _reading(inner)
    _writing(inner)


# reading -----------------------------------------------------------------------------------------------------------


def _reading(inner: Commands[Parser]) -> None:
    """Add what asks."""
    shown = _one(inner, "show", "say what is known of a thing, as of any moment", _run_show)
    shown.add_argument("--valid", metavar="DATE", help="when it shall hold in the world (default: the latest fact)")
    shown.add_argument("--recorded", metavar="DATE", help="what shall have been known (default: now)")
    _one(inner, "history", "say who wrote about a thing, when and why", _run_history)
    for name in ("show", "history"):
        made = inner.choices[name]
        console.secretly(made, "look into the secret registry too")
        made.add_argument("--purpose", metavar="TEXT", help="why it is read, where not everybody may; it is noted")
        made.add_argument("--actor", default=getpass.getuser(), metavar="NAME", help="who reads (default: %(default)s)")


def _one(inner: Commands[Parser], name: str, text: str, run: Callable[[Options], int]) -> Parser:
    """Add a command about one thing."""
    made = console.command(inner, name, text, run)
    made.add_argument("kind", help="its register, for example tree")
    made.add_argument("id", help="its identifier, or an official code that it carries")
    return made


def _run_show(options: Options) -> int:
    """Say what is known of a thing."""
    workspace = opened.workspace(options)
    with closing(opened.registry(options)) as registry:
        eid = _sought(options, registry, valid=options.valid, recorded=options.recorded)
        with registry.store.reading():
            seen = registry.last_tx
            found = secret.find(registry, options.kind, eid, valid=options.valid, recorded=options.recorded)
            besides = Called.of(registry, eid, options.valid, options.recorded)
            units = membership.at(registry, eid, valid=options.valid, recorded=options.recorded)
            where = list(place.told(found, registry, units, options.valid))
    facts = _document(found, workspace) | place.document(found, units) | besides.document() | {"transaction": seen}
    lines = [*besides.lines(), f"  {'seen in transaction':<24} {seen}"]
    return console.answer(options, facts, "\n".join([_told(found, workspace), *where, *lines]))


def _run_history(options: Options) -> int:
    """Say who wrote about a thing."""
    with closing(opened.registry(options)) as registry:
        eid = _sought(options, registry)
        found = logbook.entries(registry, options.kind, eid)
    lines = [f"{options.kind} {eid}"]
    lines += [
        f"  {one.tx:>6}  {one.recorded_at}  {', '.join(one.changes):<10}  {one.actor}: {one.reason}"
        + (f" ({one.decision})" if one.decision else "")
        for one in found
    ]
    facts = {"id": eid, "kind": options.kind, "entries": [asdict(one) for one in found]}
    return console.answer(options, facts, "\n".join(lines))


def _sought(options: Options, registry: Registry, **moment: str | None) -> str:
    """Return the identifier of the thing that is meant, once it is noted who reads it, where not everybody may."""
    try:
        eid = _identified(registry.register(options.kind), options.id, **moment)
    except NotInRegister:
        if registry.beside is None:
            raise
        eid = _identified(registry.beside.register(options.kind), options.id, **moment)
    readership.note(registry, options.kind, eid, actor=options.actor, purpose=options.purpose)
    return eid


def _identified(register: Register, text: str, *, valid: str | None = None, recorded: str | None = None) -> str:
    """Return the identifier of the thing that is meant: its own, or the one that carries a code at a moment."""
    if is_identifier(text.lower()):
        return text.lower()
    found, mistyped = set(), None
    for scheme in register.declaration.schemes:
        try:
            found.add(register.find_by(scheme, text, valid=valid, recorded=recorded).eid)
        except NotInRegister as error:
            mistyped = error if error.code == "label-mistyped" else mistyped
    if mistyped is not None and not found:
        raise mistyped
    if len(found) != 1:
        what = f"{len(found)} things carry" if found else "nothing carries"
        raise NotInRegister(
            f"{what} the code {text!r} among {register.name} {'on ' + valid if valid else 'now'}; give the identifier"
            + ("" if register.declaration.schemes else ", the register has no codes"),
            details={"found": sorted(found)},
        )
    return found.pop()


def _document(found: Record, workspace: Workspace) -> dict[str, object]:
    """Describe a thing to a machine."""
    return {
        "id": found.eid,
        "kind": found.kind,
        "status": found.status,
        "valid_from": None if found.valid.start == ALWAYS else found.valid.start,
        "valid_to": None if found.valid.end == FOREVER else found.valid.end,
        "names": dict(found.names),
        "identifiers": dict(found.identifiers),
        "values": dict(found.values),
        "geometry": _geojson(found.geometry, workspace),
        "accuracy": asdict(found.accuracy),
    }


def _geojson(geometry: Any, workspace: Workspace) -> Any:
    """Describe a place as GeoJSON [CRS84]."""
    if geometry is None:
        return None
    (placed,) = workspace.crs.to_crs84(np.array([geometry], dtype=object))
    return orjson.loads(shapely.to_geojson(shapely.set_precision(placed, 1e-8)))


def _told(found: Record, workspace: Workspace) -> str:
    """Describe a thing to a person."""
    start, end = found.valid
    since = "ever" if start == ALWAYS else start.removesuffix("T00:00:00Z")
    until = "" if end == FOREVER else f" until {end.removesuffix('T00:00:00Z')}"
    said: Mapping[str, object] = {
        **{f"name ({language})": text for language, text in found.names.items()},
        **found.identifiers,
        **{name: value for name, value in found.values.items() if value is not None},
    }
    lines = [f"{found.kind} {found.eid}: {found.status}, since {since}{until}"]
    lines += [f"  {name:<24} {value}" for name, value in said.items()]
    if found.geometry is not None:
        error = found.accuracy.horizontal_m
        exact = "of unknown accuracy" if error is None else f"± {error:g} m"
        point = found.geometry.representative_point()
        lines.append(
            f"  {'place':<24} {point.x:.2f} {point.y:.2f} ({workspace.crs.code}), {exact}, {found.accuracy.method}"
        )
    return "\n".join(lines)


# writing -----------------------------------------------------------------------------------------------------------


def _writing(inner: Commands[Parser]) -> None:
    """Add the five verbs."""
    made = console.command(inner, "add", "record a thing that is new to us", _run_add)
    made.add_argument("kind", help="its register, for example tree")
    _said(made)
    place.add(made)
    _dated(made, "since when these facts hold (default: unknown)", required=False)
    made = _one(inner, "change", "record that the world changed", _run_change)
    _said(made)
    _dated(made, "since when it holds")
    made = _one(inner, "correct", "record that we were wrong", _run_correct)
    _said(made)
    place.add(made)
    made.add_argument(
        "--valid-at", metavar="DATE", help="a moment within the fact that was wrong (default: the latest)"
    )
    made = _one(inner, "move", "record that a thing changed its place", _run_move)
    place.add(made, required=True)
    _dated(made, "since when it is there")
    made = _one(inner, "retire", "record that a thing ended; nothing brings it back", _run_retire)
    made.add_argument(
        "--status", choices=sorted(TERMINAL), default="retired", help="how it ended (default: %(default)s)"
    )
    _dated(made, "first day on which it was gone")
    made = _one(inner, "entrust", "record who answers for a thing, or for some of its fields", _run_entrust)
    made.add_argument("--to", required=True, metavar="ORGANISATION", help="its code, name or identifier")
    made.add_argument("--field", action="append", default=[], help="for this field only; may be repeated")
    _dated(made, "since when (default: since ever)", required=False)
    for name in ("add", "change", "correct", "move", "retire"):
        console.secretly(inner.choices[name], "write to the secret registry; nothing of it is published")
    made = _one(inner, "restrict", "withdraw a thing from wider audiences; nothing undoes it", _run_restrict)
    made.add_argument(
        "--level", choices=LEVELS[1:], default="restricted", help="who may still see it (default: %(default)s)"
    )
    made = _one(inner, "note", "note what happened to a thing, such as an inspection", _run_note)
    made.add_argument("list", help="list of its register, for example inspection")
    made.add_argument("assignment", nargs="*", metavar="FIELD=VALUE", help="field of the list; or JSON")
    made.add_argument("--day", required=True, metavar="DATE", help="when it happened")
    for name in ("add", "change", "correct", "move", "retire", "restrict", "entrust", "note"):
        _signed(inner.choices[name])


def _said(made: Parser) -> None:
    """Let values, names and codes be given."""
    made.add_argument(
        "assignment",
        nargs="*",
        metavar="FIELD=VALUE",
        help="field, code (scheme=B7), name (name=, name.en=) or part of the address (address.house_number=); or JSON",
    )


def _dated(made: Parser, text: str, *, required: bool = True) -> None:
    """Let a date be given."""
    made.add_argument("--valid-from", required=required, metavar="DATE", help=text)


def _signed(made: Parser) -> None:
    """Ask who writes and why."""
    made.add_argument("--reason", required=True, metavar="TEXT", help="why it is written")
    made.add_argument("--decision", metavar="NUMBER", help="of the decision behind it")
    made.add_argument("--actor", default=getpass.getuser(), metavar="NAME", help="who writes (default: %(default)s)")
    made.add_argument(
        "--seen",
        type=int,
        metavar="TRANSACTION",
        help="the one that `thing show` gave: refuse to write where somebody else wrote about the thing since",
    )


class _Desk(NamedTuple):
    """What a verb needs."""

    register: Register
    registry: Registry
    tx: Transaction


@contextmanager
def _desk(options: Options) -> Iterator[_Desk]:
    """Open the registry for one transaction and bring the publications up to it before it is acknowledged."""
    workspace = opened.workspace(options)
    with closing(opened.registry(options)) as registry:
        register = registry.register(options.kind)
        signed = {"decision": options.decision, "seen": options.seen}
        with registry.transaction(options.actor, options.reason, **signed) as tx:
            yield _Desk(register, registry, tx)
        publish.run(workspace, registry)


def _written(options: Options, desk: _Desk, eid: str, did: str) -> int:
    """Answer what was written."""
    facts = {"id": eid, "kind": options.kind, "transaction": desk.tx.number}
    return console.answer(options, facts, f"{options.kind} {eid} {did} in transaction {desk.tx.number}")


def _run_add(options: Options) -> int:
    """Record a new thing."""
    with _desk(options) as desk:
        (eid,) = desk.register.add(_batch(options, _read(options, desk), desk), desk.tx)
    return _written(options, desk, eid, "is recorded")


def _batch(options: Options, said: Assignment, desk: _Desk) -> Batch:
    """Make a batch of one thing."""
    columns: dict[str, Any] = {
        "values": {name: [value] for name, value in said.values.items()},
        "names": {language: [text] for language, text in said.names.items()},
        "identifiers": {scheme: [code] for scheme, code in said.identifiers.items()},
    }
    geometry = np.full(1, None, dtype=object)
    there = place.given(options, desk.registry, desk.register.declaration)
    if there.delivered is not None:
        geometry[0] = there.place
        columns |= {"source_geometry": np.array([there.delivered], dtype=object), "source_crs": options.crs}
    else:
        columns["references"] = [there.place]
    if said.address:
        columns["addresses"] = [Address(**said.address)]
    high = place.height(options)
    return Batch(
        **columns, geometry=geometry, valid_from=options.valid_from, accuracy=place.accuracy(options), z_m=[high.z_m],
        depth_m=[high.depth_m],
    )  # fmt: skip


def _read(options: Options, desk: _Desk) -> Assignment:
    """Read what is said; a street may be named by a code or a name."""
    said = assignment.read(options.assignment, desk.register.declaration)
    rule, street = desk.register.declaration.address, said.address.get("street")
    if rule is not None and street:
        said.address["street"] = meant.thing(desk.registry, rule.streets, street)
    return said


def _run_change(options: Options) -> int:
    """Record that the world changed."""
    with _desk(options) as desk:
        said = _something(options, desk)
        if options.secret and is_identifier(options.id) and secret.is_open(desk.registry, options.id):
            eid = options.id
            secret.change(desk.registry, options.kind, eid, said.values, desk.tx, valid_from=options.valid_from)
            return _written(options, desk, eid, "is changed")
        eid = _identified(desk.register, options.id)
        desk.register.change(
            eid, said.values, desk.tx, valid_from=options.valid_from, names=said.names, identifiers=said.identifiers,
            address=said.address,
        )  # fmt: skip
    return _written(options, desk, eid, "is changed")


def _run_correct(options: Options) -> int:
    """Record that we were wrong."""
    with _desk(options) as desk:
        moved = place.is_given(options)
        said = _read(options, desk) if moved else _something(options, desk)
        eid = _identified(desk.register, options.id)
        there = place.given(options, desk.registry, desk.register.declaration).place if moved else None
        desk.register.correct(
            eid, desk.tx, values=said.values, names=said.names, identifiers=said.identifiers,
            address=said.address, geometry=there, height=place.height(options), valid_at=options.valid_at,
            accuracy=place.accuracy(options) if options.accuracy is not None else None,
        )  # fmt: skip
    return _written(options, desk, eid, "is corrected")


def _something(options: Options, desk: _Desk) -> Assignment:
    """Read what is said, refusing to write nothing."""
    said = _read(options, desk)
    if said.empty:
        raise InputError("nothing is said of it; give FIELD=VALUE", code="nothing-said")
    return said


def _run_move(options: Options) -> int:
    """Record that a thing changed its place."""
    with _desk(options) as desk:
        eid = _identified(desk.register, options.id)
        there = place.given(options, desk.registry, desk.register.declaration).place
        desk.register.move(
            eid, there, desk.tx, valid_from=options.valid_from, accuracy=place.accuracy(options),
            height=place.height(options),
        )  # fmt: skip
    return _written(options, desk, eid, "is moved")


def _run_retire(options: Options) -> int:
    """Record that a thing ended."""
    with _desk(options) as desk:
        eid = _identified(desk.register, options.id)
        desk.register.retire(eid, desk.tx, valid_from=options.valid_from, status=options.status)
    return _written(options, desk, eid, f"has ended ({options.status})")


def _run_entrust(options: Options) -> int:
    """Record who answers for a thing."""
    with _desk(options) as desk:
        eid = _identified(desk.register, options.id)
        to = called.organisation(desk.registry, options.to)
        custody.entrust(desk.registry, [eid], to, desk.tx, valid_from=options.valid_from, fields=options.field)
    return _written(options, desk, eid, f"is entrusted to {options.to}")


def _run_restrict(options: Options) -> int:
    """Withdraw a thing from wider audiences."""
    with _desk(options) as desk:
        eid = _identified(desk.register, options.id)
        desk.register.restrict(eid, desk.tx, level=options.level)
    return _written(options, desk, eid, f"is {options.level} now")


def _run_note(options: Options) -> int:
    """Note what happened to a thing."""
    with _desk(options) as desk:
        eid = _identified(desk.register, options.id)
        said = assignment.noted(options.assignment, desk.register.declaration, options.list)
        happening.note(desk.registry, eid, options.list, said, desk.tx, day=options.day)
    return _written(options, desk, eid, f"has another note under {options.list}")
