"""Water levels of the gauges: recorded from a run, or predicted from the tide, as things with a name and a place."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from frmis import tide_file
from frmis.forcing import Series
from frmis.gauge import hydrographs
from frmis.level import INTERVAL, WaterLevel
from frmis.result import notice
from frmis.scenario import NOMINAL_START, Scenario
from frmis.tide import Constants
from pipelines.recorded import retire_last, short
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import InputError, NotInRegister
from sdi.history import utc
from sdi.record import Record
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.transaction import Transaction
from sdi.workspace import Workspace
from sdi.zone import GREENWICH

logger = logging.getLogger(__name__)

GAUGES = "flood_gauge"
REGISTER = "hydrograph"
ACTOR = "phusa level"
LEVEL_KINDS = ("water_level", "street_depth")
"""Kinds of gauges at which a level can be read."""
DECIMALS = 4
"""Levels are kept to a tenth of a millimetre."""
_ALARMS = ("alarm_1", "alarm_2", "alarm_3")
_REACHED = ("none", "I", "II", "III")
"""Codes of the alarm reached, by how many alarm levels the peak has reached."""
_PREDICTION = Label("dự báo thủy triều", "tidal prediction")

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a prediction gave."""

    eid: str
    """The hydrograph."""
    gauge: str
    """The gauge [identifier of the thing]."""
    name: Label
    vertical_datum: str
    peak_level: float
    """[m, `vertical_datum`]"""
    peak_time: datetime
    alarm: str | None
    """Alarm reached: ``none``, ``I``, ``II`` or ``III``; None where the gauge has no alarm levels."""
    values: int
    """Number of levels."""
    transaction: int
    """Transaction that recorded them; 0 where the very same prediction was there already."""
    notice: Label | None


def tides(workspace: Workspace) -> list[Path]:
    """Return where tidal constants are looked for.

    Parameters
    ----------
    workspace : Workspace
        The city; what lies in its ``catalogs/tides`` goes before what is packaged.

    Returns
    -------
    list of Path
        Folders of ``tide_file.find``.
    """
    return [folder / "tides" for folder in workspace.catalogs]


def record(
    registry: Registry, tx: Transaction, scenario: Scenario, result: xr.Dataset, *, licence: Licence | None = None
) -> int:
    """Record the level at every gauge that a run covers, in place of those of an earlier run of the same name.

    Parameters
    ----------
    registry : Registry
        With the gauges.
    tx : Transaction
        The transaction that records the run.
    scenario : Scenario
        The run.
    result : Dataset (time, y, x)
        Its result.
    licence : Licence, optional
        What may be done with the result.

    Returns
    -------
    int
        Number of hydrographs recorded; 0 where no gauge lies within the grid.
    """
    register = registry.register(REGISTER)
    retire_last(register, tx, hydrograph_kind="simulated", scenario=scenario.name)
    gauges = [one for one in _gauges(registry) if one.geometry is not None]
    places = shapely.get_coordinates([shapely.centroid(one.geometry) for one in gauges])
    found = hydrographs(result, places, [one.eid for one in gauges])
    covered = [one for one, inside in zip(gauges, found["inside"].values, strict=True) if inside]
    rows = [_simulated(one, scenario, result, found.sel(gauge=one.eid)) for one in covered]
    title = scenario.title or Label(scenario.name, scenario.name)
    register.add(_batch(covered, rows, title, tx), tx)
    if rows and licence is not None:
        provenance.record(
            tx, f"level-{scenario.name}", REGISTER, custodian=ACTOR, licence=licence, sha256=result.attrs["scenario"],
            accepted=len(rows),
        )  # fmt: skip
    logger.info("run %s: %d hydrographs, %d gauges beyond the grid", scenario.name, len(rows), len(gauges) - len(rows))
    return len(rows)


def run(
    workspace: Workspace,
    registry: Registry,
    *,
    gauge: str,
    tide: str,
    start: datetime,
    duration: float,
    mean_level: float | None = None,
    residual: float | Series = 0.0,
    sea_level_rise: float = 0.0,
    subsidence: float = 0.0,
    epoch: str | None = None,
    data: Path | None = None,
) -> Predicted:
    """Predict the level at a gauge and record it in place of an earlier prediction for that gauge.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry, with the gauge.
    gauge : str
        The gauge: an identifier of any scheme, or that of the thing.
    tide : str
        Name of tidal constants.
    start : datetime
        First moment, with its offset from UTC.
    duration : float [s]
        Length of the prediction.
    mean_level : float, optional [m, datum of the gauge]
        Mean level; that of the constants where they stand over the same datum.
    residual : float or Series, optional [m]
        What is added to the tide, over seconds after the start.
    sea_level_rise, subsidence : float, optional [m]
        Added since the epoch.
    epoch : str, optional
        When the mean level held, ISO 8601; that of the constants where not given.
    data : Path, optional
        Folder of data below which files of constants may lie.

    Returns
    -------
    Predicted
        Still to be projected into the publications.

    Raises
    ------
    NotInRegister
        If there is no such gauge.
    NotFound
        If there are no such constants.
    InputError
        If the gauge has no datum, or the parts do not make a level over it.
    """
    place = _gauge(registry, gauge)
    constants = tide_file.find(tide, tides(workspace), data)
    level = WaterLevel(
        tide=constants, vertical_datum=_datum(place), mean_level=mean_level,
        residual=residual if isinstance(residual, Series) else Series.constant(residual),
        sea_level_rise=sea_level_rise, subsidence=subsidence, epoch=epoch,
    )  # fmt: skip
    row = _predicted(place, level, constants, level.dataset(start, duration), start)
    earlier = _listed(registry, hydrograph_kind="predicted", gauge=place.eid)
    register = registry.register(REGISTER)
    same = next((eid for eid in earlier if _agrees(register.find(eid), row)), None)
    if same is not None:
        return _told(same, place, row, constants, start, 0)
    with registry.transaction(ACTOR, f"level at gauge {gauge} from tide {tide}") as tx:
        retire_last(register, tx, hydrograph_kind="predicted", gauge=place.eid)
        eid = register.add(_batch([place], [row], _PREDICTION, tx), tx)[0]
        provenance.record(
            tx, f"level-{place.eid}", REGISTER, custodian=ACTOR, sha256=constants.sha256, accepted=1,
            licence=constants.terms,
        )  # fmt: skip
    logger.info("gauge %s: %d levels predicted in transaction %d", gauge, len(row["levels"]), tx.number)
    return _told(eid, place, row, constants, start, tx.number)


def _told(
    eid: str, gauge: Record, row: dict[str, Any], constants: Constants, start: datetime, transaction: int
) -> Predicted:
    """Say what a prediction gave, its times in the zone of its start."""
    return Predicted(
        eid, gauge.eid, _name(gauge, _PREDICTION), row["datum"], row["peak_level"],
        datetime.fromisoformat(row["peak_time"]).astimezone(start.tzinfo), row["alarm"], len(row["levels"]),
        transaction, constants.notice,
    )  # fmt: skip


def _gauges(registry: Registry) -> list[Record]:
    """Return the gauges in force at which a level can be read."""
    register = registry.register(GAUGES)
    every = (register.find(eid) for eid in register.list())
    return [one for one in every if one.values["gauge_kind"] in LEVEL_KINDS]


def _gauge(registry: Registry, asked: str) -> Record:
    """Find a gauge by an identifier of any scheme, or by that of the thing."""
    gauges = _gauges(registry)
    found = [one for one in gauges if asked in (one.eid, *one.identifiers.values())]
    if len(found) != 1:
        known = ", ".join(sorted(value for one in gauges for value in one.identifiers.values())[:20]) or "none"
        raise NotInRegister(
            f"{asked!r} names {len(found)} gauges of water level; give the identifier of one of them: {known}",
            code="gauge-unknown",
        )
    return found[0]


def _datum(gauge: Record) -> str:
    """Return the datum of a gauge."""
    datum = gauge.values["datum"]
    if datum in (None, "unknown"):
        raise InputError(
            f"gauge {_name(gauge, None).en} has no vertical datum; a level means nothing without one: "
            "correct the gauge in its register",
            code="vertical-datum-undeclared",
        )
    return str(datum)


def _listed(registry: Registry, **values: str) -> list[str]:
    """Return the hydrographs in force that have these values."""
    register = registry.register(REGISTER)
    every = ((eid, register.find(eid).values) for eid in register.list())
    return [eid for eid, held in every if all(held[name] == value for name, value in values.items())]


def _simulated(gauge: Record, scenario: Scenario, result: xr.Dataset, found: xr.Dataset) -> dict[str, Any]:
    """Return the row of a hydrograph from a run."""
    count, interval = _regular(found["time"].values)
    dated = scenario.start != NOMINAL_START
    return {
        "gauge": gauge.eid,
        "hydrograph_kind": "simulated",
        "scenario": scenario.name,
        "run": result.attrs["scenario"],
        "wet_share": round(float(found["wet_share"]), 4),
        "fit_for_decisions": bool(result.attrs["fit_for_decisions"]),
        "notice": short(notice(result)),
        **_clock(scenario.start if dated else None, interval),
        **_levels(gauge, found["water_level"].values[:count], scenario.start, interval, found["water_level"].attrs),
    } | ({} if dated else {"peak_time": None})


def _predicted(
    gauge: Record, level: WaterLevel, constants: Constants, found: xr.Dataset, start: datetime
) -> dict[str, Any]:
    """Return the row of a predicted hydrograph."""
    count, interval = _regular(found["time"].values)
    return {
        "gauge": gauge.eid,
        "hydrograph_kind": "predicted",
        "tide_source": f"{constants.title.vi} ({constants.name})",
        "epoch": found["mean_level"].attrs["epoch"],
        "tide": _kept(found["tide"].values[:count]),
        "residual": _kept(found["residual"].values[:count]),
        "mean_level": level.mean(),
        "sea_level_rise": level.sea_level_rise,
        "subsidence": level.subsidence,
        "wet_share": 1.0,
        # A tide is no forecast of the level in a river, whoever measured it.
        "fit_for_decisions": False,
        "notice": short(constants.notice),
        **_clock(start, interval),
        **_levels(gauge, found["water_level"].values[:count], start, interval, found["water_level"].attrs),
    }


def _regular(times: NDArray[np.datetime64]) -> tuple[int, float]:
    """Return how many times lie at the first interval from each other, and that interval [s]."""
    steps = np.diff(times) / np.timedelta64(1, "ms")
    if not len(steps):
        return len(times), INTERVAL
    odd = np.flatnonzero(steps != steps[0])
    return (int(odd[0]) + 1 if odd.size else len(times)), float(steps[0] / 1000)


def _clock(start: datetime | None, interval: float) -> dict[str, Any]:
    """Return the fields of time; a scenario that stands for no date has no start."""
    offset = start.utcoffset() if start is not None else None
    return {
        "start": utc(start, GREENWICH) if start is not None else None,
        "utc_offset": offset.total_seconds() / 3600 if offset is not None else None,
        "interval": interval,
    }


def _levels(
    gauge: Record, levels: FloatArray, start: datetime, interval: float, said: dict[str, Any]
) -> dict[str, Any]:
    """Return the fields of the levels: peak, and the alarms in force where they count from the same datum."""
    datum = str(said["vertical_datum"])
    same = gauge.values["datum"] == datum
    alarms = {name: gauge.values[name] if same else None for name in _ALARMS}
    heights = [height for height in alarms.values() if height is not None]
    kept = _kept(levels)
    wet = np.isfinite(levels).any()
    peak = int(np.nanargmax(levels)) if wet else 0
    reached = sum(kept[peak] >= height for height in heights) if wet else 0
    return {
        "datum": datum,
        "levels": kept,
        "peak_level": kept[peak],
        "peak_time": utc(start + timedelta(seconds=peak * interval), GREENWICH) if wet else None,
        "alarm": _REACHED[reached] if len(heights) == len(_ALARMS) else None,
        **alarms,
    }


def _kept(values: FloatArray) -> list[float | None]:
    """Return levels as the register keeps them."""
    return [None if np.isnan(value) else round(float(value), DECIMALS) for value in values]


def _agrees(known: Record, row: dict[str, Any]) -> bool:
    """Tell whether a recorded hydrograph says the same."""
    return all(known.values[name] == value for name, value in row.items())


def _name(gauge: Record, what: Label | None) -> Label:
    """Name a hydrograph by its gauge and what it shows."""
    vi = gauge.names.get("vi") or next(iter(gauge.identifiers.values()), gauge.eid)
    en = gauge.names.get("en") or vi
    return Label(vi, en) if what is None else Label(f"{vi}: {what.vi}", f"{en}: {what.en}")


def _batch(gauges: Sequence[Record], rows: Sequence[dict[str, Any]], what: Label, tx: Transaction) -> Batch:
    """Return hydrographs as things to be added, each where its gauge stands."""
    names = [_name(one, what) for one in gauges]
    return Batch(
        geometry=np.array([one.geometry for one in gauges], dtype=object),
        values={name: [row[name] for row in rows] for name in (rows[0] if rows else ())},
        names={"vi": [one.vi for one in names], "en": [one.en for one in names]},
        valid_from=tx.moment,
        accuracy=gauges[0].accuracy if gauges else Batch().accuracy,
    )
