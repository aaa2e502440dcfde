"""A worker: ``python -m pipelines.server.child``, started by the parent, which writes to it what to serve.

What it reads ends when the parent does, however that ended: then it ends too.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from catalogs import packaged
from pipelines.server.composition import compose
from pipelines.server.task import GRACE_S, LISTENING, Task, told
from sdi.errors import PhusaError
from sdi.workspace import Workspace

_IN, _OUT, _ERRORS = 0, 1, 2
_HURRY_S = 5.0
"""How much longer than its requests a worker without a parent may take to end [s]."""


def main() -> int:
    """Serve what the parent says.

    Returns
    -------
    int
        Exit code.
    """
    task = _task()
    if task is None:
        return 0
    logging.basicConfig(level=task.log_level, format="%(levelname)s %(name)s [%(process)d]: %(message)s")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        app = compose(Workspace.open(task.folder, packaged()), task.settings)
    except PhusaError as error:
        os.write(_OUT, told(error))
        return 1
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=round(GRACE_S),
    )  # fmt: skip
    with socket.socket(fileno=task.listener) as listener:
        Server(config, _say_listening).run([listener])
    return 0


class Server(uvicorn.Server):
    """A server that says when it listens, and that has done well when it ended because it was asked to.

    Parameters
    ----------
    config : uvicorn.Config
        What it serves.
    listens : callable
        Called once it listens.
    """

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._listens()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End when asked to; uvicorn's own would send itself the signal again when everything is done."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish what runs; asked again, end at once."""
        if self.should_exit:
            os._exit(1)
        super().handle_exit(sig, frame)


def _task() -> Task | None:
    """Wait for what the parent writes; ``None`` where it ended before."""
    with open(_IN, "rb", buffering=0, closefd=False) as parent:
        try:
            task: Task = pickle.load(parent)  # noqa: S301 - from the process that started this one
        except EOFError:
            return None
    return task


def _end_with_parent() -> None:
    """Wait until there is no parent any more, then end: politely, and if that does not help, not."""
    while os.read(_IN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S + _HURRY_S)
    os._exit(1)


def _say_listening() -> None:
    """Tell the parent, and from then on nothing more: what is printed goes where errors go."""
    os.write(_OUT, LISTENING)
    os.dup2(_ERRORS, _OUT)


if __name__ == "__main__":
    sys.exit(main())
