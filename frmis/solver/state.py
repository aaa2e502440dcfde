"""The water on a grid between two steps, and how a step advances it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from frmis.solver.barrier import barrier
from frmis.solver.inertial import ARRIVAL_DEPTH, WALL, Array, Barrier, Coefficients, Record, Site, Water, strip
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

    site: Site
    """What the water runs over."""
    water: Water
    """As it is."""
    record: Record
    """What is remembered so far."""
    offset: float
    """Level [m, datum of the terrain] from which bed elevations are counted, to spare single precision."""
    strips: int = 1
    """Rows are cut into so many strips, advanced at the same time."""
    crests_x: Barrier = field(init=False)
    """What stands on the faces between columns."""
    crests_y: Barrier = field(init=False)
    """What stands on the faces between rows."""
    _next: Water = field(init=False)
    _crest: Array = field(init=False)
    _pool: ThreadPoolExecutor | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._next = Water(*(array.copy() for array in self.water))
        self.crests_x, self.crests_y = (barrier(np.full(flow.shape, -np.inf), self.real) for flow in self.water[1:])
        self.strips = max(1, min(self.strips, self.bed.shape[0] - 2))
        self._crest = np.zeros((self.strips, self.bed.shape[1]), self.bed.dtype)
        if self.strips > 1:
            self._pool = ThreadPoolExecutor(self.strips - 1, thread_name_prefix="sweep")

    @classmethod
    def dry(
        cls, elevation: npt.NDArray[Any], precision: str = "float64", strips: int = 1, *,
        manning: float | npt.NDArray[Any] = 0.035, pervious: float | npt.NDArray[Any] = 1.0,
    ) -> State:  # fmt: skip
        """Lay a dry state on a terrain.

        Parameters
        ----------
        elevation : ndarray (ny, nx) [m, datum of the terrain]
            Bed; NaN where nothing flows.
        precision : str
            ``float64`` or ``float32``.
        strips : int
            Number of strips advanced at the same time.
        manning : float or ndarray (ny, nx) [s m-1/3]
            Manning's coefficient.
        pervious : float or ndarray (ny, nx) [1]
            Share that takes water up, 0 to 1.

        Returns
        -------
        State
        """
        elevation = np.asarray(elevation, dtype=float)
        if not np.isfinite(elevation).any():
            raise InputError("the terrain has no cell with an elevation; nothing can flow on it", code="terrain-empty")
        offset = float(np.floor(np.nanmin(elevation))) if precision == "float32" else 0.0
        shape = rows, columns = elevation.shape[0] + 2, elevation.shape[1] + 2
        bed = np.full(shape, WALL)
        bed[_RING] = np.where(np.isfinite(elevation), quantised(elevation - offset, precision), WALL)
        real = np.dtype(precision)
        covers = (np.pad(np.broadcast_to(one, elevation.shape), 1, mode="edge") for one in (manning, pervious))
        site = Site(*(np.ascontiguousarray(one, real) for one in (bed, *covers)))
        water = Water(np.zeros(shape, real), np.zeros((rows, columns + 1), real), np.zeros((rows + 1, columns), real))
        return cls(site, water, _nothing_recorded(shape, real), offset, strips)

    @property
    def bed(self) -> Array:
        """Bed with the ring, ndarray (ny + 2, nx + 2) [m], above `offset`; `WALL` where nothing flows."""
        return self.site.bed

    @property
    def depth(self) -> Array:
        """Depths with the ring, ndarray (ny + 2, nx + 2) [m]."""
        return self.water.depth

    @property
    def flow_x(self) -> Array:
        """Flow between columns with the ring, ndarray (ny + 2, nx + 3) [m2 s-1]."""
        return self.water.flow_x

    @property
    def flow_y(self) -> Array:
        """Flow between rows with the ring, ndarray (ny + 3, nx + 2) [m2 s-1]."""
        return self.water.flow_y

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

    def recorded(self, name: str) -> Array:
        """Return what is remembered of each cell.

        Parameters
        ----------
        name : str
            Field of `frmis.solver.inertial.Record`.

        Returns
        -------
        ndarray (ny, nx) [unit of the field]
            A view.
        """
        return np.asarray(getattr(self.record, name)[_RING])

    def fill(self, depth: npt.NDArray[Any]) -> None:
        """Set the depths.

        Parameters
        ----------
        depth : ndarray (ny, nx) [m]
            Depths; those of cells that take no part are ignored.
        """
        self.depth[_RING] = np.where(self.active, depth, 0.0)
        self.record.depth[_RING] = self.depth[_RING]
        self.record.arrival[_RING] = np.where(self.depth[_RING] >= ARRIVAL_DEPTH, 0.0, np.inf)

    def fill_to(self, level: float, where: npt.NDArray[np.bool_]) -> None:
        """Fill cells with still water.

        Parameters
        ----------
        level : float [m, datum of the terrain]
            Level of the water.
        where : ndarray of bool (ny, nx)
            Cells to fill.
        """
        surface = self.above_offset(level)
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

    def stand(self, crest_x: npt.NDArray[Any], crest_y: npt.NDArray[Any]) -> None:
        """Let levees, walls or gates stand on faces.

        Parameters
        ----------
        crest_x : ndarray (ny, nx + 1) [m, datum of the terrain]
            Crest on the face west of each column; -inf where nothing stands.
        crest_y : ndarray (ny + 1, nx) [m, datum of the terrain]
            Crest on the face north of each row.
        """
        ringed_x, ringed_y = (np.full(flow.shape, -np.inf) for flow in self.water[1:])
        ringed_x[1:-1, 1:-1] = self.above_offset(crest_x)
        ringed_y[1:-1, 1:-1] = self.above_offset(crest_y)
        self.crests_x, self.crests_y = barrier(ringed_x, self.real), barrier(ringed_y, self.real)

    def above_offset(self, level: Any) -> Any:
        """Count levels as the solver does.

        Parameters
        ----------
        level : float or ndarray [m, datum of the terrain]
            Elevation or level.

        Returns
        -------
        float or ndarray [m]
            Above `offset`, in steps of `QUANTUM`.
        """
        return quantised(np.asarray(level) - self.offset, self.bed.dtype.name)

    def pour(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], depth: npt.NDArray[Any]) -> None:
        """Add water to cells.

        Parameters
        ----------
        rows, columns : ndarray of int (n,)
            Each cell once.
        depth : ndarray (n,) [m]
            What is added to each.
        """
        self.depth[rows + 1, columns + 1] += depth.astype(self.real)

    def open_side(self, side: Side, *, below: float = np.inf, fall: float = 0.0) -> int:
        """Let water cross one side.

        Parameters
        ----------
        side : str
            Side of the grid; all are closed at first.
        below : float [m, datum of the terrain]
            Only cells with a bed lower than this are opened.
        fall : float [m]
            By how much the ground just outside lies lower.

        Returns
        -------
        int
            Number of cells that were opened.
        """
        bed = self.bed[_INNER[side]]
        opened = (bed < WALL) & (bed < below - self.offset)
        self.bed[_GHOST[side]] = np.where(opened, bed - self.real(fall), self.real(WALL))
        return int(opened.sum())

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
        quantum = QUANTUM[self.bed.dtype.name]
        surface = self.real(round((level - self.offset) / quantum) * quantum)  # as `quantised`, without an array
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
        if side in {"north", "south"}:
            return self.flow_y[1 if side == "north" else -2, 1:-1]
        return self.flow_x[1:-1, 1 if side == "west" else -2]

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
        still = self.site, self.crests_x, self.crests_y, self.water, self._next, self.record
        jobs = [(a, b, *still, crest, c) for a, b, crest in zip(cuts[:-1], cuts[1:], self._crest, strict=True)]
        waiting = [self._pool.submit(strip, *job) for job in jobs[1:]] if self._pool else []
        strip(*jobs[0])
        for other in waiting:
            other.result()
        self._swap()
        return float(self._crest.max())

    def _swap(self) -> None:
        """Make the new state the present one; the flow beyond the border is that at the border."""
        flow_y = self._next.flow_y
        flow_y[0], flow_y[-1] = flow_y[1], flow_y[-2]
        self.water, self._next = self._next, self.water


def _nothing_recorded(shape: tuple[int, int], real: np.dtype[Any]) -> Record:
    """Return a record in which nothing has happened yet."""
    depth, duration = np.zeros(shape, real), np.zeros(shape, real)
    depth_time, speed, discharge = (np.zeros(shape, np.float32) for _ in range(3))
    arrival = np.full(shape, np.inf, np.float32)
    return Record(depth, depth_time, speed, discharge, arrival, duration, np.zeros(shape))


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
