"""What several publications have in common, worked out for the first and found again by the next.

They are brought up side by side, some things at a time. What is worked out of those is kept until the next come, with
everything that decides how it comes out: another audience finds it where all of that is the same, and only there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Shared:
    """What was worked out of some things."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[object, ...], Any]] = {}

    def once[T](self, sort: str, decided_by: tuple[object, ...], work_out: Callable[[], T]) -> T:
        """Work something out, unless the same was worked out before.

        Parameters
        ----------
        sort : str
            What it is.
        decided_by : tuple
            Everything that decides how it comes out, beside the sort; compared, not hashed.
        work_out : callable
            Does the work.

        Returns
        -------
        what it returned
            Not to be changed: others may have it too.
        """
        known = self._kept.get(sort)
        if known is not None and known[0] == decided_by:
            found: T = known[1]
            return found
        made = work_out()
        self._kept[sort] = (decided_by, made)
        return made

    def forget(self) -> None:
        """Forget everything: other things come."""
        self._kept.clear()
