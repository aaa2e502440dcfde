"""Where things came from: one row for each delivery, in the same transaction as the things."""

from __future__ import annotations

import json
from dataclasses import asdict

from sdi import custody
from sdi.access.level import shown_at
from sdi.declaration import Level
from sdi.entry import Licence
from sdi.registry import Registry
from sdi.transaction import Transaction

COLUMNS = ("entry", "register", "custodian", "licence", "sha256", "accepted", "quarantined", "tx_from", "organisation")


def record(
    tx: Transaction,
    entry: str,
    register: str,
    *,
    custodian: str,
    licence: Licence,
    sha256: str,
    accepted: int,
    quarantined: int = 0,
) -> None:
    """Say where things came from and what may be done with them.

    Parameters
    ----------
    tx : Transaction
        The transaction that records the things.
    entry : str
        Name of the delivery.
    register : str
        Register that received them.
    custodian : str
        Who answers for them: the code or a name of an organisation of the register, or any other name.
    licence : Licence
        What may be done with them.
    sha256 : str
        Hash of what was delivered.
    accepted, quarantined : int
        Rows recorded, and rows put aside.
    """
    said = json.dumps(asdict(licence), ensure_ascii=False, sort_keys=True)
    head, organisation = (entry, register, custodian, said), custody.meant(tx.store, custodian)
    tx.insert("delivery", COLUMNS, [(*head, sha256, accepted, quarantined, tx.number, organisation)])


def last(registry: Registry, entry: str) -> tuple[str, int] | None:
    """Return hash and transaction of the last delivery under a name; ``None`` where there was none."""
    found = registry.store.select(
        'SELECT sha256, tx_from FROM delivery WHERE entry = ? ORDER BY "row" DESC LIMIT 1', (entry,)
    )
    return (found[0][0], found[0][1]) if found else None


def licences(registry: Registry, register: str, level: Level) -> list[Licence]:
    """Return the licences of what was loaded into a register and may be shown to an audience, without repetition."""
    return list(dict.fromkeys(licence for licence, _ in shown(registry, register, level)))


def shown(registry: Registry, register: str, level: Level) -> list[tuple[Licence, str]]:
    """Return licence and custodian of what was loaded into a register, in order.

    Parameters
    ----------
    registry : Registry
        Where it is kept.
    register : str
        The register.
    level : {'public', 'restricted', 'secret'}
        Who asks: of a delivery of which this audience sees nothing, nothing is said. Nor of one that brought nothing,
        because nothing says who might have seen it.
    """
    things = "SELECT 1 FROM outbox o JOIN entity e ON e.eid = o.eid WHERE o.tx_from = d.tx_from AND o.kind = d.register"
    brought = "SELECT 1 FROM delivery o WHERE o.tx_from = d.tx_from AND o.register = d.register AND o.accepted > 0"
    declared = registry.register(register).declaration
    rough = [register] if declared.publish and declared.publish.generalise_m else []
    known = f"EXISTS ({things} AND {shown_at(level, rough)})"
    seen = f"({known} OR (NOT EXISTS ({things}) AND EXISTS ({brought})))"
    sql = 'SELECT d.licence, d.custodian FROM delivery d WHERE d.register = ? AND {0} ORDER BY d."row"'
    rows = registry.store.select(sql.format(seen), (register,))
    return [(Licence(**json.loads(text)), custodian) for text, custodian in rows]
