"""How many requests a server answers: wrk with four connections, and what it said of errors."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 4


class Rate(NamedTuple):
    """What came of asking as fast as is answered."""

    per_second: float
    p50_ms: float
    p95_ms: float
    errors: int


_SCRIPT = """
local paths, asked = {}, 0
for line in io.lines("PATHS") do paths[#paths + 1] = line end
request = function()
  asked = asked + 1
  return wrk.format("GET", paths[asked % #paths + 1])
end
done = function(summary, latency, requests)
  io.write(string.format("P50 %f P95 %f\\n", latency:percentile(50.0) / 1000, latency:percentile(95.0) / 1000))
end
"""


def rate(urls: Sequence[str], seconds: float, folder: Path) -> Rate:
    """Ask questions in turn, as fast as they are answered, with four connections.

    Parameters
    ----------
    urls : sequence of str
        On one server of this machine; many, so that nothing is gained by keeping an answer.
    seconds : float
        How long.
    folder : Path
        Where the questions are written down for wrk.
    """
    paths, script = folder / "paths.txt", folder / "questions.lua"
    server = urlsplit(urls[0])
    root = f"{server.scheme}://{server.netloc}"
    paths.write_text("".join(f"{one.removeprefix(root)}\n" for one in urls), encoding="utf-8")
    script.write_text(_SCRIPT.replace("PATHS", str(paths)), encoding="utf-8")
    lasting = f"-d{max(1, round(seconds))}s"  # it takes no parts of a second
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", lasting, "--timeout", "30s", "-s", str(script), root]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    p50, p95 = (float(one) for one in re.findall(r"P50 (\S+) P95 (\S+)", said)[0])
    errors = int(wrong[1]) if wrong else 0
    errors += sum(map(int, broken.groups())) if broken else 0
    return Rate(float(re.findall(r"Requests/sec:\s+(\S+)", said)[0]), p50, p95, errors)
