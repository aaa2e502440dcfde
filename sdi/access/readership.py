"""Who read what few may read, and why: a list that is only added to, in which no line can be changed or taken out.

Every line carries a hash over itself and the line before. It stands in the registry that was read, so that
what is read of a secret registry is known there alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

import orjson

from sdi.access import level as access
from sdi.declaration import Level
from sdi.errors import InputError, IntegrityError
from sdi.registry import Registry
from sdi.safety import audit
from sdi.store.store import Store

COLUMNS = ("read_at", "actor", "purpose", "kind", "eid", "level")
_ALL = 'SELECT read_at, actor, purpose, kind, eid, level, previous_hash, hash FROM reading ORDER BY "row"'


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody read something that few may read."""

    read_at: str
    actor: str
    purpose: str
    kind: str
    eid: str
    level: Level


def note(registry: Registry, kind: str, eid: str, *, actor: str, purpose: str | None) -> None:
    """Note that somebody reads a thing, unless everybody may see it.

    Parameters
    ----------
    registry : Registry
        Where it is read; everything in a secret one is secret.
    kind : str
        Register of the thing.
    eid : str
        The thing.
    actor : str
        Who reads.
    purpose : str or None
        Why.

    Raises
    ------
    InputError
        If few may see it and nothing is said of why it is read.
    """
    level = "secret" if registry.beside is not None else access.level_of(registry, eid) or "public"
    if level == "public":
        return
    if not (purpose or "").strip():
        raise InputError(
            f"{kind} {eid} is {level}; say why it is read: --purpose TEXT (it is noted with your name)",
            code="purpose-missing",
        )
    one = Reading(registry.clock.now(), actor, str(purpose).strip(), kind, eid, level)
    with registry.store.writing():
        last = registry.store.select('SELECT hash FROM reading ORDER BY "row" DESC LIMIT 1')
        previous = last[0][0] if last else audit.GENESIS
        row = (*(getattr(one, name) for name in COLUMNS), previous, _digest(previous, one))
        registry.store.insert("reading", (*COLUMNS, "previous_hash", "hash"), [row])


def _digest(previous: str, one: Reading) -> str:
    """Hash one line after another."""
    return hashlib.sha256(previous.encode() + orjson.dumps(asdict(one), option=orjson.OPT_SORT_KEYS)).hexdigest()


def readings(store: Store) -> list[Reading]:
    """Return what was read, in order.

    Raises
    ------
    IntegrityError
        If a line was changed or taken out.
    """
    previous, found = audit.GENESIS, []
    for number, (*said, before, recorded) in enumerate(store.select(_ALL), 1):
        one = Reading(*said)
        if before != previous or _digest(previous, one) != recorded:
            raise IntegrityError(
                f"{store.name}: line {number} of who read what ({one.read_at}, {one.actor}) was changed outside phusa; "
                "restore the last backup that verifies"
            )
        previous = recorded
        found.append(one)
    return found
