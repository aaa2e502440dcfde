"""The loop of a flood run: steps, forcing, ledger. What it computes is laid out in `frmis.result`."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from frmis.connectivity import border, reachable
from frmis.ledger import Ledger
from frmis.result import Snapshot, dataset
from frmis.scenario import Scenario
from frmis.solver.inertial import GRAVITY, coefficients, crossing
from frmis.solver.state import SIDES, State
from frmis.terrain import check
from sdi.errors import NumericalError
from sdi.grid import Grid
from sdi.store.raster import fingerprint

logger = logging.getLogger(__name__)

Progress = Callable[[float], None]
"""Told the share of the run that is done, 0 to 1."""

CELLS_PER_THREAD = 200_000
"""Fewer cells than this are not worth another thread: threads wait for each other at every step, and on a machine with
other work the slowest of them decides."""

STEPS_BETWEEN_REPORTS = 200


def simulate(
    scenario: Scenario, terrain: xr.DataArray, *, progress: Progress | None = None, threads: int | None = None
) -> xr.Dataset:
    """Run a scenario on a terrain.

    Parameters
    ----------
    scenario : Scenario
        The run, described completely.
    terrain : DataArray (y, x) [m, its own vertical datum in ``attrs["vertical_datum"]``]
        Bed elevation on a projected, north-up grid; NaN where nothing flows.
    progress : callable, optional
        Told the share of the run that is done.
    threads : int, optional
        Number of threads; by the size of the grid where absent. The result does not depend on it.

    Returns
    -------
    Dataset
        ``water_depth`` and ``water_level`` (time, y, x) [m], ``maximum_water_depth``, ``maximum_water_level`` (y, x)
        [m], ``time_of_maximum`` (y, x) [s]; ledger, scenario, code version and warnings in the attributes.

    Raises
    ------
    RefusedError
        If the terrain is too poor for the run and the scenario does not allow that.
    NumericalError
        If a value is no number, or a step gets too small; names cell and time.
    """
    report = check(terrain, expected_ground=scenario.expected_ground, datum=scenario.boundary.vertical_datum)
    report.raise_if_unusable()
    if not scenario.allow_poor_terrain:
        report.raise_if_unfit()
    grid = Grid.from_dataarray(terrain)
    scenario = scenario.pinned(fingerprint(terrain))
    run = Run.begin(scenario, terrain, grid, threads or _threads(grid))
    snapshots = [run.snapshot()]
    for time in _output_times(scenario):
        run.advance(time, progress)
        snapshots.append(run.snapshot())
    run.ledger.end = run.state.volume(grid.cell_area)
    logger.info(
        "run %s: %d steps over %d cells, volume error %.1e", scenario.identifier[:12], run.steps,
        int(run.state.active.sum()), run.ledger.error,
    )  # fmt: skip
    return dataset(scenario, grid, run.state, run.ledger, snapshots, report)


def _threads(grid: Grid) -> int:
    """Return the number of threads that pays for a grid of this size."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(cores, grid.shape[0] * grid.shape[1] // CELLS_PER_THREAD))


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
    time: float = 0.0
    """After the start [s]."""
    deepest: float = 0.0
    """Largest depth on the grid [m]."""
    steps: int = 0

    @classmethod
    def begin(cls, scenario: Scenario, terrain: xr.DataArray, grid: Grid, threads: int = 1) -> Run:
        """Lay the initial water of a scenario on a terrain.

        Parameters
        ----------
        scenario : Scenario
            The run.
        terrain : DataArray (y, x) [m, datum of the terrain]
            Bed elevation.
        grid : Grid
            Where it lies.
        threads : int
            Number of threads.

        Returns
        -------
        Run
        """
        state = State.dry(terrain.transpose("y", "x").values, scenario.precision, threads)
        if scenario.initial_level is not None:
            state.fill_to(scenario.initial_level, _initial_extent(scenario, state))
        for side, edge in scenario.boundary.edges().items():
            if edge.kind != "closed":
                fall = (edge.slope or 0.0) * (grid.cell[1] if side in {"north", "south"} else grid.cell[0])
                state.open_side(side, below=math.inf if edge.highest_bed is None else edge.highest_bed, fall=fall)
        area = int(state.active.sum()) * grid.cell_area
        ledger = Ledger(state.volume(grid.cell_area), scenario.rainfall.depth(scenario.duration) * area)
        return cls(scenario, state, grid.cell, ledger, area, deepest=float(state.depth.max()))

    def advance(self, until: float, progress: Progress | None = None) -> None:
        """Advance to a time, stopping exactly where the rain changes.

        Parameters
        ----------
        until : float [s]
            After the start.
        progress : callable, optional
            Told the share of the whole run that is done.
        """
        stops = [time for time in self.scenario.rainfall.times if self.time < time < until]
        for stop in [*stops, until]:
            while self.time < stop:
                self._step(stop)
                if progress and self.steps % STEPS_BETWEEN_REPORTS == 0:
                    progress(self.time / self.scenario.duration)
        self._check()
        if progress:
            progress(self.time / self.scenario.duration)

    def snapshot(self) -> Snapshot:
        """Return the depths as they are now."""
        return Snapshot(self.time, self.state.water_depth.copy())

    def _step(self, stop: float) -> None:
        """Take one step, the stable one or an even share of the way to the next stop."""
        beyond = self._set_edges()
        stable = self._stable_step(max(self.deepest, beyond))
        count = max(1, math.ceil((stop - self.time) / stable - 1e-9))
        step = (stop - self.time) / count
        end = stop if count == 1 else self.time + step
        c = coefficients(
            self.state.real, step, self.cell, manning=self.scenario.roughness, blend=self.scenario.blend,
            rain=self.scenario.rainfall.at(self.time) * step, time=end,
        )  # fmt: skip
        self.deepest = self.state.step(c)
        self.ledger.rain += float(c.rain) * self.area
        self._book_edges(step)
        self.time = end
        self.steps += 1

    def _stable_step(self, deepest: float) -> float:
        """Return the longest step [s] that keeps long waves stable and flow unhindered.

        The flows of the shortest wave on a square grid, of opposite sign from face to face, shrink by the factor
        2 blend - 1 in a step without slope. Put into the linear scheme this gives the limit
        dt <= sqrt(blend / 2) dx / sqrt(g h): 0.71 of the way of a wave for blend 1, less for the others. The
        coefficient 0.7 of Bates et al. (2010, eq. 14) is stable in deep water for blend 1 only.
        """
        scenario, side = self.scenario, min(self.cell)
        longest = min(scenario.maximum_step, side / (4 * scenario.unhindered_speed))
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

    def _book_edges(self, step: float) -> None:
        """Book what crossed the open sides in one step."""
        for side, edge in self.scenario.boundary.edges().items():
            if edge.kind != "closed":
                along = self.cell[0] if side in {"north", "south"} else self.cell[1]
                forward, backward = crossing(self.state.flow_over(side))
                self.ledger.book(side, forward * along * step, backward * along * step)

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


def _initial_extent(scenario: Scenario, state: State) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return the cells that the initial water may fill, ndarray of bool (y, x)."""
    if scenario.initial_level is None or scenario.initial_extent == "everywhere":
        return state.active
    open_sides = [side for side in SIDES if getattr(scenario.boundary, side).kind == "level"]
    if not open_sides:
        return np.zeros_like(state.active)
    below = state.active & (np.nan_to_num(state.elevation, nan=np.inf) < scenario.initial_level)
    return reachable(below, border(below.shape, *open_sides))
