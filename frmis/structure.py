"""Structures that hold water back: which thing of a register takes part in a run, and what its gates do."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sdi.errors import InputError

Faces = tuple[tuple[int, int], ...]
"""Sides of cells, by row and column."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How far a gate is open over time: each share holds until the next one."""

    times: tuple[float, ...]
    """Ascending from 0 [s]."""
    shares: tuple[float, ...]
    """One for each time: 0 closed, 1 open [1]."""

    def __post_init__(self) -> None:
        if len(self.times) != len(self.shares) or not self.times or self.times[0] != 0:
            raise InputError(
                f"a schedule with times {self.times[:6]} s does not begin at 0; give the state at the start"
            )
        if any(b <= a for a, b in pairwise(self.times)):
            raise InputError(f"the times of a schedule do not ascend: {self.times[:6]} s; expected each once, in order")
        if not all(share in {0.0, 1.0} for share in self.shares):
            raise InputError(f"a gate is open by {self.shares[:6]}; expected 0 (closed) or 1 (open)")

    @classmethod
    def always(cls, share: float) -> Schedule:
        """One share that holds always.

        Parameters
        ----------
        share : float [1]
            0 closed, 1 open.
        """
        return cls((0.0,), (float(share),))

    def at(self, time: float) -> float:
        """Share by which the gate is open.

        Parameters
        ----------
        time : float [s]
            After the start.

        Returns
        -------
        float [1]
        """
        return self.shares[max(0, bisect_right(self.times, time) - 1)]


OPEN = Schedule.always(1)
CLOSED = Schedule.always(0)


@dataclass(frozen=True, slots=True)
class Structure:
    """A thing of the register that takes part in a run, named by its identifier."""

    scheme: str
    """Identifier scheme, for example ``ct-asset``."""
    value: str
    state: Literal["open", "closed", "automatic"] | Schedule | None = None
    """What a gate does; None for what cannot be opened. Automatic: closed while the water outside is the higher."""
    line: tuple[tuple[float, float], ...] | None = None
    """Where a gate closes: the corners of its line [m, CRS of the terrain]; None finds the gap between the levees."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A gap in the levees that can be closed, on the faces of a grid.

    On these faces the crests of the ground are ``-inf``: the gate alone decides what stands there, its crest where it
    is closed, its sill where it is open.
    """

    identifier: str
    sill: float
    """[m, datum of the terrain]"""
    crest: float
    """[m, datum of the terrain]"""
    faces_x: Faces
    """(row, k): the face west of column k, k from 0 to the number of columns."""
    faces_y: Faces
    """(k, column): the face north of row k, k from 0 to the number of rows."""
    inner_is_after: tuple[bool, ...]
    """For each face, those of x first: whether the protected side is the one with the higher index."""
    openings: Schedule | Literal["automatic"] = "automatic"
    """Automatic: closed while the water outside stands higher than inside."""

    def __post_init__(self) -> None:
        count = len(self.faces_x) + len(self.faces_y)
        if not count or len(self.inner_is_after) != count:
            raise InputError(
                f"gate {self.identifier} stands on {count} faces with {len(self.inner_is_after)} protected sides; "
                "expected at least one face and a side for each"
            )
        if not self.sill < self.crest:
            raise InputError(
                f"gate {self.identifier} has its sill at {self.sill:g} m and its crest at {self.crest:g} m; "
                "expected the crest above the sill"
            )
