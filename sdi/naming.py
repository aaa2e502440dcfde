"""Names: what things are and were called, officially and otherwise.

A thing has one official name in a language at a time. Beside it stand any number of others, each with its own dates: a
former name that people still use, a local one, a short one, an alias. Where a name is written down, its kind follows
the language behind a dot: ``vi`` is the official name, ``vi.local`` a local one. All of them are found by a search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdi.errors import InputError, NotInRegister
from sdi.history import FOREVER, OPEN, Interval, instant
from sdi.text import fold

if TYPE_CHECKING:
    from sdi.declaration import Declaration
    from sdi.recording import Span
    from sdi.registry import Registry
    from sdi.transaction import Transaction

OFFICIAL = "official"
OTHERS = ("former", "local", "short", "alias")
"""Kinds of names beside the official one."""
TABLES = {OFFICIAL: "name"} | dict.fromkeys(OTHERS, "other_name")
"""Table that keeps names of a kind."""
EVERY = (
    "(SELECT eid, text, folded, valid_from, valid_to, tx_from, tx_to FROM name UNION ALL "
    "SELECT eid, text, folded, valid_from, valid_to, tx_from, tx_to FROM other_name)"
)
"""All names, as a table of a query."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name beside the official one, and when a thing is called so."""

    language: str
    type: str
    """One of `OTHERS`."""
    text: str
    valid: Interval


def split(key: str, declaration: Declaration) -> tuple[str, str]:
    """Return language and kind of a name from how it is written down.

    Parameters
    ----------
    key : str
        ``vi``, ``vi.local``.
    declaration : Declaration
        Register of the thing.

    Raises
    ------
    InputError
        If the register keeps no names in that language, or there is no such kind.
    """
    language, _, kind = key.partition(".")
    if language not in declaration.languages:
        raise InputError(f"register {declaration.name} keeps no names in {language!r}", code="language-unknown")
    if kind and kind not in OTHERS:
        raise InputError(f"{key!r} is no kind of name; expected {language}.{OTHERS[0]}, one of {', '.join(OTHERS)}")
    return language, kind or OFFICIAL


def rewrite(tx: Transaction, eid: str, language: str, kind: str, text: str | None, span: Span) -> None:
    """Write one name of a thing.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows it.
    eid : str
        The thing.
    language, kind : str
        What :func:`split` returned.
    text : str or None
        The name; ``None`` says that it is called so no longer, nor anything else of that kind and language.
    span : Span
        When. An official name takes the place of the one before it, any other stands beside those that are there.
    """
    about, values = "eid = ? AND language = ? AND type = ?", [eid, language, kind]
    if kind != OFFICIAL and text is not None:
        about, values = f"{about} AND text = ?", [*values, text]
    table = TABLES[kind]
    found = tx.store.select(
        f'SELECT "row", text, valid_from, valid_to FROM "{table}" WHERE {about} AND tx_to = {OPEN}', values
    )
    groups: dict[str | None, list[tuple[int, Interval]]] = {} if text is None and kind != OFFICIAL else {text: []}
    for row, said, start, end in found:
        group = said if text is None and kind != OFFICIAL else text
        groups.setdefault(group, []).append((row, Interval(start, end)))
    payload = None
    if text is not None:
        payload = {"eid": eid, "language": language, "type": kind, "text": text, "folded": fold(text)}
    for known in groups.values():
        tx.rewrite(table, known, span.over([held for _, held in known]), payload)


def others(
    registry: Registry, eid: str, *, valid: str | None = None, recorded: int | str | None = None
) -> tuple[Name, ...]:
    """Return the names of a thing beside the official one.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    valid : str, optional
        A date, ISO 8601: how it was called then. Every one it ever had where absent.
    recorded : int or str, optional
        What shall have been known: a transaction, or a date; now where absent.

    Returns
    -------
    tuple of Name
        In the order of time; empty where it has none.
    """
    tx = registry.known_at(recorded)
    rows = registry.store.select(
        "SELECT language, type, text, valid_from, valid_to FROM other_name "
        'WHERE eid = ? AND tx_from <= ? AND ? < tx_to ORDER BY valid_from, "row"',
        (eid, tx, tx),
    )
    moment = None if valid is None else instant(valid, registry.zone)
    return tuple(
        Name(language, kind, text, Interval.kept(start, end))
        for language, kind, text, start, end in rows
        if moment is None or start <= moment < end
    )


def end(registry: Registry, eid: str, text: str, tx: Transaction, *, valid_from: str | None = None) -> None:
    """Record that a thing is no longer called by a name beside its official one, or never was.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    eid : str
        The thing.
    text : str
        The name.
    tx : Transaction
        The transaction that knows it.
    valid_from : str, optional
        First moment at which nobody called it so, ISO 8601; it was wrong from the beginning where absent.

    Raises
    ------
    NotInRegister
        If it has no such name.
    """
    found = registry.store.select(
        'SELECT n."row", n.valid_from, n.valid_to, e.kind FROM other_name n JOIN entity e ON e.eid = n.eid '
        "WHERE n.eid = ? AND n.text = ? AND n.tx_to = ?",
        (eid, text, OPEN),
    )
    if not found:
        raise NotInRegister(f"{eid} has no name {text!r} beside its official one; see `phusa thing show`")
    for row, start, stop, _ in found:
        gone = start if valid_from is None else instant(valid_from, registry.zone)
        tx.rewrite("other_name", [(row, Interval(start, stop))], Interval(gone, FOREVER), None)
    tx.note([eid], found[0][3], "corrected" if valid_from is None else "changed")
