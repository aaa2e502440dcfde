"""The thresholds of an answer."""

from __future__ import annotations

from frmis.comparison import FLOODED
from frmis.exposure import CLASS_CODES
from frmis.hazard import DEPTH_CLASSES
from frmis.solver.inertial import ARRIVAL_DEPTH
from spp.threshold import WET


def test_ground_is_flooded_from_one_depth_on_wherever_it_is_asked():
    # The first class of the map, the arrival of the water in a run, a change between two runs, a planner's answer.
    assert (DEPTH_CLASSES[0], ARRIVAL_DEPTH, FLOODED, WET) == (0.10, 0.10, 0.10, 0.10)
    assert CLASS_CODES[0] == "from_0_10"
