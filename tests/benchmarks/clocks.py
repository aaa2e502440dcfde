"""Two clocks: what somebody waits, and what the processor works. Other work on the machine lengthens only the first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Spent(NamedTuple):
    """How long something took."""

    wall: float
    """Until it was done [s]."""
    processor: float
    """Of the processor, all threads together [s]."""

    def __add__(self, other: object) -> Spent:
        """Return the time of both."""
        if not isinstance(other, Spent):
            return NotImplemented
        return Spent(self.wall + other.wall, self.processor + other.processor)


def spent(action: Callable[[], object]) -> Spent:
    """Return how long a call takes."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)
