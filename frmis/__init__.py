"""Observe, simulate, judge, warn."""

from frmis.scenario import Scenario
from frmis.simulation import simulate

__all__ = ["Scenario", "simulate"]
