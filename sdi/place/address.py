"""Addresses: house number, alley, street and residential group of a thing, since when and until when.

The street is a thing of its own, so that a street that is renamed changes the addresses along it without a row of
theirs being written. A ward is no part of an address: it is derived from the place (`sdi/place/membership.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from sdi.declaration import AddressRule, Declaration
from sdi.errors import InputError, NotInRegister
from sdi.history import CONDITION, OPEN, Interval
from sdi.transaction import Transaction

if TYPE_CHECKING:
    from sdi.recording import Batch, Span
    from sdi.registry import Registry

PARTS = ("house_number", "alley", "street", "residential_group", "text")
LONGEST = 200
"""Longest part of an address [character]."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a thing is, as people say it."""

    house_number: str | None = None
    alley: str | None = None
    street: str | None = None
    """Identifier of the street."""
    residential_group: str | None = None
    text: str | None = None
    """What none of the other parts says."""

    def written(self, street_name: str | None) -> str:
        """Write it in one line.

        Parameters
        ----------
        street_name : str or None
            What the street was called then.

        Examples
        --------
        >>> Address("12", "Hẻm 45", residential_group="Khu vực 3").written("Đường Trần Hoàng Na")
        '12 Hẻm 45, Đường Trần Hoàng Na, Khu vực 3'
        >>> Address("12").written("Đường Trần Hoàng Na")
        '12 Đường Trần Hoàng Na'
        """
        near = [self.house_number, self.alley] if self.alley else [self.house_number, street_name]
        parts = [" ".join(filter(None, near)), street_name if self.alley else None, self.residential_group, self.text]
        return ", ".join(filter(None, parts))


def record(
    registry: Registry, tx: Transaction, declaration: Declaration, eids: Sequence[str], starts: Sequence[str],
    batch: Batch,
) -> None:  # fmt: skip
    """Record the addresses of new things.

    Parameters
    ----------
    registry : Registry
        Where streets are known.
    tx : Transaction
        The transaction that knows them.
    declaration : Declaration
        Says whose things name the streets.
    eids : sequence of str (n,)
        The things.
    starts : sequence of str (n,)
        Since when.
    batch : Batch
        Holds the addresses.

    Raises
    ------
    InputError
        If the register keeps no addresses, or a part is too long.
    NotInRegister
        If a street is not known.
    """
    given = [
        (eid, one, at) for eid, one, at in zip(eids, batch.addresses or (), starts, strict=False) if one is not None
    ]
    if not given:
        return
    rule = _rule(declaration)
    rows = [_checked(asdict(one)) for _, one, _ in given]
    _refuse_unknown(registry, rule, {row["street"] for row in rows if row["street"]})
    kept = [
        (eid, *row.values(), at, tx.number) for (eid, _, at), row in zip(given, rows, strict=True) if any(row.values())
    ]
    tx.insert("address", ("eid", *PARTS, "valid_from", "tx_from"), kept)


def rewrite(
    registry: Registry, tx: Transaction, declaration: Declaration, eid: str, given: Mapping[str, str | None], span: Span
) -> None:
    """Write another address of a thing; parts that are not given stay as they are.

    Parameters
    ----------
    registry : Registry
        Where streets are known.
    tx : Transaction
        The transaction that knows it.
    declaration : Declaration
        Register of the thing.
    eid : str
        The thing.
    given : mapping of str to str
        Parts by name; ``None`` says that there is none. Where none is left, the thing has no address.
    span : Span
        When it holds.

    Raises
    ------
    InputError
        If the register keeps no addresses, or a part is unknown or too long.
    NotInRegister
        If the street is not known.
    """
    rule, new = _rule(declaration), _checked(given)
    _refuse_unknown(registry, rule, {new["street"]} if new.get("street") else set())
    rows = registry.store.select(
        f'SELECT "row", valid_from, valid_to, {", ".join(PARTS)} FROM address WHERE eid = ? AND tx_to = {OPEN} '
        "ORDER BY valid_from",
        (eid,),
    )
    known = [(row, Interval(start, end)) for row, start, end, *_ in rows]
    held = span.over([interval for _, interval in known])
    before = next((row[3:] for row in rows if row[1] <= held.start < row[2]), [None] * len(PARTS))
    parts = dict(zip(PARTS, before, strict=True)) | new
    tx.rewrite("address", known, held, {"eid": eid, **parts} if any(parts.values()) else None)


def _rule(declaration: Declaration) -> AddressRule:
    """Return how a register keeps addresses."""
    if declaration.address is None:
        raise InputError(
            f"register {declaration.name} keeps no addresses; declare them (address: {{streets: REGISTER}})",
            code="address-undeclared",
        )
    return declaration.address


def _checked(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return parts of an address without blanks around them; an empty one is none."""
    strange = sorted(set(given) - set(PARTS))
    if strange:
        raise InputError(f"an address has no {strange[0]!r}; it has {', '.join(PARTS)}", code="address-part")
    parts = {name: (str(value).strip() or None if value is not None else None) for name, value in given.items()}
    long = next((name for name, value in parts.items() if value and len(value) > LONGEST), None)
    if long:
        raise InputError(f"{long} of an address has more than {LONGEST} characters; shorten it", code="address-part")
    return parts


def _refuse_unknown(registry: Registry, rule: AddressRule, streets: set[str | None]) -> None:
    """Refuse streets that are no things of the register of streets."""
    if not streets:
        return
    found = registry.store.select(
        f"SELECT eid FROM entity WHERE kind = ? AND eid IN ({registry.store.listed(str)})",
        (rule.streets, orjson.dumps(sorted(filter(None, streets))).decode()),
    )
    missing = sorted(filter(None, streets - {eid for (eid,) in found}))
    if missing:
        raise NotInRegister(
            f"no {rule.streets} {missing[0]} in the register; record the street before the addresses along it",
            details={"missing": missing},
        )


def tell(registry: Registry, tx: Transaction, street: str) -> None:
    """Tell the outbox that the addresses along a street read differently.

    Parameters
    ----------
    registry : Registry
        Where they are recorded.
    tx : Transaction
        The transaction that renamed it.
    street : str
        Identifier of the street.
    """
    found = registry.store.select(
        "SELECT DISTINCT e.kind, a.eid FROM address a JOIN entity e ON e.eid = a.eid "
        f"WHERE a.street = ? AND a.tx_to = {OPEN} ORDER BY e.kind, a.eid",
        (street,),
    )
    for kind, rows in itertools.groupby(found, key=lambda row: row[0]):
        tx.note([eid for _, eid in rows], kind, "changed")


def at(registry: Registry, eid: str, moment: tuple[str, str, int, int]) -> tuple[Address | None, str | None]:
    """Return the address of a thing as of a moment, and the same in one line.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    moment : Moment
        Valid time twice, then the transaction twice.
    """
    parts = ", ".join(f"a.{name}" for name in PARTS)
    found = registry.store.select(
        f"SELECT {parts}, n.text FROM address a LEFT JOIN name n ON n.eid = a.street AND n.type = 'official' "
        f"AND n.language = 'vi' AND {CONDITION.format('n.')} WHERE a.eid = ? AND {CONDITION.format('a.')}",
        (*moment, eid, *moment),
    )
    if not found:
        return None, None
    *said, street_name = found[0]
    address = Address(*said)
    return address, address.written(street_name)


SEPARATOR = "\x1f"
"""Stands between the parts of an address in one text."""


def packed(table: str) -> str:
    """Return the SQL of an address as one text, for who reads many."""
    return f" || '{SEPARATOR}' || ".join(f"coalesce({table}.{name}, '')" for name in PARTS)


def unpacked(text: str) -> Address:
    """Return an address from one text.

    Examples
    --------
    >>> unpacked(SEPARATOR.join(["12", "", "", "Khu vực 3", ""])).residential_group
    'Khu vực 3'
    """
    return Address(*(part or None for part in text.split(SEPARATOR)))
