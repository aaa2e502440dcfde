"""Several runs simulated side by side, each in a process of its own; what they give comes in their order.

A process ends with whoever started it: it holds the other end of a pipe through which nothing is ever sent, and leaves
as soon as that is closed, by an error, an interruption or the end of the machine's patience with its parent.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, MutableSequence, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from threading import Thread

import xarray as xr

from frmis.ground import Ground
from frmis.scenario import Scenario
from frmis.simulation import cores, simulate
from sdi.errors import PhusaError

Case = tuple[Scenario, Ground]
"""A run and what it runs over."""
Progress = Callable[[int, float], None]
"""Told the number of the run that is waited for, from 0, and how many runs are done, those under way by their share."""

CONTEXT = multiprocessing.get_context("spawn")
"""Processes begin from nothing: a copy of this one would have its threads' locks and the pipe's other end."""
_POLL_S = 0.2
_shares: MutableSequence[float] = []
"""In a process that simulates: the shares of all runs that are done [1], which it has in common with its parent."""


def results(cases: Sequence[Case], *, progress: Progress, processes: int | None = None) -> Generator[xr.Dataset]:
    """Simulate runs, and give their results in their order.

    What a run gives does not depend on where it is simulated.

    Parameters
    ----------
    cases : sequence of (Scenario, Ground)
        The runs, each with what was laid for it.
    progress : callable
        Told which run is waited for, and how many are done.
    processes : int, optional
        How many simulate at a time, as many as there are cores where absent; one is this process itself.

    Yields
    ------
    Dataset
        As `frmis.simulation.simulate` gives it. Close the iterator to end what is still under way.

    Raises
    ------
    PhusaError
        If a simulation fails, or its process is ended from outside.
    """
    count = min(processes or cores(), len(cases))
    return _apart(cases, progress, count) if count > 1 else _here(cases, progress)


def _here(cases: Sequence[Case], progress: Progress) -> Generator[xr.Dataset]:
    """Simulate one run after the other."""
    for number, (scenario, ground) in enumerate(cases):
        progress(number, number)
        yield simulate(scenario, ground, progress=_counted(progress, number))


def _counted(progress: Progress, number: int) -> Callable[[float], None]:
    """Return a listener to one run of several that are simulated one after the other."""
    return lambda done: progress(number, number + done)


def _apart(cases: Sequence[Case], progress: Progress, count: int) -> Generator[xr.Dataset]:
    """Simulate several runs at a time."""
    shares: MutableSequence[float] = CONTEXT.RawArray("d", len(cases))
    with _pool(count, shares) as pool:
        waiting = collections.deque(pool.submit(_simulate, number, *case) for number, case in enumerate(cases))
        for number in range(len(cases)):
            future = waiting.popleft()
            while not wait([future], _POLL_S).done:
                progress(number, sum(shares))
            progress(number, sum(shares))
            yield _result(future, cases[number][0])


def _result(future: Future[xr.Dataset], scenario: Scenario) -> xr.Dataset:
    """Return what a simulation gave."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise PhusaError(
            f"a process that simulated was ended from outside before run {scenario.name} was done (the system does so "
            "when memory runs out); nothing of that run is kept: start again, on a machine with more memory or, with "
            "`taskset -c 0`, one run at a time",
            code="simulation-vanished",
        ) from error


@contextmanager
def _pool(count: int, shares: MutableSequence[float]) -> Iterator[ProcessPoolExecutor]:
    """Start processes that end with this one, and at the latest with the block."""
    theirs, ours = CONTEXT.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, CONTEXT, _begin, (theirs, shares))
    try:
        yield pool
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


# in a process that simulates -----------------------------------------------------------------------------------------


def _begin(lifeline: Connection, shares: MutableSequence[float]) -> None:
    """Prepare a process: it ends with its parent, which is the one to be interrupted."""
    global _shares  # noqa: PLW0603 - a pool hands nothing else to its processes but once, when it starts them
    _shares = shares
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    """Wait until the other end is closed, and leave."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    os._exit(1)


def _simulate(number: int, scenario: Scenario, ground: Ground) -> xr.Dataset:
    """Simulate one of the runs, in one thread: the other cores are at work on other runs."""

    def tell(done: float) -> None:
        _shares[number] = done

    result = simulate(scenario, ground, progress=tell, threads=1)
    tell(1.0)
    return result
