"""What applies at a place: the answer to a lookup, as plain values that a page, a program and a test read alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sdi.declaration import Label
from spp import telling


@dataclass(frozen=True, slots=True)
class Reference:
    """A thing that an answer names; it resolves at ``/id/{kind}/{eid}``."""

    kind: str
    eid: str
    code: str
    """First official code, empty where it has none."""
    name: Label | None
    """Official name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of a thing with its title."""

    name: str
    title: Label
    value: Any
    unit: str | None = None
    """UCUM code, ``None`` where there is none."""
    code: Label | None = None
    """Title of the value, where it is a code."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several parcels that may be meant."""

    parcel: Reference
    address: str
    sheet: str
    number: str
    area: float
    """Area of its polygon [m2]."""
    ward: Label | None


@dataclass(frozen=True, slots=True)
class Ground:
    """The place that is answered for."""

    longitude: float
    """Of a point in it [degree, CRS84]."""
    latitude: float
    """Of the same point [degree, CRS84]."""
    easting: float
    """Of the same point [m, `crs`]."""
    northing: float
    """Of the same point [m, `crs`]."""
    crs: str
    """CRS in which areas and distances are measured."""
    area: float | None
    """Area [m2, `crs`]; ``None`` for a spot."""
    parcel: Reference | None
    facts: tuple[Fact, ...]
    """What is published of the parcel."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a zone rests on."""

    text: str | None
    """As the register has it; ``None`` where it has none."""
    date: str | None
    """Day of approval, ISO 8601; ``None`` where it is not recorded."""
    level: Label | None
    """Plan level."""
    verified: bool
    """Whether somebody compared the register with the text of the decision."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone with the part of the ground that it covers. Zones that overlap are all there, none folded into another."""

    zone: Reference
    land_use: Label | None
    land_use_code: str | None
    zone_class: str | None
    area: float | None
    """Part of the ground in this zone [m2]; ``None`` for a spot."""
    share: float | None
    """The same as a share of the ground [1]."""
    decision: Decision
    limits: tuple[Fact, ...]
    """What may be built, as far as the zone says."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How completely the zones of one plan level cover the ground."""

    level: Label | None
    covered: float
    """Share of the ground in at least one zone [1]."""
    doubled: float
    """Share of the ground that zones of this level cover more than once [1]."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward with the part of the ground that lies in it."""

    ward: Reference
    area: float | None
    """Part of the ground in it [m2]; ``None`` for a spot."""
    share: float | None
    """The same as a share of the ground [1]."""


@dataclass(frozen=True, slots=True)
class Water:
    """What one run says of the ground. Cells that are a river or a pond when it starts do not count as flooded."""

    coverage: str
    title: Label
    scenario: str | None
    """Identifier of the run."""
    return_period: float | None
    """Return period of the event [year]; ``None`` for a scenario without one."""
    modelled: float
    """Share of the ground for which the run has a result [1]; 0 where it lies outside."""
    standing: float
    """Share of the ground that is under water when the run starts [1]."""
    wet: float
    """Share of the ground flooded to `spp.threshold.WET` or deeper [1]."""
    maximum_depth: float | None
    """Largest depth of any cell [m]; ``None`` where nothing was modelled."""
    mean_depth: float | None
    """Mean of the largest depths over the flooded part [m]; ``None`` where nothing is flooded."""
    level: float | None
    """Highest level of the flooded part [m, `vertical_datum`]."""
    vertical_datum: str | None
    datum: Label | None
    """Title of the datum."""
    hazard: int | None
    """Highest hazard class of the flooded part, 1 to 6; ``None`` where the run has none or nothing is flooded."""
    arrival: float | None
    """When the water is first there [s after the start]."""
    fit_for_decisions: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """What a risk assessment says of one thing on or around the ground."""

    row: Reference
    """The row of the assessment."""
    entity: Reference | None
    """The thing it is about; ``None`` where that is not published."""
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest element of one network."""

    network: Label
    element: Reference
    what: Label | None
    """Kind of element."""
    distance: float
    """From the edge of the ground [m]; 0 where it crosses it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What applies at a place. Where several places may be meant there are candidates and nothing else."""

    asked: str
    understood: Label
    """What the question was taken for."""
    candidates: tuple[Candidate, ...]
    matched: int
    """Number of parcels that may be meant, of which `candidates` are the first."""
    ground: Ground | None
    zones: tuple[Zone, ...]
    coverages: tuple[Coverage, ...]
    slivers: int
    """Zones left out because their part of the ground is below the threshold."""
    sliver_area: float
    """Together [m2]."""
    wards: tuple[Ward, ...]
    water: tuple[Water, ...]
    """By return period, then the scenarios without one."""
    risks: tuple[Risk, ...]
    networks: tuple[Near, ...]
    reach: float
    """Distance up to which networks were looked for [m]."""
    notices: tuple[Label, ...]
    """What must be said of the data behind this answer."""
    transaction: int
    """Transaction that the publication shows."""
    answered: str
    """When it was answered, ISO 8601, UTC."""

    def document(self) -> dict[str, Any]:
        """Answer as plain values for JSON.

        Returns
        -------
        dict
            Texts in both languages as ``{"vi": …, "en": …}``; units as documented here.
        """
        return {name: _plain(value) for name, value in asdict(self).items()}

    def text(self, language: str) -> str:
        """Answer in words.

        Parameters
        ----------
        language : str
            ``vi`` or ``en``.

        Returns
        -------
        str
            Plain text of several lines.
        """
        return telling.as_text(self, language)


def _plain(value: Any) -> Any:
    """Make lists of tuples and dictionaries of mappings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
