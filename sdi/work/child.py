"""A process that can be recognised and ended by others than the one that started it.

A process number is used again after its process has gone. Together with the moment of the start it is not, so that
nobody is ended by mistake.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Child:
    """One process of this machine."""

    pid: int
    started: str
    """When it was started, in the system's own words: compared, never read."""

    @classmethod
    def find(cls, pid: int) -> Child | None:
        """Return the process that has a number now.

        Parameters
        ----------
        pid : int
            Its number.

        Returns
        -------
        Child or None
            None where there is none, or only what is left of one until its parent asks for its exit code.
        """
        started = _started(pid)
        return None if started is None else cls(pid, started)

    def is_running(self) -> bool:
        """Tell whether it is this very process that runs, and not another one with its number."""
        started = _started(self.pid)
        return started is not None and started == self.started

    def stop(self, grace: float) -> None:
        """End it with everything it started: ask, and after a while do not ask.

        Parameters
        ----------
        grace : float
            How long it may take to tidy up [s].
        """
        end = time.monotonic() + grace
        self._send(signal.SIGTERM)
        while self.is_running():
            if time.monotonic() > end:
                self._send(signal.SIGKILL)
            time.sleep(_POLL_S)

    def _send(self, number: signal.Signals) -> None:
        """Send a signal to its group, if it is still there; `spawn` gives it a group of its own."""
        if not self.is_running():
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return  # it ended just now


def spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a process that survives its parent, in a group of its own.

    Parameters
    ----------
    command : list of str
        Program and arguments.

    Returns
    -------
    Popen
        To be polled by the parent, so that nothing is left of it when it has ended.
    """
    return subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _started(pid: int) -> str | None:
    """Return when the process with a number was started, None where none runs."""
    if not (_PROC / "self").exists():
        return _asked(pid)
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()  # the name before may hold blanks and brackets
    return None if state in "ZX" else f"{boot}/{rest[18]}"


def _asked(pid: int) -> str | None:
    """Ask the system's own tool, where there is no ``/proc``."""
    answer = subprocess.run(  # noqa: S603 - a number is the only thing that varies
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()
