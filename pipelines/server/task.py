"""What a parent tells its workers, and they tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from sdi.errors import IntegrityError, PhusaError
from sdi.settings import Settings

LISTENING = b'{"listening":true}\n'
"""What a worker says as soon as it answers."""
DONE = b'{"done":true}\n'
"""What a preparation says when the workers may open the publications."""
GRACE_S = 10.0
"""How long running requests may take after the server was asked to stop [s]."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker has to serve, and where."""

    folder: Path
    """Folder of the workspace."""
    settings: Settings
    listener: int
    """Descriptor of the listening socket, which it has inherited."""
    log_level: int
    """From which level on messages are written."""


def told(error: PhusaError) -> bytes:
    """Write an error as a line for another process.

    Parameters
    ----------
    error : PhusaError
        What went wrong.
    """
    said = {"message": error.message, "code": error.code, "details": error.details}
    return orjson.dumps({"error": said}, default=str) + b"\n"


def error_of(line: bytes, code: int) -> PhusaError:
    """Return the error of a process that ended before it did its part.

    Parameters
    ----------
    line : bytes
        What it said, as `told` writes it; empty where it said nothing.
    code : int
        Its exit code, or the negative number of the signal that ended it.
    """
    if not line.startswith(b'{"error":'):
        return PhusaError(f"{fate(code)} before it answered; what it wrote above says why", code="worker-failed")
    said: Mapping[str, object] = orjson.loads(line)["error"]
    kind = IntegrityError if said["code"] == IntegrityError.code else PhusaError
    return kind(str(said["message"]), code=str(said["code"]))


def fate(code: int) -> str:
    """Say how a worker ended.

    Parameters
    ----------
    code : int
        Its exit code, or the negative number of the signal that ended it.
    """
    return f"a worker was ended by signal {-code}" if code < 0 else f"a worker ended with exit code {code}"
