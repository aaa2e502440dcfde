"""A flood run, described completely."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from frmis.forcing import ALL_CLOSED, MAXIMUM_LEVEL, NO_RAIN, Boundary, Infiltration, Inflow, Rainfall
from frmis.landcover import LandCover
from frmis.obstacle import Obstacles
from frmis.structure import Structure
from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import InputError

FORM = 1
"""Version of the canonical form; a new one gives every scenario a new identifier."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

LONGEST = 400 * 86400.0
"""Longest run [s]."""
MOST_OUTPUTS = 10_000
"""Most results over time that a run keeps."""

NOMINAL_START = datetime(2000, 1, 1, tzinfo=UTC)
"""Start of a run that stands for no date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One flood run, described completely.

    Two equal scenarios are the same run and have the same identifier.
    """

    terrain: str
    """Name of the terrain: a coverage of the workspace."""
    duration: float
    """Length of the run [s]."""
    output_interval: float
    """Time between two results [s]."""
    rainfall: Rainfall = NO_RAIN
    boundary: Boundary = ALL_CLOSED
    initial_level: float | None = None
    """Level of still water at the start [m, datum of the terrain]; None begins dry."""
    initial_extent: Literal["connected", "everywhere"] = "connected"
    """Whether that water fills only ground it can reach from an edge with a level, or all ground below it."""
    roughness: float = 0.035
    """Manning's coefficient [s m-1/3], where no land cover says more."""
    inflows: tuple[Inflow, ...] = ()
    infiltration: Infiltration | None = None
    land_cover: LandCover | None = None
    """Decides roughness and pervious share of each cell; without it all ground is open."""
    obstacles: Obstacles | None = None
    structures: tuple[Structure, ...] = ()
    """Levees and gates that take part, by identifier."""
    return_period: float | None = None
    """How often such an event is reached or exceeded on average, one time in so many years [year]."""
    notices: tuple[Label, ...] = ()
    """What must be said beside every result."""
    start: datetime = NOMINAL_START
    """Date and time of the start, with its offset from UTC."""
    courant: float = 0.9
    """Share of the largest stable step [1]."""
    blend: float = 0.95
    """Weight of a face's own flow against that of its neighbours [1]; see `frmis.solver.inertial`."""
    unhindered_speed: float = 1.0
    """Flow up to this speed is never slowed by the donor clamp [m s-1]: steps stay below a cell / (4 speed)."""
    maximum_step: float = 10.0
    """[s]"""
    minimum_step: float = 1e-3
    """A run that needs a smaller one is stopped [s]."""
    wet_threshold: float = 0.01
    """Depth from which a place counts as wet in the results [m]; the computation knows no such threshold."""
    precision: Literal["float64", "float32"] = "float64"
    expected_ground: tuple[float, float] | None = None
    """Range in which the median of the ground is known to lie [m, datum of the terrain]; None knows nothing."""
    allow_poor_terrain: bool = False
    """Run although the terrain is not fit for decisions; the result says so."""
    terrain_hash: str | None = None
    """SHA-256 of the terrain's content; None until the run has seen it."""
    ground_hash: str | None = None
    """SHA-256 of what was laid on the terrain (roughness, obstacles, crests); None where nothing was."""
    name: str = field(default="", compare=False)
    """Name of the file it came from."""
    title: Label | None = field(default=None, compare=False)
    terms: tuple[Licence, ...] = field(default=(), compare=False)
    """What may be done with the tides behind its levels, and whom they must name."""

    def __post_init__(self) -> None:
        for name in ("name", "terrain"):
            text = getattr(self, name)
            fits = _NAME.fullmatch(text) is not None or (name == "name" and not text)
            _demand(fits, name, repr(text), "letters a-z, digits, - and _, for it names a folder")
        self._check_times()
        self._check_numbers()
        self._check_water()

    def _check_times(self) -> None:
        """Refuse times that no run can have."""
        for name in ("duration", "output_interval", "maximum_step", "minimum_step"):
            value = getattr(self, name)
            _demand(0 < value <= LONGEST, name, value, f"more than 0 s, at most {LONGEST:g} s")
        _demand(self.output_interval <= self.duration, "output_interval", self.output_interval, "at most the duration")
        _demand(
            self.duration <= MOST_OUTPUTS * self.output_interval, "output_interval", self.output_interval,
            f"at least a {MOST_OUTPUTS}th of the duration: every output is kept",
        )  # fmt: skip
        _demand(self.minimum_step <= self.maximum_step, "minimum_step", self.minimum_step, "at most maximum_step")
        _demand(self.start.tzinfo is not None, "start", self.start, "a time with its offset from UTC, e.g. +07:00")
        _demand(1700 <= self.start.year <= 2200, "start", self.start, "a date from 1700 to 2200")

    def _check_numbers(self) -> None:
        """Refuse numbers out of their ranges."""
        ranges = {
            "roughness": (0.005, 1.0, "Manning's coefficient, 0.005 to 1 s m-1/3"),
            "unhindered_speed": (0.1, 20.0, "0.1 to 20 m/s"),
            "blend": (0.5, 1.0, "0.5 to 1"),
            "courant": (1e-3, 1.0, "0.001 to 1"),
            "wet_threshold": (1e-6, 1.0, "more than 0, at most 1 m"),
            "return_period": (1.0, 1e6, "1 to 1,000,000 years"),
            "initial_level": (-MAXIMUM_LEVEL, MAXIMUM_LEVEL, f"-{MAXIMUM_LEVEL:g} to {MAXIMUM_LEVEL:g} m"),
        }
        for name, (low, high, expected) in ranges.items():
            value = getattr(self, name)
            _demand(value is None or low <= value <= high, name, value, expected)
        low, high = self.expected_ground or (0.0, 0.0)
        _demand(low <= high, "expected_ground", self.expected_ground, "the lower level first")

    def _check_water(self) -> None:
        """Refuse water that the run would miss."""
        edges = self.boundary.edges()
        connected = self.initial_level is not None and self.initial_extent == "connected"
        _demand(
            not connected or any(edge.level for edge in edges.values()), "initial_extent", "connected",
            "an edge with a level to be connected to, or 'everywhere'",
        )  # fmt: skip
        names = [inflow.name for inflow in self.inflows]
        _demand(len(set(names)) == len(names), "inflows", names, "a name of its own for each")
        driven = {f"level of the {side} edge": edge.level for side, edge in edges.items()}
        driven |= {f"discharge of inflow {inflow.name}": inflow.discharge for inflow in self.inflows}
        for name, series in driven.items():
            _demand(
                series is None or series.covers(self.duration), name,
                series and f"{series.times[0]:g} to {series.times[-1]:g} s", f"values from 0 to {self.duration:g} s",
            )  # fmt: skip

    @property
    def identifier(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal digits. Name and title are no part of it."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """Write everything that decides the result as one JSON text with sorted keys.

        Returns
        -------
        str
            Numbers as their shortest exact form; what is None and what a scenario has none of are left out, so that a
            later version that can be told more gives today's scenarios the identifiers they have.
        """
        said = {name: value for name, value in _plain(self).items() if value != []}
        return json.dumps({"form": FORM, **said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def pinned(self, terrain_hash: str, ground_hash: str | None = None) -> Scenario:
        """Name the terrain, and what was laid on it, by content.

        Parameters
        ----------
        terrain_hash : str
            SHA-256 of the terrain a run is about to use.
        ground_hash : str, optional
            SHA-256 of the ground laid on it; None where nothing was.

        Returns
        -------
        Scenario

        Raises
        ------
        InputError
            If the scenario names other content.
        """
        if self.terrain_hash not in {None, terrain_hash}:
            raise InputError(
                f"terrain {self.terrain} has content {terrain_hash[:12]}…, the scenario was made for "
                f"{str(self.terrain_hash)[:12]}…; give that terrain, or remove terrain_hash to run on this one",
                code="terrain-differs",
            )
        if self.ground_hash not in {None, ground_hash}:
            raise InputError(
                f"the ground has content {str(ground_hash)[:12]}…, the scenario was made for "
                f"{str(self.ground_hash)[:12]}…: a register or a table changed; remove ground_hash to run on this one",
                code="ground-differs",
            )
        return replace(self, terrain_hash=terrain_hash, ground_hash=ground_hash)


def _demand(true: bool, name: str, found: object, expected: str) -> None:
    """Raise where a value is out of its range."""
    if not true:
        raise InputError(f"{name} of the scenario is {found}; expected {expected}", code="scenario-invalid")


def _plain(value: Any) -> Any:
    """Turn a value into what JSON knows, without what is None or not compared."""
    if is_dataclass(value):
        kept = {part.name: getattr(value, part.name) for part in fields(value) if part.compare}
        return {name: _plain(part) for name, part in kept.items() if part is not None}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
