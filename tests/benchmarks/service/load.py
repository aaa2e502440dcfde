"""How many requests a server answers: wrk with four connections, and what it said of errors."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

CONNECTIONS = 4


class Rate(NamedTuple):
    """What came of asking one address as often as it answers."""

    per_second: float
    p50_ms: float
    p95_ms: float
    errors: int


_SCRIPT = """
done = function(summary, latency, requests)
  io.write(string.format("P50 %f P95 %f\\n", latency:percentile(50.0) / 1000, latency:percentile(95.0) / 1000))
end
"""


def rate(url: str, seconds: float, script: str) -> Rate:
    """Ask an address as often as it answers, with four connections.

    Parameters
    ----------
    url : str
        On this machine.
    seconds : float
        How long.
    script : str
        Path of the file that `write_script` wrote.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "30s", "-s", script, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    p50, p95 = (float(one) for one in re.findall(r"P50 (\S+) P95 (\S+)", said)[0])
    errors = int(wrong[1]) if wrong else 0
    errors += sum(map(int, broken.groups())) if broken else 0
    return Rate(float(re.findall(r"Requests/sec:\s+(\S+)", said)[0]), p50, p95, errors)


def write_script(path: Path) -> str:
    """Write what makes wrk say its percentiles; return the path."""
    path.write_text(_SCRIPT, encoding="utf-8")
    return str(path)
