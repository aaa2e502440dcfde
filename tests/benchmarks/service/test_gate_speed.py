"""What the gate costs of a request, in processor time, beside an application that answers at once."""

from __future__ import annotations

import asyncio
import time

import pytest

from sdi.access.keyring import Keyring
from sdi.service.access.gate import Gate
from sdi.service.access.recognition import Recognition
from sdi.settings import Settings
from tests.identity import Provider
from tests.leaks import build

pytestmark = [pytest.mark.bench, pytest.mark.shows("service")]
COUNT = 20_000
HEADERS = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"wrk"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")]


async def at_once(_scope, _receive, send):
    """Answer without any work."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"no-cache")]})
    await send({"type": "http.response.body", "body": b"x"})


def cost_us(app, header=None):
    """Return what a request costs [µs of processor time]."""

    async def nothing(_=None):
        return {}

    async def ask():
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"limit=10",
            "client": ("203.0.113.7", 1),
        }
        scopes = [scope | {"headers": [*HEADERS, *([header] if header else [])]} for _ in range(COUNT)]
        start = time.process_time()
        for one in scopes:
            await app(one, nothing, nothing)
        return (time.process_time() - start) / COUNT * 1e6

    return asyncio.run(ask())


def test_the_gate_costs_a_request_some_microseconds(tmp_path, figure):
    workspace, _ = build(tmp_path)
    provider = Provider(tmp_path)
    settings = Settings(rate=100_000, key_rate=100_000, tokens=provider.settings)
    gate = Gate(at_once, Recognition(workspace, settings), settings)
    key, token = Keyring(workspace.folder).add("Tester", "restricted")[1], provider.token()
    bare = cost_us(at_once)
    figure("calibration: an application without a gate", round(bare, 1), "us")
    shown = {
        "nothing": None,
        "a key": (b"x-api-key", key.encode()),
        "a token": (b"authorization", f"Bearer {token}".encode()),
    }
    for name, header in shown.items():
        figure(f"gate, {name} is shown", round(cost_us(gate, header) - bare, 1), "us")
