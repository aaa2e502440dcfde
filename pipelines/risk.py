"""What floods reach and what they cost: from the published runs to exposure and risk; all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import shapely

from frmis import exposure
from frmis.exposure import Wet
from frmis.obstacle import depth_above_ground
from frmis.risk import DEFAULT_RULE, Rule, expected_annual_damage
from frmis.vulnerability import Curves, damage
from pipelines import assessed
from pipelines.assessed import EXPOSURE, RISK, Flood, Rows
from pipelines.exposure import SEEN, Things, laid, things
from sdi import provenance
from sdi.entry import Licence
from sdi.errors import InputError, NotFound
from sdi.grid import Grid
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store import raster
from sdi.store.description import RasterDescription, list_coverages
from sdi.transaction import Transaction
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

ACTOR = "phusa risk"
RUN = "run"
"""Kind of a coverage that a run gave."""
FORM = 2
"""Version of what is computed; a new one gives every assessment a new identifier."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment gave."""

    identifier: str
    """Hash of the runs, the things, the curves and the rule."""
    runs: tuple[str, ...]
    """Coverages that were assessed."""
    exposed: int
    """Rows of exposure: wet buildings, and classes of depth in wards, of all runs."""
    at_risk: int
    """Rows of risk: buildings with damage, and wards."""
    return_periods: tuple[float, ...]
    """Of the runs behind the risk [year]; empty where none has one, and then there is no risk."""
    expected_annual_damage: float
    """Of all buildings together [currency per year]."""
    currency: str
    rule: Rule
    transaction: int
    """Transaction that recorded it; 0 where the very same assessment was there already."""
    fit_for_decisions: bool
    notice: str


def run(
    workspace: Workspace,
    registry: Registry,
    *,
    runs: Sequence[str] | None = None,
    curves: str = "default",
    rule: Rule = DEFAULT_RULE,
    progress: Callable[[float], None] | None = None,
) -> Assessed:
    """Assess what the published runs reach and what they cost in an average year.

    The rows take the place of those of the last assessment: what did not change stays as it is, with its identifier.

    Parameters
    ----------
    workspace : Workspace
        The city, with runs among its coverages.
    registry : Registry
        Its registry.
    runs : sequence of str, optional
        Names of the coverages to assess; every run where absent.
    curves : str
        Table of depth-damage curves, ``catalogs/curves/NAME.yaml``.
    rule : {'log-linear', 'trapezoid', 'sum-frequency'}
        How the damages of the return periods become one figure.
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    Assessed
        Still to be projected into the publications.

    Raises
    ------
    NotFound
        If a run or the table of curves is not there.
    InputError
        If two runs have the same return period, or a run lies in another CRS than the things.
    """
    tell = progress or (lambda _done: None)
    chosen = _chosen(workspace, runs)
    table = Curves.find(curves, workspace.catalogs)
    city = things(registry, registry.register(EXPOSURE).declaration)
    tell(0.1)
    floods = [_flood(workspace, registry, said, city, tell, at / len(chosen)) for at, said in enumerate(chosen)]
    exposed = assessed.exposure_rows(floods, city, table)
    at_risk, total = _risk(floods, city, table, rule)
    identifier = _identifier(chosen, city, table, rule)
    tell(0.5)
    number = _record(registry, identifier, chosen, {EXPOSURE: exposed, RISK: at_risk})
    tell(1.0)
    fit, notice = assessed.fitness(chosen, table)
    logger.info("%d rows of exposure and %d of risk from %d runs", len(exposed), len(at_risk), len(chosen))
    return Assessed(
        identifier, tuple(one.name for one in chosen), len(exposed), len(at_risk),
        tuple(sorted(one.return_period for one in chosen if one.return_period)), total, table.currency, rule, number,
        fit, notice.en if notice else "",
    )  # fmt: skip


def _chosen(workspace: Workspace, runs: Sequence[str] | None) -> list[RasterDescription]:
    """Return the coverages to assess, those with a return period by it."""
    there = {one.name: one for one in list_coverages(workspace.rasters) if one.kind == RUN}
    missing = [name for name in runs or () if name not in there]
    if missing or not there:
        named = f"no run {missing[0]!r}" if missing else "no run"
        raise NotFound(f"{named} is published; there are {', '.join(there) or 'none'}: run a scenario first")
    chosen = [there[name] for name in (dict.fromkeys(runs) if runs is not None else there)]
    periods = [one.return_period for one in chosen if one.return_period]
    for one in chosen:
        if periods.count(one.return_period or 0.0) > 1:
            raise InputError(
                f"two runs have a return period of {one.return_period:g} years, {one.name} is one of them; "
                "name the runs to assess",
                code="return-period-twice",
            )
    return sorted(chosen, key=lambda one: (one.return_period or 0.0, one.name))


def _flood(
    workspace: Workspace, registry: Registry, said: RasterDescription, city: Things,
    tell: Callable[[float], None], done: float,
) -> Flood:  # fmt: skip
    """Lay one run over the things of the city."""
    data = raster.read(workspace.rasters, said.name)
    grid = Grid.from_dataarray(data)
    if grid.crs != Grid.definition(registry.crs.code):
        raise InputError(
            f"run {said.name} lies in {grid.authority}, the things in {registry.crs.code}; run it on a terrain in that",
            code="crs-differs",
        )
    peak = depth_above_ground(data).values.astype(float)
    standing = data["water_depth"].isel(time=0).transpose("y", "x").values.astype(float)
    depth = exposure.flood_depth(peak, standing)
    lying = laid(workspace, grid, city)
    tell(0.1 + 0.35 * done)
    return Flood(said, data.attrs["scenario_name"], depth, lying, exposure.wet(lying.buildings, depth))


def _risk(floods: Sequence[Flood], city: Things, table: Curves, rule: Rule) -> tuple[Rows, float]:
    """Return the rows of risk, and the expected annual damage of all buildings [currency per year]."""
    rare = [one for one in floods if one.said.return_period]
    if not rare or not len(city.buildings):
        return assessed.no_rows(), 0.0
    floor = table.floors(city.buildings.values["floor_height"])
    wet = Wet(np.concatenate([one.wet.depth for one in rare]) - floor, np.concatenate([one.wet.share for one in rare]))
    which = table.of_uses(city.buildings.values["building_use"])
    value = table.values(which, shapely.area(city.buildings.geometry))
    costs = damage(table.classes, which, value, wet)
    annual = expected_annual_damage(np.array([one.said.return_period for one in rare]), costs, rule)
    found = assessed.risk_rows([one.said for one in rare], city, table, rule, which, value, costs, annual)
    return found, round(float(annual.sum()), 2)


def _identifier(chosen: Sequence[RasterDescription], city: Things, table: Curves, rule: Rule) -> str:
    """Hash everything that decides an assessment."""
    runs = [[one.name, one.scenario, one.version, one.return_period, one.fit_for_decisions] for one in chosen]
    said = [asdict(one.notice) if one.notice else None for one in chosen]
    whole = {"form": FORM, "runs": runs, "notices": said, "things": city.sha256, "curves": table.sha256, "rule": rule}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _record(registry: Registry, identifier: str, chosen: Sequence[RasterDescription], rows: dict[str, Rows]) -> int:
    """Record the rows of an assessment in place of those of the last one; 0 where it is there already."""
    with registry.transaction(ACTOR, f"assessment {identifier[:12]}", source_sha256=identifier) as tx:
        last = provenance.last(registry, ACTOR)
        if last is None or last[0] != identifier:
            licences = _licences(registry, chosen)
            for name, new in rows.items():
                _replace(registry, name, new, tx)
                for at, licence in enumerate(licences):
                    provenance.record(
                        tx, ACTOR, name, custodian=ACTOR, licence=licence, sha256=identifier,
                        accepted=0 if at else len(new),
                    )  # fmt: skip
    return 0 if tx.empty else tx.number


def _replace(registry: Registry, name: str, new: Rows, tx: Transaction) -> None:
    """Bring a register to new rows: what is gone is retired, what differs changed, what is new added."""
    register = registry.register(name)
    known = register.table(*new.values)
    columns = list(zip(*known.values.values(), strict=True))
    there = {new.key(dict(zip(new.values, row, strict=True))): at for at, row in enumerate(columns)}
    fresh = []
    for at in range(len(new)):
        row = new.row(at)
        before = there.pop(new.key(row), None)
        if before is None:
            fresh.append(at)
            continue
        differs = {
            field: value for (field, value), old in zip(row.items(), columns[before], strict=True) if value != old
        }
        if differs:
            register.change(known.eids[before], differs, tx, valid_from=tx.moment)
    for before in there.values():
        register.retire(known.eids[before], tx, valid_from=tx.moment)
    register.add(_batch(new.only(fresh), tx), tx)


def _batch(rows: Rows, tx: Transaction) -> Batch:
    """Return rows as things to be added, each at the place of the thing it is about."""
    return Batch(values=rows.values, locations=rows.locations, valid_from=tx.moment)


def _licences(registry: Registry, chosen: Sequence[RasterDescription]) -> list[Licence]:
    """Return the conditions under which the runs and the things were delivered: they hold for the figures as well."""
    runs = [Licence(**one.licence, attribution=one.attribution, bulk=one.bulk) for one in chosen]
    of_things = [one for name in assessed.sources(registry) for one in provenance.licences(registry, name, SEEN)]
    return list(dict.fromkeys([*runs, *of_things]))
