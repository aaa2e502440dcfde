"""Who may see what: the levels of things, and the one way from a wider audience to a narrower one.

A thing has the level at which it was recorded, or a narrower one from the transaction on that withdrew it. The level of
a field stands in the register file. Secret things have a registry of their own, see `sdi/access/secret.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from sdi.declaration import LEVELS, Declaration, Level
from sdi.errors import ConflictError, InputError, WorkspaceError
from sdi.recording import Batch
from sdi.transaction import Transaction
from sdi.value import plain

if TYPE_CHECKING:
    from sdi.registry import Registry


def rank(level: Level) -> int:
    """Return a level as it is kept with a thing: 0 for public, 1 for restricted, 2 for secret."""
    return LEVELS.index(level)


def shown_at(level: Level, generalised: Sequence[str] = ()) -> str:
    """Return the SQL of the things ``e`` that an audience may see.

    Parameters
    ----------
    level : {'public', 'restricted', 'secret'}
        The audience.
    generalised : sequence of str
        Registers whose restricted things the public may see without their exact place.
    """
    seen = _up_to(rank(level))
    if level == "public" and generalised:
        listed = ", ".join(f"'{name}'" for name in generalised)
        return f"({seen} OR (e.kind IN ({listed}) AND {_up_to(rank('restricted'))}))"
    return seen


def _up_to(most: int) -> str:
    """Return the SQL of the things ``e`` whose level is not narrower than one."""
    if most == rank("secret"):
        return "1 = 1"
    withdrawn = f"SELECT 1 FROM restriction x WHERE x.eid = e.eid AND x.access > {most}"
    return f"(e.access <= {most} AND NOT EXISTS ({withdrawn}))"


def level_of(registry: Registry, eid: str) -> Level | None:
    """Return the level of a thing, ``None`` where it is not known."""
    found = registry.store.select(
        "SELECT max(access) FROM (SELECT access FROM entity WHERE eid = ? "
        "UNION ALL SELECT access FROM restriction WHERE eid = ?) AS levels",
        (eid, eid),
    )
    return None if found[0][0] is None else LEVELS[found[0][0]]


def withdrawn(registry: Registry, level: Level, since: int) -> bool:
    """Tell whether something that an audience saw was withdrawn from it after a transaction.

    What it never saw is none of its business: that its publication is written anew would tell that there is something.
    """
    exact, rough = (", ".join(f"'{name}'" for name in names) for names in _told_of(registry, level))
    most = rank(level)
    cases = [_crosses(most, exact), *([_crosses(most + 1, rough)] if rough else [])]
    sql = "SELECT 1 FROM restriction x JOIN entity e ON e.eid = x.eid WHERE x.tx_from > ? AND e.tx_from <= ? AND ("
    return bool(registry.store.select(f"{sql}{' OR '.join(cases)}) LIMIT 1", (since, since)))


def _crosses(most: int, kinds: str) -> str:
    """Return the SQL of those withdrawals ``x`` of things of some kinds that were first to make them narrower than one.

    Parameters
    ----------
    most : int
        Narrowest level that is still seen, as it is kept.
    kinds : str
        Registers, as SQL.
    """
    before = f'SELECT 1 FROM restriction y WHERE y.eid = x.eid AND y.access > {most} AND y."row" < x."row"'
    return f"(e.kind IN ({kinds or 'NULL'}) AND e.access <= {most} AND x.access > {most} AND NOT EXISTS ({before}))"


def _told_of(registry: Registry, level: Level) -> tuple[set[str], set[str]]:
    """Return the registers whose things an audience is told of, and those whose restricted ones it sees roughly.

    A register that is not published is told of where addresses name its streets, or fields that are shown its things.
    """
    known = [one for one in registry.catalog.registers.values() if one.publish]
    streets = {one.address.streets for one in known if one.address and one.shows_address(level)}
    named = {field.register for one in known for field in one.published(level) if field.register}
    rough = {one.name for one in known if level == "public" and one.publish and one.publish.generalise_m}
    return {one.name for one in known} | streets | named, rough


def hidden(registry: Registry, level: Level, eids: Iterable[str]) -> set[str]:
    """Return those of some things that an audience may not see, or sees only roughly.

    Parameters
    ----------
    registry : Registry
        Where they are kept.
    level : {'public', 'restricted'}
        The audience.
    eids : iterable of str
        The things.

    Returns
    -------
    set of str
        Empty where it may see all of them.
    """
    asked = orjson.dumps(list(eids)).decode()
    sql = f"SELECT e.eid FROM entity e WHERE e.eid IN ({registry.store.listed(str)}) AND NOT {shown_at(level)}"
    return {eid for (eid,) in registry.store.select(sql, (asked,))}


def of_batch(registry: Registry, declaration: Declaration, batch: Batch) -> int:
    """Return the level that new things get.

    Raises
    ------
    InputError
        If they are secret and the registry is not, or a value of a secret field is among what is known of them.
    """
    if registry.beside is not None:
        return rank("secret")
    hidden = [one.name for one in declaration.fields if one.access == "secret" and one.name in batch.values]
    refuse_secret(registry, declaration, [name for name in hidden if _says(batch.values[name])])
    level = max(rank(batch.access), rank(declaration.access))
    if level == rank("secret"):
        raise InputError(
            f"things of {declaration.name} are secret here; record them in the secret registry (--secret)",
            code="secret-in-open",
        )
    return level


def _says(column: Sequence[Any]) -> bool:
    """Tell whether a column has any value."""
    return any(value is not None for value in plain(column))


def refuse_secret(registry: Registry, declaration: Declaration, names: Iterable[str]) -> None:
    """Refuse to write secret fields into a registry that is not secret.

    Raises
    ------
    InputError
        Naming the field.
    """
    if registry.beside is None:
        for field in declaration.fields:
            if field.access == "secret" and field.name in names:
                raise InputError(
                    f"field {field.name} of {declaration.name} is secret; write it to the secret registry (--secret)",
                    code="secret-in-open",
                )


def refuse_wider(registry: Registry, names: Iterable[str]) -> None:
    """Refuse register files that keep their things for few while wider audiences see some of them.

    Parameters
    ----------
    registry : Registry
        Where they are kept; it may have no tables yet.
    names : iterable of str
        Registers whose files changed.

    Raises
    ------
    WorkspaceError
        Naming the register and how many of its things are seen by more.
    """
    if registry.beside is not None or not {"entity", "restriction"} <= set(registry.store.recorded_tables()):
        return
    for declared in (registry.catalog.registers[name] for name in names):
        if declared.access != "public":
            most = rank(declared.access) - 1
            sql = f"SELECT count(*) FROM entity e WHERE e.kind = ? AND {_up_to(most)}"
            count = registry.store.select(sql, (declared.name,))[0][0]
            if count:
                raise WorkspaceError(
                    f"register {declared.name} {declared.version} is {declared.access}, but {count} of its things are "
                    "seen by more, and a register file withdraws nothing; take `access` out of it, withdraw them with "
                    f"`phusa thing restrict {declared.name} ID`, then put it back",
                    code="declaration-withdraws",
                )


def restrict(registry: Registry, eid: str, level: Level, tx: Transaction) -> None:
    """Withdraw a thing from wider audiences, with all that was ever published of it.

    Raises
    ------
    ConflictError
        If its level is not wider now: there is no way back.
    InputError
        If the level is ``public``.
    """
    now = level_of(registry, eid)
    if level == "public":
        raise InputError(
            "nothing becomes public by being withdrawn; expected restricted or secret", code="level-unknown"
        )
    if now is None or rank(now) >= rank(level):
        raise ConflictError(
            f"{eid} is {now or 'not known'}, so it is not made {level}: a level only becomes narrower; "
            "what shall be seen again is added as a new thing",
            code="level-narrower",
        )
    tx.insert("restriction", ("eid", "access", "tx_from"), [(eid, rank(level), tx.number)])
