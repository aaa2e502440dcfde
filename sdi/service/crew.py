"""Threads that do the blocking work, and no more of it than they can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.exceptions import HTTPException

T = TypeVar("T")


class Crew:
    """A bounded pool with a bounded queue.

    The default pool of asyncio is shared with everybody and its queue has no end: one slow kind of request then stops
    all others. Each kind of work has a crew of its own.

    Parameters
    ----------
    name : str
        Kind of work, for thread names.
    threads : int
        Requests answered at the same time.
    waiting : int
        Requests that may wait for a thread; the next one is answered 503.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threads + waiting
        self._busy = 0

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a function in a thread of this crew.

        Parameters
        ----------
        work : callable
            What to do.
        *arguments : object
            With what.

        Returns
        -------
        object
            What the function returned.

        Raises
        ------
        HTTPException
            With status 503 where too many requests wait already.
        """
        if self._busy >= self._room:
            raise HTTPException(503, "too many requests wait for an answer; try again", headers={"Retry-After": "1"})
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Finish what is running, refuse what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
