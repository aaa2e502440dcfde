"""Who sees what an attack got: data, files, a connection to anybody, a server error, or more than its time."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sdi.store.publication_database import QUESTION_S
from tests.attack.asker import Answer
from tests.attack.payloads import EXECUTED, FOREIGN
from tests.attack.village import CANARY, OPEN

ANSWERED = {
    200, 204, 206, 304, 307, 400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 416, 431,
}  # fmt: skip
"""What an attack may be answered with: what it asked for where that is for all, or no."""
RAN = (b"<script>document.title", b"<img src=x", b"<svg/onload", b"<iframe srcdoc", b"<script>parent")
"""What a page shows as text and never holds as it is."""
_COUNT = re.compile(rb'"numberMatched":(\d+)')
_OUTBOUND = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"}
_STARTED = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "sqlite3.load_extension",
}
_OPENED = 0x20
"""``IN_OPEN`` of inotify."""
_watching: list[Witness] = []


class Witness:
    """Sees what the process does while it is attacked.

    Parameters
    ----------
    markers : sequence of Path
        Files that nobody may open.
    """

    def __init__(self, markers: Sequence[Path]) -> None:
        self._names = frozenset(map(str, markers))
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._opened = _watched(markers)

    def close(self) -> None:
        """Close what is open."""
        self._listener.close()
        if self._opened is not None:
            os.close(self._opened)

    def note(self, event: str, arguments: tuple[object, ...]) -> None:
        """Keep what Python itself tells (PEP 578), where it must not happen."""
        told = arguments[0] if arguments else None
        if event in _OUTBOUND or event in _STARTED:
            self.seen.append(f"{event} {arguments!r}"[:200])
        elif event == "open" and isinstance(told, str) and (told in self._names or told.startswith("/etc/passwd")):
            self.seen.append(f"open {told}")
        elif event == "compile" and isinstance(told, (str, bytes)):
            text = told if isinstance(told, str) else told.decode("latin-1")
            if EXECUTED in text:
                self.seen.append(f"compile {text[:100]!r}")

    def found(self) -> list[str]:
        """Return what was seen that must not have happened, and forget it."""
        said, self.seen = self.seen, []
        with suppress(BlockingIOError):
            said.append(f"connection from {self._listener.accept()[1]}")
        if self._opened is not None:
            with suppress(BlockingIOError):
                said.append(f"a file was opened that nobody may read ({os.read(self._opened, 4096)!r})")
        return said


def _watched(markers: Sequence[Path]) -> int | None:
    """Watch files, whoever opens them and from whatever language; ``None`` where the system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "inotify_init1"):
        return None
    handle: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    for path in markers:
        assert library.inotify_add_watch(handle, os.fsencode(path), _OPENED) > 0, path
    return handle


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    """Pass on what Python tells; a hook cannot be taken away, so it is one for all."""
    for one in _watching:
        one.note(event, arguments)


sys.addaudithook(_hear)


@contextmanager
def watching(markers: Sequence[Path]) -> Iterator[Witness]:
    """Give a witness of what happens within."""
    one = Witness(markers)
    _watching.append(one)
    try:
        yield one
    finally:
        _watching.remove(one)
        one.close()


def complaints(answer: Answer) -> Iterator[str]:
    """Yield what an answer must not be."""
    said = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.status not in ANSWERED:
        yield f"status {answer.status}"
    if CANARY.encode() in answer.body or CANARY in said or b"root:" in answer.body:
        yield "what nobody may get"
    if (count := _COUNT.search(answer.body)) and int(count[1]) > OPEN:
        yield f"{count[1].decode()} features, where {OPEN} are for all"
    media = answer.headers.get("content-type", "").partition(";")[0]
    if media in {"text/html", "image/svg+xml"} and any(one in answer.body for one in RAN):
        yield f"a page that holds a script of others ({media})"
    if answer.body and answer.headers.get("x-content-type-options") != "nosniff":
        yield "a browser may guess what it is"
    if not _stays(answer.headers.get("location", "/")):
        yield f"sent elsewhere, to {answer.headers['location'][:80]}"
    if {
        "x-evil",
        "set-cookie",
        "access-control-allow-origin",
        "access-control-allow-credentials",
    } & answer.headers.keys():
        yield f"headers {said[:200]}"
    if "html" in media and FOREIGN in said:
        yield "a header that names another host"
    if answer.took_s > QUESTION_S:
        yield f"{answer.took_s:.1f} s of the processor, at most {QUESTION_S:g} are for one question"


def _stays(location: str) -> bool:
    """Tell whether a redirect stays on this host."""
    return location.startswith("/") and not location.startswith(("//", "/\\"))
