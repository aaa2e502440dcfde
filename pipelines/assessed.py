"""Figures of exposure and risk as rows of their registers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frmis import exposure
from frmis.exposure import CLASS_CODES, Wet
from frmis.risk import Rule
from frmis.vulnerability import Curves
from pipelines.exposure import BUILDING, STREET, WARD, Laid, Things, counted
from pipelines.recorded import people, short
from sdi.declaration import Label
from sdi.grid import FloatArray, IndexArray
from sdi.registry import Registry
from sdi.store.description import RasterDescription

EXPOSURE, RISK = "flood_exposure", "flood_risk"

RISK_CLASSES = {"low": 0.0, "medium": 0.001, "high": 0.01, "very_high": 0.05}
"""Lower bounds of the classes [1 per year]: expected annual damage by the largest damage possible."""
UNSURE = ("recalled", "assumed")
"""Certainties of a curve with which nothing is decided."""


Row = tuple[dict[str, Any], str | None]
"""One row by field, and the location it shares."""


@dataclass(frozen=True, slots=True, eq=False)
class Flood:
    """One run over a city."""

    said: RasterDescription
    scenario: str
    """Name of its scenario."""
    depth: FloatArray
    """ndarray (y, x) [m]: depth of the flood, 0 where there is none."""
    laid: Laid
    wet: Wet
    """Of the buildings, above ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a register as columns."""

    values: Mapping[str, list[Any]]
    """Fields of the register [units of the register]."""
    locations: list[str | None]
    keys: tuple[str, ...]
    """Fields that say which row it is; one that is ``depth_class`` counts for wards only."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.locations)

    def row(self, at: int) -> dict[str, Any]:
        """Return one row by field."""
        return {name: column[at] for name, column in self.values.items()}

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what a row is about."""
        own = row["entity_kind"] == BUILDING
        return tuple(None if own and name == "depth_class" else row[name] for name in self.keys)

    def only(self, rows: Sequence[int]) -> Rows:
        """Return some of the rows."""
        values = {name: [column[at] for at in rows] for name, column in self.values.items()}
        return Rows(values, [self.locations[at] for at in rows], self.keys)


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

_COMMON = ("scenario", "run", "return_period", "entity", "entity_kind", "depth_class", "fit_for_decisions", "notice")
_OF_BUILDING = ("depth", "depth_above_floor", "wet_share")
_OF_WARD = ("buildings", "people", "street_length")
_OF_RISK = (
    "entity", "entity_kind", "expected_annual_damage", "risk_class", "rule", "return_periods", "damages",
    "maximum_damage", "currency", "curves", "curve", "buildings", "fit_for_decisions", "notice",
)  # fmt: skip


def no_rows() -> Rows:
    """Return the rows of risk of a city without any."""
    return Rows({name: [] for name in _OF_RISK}, [], ("entity",))


def exposure_rows(floods: Sequence[Flood], city: Things, table: Curves) -> Rows:
    """Return what the runs reach: wet buildings, then what is wet in each ward by class of depth.

    Parameters
    ----------
    floods : sequence of Flood
        The runs.
    city : Things
        What stands there.
    table : Curves
        Says how high the floor of a building is of which nothing is recorded.

    Returns
    -------
    Rows
        Of the register ``flood_exposure``; empty where nothing is wet.
    """
    names = (*_COMMON, *_OF_BUILDING, *_OF_WARD, *city.assets)
    values: dict[str, list[Any]] = {name: [] for name in names}
    locations: list[str | None] = []
    floor = table.floors(city.buildings.values["floor_height"])
    for flood in floods:
        for row, location in (*_wet_buildings(flood, city, floor), *_wet_wards(flood, city)):
            for name, column in values.items():
                column.append(row.get(name))
            locations.append(location)
    return Rows(values, locations, ("scenario", "entity", "depth_class"))


def risk_rows(
    runs: Sequence[RasterDescription], city: Things, table: Curves, rule: Rule,
    which: IndexArray, value: FloatArray, costs: FloatArray, annual: FloatArray,
) -> Rows:  # fmt: skip
    """Return what floods cost: buildings with damage, then wards.

    Parameters
    ----------
    runs : sequence of RasterDescription (map,)
        Coverages with a return period.
    city : Things
        What stands there.
    table : Curves
        The curves.
    rule : str
        Rule of integration.
    which : ndarray (building,) of int
        Class of each building in the table.
    value : ndarray (building,) [currency of the table]
        Largest damage of each building.
    costs : ndarray (map, building) [currency of the table]
        Damage of each run.
    annual : ndarray (building,) [currency of the table per year]
        Expected annual damage.

    Returns
    -------
    Rows
        Of the register ``flood_risk``.
    """
    fit, notice = fitness(runs, table)
    order = np.argsort([one.return_period or 0.0 for one in runs])
    said = {
        "rule": rule, "currency": table.currency, "curves": f"{table.name} {table.version}",
        "return_periods": [float(runs[at].return_period or 0.0) for at in order],
        "fit_for_decisions": fit, "notice": short(notice),
    }  # fmt: skip
    buildings, wards, ward = city.buildings, city.wards, city.building_ward
    rows = [
        _risk_row(said, buildings.eids[at], BUILDING, annual[at], costs[order, at], value[at])
        | {"curve": table.classes[which[at]].name}
        for at in np.flatnonzero(annual > 0)
    ]
    locations = [buildings.locations[at] for at in np.flatnonzero(annual > 0)]
    for number, eid in enumerate(wards.eids):
        own = np.flatnonzero(ward == number)
        row = _risk_row(said, eid, WARD, annual[own].sum(), costs[order][:, own].sum(axis=1), value[own].sum())
        rows.append(row | {"buildings": int(np.count_nonzero(annual[own] > 0))})
    values = {name: [row.get(name) for row in rows] for name in _OF_RISK}
    return Rows(values, [*locations, *[None] * len(wards)], ("entity",))


def fitness(runs: Sequence[RasterDescription], table: Curves) -> tuple[bool, Label | None]:
    """Return whether figures of risk may be decided upon, and what must be said with them.

    Parameters
    ----------
    runs : sequence of RasterDescription
        Coverages behind the figures.
    table : Curves
        Curves behind them.

    Returns
    -------
    tuple of bool and Label or None
        The notices of the runs, each once, and that of curves nobody has compared with their source.
    """
    notices = list(dict.fromkeys(one.notice for one in runs if one.notice))
    unsure = [one for one in table.classes if {one.certainty, one.maximum_certainty} & set(UNSURE)]
    if unsure:
        notices.append(
            Label(
                f"Chưa được kiểm chứng: {table.title.vi}.",
                f"Not verified: {table.title.en}.",
            )
        )
    fit = all(one.fit_for_decisions for one in runs) and not unsure
    return fit, Label(_once(one.vi for one in notices), _once(one.en for one in notices)) if notices else None


def _once(texts: Iterable[str]) -> str:
    """Join texts, each of their sentences once: the runs of a city say much the same."""
    return " ".join(dict.fromkeys(sentence for text in texts for sentence in _SENTENCE_END.split(text)))


def sources(registry: Registry) -> list[str]:
    """Return the registers whose things are behind the figures."""
    known = registry.catalog.registers
    fields = [one.name for one in registry.register(EXPOSURE).declaration.fields]
    return [name for name in (WARD, BUILDING, STREET, *fields) if name in known]


def _wet_buildings(flood: Flood, city: Things, floor: FloatArray) -> list[Row]:
    """Return a row for each building that is wet."""
    depth, share = flood.wet.depth[0], flood.wet.share[0]
    number, said = exposure.depth_class(depth), _said(flood)
    return [
        (
            said
            | {
                "entity": city.buildings.eids[at], "entity_kind": BUILDING, "depth_class": CLASS_CODES[number[at] - 1],
                "depth": _rounded(depth[at]), "depth_above_floor": _rounded(depth[at] - floor[at]),
                "wet_share": _rounded(share[at]),
            },
            city.buildings.locations[at],
        )
        for at in np.flatnonzero(number)
    ]  # fmt: skip


def _wet_wards(flood: Flood, city: Things) -> list[Row]:
    """Return a row for each ward and class of depth in which anything is wet."""
    figures, classes = _figures(flood, city), exposure.depth_class(flood.wet.depth[0])
    residents = np.array(city.buildings.values["residents"], dtype=float)
    anything = np.any([column > 0 for column in figures.values()], axis=0)
    rows: list[Row] = []
    for ward, number in zip(*np.nonzero(anything), strict=True):
        row: dict[str, Any] = {name: _told(name, column[ward, number]) for name, column in figures.items()}
        row["people"] = people(residents[(city.building_ward == ward) & (classes == number + 1)])
        about = {"entity": city.wards.eids[ward], "entity_kind": WARD, "depth_class": CLASS_CODES[number]}
        rows.append((_said(flood) | about | row, None))
    return rows


def _figures(flood: Flood, city: Things) -> dict[str, FloatArray]:
    """Return what is wet, each as (ward, class)."""
    size = (len(city.wards), len(CLASS_CODES))
    number = exposure.depth_class(flood.wet.depth[0])
    street = flood.laid.streets
    found = {
        "buildings": counted(city.building_ward, number, *size),
        "street_length": counted(
            flood.laid.street_ward, exposure.depth_class(flood.depth.reshape(-1)[street.cell]), *size,
            weight=street.length,
        ),
    }  # fmt: skip
    for name, assets in city.assets.items():
        depth = exposure.wet(flood.laid.assets[name], flood.depth).depth[0]
        depth = np.where(depth > assets.base, depth, np.nan)
        found[name] = counted(assets.ward, exposure.depth_class(depth), *size)
    return found


def _said(flood: Flood) -> dict[str, Any]:
    """Return what every row of a run says."""
    return {
        "scenario": flood.scenario, "run": flood.said.scenario, "return_period": flood.said.return_period,
        "fit_for_decisions": flood.said.fit_for_decisions, "notice": short(flood.said.notice),
    }  # fmt: skip


def _risk_row(
    said: Mapping[str, Any],
    entity: str,
    kind: str,
    annual: np.floating[Any],
    costs: FloatArray,
    value: np.floating[Any],
) -> dict[str, Any]:
    """Return one row of risk."""
    share = float(annual / value) if value > 0 else 0.0
    return {
        **said, "entity": entity, "entity_kind": kind, "expected_annual_damage": _rounded(annual, 2),
        "risk_class": [name for name, bound in RISK_CLASSES.items() if share >= bound][-1],
        "damages": [_rounded(one, 2) for one in costs], "maximum_damage": _rounded(value, 2),
    }  # fmt: skip


def _told(name: str, figure: float) -> float | int:
    """Return a figure as it is told."""
    return _rounded(figure, 1) if name == "street_length" else int(figure)


def _rounded(figure: float | np.floating[Any], digits: int = 3) -> float:
    """Return a figure without the digits that nobody knows."""
    return round(float(figure), digits)
