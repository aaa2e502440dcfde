"""Threads that do the blocking work, and no more of it than they can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.exceptions import HTTPException

from sdi.store import halt
from sdi.store.halt import Halt

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
        self.name = name
        self.refused = 0
        """Requests for which there was no room [1]."""

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a function in a thread of this crew.

        Where nobody waits for it any more, it is dropped from the queue, or the question that it asks of a database is
        ended.

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
            self.refused += 1
            raise HTTPException(503, "too many requests wait for an answer; try again", headers={"Retry-After": "1"})
        self._busy += 1
        stop, loop = Halt(), asyncio.get_running_loop()
        doing = self._pool.submit(halt.run, stop, work, *arguments)
        try:
            return await asyncio.wrap_future(doing, loop=loop)
        except asyncio.CancelledError:
            if not doing.cancelled():
                loop.run_in_executor(None, stop.ask)  # a database far away takes its time to hear of it
            raise
        finally:
            if doing.done():
                self._busy -= 1
            else:  # its thread is not free before it has ended
                doing.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))

    def _leave(self) -> None:
        """Give back the room of work that ended later than the wait for it."""
        self._busy -= 1

    @property
    def load(self) -> int:
        """Requests that it runs or keeps waiting [1]."""
        return self._busy

    def close(self) -> None:
        """Finish what is running, refuse what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
