"""The codebook: every version of every code list that the registry was ever opened with.

A value is kept as its code alone. What the code meant when it was written, and what a code means that a later version
ended or renamed, is read here. A list may gain codes, reword them and end them by a date; it never loses one, because
things may bear it for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdi.declaration import Code, CodeList, Label, version_key
from sdi.errors import NotFound, WorkspaceError

if TYPE_CHECKING:
    from sdi.registry import Registry
    from sdi.transaction import Transaction

_LIST = ("list", "version", "title_vi", "title_en", "source", "tx_from")
_CODE = ("list", "version", "code", "title_vi", "title_en", "valid_from", "valid_to", "replaced_by", "tx_from")


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a code list, and since when the registry knows it."""

    number: str
    tx: int
    recorded_at: str


def news(registry: Registry) -> list[CodeList]:
    """Return the code lists of the catalogue that the registry does not know as they are now.

    Parameters
    ----------
    registry : Registry
        The registry, with its tables.

    Raises
    ------
    WorkspaceError
        If a list changed without a later version, or lost a code.
    """
    known = _latest(registry)
    found = []
    for name, now in registry.catalog.codes.items():
        before = known.get(name)
        if before is None:
            found.append(now)
        elif _said(before) != _said(now):
            _refuse(before, now)
            found.append(now)
    return found


def record(tx: Transaction, lists: Sequence[CodeList]) -> None:
    """Record versions of code lists.

    Parameters
    ----------
    tx : Transaction
        The transaction that knows them.
    lists : sequence of CodeList
        What :func:`news` returned.
    """
    heads = [(one.name, one.version, one.title.vi, one.title.en, one.source, tx.number) for one in lists]
    tx.insert("code_list", _LIST, heads)
    tx.insert("code", _CODE, [(one.name, one.version, *_row(code), tx.number) for one in lists for code in one.codes])


def versions(registry: Registry, name: str) -> tuple[Edition, ...]:
    """Return the versions of a code list in the order in which they became known; empty where none did."""
    rows = registry.store.select(
        "SELECT c.version, c.tx_from, t.recorded_at FROM code_list c JOIN tx t ON t.tx = c.tx_from "
        'WHERE c.list = ? ORDER BY c."row"',
        (name,),
    )
    return tuple(Edition(*row) for row in rows)


def version(registry: Registry, name: str, recorded: int | str | None = None) -> str:
    """Return the version of a code list against which values were checked at a moment.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    name : str
        The list.
    recorded : int or str, optional
        A transaction, or a date; now where absent.

    Raises
    ------
    NotFound
        If the list was not known then.
    """
    rows = registry.store.select(
        'SELECT version FROM code_list WHERE list = ? AND tx_from <= ? ORDER BY "row" DESC LIMIT 1',
        (name, registry.known_at(recorded)),
    )
    if not rows:
        raise NotFound(f"no code list {name!r} was recorded then; see catalogs/codes, or ask for a later moment")
    return str(rows[0][0])


def code(registry: Registry, name: str, value: str, recorded: int | str | None = None) -> Code:
    """Return what a code means, or meant at a moment, whether it still holds or not.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    name : str
        The list.
    value : str
        The code.
    recorded : int or str, optional
        A transaction, or a date; now where absent.

    Raises
    ------
    NotFound
        If no version of the list known then holds it.
    """
    rows = registry.store.select(
        "SELECT code, title_vi, title_en, valid_from, valid_to, replaced_by FROM code "
        'WHERE list = ? AND code = ? AND tx_from <= ? ORDER BY "row" DESC LIMIT 1',
        (name, value, registry.known_at(recorded)),
    )
    if not rows:
        raise NotFound(f"no version of the code list {name!r} that was known then holds {value!r}")
    return _code(*rows[0])


def _latest(registry: Registry) -> Mapping[str, CodeList]:
    """Return the latest version of every list as it was recorded."""
    heads = registry.store.select('SELECT list, version, title_vi, title_en, source FROM code_list ORDER BY "row"')
    latest = {name: (number, Label(vi, en), source) for name, number, vi, en, source in heads}
    codes: dict[str, list[Code]] = {name: [] for name in latest}
    for name, number, *said in registry.store.select(
        'SELECT list, version, code, title_vi, title_en, valid_from, valid_to, replaced_by FROM code ORDER BY "row"'
    ):
        if latest[name][0] == number:
            codes[name].append(_code(*said))
    return {
        name: CodeList(name, latest[name][0], latest[name][1], tuple(codes[name]), latest[name][2]) for name in latest
    }


def _code(value: str, vi: str, en: str, start: str | None, end: str | None, successor: str | None) -> Code:
    """Return a code as it was recorded; how it is drawn is not."""
    return Code(value, Label(vi, en), valid_from=start, valid_to=end, replaced_by=successor)


def _row(one: Code) -> tuple[str | None, ...]:
    """Return what is recorded of a code."""
    return one.code, one.title.vi, one.title.en, one.valid_from, one.valid_to, one.replaced_by


def _said(one: CodeList) -> tuple[object, ...]:
    """Return what a list says; the order of its codes and their colours mean nothing."""
    return one.version, one.title, one.source, frozenset(map(_row, one.codes))


def _refuse(before: CodeList, now: CodeList) -> None:
    """Refuse a list that changed as none may."""
    lost = sorted({one.code for one in before.codes} - {one.code for one in now.codes})
    if lost:
        raise WorkspaceError(
            f"code list {now.name} {now.version} has lost {', '.join(lost)} of version {before.version}; things may "
            "bear it for ever, so keep the code and end it with valid_to, and replaced_by where another took its place",
            code="code-list-narrowed",
        )
    if version_key(now.version) <= version_key(before.version):
        raise WorkspaceError(
            f"code list {now.name} says something else than its version {before.version} that is recorded here, and "
            f"calls itself {now.version}; give the changed list a later version",
            code="code-list-changed",
        )
