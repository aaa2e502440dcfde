"""The secret registry: things and fields that the open registry and its publications never know.

It has a store, a chain and an outbox of its own. Its things may lie where open things lie and be tied to them, because
it reads the open registry; nothing is written there. A secret field of an open thing is a row of the same register
here, under the same identifier, that holds nothing but the secret fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sdi.access import level as access
from sdi.declaration import Declaration
from sdi.errors import InputError, NotInRegister
from sdi.history import instant
from sdi.record import Record
from sdi.registry import Registry
from sdi.store.schema import REGISTER_PREFIX
from sdi.transaction import TIMES, Transaction
from sdi.value import checked_columns


def is_open(registry: Registry, eid: str) -> bool:
    """Tell whether a thing is one of the open registry beside a secret one."""
    return registry.beside is not None and access.level_of(registry.beside, eid) is not None


def change(
    registry: Registry, kind: str, eid: str, values: Mapping[str, Any], tx: Transaction, *, valid_from: str
) -> None:
    """Record what a secret field of an open thing holds from a date on.

    Parameters
    ----------
    registry : Registry
        The secret one.
    kind : str
        Register of the thing.
    eid : str
        The thing, of the open registry.
    values : mapping of str to value [units of the register]
        Secret fields.
    tx : Transaction
        A transaction of the secret registry.
    valid_from : str
        Since when, ISO 8601.

    Raises
    ------
    InputError
        If a field is not secret, or a value is refused.
    NotInRegister
        If the open registry knows nothing of the thing then.
    """
    register = registry.register(kind)
    _refuse_open(register.declaration, values)
    if registry.beside is None:
        raise InputError("secret fields are written to the secret registry", code="secret-in-open")
    registry.beside.register(kind).find(eid, valid=valid_from)
    if access.level_of(registry, eid) is not None:
        register.change(eid, values, tx, valid_from=valid_from)
        return
    columns = {name: [value] for name, value in values.items()}
    checked = checked_columns(register.declaration, registry.catalog.codes, columns, 1, complete=False)
    tx.insert("entity", ("eid", "kind", "access", "tx_from"), [(eid, kind, access.rank("secret"), tx.number)])
    names = ("eid", "status", *(f"f_{name}" for name in checked), *TIMES[::2])
    row = (eid, "active", *(column[0] for column in checked.values()), instant(valid_from, registry.zone), tx.number)
    tx.insert(REGISTER_PREFIX + kind, names, [row])
    tx.note([eid], kind, "changed")


def _refuse_open(declaration: Declaration, values: Mapping[str, Any]) -> None:
    """Refuse fields that are not secret."""
    secret = [field.name for field in declaration.fields if field.access == "secret"]
    for name in values:
        if name not in secret:
            raise InputError(
                f"field {name} of {declaration.name} is not secret; write it without --secret "
                f"(secret are {', '.join(secret) or 'none'})",
                code="field-open",
            )


def find(registry: Registry, kind: str, eid: str, *, valid: str | None = None, recorded: str | None = None) -> Record:
    """Return what is known of a thing, secret or open, with its secret fields.

    Parameters
    ----------
    registry : Registry
        The secret one.
    kind : str
        Register of the thing.
    eid : str
        The thing.
    valid, recorded : optional
        As for :meth:`sdi.register.Register.find`; a date of recording, because the two registries count apart.

    Raises
    ------
    NotInRegister
        If nothing is known for that moment.
    """
    register = registry.register(kind)
    if registry.beside is None or not is_open(registry, eid):
        return register.find(eid, valid=valid, recorded=recorded)
    known = registry.beside.register(kind).find(eid, valid=valid, recorded=recorded)
    try:
        here = register.find(eid, valid=valid, recorded=recorded)
    except NotInRegister:
        return known
    hidden = {field.name: here.values[field.name] for field in register.declaration.fields if field.access == "secret"}
    return dataclasses.replace(known, values={**known.values, **hidden})
