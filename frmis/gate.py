"""Gates at work: what stands on their faces at each step, and what passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from frmis.connectivity import Mask
from frmis.solver.barrier import places
from frmis.solver.inertial import Array, Barrier, crossing
from frmis.solver.state import State
from frmis.structure import Faces, Gate
from sdi.errors import InputError
from sdi.grid import IndexArray


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """The faces of a gate in one direction."""

    axis: Literal["x", "y"]
    """Direction in which water passes them."""
    rows: IndexArray
    """Of the faces in the arrays of the solver, ndarray of int (n,)."""
    columns: IndexArray
    inner_is_after: Mask
    """Whether the protected side has the higher index, ndarray of bool (n,)."""
    place: IndexArray
    """Of the faces in the barrier, ndarray of int (n,)."""

    @classmethod
    def of(cls, faces: Faces, inner_is_after: tuple[bool, ...], axis: Literal["x", "y"], state: State) -> Leaf:
        """Find faces of the grid in the arrays of a state, which have a ring."""
        rows, columns = np.array(faces, dtype=np.intp).reshape(-1, 2).T + 1
        standing = state.crests_x if axis == "x" else state.crests_y
        inner = np.array(inner_is_after, dtype=bool)
        return cls(axis, rows, columns, inner, places(standing, rows, columns))

    def barrier(self, state: State) -> Barrier:
        """All that stands on faces of this direction."""
        return state.crests_x if self.axis == "x" else state.crests_y

    def drowned(self, state: State) -> Mask:
        """Tell where the water outside stands higher than inside, ndarray of bool (n,)."""
        before = self.rows - (self.axis == "y"), self.columns - (self.axis == "x")
        depth_a, depth_b = state.depth[before], state.depth[self.rows, self.columns]
        level_a, level_b = state.bed[before] + depth_a, state.bed[self.rows, self.columns] + depth_b
        pushed_ahead, pushed_back = (depth_a > 0) & (level_a > level_b), (depth_b > 0) & (level_b > level_a)
        return np.where(self.inner_is_after, pushed_ahead, pushed_back)

    def passing(self, state: State) -> tuple[float, float]:
        """Add up what passes, inward and outward [m2 s-1]."""
        flow: Array = (state.flow_x if self.axis == "x" else state.flow_y)[self.rows, self.columns]
        return crossing(np.where(self.inner_is_after, flow, -flow))


@dataclass(frozen=True, slots=True, eq=False)
class Keeper:
    """A gate in a run.

    An automatic one is a row of flaps, one on each face: a flap shuts while the water outside stands higher than inside
    and lets water pass outward only. Over its crest water passes both ways.
    """

    gate: Gate
    leaves: tuple[Leaf, ...]
    sill: float
    """[m], above the offset of the state."""
    crest: float
    """[m], above the offset of the state."""

    @classmethod
    def of(cls, gate: Gate, state: State) -> Keeper:
        """Let a gate stand in a state whose faces it is among.

        Parameters
        ----------
        gate : Gate
            On faces of the grid.
        state : State
            With something standing on those faces; see `crests`.

        Returns
        -------
        Keeper
        """
        count = len(gate.faces_x)
        leaves = (
            Leaf.of(gate.faces_x, gate.inner_is_after[:count], "x", state),
            Leaf.of(gate.faces_y, gate.inner_is_after[count:], "y", state),
        )
        sill, crest = (float(state.above_offset(level)) for level in (gate.sill, gate.crest))
        return cls(gate, tuple(leaf for leaf in leaves if leaf.place.size), sill, crest)

    @property
    def moves(self) -> tuple[float, ...]:
        """Times at which it moves by its schedule [s]."""
        return () if self.gate.openings == "automatic" else self.gate.openings.times

    def set(self, state: State, time: float) -> None:
        """Open or close for the next step.

        Parameters
        ----------
        state : State
            The water as it is; what stands on the faces of the gate is changed.
        time : float [s]
            After the start of the run.
        """
        openings = self.gate.openings
        for leaf in self.leaves:
            standing = leaf.barrier(state)
            if openings == "automatic":
                shut = leaf.drowned(state)
                standing.ahead[leaf.place] = shut | ~leaf.inner_is_after
                standing.back[leaf.place] = shut | leaf.inner_is_after
            else:
                shut = np.full(leaf.place.shape, openings.at(time) == 0)
            standing.crest[leaf.place] = np.where(shut, self.crest, self.sill)

    def passed(self, state: State, cell: tuple[float, float], step: float) -> tuple[float, float]:
        """Return what passed in a step.

        Parameters
        ----------
        state : State
            After the step.
        cell : tuple of 2 float [m]
            Width and height of a cell.
        step : float [s]
            Length of the step.

        Returns
        -------
        tuple of 2 float [m3]
            Inward and outward.
        """
        inward, outward = 0.0, 0.0
        for leaf in self.leaves:
            width = (cell[1] if leaf.axis == "x" else cell[0]) * step
            into, out = leaf.passing(state)
            inward, outward = inward + into * width, outward + out * width
        return inward, outward


def crests(shape: tuple[int, int], x: Array | None, y: Array | None, gates: tuple[Gate, ...]) -> tuple[Array, Array]:
    """Lay levees and gates, as they stand at the start, on the faces of a grid; an automatic gate is closed.

    Parameters
    ----------
    shape : tuple of 2 int
        Rows and columns of the grid.
    x : ndarray (ny, nx + 1) [m, datum of the terrain], optional
        Crests on the faces west of each column; -inf where nothing stands.
    y : ndarray (ny + 1, nx) [m, datum of the terrain], optional
        Crests on the faces north of each row.
    gates : tuple of Gate
        They take the place of what else stands on their faces.

    Returns
    -------
    tuple of 2 ndarray (y, x) [m, datum of the terrain]
        Crests on the faces west of each column and on those north of each row.

    Raises
    ------
    InputError
        If a gate stands on a face that the grid does not have.
    """
    rows, columns = shape
    standing_x = np.full((rows, columns + 1), -np.inf) if x is None else x.astype(float)
    standing_y = np.full((rows + 1, columns), -np.inf) if y is None else y.astype(float)
    for gate in gates:
        for standing, faces in ((standing_x, gate.faces_x), (standing_y, gate.faces_y)):
            at = np.array(faces, dtype=np.intp).reshape(-1, 2)
            if (at < 0).any() or (at >= standing.shape).any():
                raise InputError(
                    f"gate {gate.identifier} stands on face {tuple(at.max(axis=0).tolist())}, outside a grid of "
                    f"{rows} rows and {columns} columns; lay the structures on this grid again"
                )
            opened = gate.openings != "automatic" and gate.openings.at(0.0)
            standing[at[:, 0], at[:, 1]] = gate.sill if opened else gate.crest
    return standing_x, standing_y
