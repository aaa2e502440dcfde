"""The work of one job, in its child process."""

from __future__ import annotations

import collections
import logging
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from sdi.errors import PhusaError
from sdi.work.child import Child
from sdi.work.jobs import Jobs

if TYPE_CHECKING:
    from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

INTERVAL_S = 0.5
"""Progress is written at most this often [s]: each time waits for the disk."""
_LINES = 200
"""Lines of the log that a row keeps, the last ones."""
_ENDED = 128 + signal.SIGTERM


def run(jobs: Jobs, identifier: str, workspace: Workspace, show: str) -> int:
    """Do the work of a job when it is its turn, and write how it ended.

    What was recorded is written in the row before it is shown: whoever ends the process between the two leaves a job
    that was successful and a publication that lags behind, which is caught up with later.

    Parameters
    ----------
    jobs : Jobs
        The jobs of the workspace.
    identifier : str
        The job.
    workspace : Workspace
        The city.
    show : str
        Function that shows what was recorded, ``module:function``; takes the workspace. Named as that of a process is,
        so that a job that waits imports nothing of it.

    Returns
    -------
    int
        Exit code: 0 where it was successful, 1 where it failed or was dismissed before it began.
    """
    signal.signal(signal.SIGTERM, _leave)
    this = Child.find(os.getpid())
    job = None if this is None else jobs.begin(identifier, this)
    if job is None:
        return 1
    lines = _Lines()
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    report = Report(lambda step, done: jobs.report(identifier, step, done, lines.text()))
    try:
        outcome = jobs.process(job.process).run(workspace, job.inputs, report)
        jobs.record(identifier, outcome)
        report("publish", 1.0)
        pkgutil.resolve_name(show)(workspace)
        report.flush()
        jobs.succeed(identifier)
    except PhusaError as error:
        report.flush()
        jobs.fail(identifier, error)
        return 1
    except Exception as error:
        logger.exception("%s failed", job.process)
        report.flush()
        jobs.fail(identifier, _defect(job.process, error))
        return 1
    return 0


class Report:
    """Progress that is passed on at most twice a second.

    Parameters
    ----------
    write : callable
        Told the step and the share that is done [1].
    clock : callable
        Tells the time [s]; never runs backwards.
    """

    def __init__(self, write: Callable[[str, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._last = -INTERVAL_S
        self._said = ("start", 0.0)

    def __call__(self, step: str, done: float) -> None:
        """Say how far the work is."""
        self._said = (step, done)
        if self._clock() - self._last >= INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Pass on what was said last."""
        self._last = self._clock()
        self._write(*self._said)


class _Lines(logging.Handler):
    """The last lines of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._lines: collections.deque[str] = collections.deque(maxlen=_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(self.format(record))

    def text(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self._lines)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave on request, tidying up on the way out."""
    sys.exit(_ENDED)


def _defect(process: str, error: Exception) -> PhusaError:
    """Turn an error that nobody foresaw into one that a row can keep."""
    return PhusaError(
        f"{process} stopped on {type(error).__name__}: {error}; this is a defect of the program, and the log of the "
        "job (`phusa job show`) says where",
        code="internal",
    )
