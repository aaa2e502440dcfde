"""Processes that do nothing of use, and the worker that does it: ``python -m tests.sdi.toil FOLDER JOB``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from sdi.declaration import Label
from sdi.errors import InputError
from sdi.work import worker as work
from sdi.work.jobs import Jobs
from sdi.work.process import Outcome, Process

logger = logging.getLogger(__name__)

COUNT = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1, "maximum": 1000, "examples": [3]},
        "pause": {"type": "number", "minimum": 0, "default": 0.0},
        "names": {"type": "array", "items": {"type": "string"}, "default": []},
    },
    "required": ["number"],
    "additionalProperties": False,
}
NOTHING = {"type": "object", "additionalProperties": False}


def count(workspace, inputs, progress):
    """Count, and leave a file that says who did."""
    began = time.time()
    for number in range(inputs["number"]):
        progress(f"number {number}", number / inputs["number"])
        time.sleep(inputs["pause"])
    logger.info("counted to %d", inputs["number"])
    (workspace / f"{began:017.6f}.txt").write_text(f"{began} {time.time()}", encoding="utf-8")
    return Outcome(("numbers",), (), {"last": np.int64(inputs["number"]), "mean": np.float64(0.5)})


def refuse(workspace, inputs, progress):
    raise InputError("the bridge is closed; take the ferry", code="bridge", details={"toll": 3})


def stumble(workspace, inputs, progress):
    return {}["nothing"]


def fall(workspace, inputs, progress):
    progress("at the edge", 0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def cling(workspace, inputs, progress):
    """Go on, whatever is asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (workspace / "clinging").touch()
    time.sleep(60)


def tidy(workspace, inputs, progress):
    """Leave a file while at work, none after it."""
    path = workspace / "half"
    path.touch()
    try:
        time.sleep(60)
    finally:
        path.unlink()


def show(workspace):
    """Show what was recorded; where somebody has asked for it, show it for ever."""
    (workspace / "shown").touch()
    while (workspace / "slowly").exists():
        time.sleep(0.02)


def process(name, inputs=NOTHING):
    text = Label(name, name)
    return Process(name, "1.0.0", text, text, inputs, f"tests.sdi.toil:{name}")


PROCESSES = (process("count", COUNT), *map(process, ("refuse", "stumble", "fall", "cling", "tidy")))


def jobs(folder):
    return Jobs(folder, PROCESSES, "tests.sdi.toil")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    sys.exit(work.run(jobs(place), sys.argv[2], place, "tests.sdi.toil:show"))
