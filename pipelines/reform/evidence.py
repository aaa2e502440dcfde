"""Everything that is said of a reform, read and held against itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.reform import conversion, overlay
from pipelines.reform.delivered import Told
from pipelines.reform.overlay import Matched
from pipelines.reform.reform_file import UNCHANGED, Reform
from sdi.crs import StorageCRS
from sdi.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is said of a reform."""

    before: Told
    """The list of the old units."""
    tables: tuple[Told, ...]
    """What became of them; the first lists the new units."""
    lists: tuple[Told, ...]
    """Later lists."""
    maps: tuple[tuple[Told, Matched], ...]

    @property
    def all(self) -> list[Told]:
        """Every delivery about the reform itself, in the order in which it is recorded."""
        return [self.before, *self.tables, *(told for told, _ in self.maps)]

    @property
    def unchanged(self) -> frozenset[str]:
        """Codes of the units that went on, as the first table says."""
        return frozenset(one.old for one in self.tables[0].sayings if one.verb == UNCHANGED)

    @property
    def divided(self) -> dict[str, list[str]]:
        """Old units that any source gives to several new ones, with all of those."""
        found: dict[str, list[str]] = {}
        for told in self.tables:
            for one in told.sayings:
                if one.new not in found.setdefault(one.old, []):
                    found[one.old].append(one.new)
        return {old: new for old, new in found.items() if len(new) > 1 and old not in self.unchanged}


def read(reform: Reform, crs: StorageCRS, data: Path) -> Sources:
    """Read every source of a reform.

    Parameters
    ----------
    reform : Reform
        Names them.
    crs : StorageCRS
        CRS to which maps are brought.
    data : Path
        Folder of delivered data.

    Returns
    -------
    Sources

    Raises
    ------
    RefusedError
        If a source cannot be read, or speaks of units that no list has.
    """
    before = conversion.before(reform, data)
    tables = [conversion.told(table, reform, data) for table in reform.tables]
    tables += [conversion.stated(one) for one in reform.statements]
    maps = []
    for one in reform.overlays:
        matched = overlay.match(one, before.units, crs, data)
        maps.append((matched.told, matched))
    lists = tuple(conversion.later(one, reform, data) for one in reform.lists)
    sources = Sources(before, tuple(tables), lists, tuple(maps))
    _refuse_strangers(sources)
    return sources


def _refuse_strangers(sources: Sources) -> None:
    """Refuse units that no list has, and old units of which nothing is said.

    Raises
    ------
    RefusedError
        Naming them.
    """
    old, new = ({unit.code for unit in told.units} for told in (sources.before, sources.tables[0]))
    for told in sources.tables:
        strange = sorted({one.old for one in told.sayings} - old | {one.new for one in told.sayings} - new)
        if strange:
            raise RefusedError(
                f"{told.entry} speaks of {', '.join(strange)}, which is in no list of units; correct where, or the "
                "list",
                code="unit-unlisted",
            )
    untold = sorted(old - {one.old for one in sources.tables[0].sayings})
    if untold:
        raise RefusedError(
            f"{sources.tables[0].entry} does not say what became of {', '.join(untold)}", code="unit-untold"
        )
