"""Commands about who may see more of the service than the public: keys for programs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.access.key import Key
from sdi.access.keyring import Keyring
from sdi.access.right import SERVED
from sdi.errors import NotFound
from sdi.history import utc
from sdi.workspace import Workspace

_USUAL_DAYS = 365
"""How long a key lasts of which nothing else is said [d]."""


def add(commands: Commands[Parser]) -> None:
    """Add ``user add``, ``user list`` and ``user revoke``."""
    inner = console.group(commands, "user", "keys by which programs see more than the public, or may ask more often")
    made = console.command(inner, "add", "make a key and show it this once", _run_add)
    made.add_argument("owner", metavar="OWNER", help="who gets it")
    made.add_argument("--role", choices=SERVED, default="public", help="what it opens (default: %(default)s)")
    made.add_argument(
        "--collection", action="append", default=[], metavar="NAME", help="collection that it opens, instead of all"
    )
    made.add_argument("--expires", metavar="DATE", help="when it ends, or never (default: in a year)")
    console.command(inner, "list", "name the keys", _run_list)
    made = console.command(inner, "revoke", "let a key open nothing any more, at once", _run_revoke)
    made.add_argument("key", metavar="KEY", help="identifier of the key")


def _run_add(options: Options) -> int:
    """Make a key."""
    workspace = opened.workspace(options)
    _check_collections(workspace, options.role, options.collection)
    expires = _end(workspace, options.expires)
    made, written = Keyring(workspace.folder).add(
        options.owner, options.role, collections=options.collection, expires=expires
    )
    text = (
        f"{written}\n  key {made.identifier} of {made.owner}: {_said(made)}\n"
        "  It is shown this once. Send it as the header X-API-Key, never in an address."
    )
    return console.answer(options, _facts(made) | {"key": written}, text)


def _run_list(options: Options) -> int:
    """Name the keys."""
    found = Keyring(opened.workspace(options).folder).list()
    lines = [f"{one.identifier}  {one.owner}: {_said(one)}" for one in found]
    return console.answer(options, {"keys": [_facts(one) for one in found]}, "\n".join(lines) or "there is no key")


def _run_revoke(options: Options) -> int:
    """Revoke a key."""
    Keyring(opened.workspace(options).folder).revoke(options.key)
    return console.answer(options, {"revoked": options.key}, f"key {options.key} opens nothing any more")


def _check_collections(workspace: Workspace, level: str, names: list[str]) -> None:
    """Refuse a key for collections that there are not: it would open nothing, and nobody would know why."""
    if not names:
        return
    with closing(workspace.publication(level)) as publication:
        known = {one.name for one in publication.collections()}
    known |= {folder.name for folder in workspace.rasters.iterdir() if folder.is_dir()}
    unknown = sorted(set(names) - known)
    if unknown:
        raise NotFound(f"no collection {', '.join(unknown)} is published; there are {', '.join(sorted(known))}")


def _end(workspace: Workspace, asked: str | None) -> str | None:
    """Return when a key ends [UTC]; ``None`` for never."""
    if asked == "never":
        return None
    day: str | date = asked or datetime.now(UTC).date() + timedelta(days=_USUAL_DAYS)
    return utc(day, workspace.zone)


def _facts(one: Key) -> dict[str, object]:
    """Tell a machine about a key; not its hash, which is of no use to anybody else."""
    return {name: value for name, value in asdict(one).items() if name != "digest"}


def _said(one: Key) -> str:
    """Tell a person about a key."""
    state = f"revoked {one.revoked}" if one.revoked else f"until {one.expires or 'it is revoked'}"
    return f"{one.level}, {', '.join(one.collections) or 'all collections'}, {state}, last used {one.used or 'never'}"
