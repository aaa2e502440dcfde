"""The loop of a flood run: steps, forcing, ledger. What it computes is laid out in `frmis.result`."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from frmis.connectivity import Mask, border, reachable
from frmis.gate import Keeper, crests
from frmis.ground import Ground
from frmis.inflow import Source, lay
from frmis.ledger import Ledger
from frmis.result import Said, Snapshot, dataset
from frmis.scenario import Scenario
from frmis.solver.inertial import GRAVITY, Array, Coefficients, coefficients, crossing
from frmis.solver.state import SIDES, State
from frmis.terrain import check
from sdi.declaration import Label
from sdi.errors import NumericalError
from sdi.grid import Grid

logger = logging.getLogger(__name__)

Progress = Callable[[float], None]
"""Told the share of the run that is done, 0 to 1."""

CELLS_PER_THREAD = 200_000
"""Fewer cells than this are not worth another thread: threads wait for each other at every step, and on a machine with
other work the slowest of them decides."""

STEPS_BETWEEN_REPORTS = 200

VIETNAMESE = {"north": "bắc", "east": "đông", "south": "nam", "west": "tây"}
"""Names of the sides of a grid."""


def simulate(
    scenario: Scenario, terrain: xr.DataArray | Ground, *, progress: Progress | None = None, threads: int | None = None
) -> xr.Dataset:
    """Run a scenario on a terrain, or on what was laid on one.

    Parameters
    ----------
    scenario : Scenario
        The run, described completely.
    terrain : DataArray (y, x) [m, its own vertical datum in ``attrs["vertical_datum"]``] or Ground
        Bed elevation on a projected, north-up grid; NaN where nothing flows. A ground also has roughness, open soil,
        levees and gates.
    progress : callable, optional
        Told the share of the run that is done.
    threads : int, optional
        Number of threads; by the size of the grid where absent. The result does not depend on it.

    Returns
    -------
    Dataset
        ``water_depth`` and ``water_level`` (time, y, x) [m]; (y, x) without time: ``maximum_water_depth``,
        ``maximum_water_level`` [m], ``maximum_speed`` [m s-1], ``maximum_depth_speed`` [m2 s-1], ``time_of_maximum``,
        ``arrival_time``, ``inundation_duration`` [s] and ``hazard_class`` [1]; ledger, scenario, code version, notices
        and warnings in the attributes. ``obstacle_height`` (y, x) [m] where obstacles were raised.

    Raises
    ------
    InputError
        If an inflow lies outside the grid or where nothing can flow.
    RefusedError
        If the terrain is too poor for the run and the scenario does not allow that.
    NumericalError
        If a value is no number, or a step gets too small; names cell and time.
    """
    ground = terrain if isinstance(terrain, Ground) else Ground.of(terrain)
    report = check(ground.source, expected_ground=scenario.expected_ground, datum=scenario.boundary.vertical_datum)
    report.raise_if_unusable()
    if not scenario.allow_poor_terrain:
        report.raise_if_unfit()
    grid = Grid.from_dataarray(ground.elevation)
    scenario = ground.pin(scenario)
    run = Run.begin(scenario, ground, grid, threads or _threads(grid))
    snapshots = [run.snapshot()]
    for time in _output_times(scenario):
        run.advance(time, progress)
        snapshots.append(run.snapshot())
    run.settle()
    logger.info(
        "run %s: %d steps over %d cells, volume error %.1e", scenario.identifier[:12], run.steps,
        int(run.state.active.sum()), run.ledger.error,
    )  # fmt: skip
    said = Said((*ground.notices, *run.notices()), run.warnings())
    return dataset(scenario, grid, run.state, run.ledger, snapshots, report, said, ground.obstacle_height)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _threads(grid: Grid) -> int:
    """Return the number of threads that pays for a grid of this size."""
    return max(1, min(cores(), grid.shape[0] * grid.shape[1] // CELLS_PER_THREAD))


def _output_times(scenario: Scenario) -> list[float]:
    """Return the times of the results after the start, the end included [s]."""
    count = math.ceil(scenario.duration / scenario.output_interval - 1e-9)
    return [*(n * scenario.output_interval for n in range(1, count)), scenario.duration]


@dataclass(slots=True)
class Run:
    """A run on its way."""

    scenario: Scenario
    state: State
    cell: tuple[float, float]
    """Width and height of a cell [m]."""
    ledger: Ledger
    area: float
    """Area that takes part [m2]."""
    sources: tuple[Source, ...] = ()
    gates: tuple[Keeper, ...] = ()
    shut: tuple[str, ...] = ()
    """Sides whose level reaches no cell: nothing enters there."""
    time: float = 0.0
    """After the start [s]."""
    deepest: float = 0.0
    """Largest depth on the grid [m]."""
    longest: float = 0.0
    """Longest step so far [s]."""
    steps: int = 0

    @classmethod
    def begin(cls, scenario: Scenario, ground: Ground, grid: Grid, threads: int = 1) -> Run:
        """Lay the initial water of a scenario on a ground.

        Parameters
        ----------
        scenario : Scenario
            The run.
        ground : Ground
            What the water runs over.
        grid : Grid
            Where it lies.
        threads : int
            Number of threads.

        Returns
        -------
        Run
        """
        state = State.dry(
            ground.elevation.transpose("y", "x").values, scenario.precision, threads,
            manning=scenario.roughness if ground.roughness is None else ground.roughness,
            pervious=1.0 if ground.pervious is None else ground.pervious,
        )  # fmt: skip
        standing = crests(grid.shape, ground.crest_x, ground.crest_y, ground.gates)
        state.stand(*standing)
        if scenario.initial_level is not None:
            state.fill_to(scenario.initial_level, _initial_extent(scenario, state, standing))
        shut = _open_sides(scenario, state, grid)
        sources = tuple(lay(inflow, grid, state.active) for inflow in scenario.inflows)
        gates = tuple(Keeper.of(gate, state) for gate in ground.gates)
        area = int(state.active.sum()) * grid.cell_area
        ledger = Ledger(
            state.volume(grid.cell_area), scenario.rainfall.depth(scenario.duration) * area,
            inflow_prescribed={source.name: source.volume(0, scenario.duration) for source in sources},
        )  # fmt: skip
        return cls(scenario, state, grid.cell, ledger, area, sources, gates, shut, deepest=float(state.depth.max()))

    def advance(self, until: float, progress: Progress | None = None) -> None:
        """Advance to a time, stopping exactly where the rain changes or a gate moves by its schedule.

        Parameters
        ----------
        until : float [s]
            After the start.
        progress : callable, optional
            Told the share of the whole run that is done.
        """
        moves = [time for keeper in self.gates for time in keeper.moves]
        stops = sorted(time for time in {*self.scenario.rainfall.times, *moves} if self.time < time < until)
        for stop in [*stops, until]:
            while self.time < stop:
                self._step(stop)
                if progress and self.steps % STEPS_BETWEEN_REPORTS == 0:
                    progress(self.time / self.scenario.duration)
        self._check()
        if progress:
            progress(self.time / self.scenario.duration)

    def settle(self) -> None:
        """Enter into the ledger what can be told at the end only."""
        cell_area = self.cell[0] * self.cell[1]
        self.ledger.end = self.state.volume(cell_area)
        self.ledger.infiltration = float(self.state.recorded("soaked").sum()) * cell_area

    def notices(self) -> tuple[Label, ...]:
        """Tell what the scenario asks for and the grid does not allow; nothing where it allows everything."""
        return tuple(
            Label(
                f"Mực nước ở biên phía {VIETNAMESE[side]} không chạm ô nào: không có nước vào từ phía đó.",
                f"The level in the {side} reaches no cell: no water enters there.",
            )
            for side in self.shut
        )

    def warnings(self) -> tuple[Label, ...]:
        """Tell what held the water back; nothing where nothing did."""
        found = []
        limit = min(self.cell) / (4 * self.longest) if self.longest else math.inf
        fastest = math.sqrt(float(self.state.recorded("speed").max()))
        if fastest >= 0.9 * limit:
            found.append(
                Label(
                    f"Dòng chảy đạt {fastest:.2f} m/s; nhanh hơn {limit:.2f} m/s có thể đã bị kìm lại: "
                    "tăng unhindered_speed",
                    f"The flow reached {fastest:.2f} m/s; above {limit:.2f} m/s it may have been held back: "
                    "raise unhindered_speed",
                )
            )
        return tuple(found)

    def snapshot(self) -> Snapshot:
        """Return the depths as they are now."""
        return Snapshot(self.time, self.state.water_depth.copy())

    def _step(self, stop: float) -> None:
        """Take one step, the stable one or an even share of the way to the next stop."""
        beyond = self._set_edges()
        for keeper in self.gates:
            keeper.set(self.state, self.time)
        stable = self._stable_step(max(self.deepest + self._coming(), beyond))
        count = max(1, math.ceil((stop - self.time) / stable - 1e-9))
        step = (stop - self.time) / count
        end = stop if count == 1 else self.time + step
        self._pour(end)
        c = self._coefficients(step, end)
        self.deepest = self.state.step(c)
        self._book(step, float(c.rain))
        self.time, self.longest = end, max(self.longest, step)
        self.steps += 1

    def _coefficients(self, step: float, end: float) -> Coefficients:
        """Return what is the same everywhere in a step that ends at a time."""
        scenario = self.scenario
        soil = scenario.infiltration
        return coefficients(
            self.state.real, step, self.cell, blend=scenario.blend, rain=scenario.rainfall.at(self.time) * step,
            soak=soil.capacity((self.time + end) / 2) * step if soil else 0.0, time=end, shallow=scenario.wet_threshold,
        )  # fmt: skip

    def _coming(self) -> float:
        """Return the largest depth that inflows add to a cell in the longest step there may be [m]."""
        longest, area = self._longest_step, self.cell[0] * self.cell[1]
        return sum(
            source.discharge.at(self.time) * float(source.shares.max()) * longest / area for source in self.sources
        )

    def _pour(self, end: float) -> None:
        """Let the inflows bring what they bring until the end of a step, and book it."""
        for source in self.sources:
            volume = source.volume(self.time, end)
            self.state.pour(source.rows, source.columns, volume * source.shares / (self.cell[0] * self.cell[1]))
            self.ledger.inflow[source.name] = self.ledger.inflow.get(source.name, 0.0) + volume

    @property
    def _longest_step(self) -> float:
        """Longest step in which flow of the speed of the scenario is not held back [s]."""
        return min(self.scenario.maximum_step, min(self.cell) / (4 * self.scenario.unhindered_speed))

    def _stable_step(self, deepest: float) -> float:
        """Return the longest step [s] that keeps long waves stable and flow unhindered.

        The flows of the shortest wave on a square grid, of opposite sign from face to face, shrink by the factor
        2 blend - 1 in a step without slope. Put into the linear scheme this gives the limit
        dt <= sqrt(blend / 2) dx / sqrt(g h): 0.71 of the way of a wave for blend 1, less for the others. The
        coefficient 0.7 of Bates et al. (2010, eq. 14) is stable in deep water for blend 1 only.
        """
        scenario, side = self.scenario, min(self.cell)
        longest = self._longest_step
        if deepest > 0:
            limit = math.sqrt(scenario.blend / 2) * side / math.sqrt(GRAVITY * deepest)
            longest = min(longest, scenario.courant * limit)
        if not longest >= self.scenario.minimum_step:
            raise NumericalError(
                f"after {self.time:.1f} s a depth of {deepest:.4g} m needs steps of {longest:.3g} s, less than the "
                f"smallest allowed of {self.scenario.minimum_step:g} s; is a level or a bed elevation wrong there?",
                details={"time_s": self.time, "depth_m": deepest, "step_s": longest},
            )
        return longest

    def _set_edges(self) -> float:
        """Set what stands beyond the open sides; return the largest depth there [m]."""
        deepest = 0.0
        for side, edge in self.scenario.boundary.edges().items():
            if edge.level is not None:
                deepest = max(deepest, self.state.set_level(side, edge.level.at(self.time)))
            if edge.slope is not None:
                self.state.set_free(side)
        return deepest

    def _book(self, step: float, rain: float) -> None:
        """Book the rain [m] of one step and what crossed the open sides and the gates in it."""
        self.ledger.rain += rain * self.area
        for side, edge in self.scenario.boundary.edges().items():
            if edge.kind != "closed":
                along = self.cell[0] if side in {"north", "south"} else self.cell[1]
                forward, backward = crossing(self.state.flow_over(side))
                self.ledger.book(side, forward * along * step, backward * along * step)
        for keeper in self.gates:
            self.ledger.book_gate(keeper.gate.identifier, *keeper.passed(self.state, self.cell, step))

    def _check(self) -> None:
        """Stop where a depth is no number."""
        bad = np.argwhere(~np.isfinite(self.state.water_depth))
        if bad.size:
            row, column = (int(index) for index in bad[0])
            raise NumericalError(
                f"the depth in row {row}, column {column} is no number after {self.time:.1f} s ({len(bad)} cells); "
                "the run is stopped: look at the terrain and the levels there, or take a smaller courant number",
                details={"row": row, "column": column, "time_s": self.time, "cells": len(bad)},
            )


def _open_sides(scenario: Scenario, state: State, grid: Grid) -> tuple[str, ...]:
    """Open the sides of the grid over which water may come or go; return those whose level reaches no cell."""
    shut = []
    for side, edge in scenario.boundary.edges().items():
        if edge.kind != "closed":
            fall = (edge.slope or 0.0) * (grid.cell[1] if side in {"north", "south"} else grid.cell[0])
            below = math.inf if edge.highest_bed is None else edge.highest_bed
            if not state.open_side(side, below=below, fall=fall) and edge.kind == "level":
                shut.append(side)
    return tuple(shut)


def _initial_extent(scenario: Scenario, state: State, crests: tuple[Array, Array]) -> Mask:
    """Return the cells the initial water may fill, not through levees or closed gates, ndarray of bool (y, x)."""
    level = scenario.initial_level
    if level is None or scenario.initial_extent == "everywhere":
        return state.active
    open_sides = [side for side in SIDES if getattr(scenario.boundary, side).kind == "level"]
    if not open_sides:
        return np.zeros_like(state.active)
    below = state.active & (np.nan_to_num(state.elevation, nan=np.inf) < level)
    return reachable(below, border(below.shape, *open_sides), *(crest >= level for crest in crests))
