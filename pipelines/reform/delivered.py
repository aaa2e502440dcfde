"""What the deliveries about a reform tell: units, what became of them, and what was mended on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sdi.declaration import Label
from sdi.entry import Licence
from sdi.quality import Report
from sdi.quality.report import count
from sdi.source import Finding


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a list names it."""

    code: str
    name: str
    """Without its type."""
    type: str
    full_name: str
    district: str = ""
    province: str = ""
    above: tuple[str, ...] = ()
    """Codes of the units that it belongs to, the nearest first."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What one row says became of a unit, by codes."""

    old: str
    new: str
    verb: str
    area_share: float | None = None
    population_share: float | None = None
    area_m2: float | None = None
    population: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one delivery says."""

    entry: str
    licence: Licence
    source: Mapping[str, str]
    """File, format, encoding, CRS and digest, as a report tells them."""
    rows: int
    """Rows of it that are meant."""
    sayings: tuple[Saying, ...] = ()
    units: tuple[Unit, ...] = ()
    above: tuple[tuple[Unit, ...], ...] = ()
    """Units that those belong to, level by level, the nearest first."""
    findings: tuple[Finding, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    """Code or name by which people know a row as delivered."""

    @property
    def sha256(self) -> str:
        """Digest of what was delivered."""
        return self.source["sha256"]

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was mended, and in how many cells."""
        return Counter(one.message for one in self.findings if one.action == "repaired")

    def report(self, register: str, title: Label) -> Report:
        """Return the outcome of every row, as of any other delivery.

        Parameters
        ----------
        register : str
            Register of the units.
        title : Label
            Of the reform.
        """
        counts = count(self.rows, self.findings, "quarantined")
        return Report(self.entry, register, title, self.source, self.rows, counts, self.findings, self.labels)
