"""What a gate does over time."""

from __future__ import annotations

import pytest

from frmis.structure import CLOSED, OPEN, Gate, Schedule
from sdi.errors import InputError


def test_a_gate_stays_as_it_is_until_the_next_time():
    schedule = Schedule((0.0, 3600.0, 7200.0), (1.0, 0.0, 1.0))
    assert [schedule.at(time) for time in (0.0, 3599.9, 3600.0, 7199.0, 7200.0, 1e9)] == [1, 1, 0, 0, 1, 1]
    assert OPEN.at(5.0) == 1
    assert CLOSED.at(5.0) == 0


@pytest.mark.parametrize(
    ("times", "shares", "said"),
    [
        ((10.0,), (1.0,), "does not begin at 0"),
        ((), (), "does not begin at 0"),
        ((0.0, 5.0), (1.0,), "does not begin at 0"),
        ((0.0, 7200.0, 3600.0), (1.0, 0.0, 1.0), "do not ascend"),
        ((0.0,), (0.5,), "0 .closed. or 1"),
        ((0.0,), (float("nan"),), "0 .closed. or 1"),
    ],
)
def test_a_schedule_that_is_none_says_why(times, shares, said):
    with pytest.raises(InputError, match=said):
        Schedule(times, shares)


def test_a_gate_has_sides_and_its_crest_above_its_sill():
    with pytest.raises(InputError, match="crest above the sill"):
        Gate("G", 2.0, 1.0, ((0, 1),), (), (True,))
    with pytest.raises(InputError, match="at least one face"):
        Gate("G", 0.0, 1.0, (), (), ())
    with pytest.raises(InputError, match="a side for each"):
        Gate("G", 0.0, 1.0, ((0, 1),), ((1, 0),), (True,))
