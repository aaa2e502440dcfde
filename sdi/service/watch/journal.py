"""The access log: one line of JSON for each request.

It holds no header, so no key or token, and nothing that a terminal or a reader of lines takes for more than text.
"""

from __future__ import annotations

import logging
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import orjson

from sdi.errors import SettingsError
from sdi.service.access.caller import caller_of
from sdi.service.watch.seen import Seen

logger = logging.getLogger(__name__)

STANDARD_ERROR = "-"
MAXIMUM_PATH, MAXIMUM_QUERY = 512, 1024
"""Longest parts of an address that are written [character]."""
_LOOK_S = 1.0
"""How often it is looked whether the file was moved away [s]."""
_SECRETS = ("key", "token", "secret", "passw", "signature")
"""What stands in the name of a value that is one."""
_BETWEEN = re.compile(r"([&;])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_KEY = "phusa_"
"""How every key begins."""
_LEFT_OUT = "***"


class Journal:
    """Writes what became of each request.

    Parameters
    ----------
    place : str
        A file, to which several processes may write; ``-`` for the standard error. A file that is moved away, as log
        rotation does, is made anew within a second.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """

    def __init__(self, place: str) -> None:
        self._path = None if place == STANDARD_ERROR else Path(place)
        try:
            self._file = self._open()
        except OSError as error:
            raise SettingsError(
                f"PHUSA_ACCESS_LOG is {place} and cannot be written ({error.strerror}); name a file, or - for the "
                "standard error"
            ) from error
        self._next_look = 0.0
        self._lost = 0

    def note(self, seen: Seen) -> None:
        """Write one line; a disk that is full costs lines, never an answer."""
        try:
            if self._path is not None and time.monotonic() > self._next_look:
                self._look()
            os.write(self._file, self._line(seen))
        except OSError as error:
            if not self._lost:
                logger.error("the access log cannot be written: %s", error)  # noqa: TRY400 - the reason says it all
            self._lost += 1
        else:
            self._lost = 0

    def close(self) -> None:
        """Let the file go."""
        if self._path is not None:
            os.close(self._file)

    def _line(self, seen: Seen) -> bytes:
        """Write a request as one line."""
        scope = seen.scope
        said = {
            "time": datetime.now(UTC),
            "id": seen.id,
            "pid": os.getpid(),
            "client": scope["client"][0] if scope.get("client") else None,
            "who": plain(caller_of(scope).name, 64),
            "method": plain(scope["method"], 16),
            "path": plain(str(scope.get("raw_path") or scope["path"].encode(), "latin-1"), MAXIMUM_PATH),
            "query": harmless(str(scope["query_string"], "latin-1")),
            "status": seen.status,
            "bytes": seen.size,
            "ms": round(seen.seconds * 1000, 2),
        }
        if self._lost:
            said["lost"] = self._lost
        return orjson.dumps(said, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)

    def _open(self) -> int:
        """Open the file to write at its end, whoever else does."""
        if self._path is None:
            return 2
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _look(self) -> None:
        """Open the file anew where another one lies in its place, or none."""
        self._next_look = time.monotonic() + _LOOK_S
        try:
            same = self._path is None or os.path.samestat(self._path.stat(), os.fstat(self._file))
        except FileNotFoundError:
            same = False
        if not same:
            before, self._file = self._file, self._open()
            os.close(before)


def harmless(query: str) -> str:
    """Return what stands behind the ``?`` without what looks like a secret.

    Parameters
    ----------
    query : str
        As it was sent.
    """
    if not query:
        return ""
    if _KEY in query or ("%" in query and _KEY in unquote(query)):
        return _LEFT_OUT
    # The name stands before its value, so what is cut off cannot leave a secret behind whose name is not seen.
    parts = _BETWEEN.split(query[:MAXIMUM_QUERY])
    rest = "..." if len(query) > MAXIMUM_QUERY else ""
    return plain("".join(map(_without_secret, parts)) + rest, MAXIMUM_QUERY)


def _without_secret(part: str) -> str:
    """Leave out the value behind a name that promises a secret, also within an address that is itself a value."""
    *names, _ = fields = part.split("=")
    for number, name in enumerate(names, 1):
        if (number == 1 or "?" in name) and any(word in unquote(name).lower() for word in _SECRETS):
            return f"{'='.join(fields[:number])}={_LEFT_OUT}"
    return part


def plain(text: str, longest: int) -> str:
    """Return a text as ASCII without control characters, cut where it is too long.

    Parameters
    ----------
    text : str
        As it was sent.
    longest : int
        Most characters that are kept.
    """
    whole = text if text.isascii() and text.isprintable() else str(text.encode("ascii", "backslashreplace"), "ascii")
    clean = whole if whole.isprintable() else _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", whole)
    return clean if len(clean) <= longest else f"{clean[:longest]}..."
