"""Where the water came from and where it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from frmis.solver.state import SIDES, Side


@dataclass(slots=True)
class Ledger:
    """Volumes of one run [m3], all summed in double precision."""

    start: float
    """Water on the grid at the start."""
    rain_prescribed: float
    """Intensity times area times time."""
    end: float = 0.0
    """Water on the grid at the end."""
    rain: float = 0.0
    """Rain as it was added, step by step."""
    infiltration: float = 0.0
    """What the ground took up."""
    inflow: dict[str, float] = field(default_factory=dict)
    """What each inflow brought, step by step."""
    inflow_prescribed: dict[str, float] = field(default_factory=dict)
    """Integral of its discharge."""
    inward: dict[str, float] = field(default_factory=dict)
    """What passed each gate to its protected side; it stays on the grid."""
    outward: dict[str, float] = field(default_factory=dict)
    """What passed each gate to the other side."""
    entered: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    """What came in over each side."""
    left: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    """What went out over each side."""

    def book(self, side: Side, forward: float, backward: float) -> None:
        """Enter what crossed one side.

        Parameters
        ----------
        side : str
            Side of the grid.
        forward, backward : float [m3]
            Towards growing row or column number, and against it.
        """
        inward = side in {"north", "west"}
        self.entered[side] += forward if inward else backward
        self.left[side] += backward if inward else forward

    def book_gate(self, gate: str, inward: float, outward: float) -> None:
        """Enter what passed one gate.

        Parameters
        ----------
        gate : str
            Its identifier.
        inward, outward : float [m3]
            To its protected side, and to the other one.
        """
        self.inward[gate] = self.inward.get(gate, 0.0) + inward
        self.outward[gate] = self.outward.get(gate, 0.0) + outward

    @property
    def brought(self) -> float:
        """Everything that came in [m3]."""
        return self.rain + sum(self.inflow.values()) + sum(self.entered.values())

    @property
    def taken(self) -> float:
        """Everything that went out [m3]."""
        return self.infiltration + sum(self.left.values())

    @property
    def error(self) -> float:
        """Volume that appeared or vanished, as a share of what was there or came [1]; 0 where there is no water.

        ``|V_end - V_start - sum in + sum out| / (V_start + sum in)``
        """
        available = self.start + self.brought
        return abs(self.end - self.start - self.brought + self.taken) / available if available > 0 else 0.0

    def figures(self) -> dict[str, float]:
        """Return all entries by name [m3] and ``volume_error`` [1]."""
        accounts: dict[str, Mapping[Any, float]] = {
            "entered_{}": self.entered, "left_{}": self.left, "inflow_{}": self.inflow,
            "inflow_{}_prescribed": self.inflow_prescribed, "gate_{}_inward": self.inward,
            "gate_{}_outward": self.outward,
        }  # fmt: skip
        named = {form.format(name): volume for form, account in accounts.items() for name, volume in account.items()}
        return {
            "volume_start": self.start,
            "volume_end": self.end,
            "rain": self.rain,
            "rain_prescribed": self.rain_prescribed,
            "infiltration": self.infiltration,
            **named,
            "volume_error": self.error,
        }
