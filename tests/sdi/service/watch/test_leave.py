"""Whoever goes away has nobody work for him any more."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import quote, urlsplit

import pytest

from sdi.settings import Settings
from tests.serving import serving
from tests.workers import wait_until

SLOW = " OR ".join(f"CASEI(ACCENTI(name)) LIKE '%zz{number}%'" for number in range(110))
"""A filter that takes SQLite seconds, because it asks Python 110 times for each landmark."""


@pytest.fixture
def served(town, tmp_path):
    """Return the address of the town and its access log; one request at a time."""
    log = tmp_path / "access.log"
    with serving(town, settings=Settings(threads=1, access_log=str(log))) as url:
        yield url, log


def left(url: str, path: str) -> None:
    """Ask, and go away without waiting."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: city.test\r\n\r\n".encode())
        time.sleep(0.2)


def said(log) -> list[tuple[str, int, float]]:
    lines = [json.loads(line) for line in log.read_text(encoding="ascii").splitlines()]
    return [(line["path"], line["status"], line["ms"]) for line in lines]


def test_a_question_is_dropped_when_its_asker_has_gone_whether_it_runs_or_waits(served, figure):
    url, log = served
    path = "/ogc/collections/landmarks/items"
    began = time.monotonic()
    for _ in range(4):
        left(url, f"{path}?filter={quote(SLOW)}")
    wait_until(lambda: len(said(log)) == 4)
    took = time.monotonic() - began
    assert {status for _, status, _ in said(log)} == {499}
    # The thread is free again: four of these filters one after the other would still keep it busy.
    left(url, f"{path}?limit=1")
    wait_until(lambda: (path, 200) in {one[:2] for one in said(log)}, 2)
    figure("time for four questions whose askers left after 0.2 s", took, "s", "about 1")


def test_an_answer_that_is_waited_for_comes_however_long_it_takes(served):
    url, log = served
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        path = f"/ogc/collections/landmarks/items?filter={quote(SLOW)}&f=json"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: city.test\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"numberMatched":0' in answer
    wait_until(lambda: bool(said(log)))
    assert said(log)[0][1] == 200
    assert said(log)[0][2] > 100
