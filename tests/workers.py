"""A workspace served by several processes, asked by several clients at once, while one of the processes is killed."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
UNLIMITED = {"PHUSA_RATE": "100000"}
"""Tests ask more often than a stranger may."""


@dataclass(slots=True)
class Served:
    """A running service."""

    url: str
    """Without a last slash."""
    process: subprocess.Popen[str]
    errors: Path
    """What it wrote to the standard error."""
    seconds: float
    """From the command to the line that says where it serves [s]."""

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return urlsplit(self.url).port or 0

    def workers(self) -> list[int]:
        """Return the process numbers of those that answer."""
        return sorted(pid for pid in children(self.process.pid) if "pipelines.server.child" in command_of(pid))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def served(workspace: Path, errors: Path, *, workers: int = 1, port: int = 0, **variables: str) -> Iterator[Served]:
    """Serve a workspace with the command of the project until it is no longer needed."""
    options = ["--workspace", str(workspace), "--port", str(port), "--workers", str(workers)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), **UNLIMITED, **variables}
    began = time.monotonic()
    with errors.open("w", encoding="utf-8") as wrote:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", "serve", *options],
            stdout=subprocess.PIPE, stderr=wrote, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            said = process.stdout.readline().removeprefix("Serving ").strip()
            assert said.startswith("http://"), errors.read_text(encoding="utf-8")
            yield Served(said.rstrip("/"), process, errors, time.monotonic() - began)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


@dataclass(slots=True)
class Load:
    """Clients that ask without a pause, each on a connection that it keeps as long as it can."""

    url: str
    paths: list[str]
    clients: int
    answered: int = 0
    failed: int = 0
    """Requests that were sent and got no answer, or one that is no success."""
    codes: set[int] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """How long each answer took, by path [s]."""
    _over: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Ask until the block ends."""
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def until(self, more: int, timeout: float = 30.0) -> None:
        """Wait until so many more requests have been answered."""
        wanted = self.answered + more
        wait_until(lambda: self.answered >= wanted, timeout)

    def _ask(self, number: int) -> None:
        """Ask again and again, on a new connection where the old one broke."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        while not self._over.is_set():
            path = self.paths[number % len(self.paths)]
            number += 1
            began = time.perf_counter()
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                good = answer.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                good = False
            self._note(path, time.perf_counter() - began, good=good)
        connection.close()

    def _note(self, path: str, seconds: float, *, good: bool) -> None:
        """Note what came of one request."""
        with self._turn:
            self.answered += good
            self.failed += not good
            self.seconds.setdefault(path, []).append(seconds)


def wait_until(true: Callable[[], bool], timeout: float = 20.0) -> None:
    """Wait until something is true; fail where it never is."""
    until = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in text.split()]


def command_of(pid: int) -> str:
    """Return the command line of a process, empty where it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def memory_of(pid: int) -> int:
    """Return the resident memory of a process [byte]."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def connections_of(pid: int, port: int) -> int:
    """Count the connections to a port that a process has accepted."""
    sockets = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(file.readlink().name)
        except FileNotFoundError:
            continue
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    here = [row for row in rows if int(row[1].partition(":")[2], 16) == port and row[3] == "01"]
    return sum(f"socket:[{row[9]}]" in sockets for row in here)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
