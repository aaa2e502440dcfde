"""The water on a grid between two steps, and how a step advances it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from frmis.solver.inertial import WALL, Array, Coefficients, strip
from sdi.errors import InputError

Side = Literal["north", "east", "south", "west"]

SIDES: tuple[Side, ...] = ("north", "east", "south", "west")

QUANTUM: Mapping[str, float] = {"float64": 2.0**-20, "float32": 2.0**-12}
"""Step [m] in which bed and levels are given to the solver, by precision.

Both are multiples of one power of two, so ``level - bed`` and ``bed + depth`` are exact, and water at rest is at
rest to the last bit. It is 1 micrometre, and 0.24 mm in single precision.
"""

_RING = (slice(1, -1), slice(1, -1))
_GHOST: Mapping[Side, tuple[Any, Any]] = {
    "north": (0, slice(None)),
    "south": (-1, slice(None)),
    "west": (slice(None), 0),
    "east": (slice(None), -1),
}
_INNER: Mapping[Side, tuple[Any, Any]] = {
    "north": (1, slice(None)),
    "south": (-2, slice(None)),
    "west": (slice(None), 1),
    "east": (slice(None), -2),
}


@dataclass(slots=True)
class State:
    """Depths and flows, twice: as they are and room for the next step. Arrays carry the ring of ghost cells."""

    bed: Array
    """ndarray (ny + 2, nx + 2) [m], above `offset`; `WALL` where nothing flows."""
    depth: Array
    flow_x: Array
    flow_y: Array
    peak: Array
    """Largest depth so far [m]."""
    peak_time: Array
    """When it was reached [s]."""
    offset: float
    """Level [m, datum of the terrain] from which bed elevations are counted, to spare single precision."""
    strips: int = 1
    """Rows are cut into so many strips, advanced at the same time."""
    _next: tuple[Array, Array, Array] = field(init=False)
    _crest: Array = field(init=False)
    _pool: ThreadPoolExecutor | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._next = self.depth.copy(), self.flow_x.copy(), self.flow_y.copy()
        self.strips = max(1, min(self.strips, self.bed.shape[0] - 2))
        self._crest = np.zeros((self.strips, self.bed.shape[1]), self.bed.dtype)
        if self.strips > 1:
            self._pool = ThreadPoolExecutor(self.strips - 1, thread_name_prefix="sweep")

    @classmethod
    def dry(cls, elevation: npt.NDArray[Any], precision: str = "float64", strips: int = 1) -> State:
        """Lay a dry state on a terrain.

        Parameters
        ----------
        elevation : ndarray (ny, nx) [m, datum of the terrain]
            Bed; NaN where nothing flows.
        precision : str
            ``float64`` or ``float32``.
        strips : int
            Number of strips advanced at the same time.

        Returns
        -------
        State
        """
        elevation = np.asarray(elevation, dtype=float)
        if not np.isfinite(elevation).any():
            raise InputError("the terrain has no cell with an elevation; nothing can flow on it", code="terrain-empty")
        offset = float(np.floor(np.nanmin(elevation))) if precision == "float32" else 0.0
        bed = np.full((elevation.shape[0] + 2, elevation.shape[1] + 2), WALL)
        bed[_RING] = np.where(np.isfinite(elevation), quantised(elevation - offset, precision), WALL)
        real = np.dtype(precision)
        rows, columns = bed.shape
        depth, peak, peak_time = (np.zeros((rows, columns), real) for _ in range(3))
        flow_x, flow_y = np.zeros((rows, columns + 1), real), np.zeros((rows + 1, columns), real)
        return cls(bed.astype(real), depth, flow_x, flow_y, peak, peak_time, offset, strips)

    @property
    def real(self) -> type[np.floating[Any]]:
        """Precision of the numbers."""
        return self.bed.dtype.type

    @property
    def active(self) -> npt.NDArray[np.bool_]:
        """Cells that take part, ndarray (ny, nx)."""
        return np.asarray(self.bed[_RING] < WALL)

    @property
    def water_depth(self) -> Array:
        """Depths as they are, ndarray (ny, nx) [m]; a view."""
        return self.depth[_RING]

    @property
    def elevation(self) -> Array:
        """Bed, ndarray (ny, nx) [m, datum of the terrain]; NaN where nothing flows."""
        return np.where(self.active, self.bed[_RING].astype(float) + self.offset, np.nan)

    @property
    def maximum_depth(self) -> Array:
        """Largest depths so far, ndarray (ny, nx) [m]; a view."""
        return self.peak[_RING]

    @property
    def time_of_maximum(self) -> Array:
        """When they were reached, ndarray (ny, nx) [s]; a view."""
        return self.peak_time[_RING]

    def fill(self, depth: npt.NDArray[Any]) -> None:
        """Set the depths.

        Parameters
        ----------
        depth : ndarray (ny, nx) [m]
            Depths; those of cells that take no part are ignored.
        """
        self.depth[_RING] = np.where(self.active, depth, 0.0)
        self.peak[_RING] = self.depth[_RING]

    def fill_to(self, level: float, where: npt.NDArray[np.bool_]) -> None:
        """Fill cells with still water.

        Parameters
        ----------
        level : float [m, datum of the terrain]
            Level of the water.
        where : ndarray of bool (ny, nx)
            Cells to fill.
        """
        surface = quantised(level - self.offset, self.bed.dtype.name)
        self.fill(np.where(where, np.maximum(surface - self.bed[_RING].astype(float), 0.0), 0.0))

    def volume(self, cell_area: float) -> float:
        """Water on the grid.

        Parameters
        ----------
        cell_area : float [m2]
            Area of a cell.

        Returns
        -------
        float [m3]
        """
        return float(np.sum(self.water_depth, dtype=np.float64)) * cell_area

    def open_side(self, side: Side, *, below: float = np.inf, fall: float = 0.0) -> None:
        """Let water cross one side.

        Parameters
        ----------
        side : str
            Side of the grid; all are closed at first.
        below : float [m, datum of the terrain]
            Only cells with a bed lower than this are opened.
        fall : float [m]
            By how much the ground just outside lies lower.
        """
        bed = self.bed[_INNER[side]]
        opened = (bed < WALL) & (bed < below - self.offset)
        self.bed[_GHOST[side]] = np.where(opened, bed - self.real(fall), self.real(WALL))

    def set_level(self, side: Side, level: float) -> float:
        """Let water stand at a level just outside an open side.

        Parameters
        ----------
        side : str
            Side of the grid.
        level : float [m, datum of the terrain]
            Level of the water.

        Returns
        -------
        float [m]
            Largest depth there.
        """
        surface = self.real(quantised(level - self.offset, self.bed.dtype.name))
        beyond = np.maximum(surface - self.bed[_GHOST[side]], 0)
        self.depth[_GHOST[side]] = beyond
        return float(beyond.max())

    def set_free(self, side: Side) -> None:
        """Let water just outside an open side be as deep as inside, so that it leaves as the ground falls.

        Parameters
        ----------
        side : str
            Side of the grid.
        """
        opened = self.bed[_GHOST[side]] < WALL
        self.depth[_GHOST[side]] = np.where(opened, self.depth[_INNER[side]], 0)

    def flow_over(self, side: Side) -> Array:
        """Flow through the faces of one side, ndarray (n,) [m2 s-1], positive towards growing row or column."""
        last_row, last_column = self.bed.shape[0] - 1, self.bed.shape[1] - 1
        return {
            "north": self.flow_y[1, 1:-1],
            "south": self.flow_y[last_row, 1:-1],
            "west": self.flow_x[1:-1, 1],
            "east": self.flow_x[1:-1, last_column],
        }[side]

    def step(self, c: Coefficients) -> float:
        """Advance by one step.

        Parameters
        ----------
        c : Coefficients
            What is the same everywhere in this step.

        Returns
        -------
        float [m]
            Largest depth after it.
        """
        rows = self.bed.shape[0] - 2
        cuts = [1 + rows * n // self.strips for n in range(self.strips + 1)]
        arrays = self.bed, self.depth, self.flow_x, self.flow_y, *self._next, self.peak, self.peak_time
        jobs = [(a, b, *arrays, crest, c) for a, b, crest in zip(cuts[:-1], cuts[1:], self._crest, strict=True)]
        waiting = [self._pool.submit(strip, *job) for job in jobs[1:]] if self._pool else []
        strip(*jobs[0])
        for other in waiting:
            other.result()
        self._swap()
        return float(self._crest.max())

    def _swap(self) -> None:
        """Make the new state the present one; the flow beyond the border is that at the border."""
        depth, flow_x, flow_y = self._next
        flow_y[0], flow_y[-1] = flow_y[1], flow_y[-2]
        self._next = self.depth, self.flow_x, self.flow_y
        self.depth, self.flow_x, self.flow_y = depth, flow_x, flow_y


def quantised(value: Any, precision: str) -> Any:
    """Round to the step in which the solver is given elevations.

    Parameters
    ----------
    value : float or ndarray [m]
        Elevation or level.
    precision : str
        ``float64`` or ``float32``.

    Returns
    -------
    float or ndarray [m]
    """
    quantum = QUANTUM[precision]
    return np.round(np.asarray(value, dtype=float) / quantum) * quantum
