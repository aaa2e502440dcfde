"""The parent: it holds the socket, starts workers, replaces those that die, and passes signals on."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pipelines.server.task import DONE, GRACE_S, LISTENING, Task, error_of, fate

logger = logging.getLogger(__name__)

CHILD, PREPARATION = "pipelines.server.child", "pipelines.server.preparation"
STEADY_S = 10.0
"""A worker that lived that long did not die of its start [s]."""
ATTEMPTS = 5
"""How many workers in a row may die before they answer, where the service stood already."""
_LONGEST_PAUSE_S = 10.0
_LATE_S = 5.0
"""How much longer than its requests a worker may take to end [s]."""


@dataclass(slots=True, eq=False)
class Worker:
    """One worker."""

    process: Process
    since: float = field(default_factory=time.monotonic)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """It answers, or it has ended."""
    listens: bool = False
    spare: bool = False
    """Nobody has to take its place: another one has, or it has not yet taken one."""


class Parent:
    """Keeps workers at work on one socket.

    Parameters
    ----------
    listener : socket
        Where they listen; the workers inherit it.
    task : Task
        What each of them serves.
    count : int
        How many.
    environment : mapping of str to str
        Variables of the workers.
    ready : callable
        Called once, when the first of them answers.
    buried : callable
        Called with the process number of each that has ended.
    """

    def __init__(
        self,
        listener: socket.socket,
        task: Task,
        count: int,
        environment: Mapping[str, str],
        *,
        ready: Callable[[], None],
        buried: Callable[[int], None],
    ) -> None:
        self._listener = listener
        self._task = task
        self._count = count
        self._environment = environment
        self._ready = ready
        self._buried = buried
        self._workers: set[Worker] = set()
        self._stands = self._stopping = False
        self._renewing = self._wished = False
        self._failures = 0

    async def run(self) -> None:
        """Serve until a signal says to stop, or no worker can be had any more.

        Raises
        ------
        PhusaError
            If the workspace cannot be prepared, or workers end before they answer.
        """
        self._listen_to_signals(asyncio.current_task())
        try:
            await self._serve()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            await self._end()

    def _listen_to_signals(self, main: asyncio.Task[None] | None) -> None:
        """Stop when asked to; SIGHUP asks for new workers, but where it comes from a terminal, that has gone."""

        def stop() -> None:
            if not self._stopping and main is not None:
                self._stopping = True
                main.cancel()
            else:
                self._send(signal.SIGKILL)

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, stop if os.isatty(0) else self._renew)

    async def _serve(self) -> None:
        """Start the workers, which have much to import, prepare the workspace meanwhile, and let them serve."""
        waiting = [await self._start() for _ in range(self._count)]
        await self._prepare()
        async with asyncio.TaskGroup() as self._group:
            for worker in waiting:
                self._group.create_task(self._tend(worker))

    async def _start(self, *, spare: bool = False) -> Worker:
        """Start a worker; it waits for its task."""
        process = await _run(CHILD, stdin=PIPE, pass_fds=(self._task.listener,), env=self._environment)
        worker = Worker(process, spare=spare)
        self._workers.add(worker)
        return worker

    async def _prepare(self) -> None:
        """Prepare the workspace, in a process of its own."""
        process = await _run(PREPARATION, str(self._task.folder), stdin=DEVNULL)
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if said != DONE:
            raise error_of(said, process.returncode or 0)

    async def _tend(self, worker: Worker | None) -> None:
        """Let a worker serve; when it has ended unasked, let another serve in its place."""
        while worker is not None:
            line = await self._said(worker)
            if line == LISTENING:
                self._listens(worker)
            code = await worker.process.wait()
            worker.settled.set()
            self._workers.discard(worker)
            self._buried(worker.process.pid)
            worker = None if worker.spare else await self._successor(worker, line, code)

    async def _said(self, worker: Worker) -> bytes:
        """Give a worker its task and return the first line it says; none where it has died."""
        process = worker.process
        assert process.stdin is not None  # noqa: S101 - it was started with both
        assert process.stdout is not None  # noqa: S101
        with suppress(ConnectionError):
            process.stdin.write(pickle.dumps(self._task))
            await process.stdin.drain()
        return await process.stdout.readline()

    def _listens(self, worker: Worker) -> None:
        """Note that a worker answers."""
        worker.listens = True
        worker.settled.set()
        logger.info("worker %d answers", worker.process.pid)
        if not self._stands:
            self._stands = True
            self._ready()

    async def _successor(self, worker: Worker, line: bytes, code: int) -> Worker:
        """Start a worker in the place of another, the later the more often that was of no use."""
        lived = time.monotonic() - worker.since
        self._failures = 0 if worker.listens and lived > STEADY_S else self._failures + 1
        if not worker.listens and (not self._stands or self._failures >= ATTEMPTS):
            raise error_of(line, code)
        logger.warning("%s after %.0f s; another takes its place", fate(code), lived)
        await asyncio.sleep(min(_LONGEST_PAUSE_S, 0.1 * 2**self._failures))
        return await self._start()

    def _renew(self) -> None:
        """Put new workers in the place of all, one after the other, so that there is always one that answers."""
        self._wished = self._stands
        if self._wished and not self._renewing:
            self._renewing = True
            self._group.create_task(self._renewal())

    async def _renewal(self) -> None:
        """Replace the workers; who wishes it meanwhile, however often, has it done once more."""
        try:
            while self._wished:
                self._wished = False
                await self._replace()
        finally:
            self._renewing = False

    async def _replace(self) -> None:
        """Let each worker finish as soon as its successor answers."""
        for old in [one for one in self._workers if not one.spare]:
            new = await self._start(spare=True)
            self._group.create_task(self._tend(new))
            await new.settled.wait()
            if not new.listens:
                logger.error("a new worker did not come to answer; the others go on")
                return
            if old in self._workers:
                old.spare, new.spare = True, False
            # One that died meanwhile has a successor of its own: then it is the new one that is too many.
            _send(old if old.spare else new, signal.SIGTERM)

    async def _end(self) -> None:
        """Let the workers finish what they answer, and take no new requests; who takes too long is ended."""
        self._stopping = True
        self._listener.close()
        self._send(signal.SIGTERM)
        left = [asyncio.ensure_future(one.process.wait()) for one in self._workers]
        if left:
            _, late = await asyncio.wait(left, timeout=GRACE_S + _LATE_S)
            if late:
                logger.warning("%d workers did not end in time and were killed", len(late))
                self._send(signal.SIGKILL)
                await asyncio.wait(late)

    def _send(self, number: signal.Signals) -> None:
        """Send a signal to all workers."""
        for worker in self._workers:
            _send(worker, number)


def _send(worker: Worker, number: signal.Signals) -> None:
    """Send a signal to a worker; one that has ended does not mind."""
    with suppress(ProcessLookupError):
        worker.process.send_signal(number)


async def _run(module: str, *arguments: str, **options: object) -> Process:
    """Run a module. It hears no signal of the terminal, which is meant for the parent alone."""
    command = (sys.executable, "-P", "-m", module, *arguments)  # what lies in the folder it runs in is no module
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, process_group=0, **options)  # type: ignore[arg-type]
